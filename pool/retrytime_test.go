package pool_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// growing is a spacing from one minute on that doubles, without chance.
func growing() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier, b.RandomizationFactor, b.MaxElapsedTime = time.Minute, time.Hour, 2, 0, 0
	b.Reset()
	return b
}

// greylist defers each recipient at its first attempt, and as long as that is
// not some minutes ago.
type greylist struct {
	patience time.Duration

	mu    sync.Mutex
	first map[string]time.Time
	tries map[string][]time.Duration
}

func (g *greylist) onRcpt(_ *smtptest.Session, path, _ string) *smtptest.Reply {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.first == nil {
		g.first, g.tries = map[string]time.Time{}, map[string][]time.Duration{}
	}
	if _, known := g.first[path]; !known {
		g.first[path] = time.Now()
	}
	since := time.Since(g.first[path])
	g.tries[path] = append(g.tries[path], since)
	if since < g.patience {
		return &smtptest.Reply{Code: 450, Text: "4.2.0 greylisted, come back in five minutes"}
	}
	return nil
}

// Greylisted mail is accepted some minutes later, with attempts further and
// further apart, while other mail goes out, and without a session being kept
// for it.
func TestGreylisting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grey := greylist{patience: 5 * time.Minute}
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = grey.onRcpt
			c.Sessions, c.MaxAttempts, c.Backoff = 2, 10, growing
		})
		defer r.close()
		const n = 500
		var results []pool.Result
		begin, middle := time.Now(), 0
		for res := range r.pool.SendAll(t.Context(), jobs(n)) {
			results = append(results, res)
			if res.Err != nil || res.Attempts != 4 {
				t.Errorf("%d attempts: %v", res.Attempts, res.Err)
			}
			if middle == 0 {
				middle = r.pool.Stats().Sessions
			}
		}
		r.verify(n, results)
		if took := time.Since(begin); took.Round(time.Second) != 7*time.Minute {
			t.Errorf("took %v", took)
		}
		for path, tries := range grey.tries {
			for i, want := range []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute} {
				if len(tries) != 4 || tries[i].Round(time.Second) != want {
					t.Fatalf("%s was tried at %v", path, tries)
				}
			}
		}
	})
}

// A job's deadline ends it wherever it waits: for its next attempt, for a
// limit, or for a session.
func TestDeadline(t *testing.T) {
	type setup func(*smtptest.Server, *pool.Config)
	for _, tt := range []struct {
		name    string
		adjust  setup
		maxAge  bool
		outcome smtpclient.Outcome
		after   time.Duration
		err     error
	}{
		{"next attempt", func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = (&greylist{patience: 24 * time.Hour}).onRcpt
			c.MaxAttempts = 100
		}, false, smtpclient.Deferred, 7 * time.Minute, nil}, // the next would be at 15 minutes
		{"age", func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = (&greylist{patience: 24 * time.Hour}).onRcpt
			c.MaxAttempts = 100
		}, true, smtpclient.Deferred, 7 * time.Minute, nil},
		{"limit", func(_ *smtptest.Server, c *pool.Config) {
			c.Keys = map[string]pool.Limit{pool.EveryOther: {Rates: []pool.Rate{{N: 1, Per: time.Hour}}}}
		}, false, smtpclient.NotSent, 10 * time.Minute, pool.ErrDeadline},
		{"rate", func(_ *smtptest.Server, c *pool.Config) { c.Rates = []pool.Rate{{N: 1, Per: time.Hour}} },
			false, smtpclient.NotSent, 10 * time.Minute, pool.ErrDeadline},
		{"relay", func(s *smtptest.Server, c *pool.Config) {
			s.Script(smtptest.Fault{At: smtptest.PointEndOfData, Times: 1, Do: smtptest.Delay(time.Hour)})
			c.Relay.Mode, c.Relay.Timeouts.EndOfData = smtpclient.ModeLockstep, 2*time.Hour
		}, false, smtpclient.NotSent, 10 * time.Minute, pool.ErrDeadline},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
					c.Backoff = growing
					if tt.maxAge {
						c.MaxAge = 10 * time.Minute
					}
					tt.adjust(s, c)
				})
				defer r.close()
				begin := time.Now()
				first := job(0)
				first.Key = "k"
				if err := r.pool.Submit(t.Context(), first, nil); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				j := job(1)
				j.Key = "k"
				if !tt.maxAge {
					j.Deadline = begin.Add(10 * time.Minute)
				}
				res, err := r.pool.Send(t.Context(), j)
				if took := time.Since(begin); took.Round(time.Second) != tt.after || res.Recipients[0].Outcome != tt.outcome ||
					tt.err != nil && !errors.Is(err, tt.err) {
					t.Errorf("after %v: %v, %v", took, res.Recipients[0].Outcome, err)
				}
			})
		})
	}
}

// What the session is the reason for costs the message nothing: it goes again at
// once. What a transaction with too many recipients leaves over does, too.
func TestGoesAgainAtOnce(t *testing.T) {
	for _, tt := range []struct {
		at    smtptest.Point
		reply string
	}{
		{smtptest.PointMAIL, "451 4.4.2 Timeout waiting for data from client."},
		{smtptest.PointMAIL, "421 Maximum message count per session reached"},
		{smtptest.PointMAIL, "432 4.3.2 Concurrent connections limit exceeded"},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
					s.Script(smtptest.Fault{At: tt.at, Nth: 3, Do: smtptest.AnswerAndClose(tt.reply)})
					c.MaxAttempts, c.Relay.Mode = 1, smtpclient.ModeLockstep
				})
				defer r.close()
				begin := time.Now()
				for i := range 6 {
					if res, err := r.pool.Send(t.Context(), job(i)); err != nil || res.Attempts != 1 {
						t.Errorf("job %d: %d attempts, %v", i, res.Attempts, err)
					}
				}
				if took := time.Since(begin); took > time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
	t.Run("452 too many recipients", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
				seen := map[int]int{}
				s.OnMail = func(session *smtptest.Session, _, _ string) *smtptest.Reply { seen[session.Number()] = 0; return nil }
				s.OnRcpt = func(session *smtptest.Session, _, _ string) *smtptest.Reply {
					if seen[session.Number()]++; seen[session.Number()] > 3 {
						return &smtptest.Reply{Code: 452, Text: "4.5.3 your message has too many recipients"}
					}
					return nil
				}
				c.MaxAttempts = 1
			})
			defer r.close()
			var to []string
			for i := range 10 {
				to = append(to, fmt.Sprintf("r%d@example.test", i))
			}
			begin := time.Now()
			res, err := r.pool.Send(t.Context(), job(0, to...))
			if err != nil || time.Since(begin) > time.Second {
				t.Errorf("after %v: %v", time.Since(begin), err)
			}
			r.verify(1, []pool.Result{res})
		})
	})
}

// A deadline that has passed already is said at once, and nothing is sent.
func TestDeadlineHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		j := job(1)
		j.Deadline = time.Now().Add(-time.Second)
		if res, err := r.pool.Send(t.Context(), j); !errors.Is(err, pool.ErrDeadline) || res.Recipients[0].Outcome != smtpclient.NotSent {
			t.Errorf("%+v, %v", res, err)
		}
		if n := r.server.Counters().Messages; n != 0 {
			t.Errorf("%d messages", n)
		}
	})
}
