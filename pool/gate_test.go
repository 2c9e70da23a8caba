package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// Jobs that wait for a later attempt may hold almost every place. As long as one
// is free, the others go out through it.
func TestFewPlacesLeft(t *testing.T) {
	for _, busy := range []int{50, 57, 62, 63} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
				s.OnRcpt = refuseByName
				c.Queue, c.MaxWaiting, c.MaxAttempts = 64, 1, 2
				c.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Hour) }
			})
			defer r.close()
			began, accepted := time.Now(), 0
			for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
				for i := range busy + 1 { // one of them in MaxWaiting
					if !yield(job(i, "busy@example.test")) {
						return
					}
				}
				for i := range 200 {
					if !yield(job(1000 + i)) {
						return
					}
				}
			}) {
				if res.Err == nil && time.Since(began) < time.Minute {
					accepted++
				}
			}
			if accepted != 200 {
				t.Errorf("with %d places taken, %d of 200 were accepted at once", busy, accepted)
			}
		})
	}
}

// Who waits for a place and gives up leaves it to those behind.
func TestGiveUpWaitingForPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) { c.Queue, s.Latency = 1, time.Second })
		defer r.close()
		var sends sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			sends.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%2)*time.Hour+time.Second)
				defer cancel()
				_, errs[i] = r.pool.Send(ctx, job(i))
			})
		}
		sends.Wait()
		for i, err := range errs {
			if i%2 == 1 && err != nil || i%2 == 0 && err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// The queue is deep enough that sessions far away fill their windows, although
// the places of a whole window come free at once.
func TestWindowsAreFilled(t *testing.T) {
	for _, tt := range []struct {
		mode             smtpclient.Mode
		sessions, window int
		most             float64 // round trips a message
	}{
		{smtpclient.ModeOverlap, 32, 0, 1.02},
		{smtpclient.ModeStream, 4, 8, 0.15},
		{smtpclient.ModeStream, 32, 8, 0.15},
		{smtpclient.ModeStream, 32, 64, 0.02},
	} {
		t.Run(fmt.Sprintf("%v-%d-%d", tt.mode, tt.sessions, tt.window), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
					s.Latency, s.CountOnly = 20*time.Millisecond, true
					c.Sessions, c.Relay.Mode, c.Relay.Window = tt.sessions, tt.mode, tt.window
				})
				defer r.close()
				const n = 20_000
				for res := range r.pool.SendAll(t.Context(), jobs(n)) {
					if res.Err != nil {
						t.Fatal(res.Err)
					}
				}
				if trips := float64(r.pool.Stats().RoundTrips) / n; trips > tt.most {
					t.Errorf("%.4f round trips a message, %v at most", trips, tt.most)
				}
			})
		})
	}
}

// A server that answers 421 to MAIL and keeps the connection open, as Exim does
// at its limit, costs those messages an attempt that were on their way, at most:
// the session must not be offered one after the other.
func TestTiredServerInWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			for nth := 5; nth < 200; nth += 17 {
				s.Script(smtptest.Fault{At: smtptest.PointMAIL, Nth: nth, Do: smtptest.Answer("421 4.7.0 too many messages")})
			}
			c.Relay.Mode, c.Relay.Window = smtpclient.ModeStream, 32
		})
		defer r.close()
		large := bytes.Repeat([]byte("As much as makes several blocks of a window.\r\n"), 500)
		accepted := 0
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for i := range 1000 {
				j := job(i)
				j.Content = append(j.Content, large...)
				if !yield(j) {
					return
				}
			}
		}) {
			if res.Err == nil {
				accepted++
			}
		}
		if retries := r.pool.Stats().Retries; accepted != 1000 || retries > 400 {
			t.Errorf("%d of 1000 accepted, with %d retries", accepted, retries)
		}
	})
}

// A job that leaves the queue for its owner's sake, and so empties it, lets in who
// waits for a place. It holds none itself: it has waited for a later attempt.
func TestWithdrawalLetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = func(s *smtptest.Session, to, params string) *smtptest.Reply {
				if to == "slow@example.test" {
					<-time.After(10 * time.Second)
				}
				return refuseByName(s, to, params)
			}
			c.Queue, c.MaxWaiting, c.MaxAttempts, c.Sessions, c.MaxMessages = 16, 1, 2, 1, 1
			c.Backoff = func() backoff.BackOff {
				if made++; made == 1 {
					return backoff.NewConstantBackOff(205 * time.Second)
				}
				return backoff.NewConstantBackOff(2 * time.Hour)
			}
			dial := c.Relay.Dial
			c.Relay.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				<-time.After(5 * time.Second)
				return dial(ctx, network, addr)
			}
		})
		defer r.close()
		began := time.Now()
		at := func(seconds time.Duration) { <-time.After(time.Until(began.Add(seconds * time.Second))) }
		submit := func(j pool.Job) {
			if err := r.pool.Submit(t.Context(), j, nil); err != nil {
				t.Error(err)
			}
		}
		// The first is tried again at 210 s, when slow's session is in use, and is
		// given up while the next session is being built.
		ctx, cancel := context.WithDeadline(t.Context(), began.Add(219*time.Second))
		defer cancel()
		var first sync.WaitGroup
		first.Go(func() { _, _ = r.pool.Send(ctx, job(0, "busy@example.test")) })
		at(6)
		for i := range 15 { // hold places for hours
			submit(job(1+i, "busy@example.test"))
		}
		at(202)
		submit(job(100, "slow@example.test")) // holds the last place
		at(208)
		if _, err := r.pool.Send(t.Context(), job(101)); err != nil || time.Since(began) > 5*time.Minute {
			t.Errorf("%v, after %v", err, time.Since(began))
		}
		first.Wait()
	})
}
