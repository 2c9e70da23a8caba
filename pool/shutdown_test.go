package pool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Sessions, s.Latency = 2, time.Second
		})
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Nth: 3, Do: smtptest.Answer("450 4.2.0 greylisted")})
		results := collect(t, r, 20)
		if err := r.pool.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := results()
		r.verify(20, all)
		if got := outcomes(all)[smtpclient.Accepted]; got != 20 {
			t.Errorf("%d of 20 accepted", got)
		}
		if c := r.server.Counters(); c.OpenConnections != 0 || c.Commands["QUIT"] != c.Connections {
			t.Errorf("%d connections open, %d of %d said QUIT", c.OpenConnections, c.Commands["QUIT"], c.Connections)
		}
	})
}

// collect submits n jobs; the func it returns gives their results.
func collect(t *testing.T, r *rig, n int) func() []pool.Result {
	t.Helper()
	results := make(chan pool.Result, n)
	for i := range n {
		if err := r.pool.Submit(t.Context(), job(i), func(res pool.Result) { results <- res }); err != nil {
			t.Fatal(err)
		}
	}
	return func() []pool.Result {
		close(results) // a second result for any job panics
		var all []pool.Result
		for res := range results {
			all = append(all, res)
		}
		return all
	}
}

// Shutdown whose ctx ends loses no result: what is in the queue, in a session's
// hand and waiting for a retry is settled, each as what it is.
func TestShutdownCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		r.server.Script(
			smtptest.Fault{At: smtptest.PointRCPT, Match: "r0@", Do: smtptest.Answer("450 4.2.0 greylisted")},
			smtptest.Fault{At: smtptest.PointEndOfData, Match: "r2@", Do: smtptest.Stall()},
		)
		results := collect(t, r, 6)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := r.pool.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
		all := results()
		r.verify(6, all)
		want := []smtpclient.Outcome{smtpclient.Deferred, smtpclient.Accepted, smtpclient.Unknown, smtpclient.NotSent, smtpclient.NotSent, smtpclient.NotSent}
		for _, res := range all {
			if i := res.Tag.(int); res.Recipients[0].Outcome != want[i] {
				t.Errorf("job %d: %v (%v), want %v", i, res.Recipients[0].Outcome, res.Err, want[i])
			}
		}
	})
}

func TestCloseDuringDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.server.Close()
		r.server.Script(smtptest.Fault{At: smtptest.PointGreeting, Do: smtptest.Stall()})
		results := collect(t, r, 3)
		synctest.Wait()
		began := time.Now()
		r.pool.Close()
		r.pool.Close()
		if time.Since(began) != 0 {
			t.Errorf("Close took %v", time.Since(began))
		}
		for _, res := range results() {
			if !errors.Is(res.Err, pool.ErrClosed) || !smtpclient.SafeToRetry(res.Err) {
				t.Errorf("job %v: %v", res.Tag, res.Err)
			}
		}
	})
}

func TestSendAllContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.SettleTimeout = 5 * time.Second })
		defer r.close()
		r.server.Script(
			smtptest.Fault{At: smtptest.PointEndOfData, Match: "r7@", Do: smtptest.Stall()},
			smtptest.Fault{At: smtptest.PointRCPT, Match: "r3@", Do: smtptest.Answer("450 4.2.0 greylisted")},
		)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		given := 0
		var all []pool.Result
		for res := range r.pool.SendAll(ctx, func(yield func(pool.Job) bool) {
			for yield(job(given)) {
				given++
			}
			given++
		}) {
			all = append(all, res)
		}
		if took := time.Since(began); took != 5500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		r.pool.Close()
		r.verify(given, all)
		for _, res := range all {
			o := res.Recipients[0].Outcome
			switch i := res.Tag.(int); {
			case i == 3 && o != smtpclient.Deferred, i == 7 && o != smtpclient.Unknown,
				i > 8 && o != smtpclient.NotSent, i < 7 && i != 3 && o != smtpclient.Accepted:
				t.Errorf("job %d: %v, %v", i, o, res.Err)
			}
		}
	})
}

// Jobs withdrawn from their wait for a retry leave nothing behind that Close
// would have to wait for.
func TestCloseAfterRetriesWereGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Do: smtptest.Answer("450 4.2.0 greylisted")})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		var all []pool.Result
		for res := range r.pool.SendAll(ctx, jobs(5)) {
			all = append(all, res)
		}
		r.pool.Close()
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		r.verify(5, all)
	})
}

// The job that the iterator gives when ctx has ended has its result too.
func TestSendAllContextEndsInTheIterator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all []pool.Result
		for res := range r.pool.SendAll(ctx, func(yield func(pool.Job) bool) {
			cancel()
			for i := 0; yield(job(i)); i++ {
			}
		}) {
			all = append(all, res)
		}
		r.verify(1, all)
		if !errors.Is(all[0].Err, context.Canceled) || !smtpclient.SafeToRetry(all[0].Err) {
			t.Errorf("error %v", all[0].Err)
		}
	})
}

func TestSendAllBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		taken := 0
		for range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for yield(job(taken)) {
				taken++
			}
		}) {
			break
		}
		if err := r.pool.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := r.pool.Stats(); s.Queued+s.InHand+s.Waiting != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// Memory is bounded: no more jobs are taken than there is room for, however
// slow the caller is in taking results.
func TestSendAllBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Queue, c.MaxWaiting = 5, 7
			s.CountOnly = true
		})
		defer r.close()
		given, yielded := 0, 0
		for range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for given < 1000 && yield(job(given)) {
				given++
			}
		}) {
			synctest.Wait()
			if given-yielded > 5+7+1 {
				t.Fatalf("%d jobs taken, %d results", given, yielded)
			}
			yielded++
		}
		if yielded != 1000 {
			t.Errorf("%d results", yielded)
		}
	})
}

// Jobs that wait for a retry do not keep others from being sent.
func TestWaitingJobsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Queue = 4
			s.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
				if strings.HasPrefix(path, "r1") {
					return &smtptest.Reply{Code: 450, Text: "4.2.0 greylisted"}
				}
				return nil
			}
		})
		defer r.close()
		began := time.Now()
		accepted := 0
		for res := range r.pool.SendAll(t.Context(), jobs(200)) {
			if res.Err == nil {
				accepted++
				if time.Since(began) > 100*time.Millisecond {
					t.Fatalf("job %v was held up for %v", res.Tag, time.Since(began))
				}
			}
		}
		if accepted != 89 {
			t.Errorf("%d accepted", accepted)
		}
	})
}

// While a limit makes it wait, Shutdown keeps the sessions that it has.
func TestShutdownUnderALimitKeepsItsSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Sessions, c.Rates = 2, []pool.Rate{{N: 10, Per: time.Second}}
		})
		defer r.close()
		results := collect(t, r, 50)
		if err := r.pool.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.verify(50, results())
		if c := r.server.Counters(); c.Connections > 2 || c.Messages != 50 {
			t.Errorf("%d connections for %d messages", c.Connections, c.Messages)
		}
	})
}

// A tripwire is a context that fires, when armed, as soon as somebody asks
// whether it has ended; it has not.
type tripwire struct {
	context.Context
	armed atomic.Bool
	fire  func()
}

func (w *tripwire) Err() error {
	if w.armed.CompareAndSwap(true, false) {
		w.fire()
	}
	return nil
}

// An abort that comes while a job is being put aside for its next attempt finds
// it: the job has its result, and Shutdown does not wait for it.
func TestAbortWhileAJobIsPutAside(t *testing.T) {
	to := make([]string, 2000) // to put them aside takes a while
	for i := range to {
		to[i] = fmt.Sprintf("r%d@example.test", i)
	}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			stop, abort := context.WithCancel(t.Context())
			wire := &tripwire{Context: context.Background(), fire: abort}
			r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
				s.OnMail = func(*smtptest.Session, string, string) *smtptest.Reply {
					wire.armed.Store(true)
					return &smtptest.Reply{Code: 450, Text: "4.2.0 later"}
				}
				s.Latency, c.Backoff = time.Second, constant(time.Hour)
			})
			defer r.close()
			var sends sync.WaitGroup
			sends.Go(func() {
				if res, err := r.pool.Send(wire, job(1, to...)); err == nil || res.Recipients[0].Outcome != smtpclient.Deferred {
					t.Errorf("%v: %v", res.Recipients[0].Outcome, err)
				}
			})
			synctest.Wait() // the reply to EHLO is not there yet
			if err := r.pool.Shutdown(stop); !errors.Is(err, context.Canceled) {
				t.Errorf("Shutdown: %v", err)
			}
			sends.Wait()
		})
	}
}
