package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// When Send has returned, the content is the caller's again, also if the session
// has yet to send it.
func TestContentMayBeReusedAfterSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointDATA, Nth: 1, Do: smtptest.Delay(2 * time.Second)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		j := job(1)
		want := string(j.Content)
		if res, _ := r.pool.Send(ctx, j); res.Recipients[0].Outcome != smtpclient.Unknown {
			t.Errorf("outcome %v", res.Recipients[0].Outcome)
		}
		copy(j.Content, strings.Repeat("somebody else's ", 10))
		if err := r.pool.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if m := r.server.Messages(); len(m) != 1 || string(m[0].Data) != want {
			t.Errorf("the server has %+v", m)
		}
	})
}

// Who gives up in the second attempt is still told what the first has come to.
func TestGivingUpForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		r.server.Script(
			smtptest.Fault{At: smtptest.PointRCPT, Match: "b@", Nth: 1, Do: smtptest.Answer("450 4.2.0 greylisted")},
			smtptest.Fault{At: smtptest.PointRCPT, Match: "c@", Do: smtptest.Answer("550 5.1.1 no")},
			smtptest.Fault{At: smtptest.PointRCPT, Match: "b@", Nth: 2, Do: smtptest.Stall()},
		)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		res, _ := r.pool.Send(ctx, job(1, "a@x.test", "b@x.test", "c@x.test"))
		for i, want := range []smtpclient.Outcome{smtpclient.Accepted, smtpclient.Unknown, smtpclient.Rejected} {
			if got := res.Recipients[i].Outcome; got != want {
				t.Errorf("%s: %v, want %v", res.Recipients[i].Address, got, want)
			}
		}
		if res.Attempts != 1 {
			t.Errorf("%d attempts are over", res.Attempts)
		}
	})
}

func TestShutdownDoesNotWaitForASessionNobodyNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Sessions, s.Latency = 2, time.Second
		})
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointGreeting, Session: 2, Do: smtptest.Stall()})
		results := collect(t, r, 5)
		began := time.Now()
		if err := r.pool.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		r.verify(5, results())
	})
}

func TestIteratorPanicComesOutOfTheLoop(t *testing.T) {
	r := newRig(t, nil)
	defer r.close()
	defer func() {
		if got := recover(); got != "bad row" {
			t.Errorf("recovered %v", got)
		}
	}()
	for range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
		yield(job(1))
		panic("bad row")
	}) {
	}
}

// LIMITS of one transaction a session and two recipients each: ten recipients
// take five sessions, and no attempt is charged for that.
func TestSpentSessionsCostNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.Extensions = []string{"PIPELINING", "LIMITS MAILMAX=1 RCPTMAX=2"}
			c.MaxAttempts = 1
		})
		defer r.close()
		var to []string
		for c := range "abcdefghij" {
			to = append(to, string(rune('a'+c))+"@x.test")
		}
		res, err := r.pool.Send(t.Context(), job(1, to...))
		if err != nil {
			t.Error(err)
		}
		r.verify(1, []pool.Result{res})
	})
}

// A relay that takes sessions and ends them before it has judged one message is
// not asked for more and more of them, and is said to be no use.
func TestFruitlessSessionsSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Sessions, s.Latency = 4, 10*time.Millisecond
		})
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointMAIL, Do: smtptest.AnswerAndClose("421 4.3.2 overloaded")})
		began := time.Now()
		var all []pool.Result
		for res := range r.pool.SendAll(t.Context(), jobs(2000)) {
			all = append(all, res)
		}
		r.verify(2000, all)
		if n, took := r.server.Counters().Connections, time.Since(began); n > 20 || took > 15*time.Second {
			t.Errorf("%d connections in %v", n, took)
		}
	})
}

// A relay that was there and restarts does not cost SendAll the rest of its jobs.
func TestSendAllOutlastsARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOutageRig(t, 4)
		defer r.close()
		var all []pool.Result
		for res := range r.pool.SendAll(t.Context(), jobs(3000)) {
			all = append(all, res)
			if len(all) == 500 {
				o.Store(true)
				r.server.CloseClientConnections()
				time.AfterFunc(20*time.Second, func() { o.Store(false) })
			}
		}
		r.verify(3000, all)
		if n := outcomes(all); n[smtpclient.Accepted]+n[smtpclient.Unknown] != 3000 || n[smtpclient.Unknown] > 4 {
			t.Errorf("%v", n)
		}
	})
}

// Submit says at once that the relay is down, and does not call back.
func TestSubmitToARelayThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOutageRig(t, 1)
		defer r.close()
		o.Store(true)
		if _, err := r.pool.Send(t.Context(), job(1)); err == nil {
			t.Fatal("the relay is not down")
		}
		err := r.pool.Submit(t.Context(), job(2), func(pool.Result) { t.Error("called for a job that was not taken") })
		if !errors.Is(err, pool.ErrRelayDown) {
			t.Errorf("error %v", err)
		}
	})
}

// Submit's callback may submit the next job, whatever the size of the queue.
func TestCallbackSubmits(t *testing.T) {
	r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.Queue = 1 })
	defer r.close()
	done := make(chan struct{})
	err := r.pool.Submit(t.Context(), job(1), func(pool.Result) {
		if err := r.pool.Submit(t.Context(), job(2), func(pool.Result) { close(done) }); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	<-done
}

// A deferred recipient is not tried again without pause for the sake of others
// who have had no transaction yet.
func TestSpentSessionsDoNotHurryTheDeferred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, _ *pool.Config) {
			s.Extensions = []string{"PIPELINING", "LIMITS MAILMAX=1 RCPTMAX=2"}
		})
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Match: "busy", Do: smtptest.Answer("450 4.2.1 busy")})
		res, _ := r.pool.Send(t.Context(), job(1, "busy1@x.test", "busy2@x.test", "c@x.test", "d@x.test"))
		if n := r.server.Counters().Connections; n > 6 {
			t.Errorf("%d connections", n)
		}
		r.verify(1, []pool.Result{res})
	})
}
