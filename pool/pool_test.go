package pool_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestSendIsSafeForConcurrentUse(t *testing.T) {
	r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.Sessions = 4 })
	defer r.close()
	const n = 300
	results := make([]pool.Result, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { results[i], _ = r.pool.Send(t.Context(), job(i)) })
	}
	group.Wait()
	r.verify(n, results)
	if got := outcomes(results)[smtpclient.Accepted]; got != n {
		t.Errorf("%d of %d accepted", got, n)
	}
	if c := r.server.Counters(); c.PeakConnections > 4 {
		t.Errorf("%d sessions at once, 4 allowed", c.PeakConnections)
	}
}

func TestNewDoesNoIO(t *testing.T) {
	r := newRig(t, nil)
	defer r.close()
	if err := r.pool.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := r.server.Counters().Connections; n != 0 {
		t.Errorf("%d connections without a job", n)
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	relay := smtpclient.Config{Addr: "127.0.0.1:25"}
	for field, c := range map[string]pool.Config{
		"Config.Relay":         {},
		"Config.Sessions":      {Relay: relay, Sessions: -1},
		"Config.Queue":         {Relay: relay, Queue: -1},
		"Config.MaxWaiting":    {Relay: relay, MaxWaiting: -1},
		"Config.IdleTimeout":   {Relay: relay, IdleTimeout: -1},
		"Config.MaxLifetime":   {Relay: relay, MaxLifetime: -1},
		"Config.MaxMessages":   {Relay: relay, MaxMessages: -1},
		"Config.MaxAttempts":   {Relay: relay, MaxAttempts: -1},
		"Config.Patience":      {Relay: relay, Patience: -1},
		"Config.SettleTimeout": {Relay: relay, SettleTimeout: -1},
		"Config.Outage":        {Relay: relay, Outage: -1},
		"Config.DialTimeout":   {Relay: relay, DialTimeout: -1},
	} {
		if _, err := pool.New(c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: error %v", field, err)
		}
	}
}

func TestMixedFates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Sessions = 3
			s.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
				switch {
				case strings.HasPrefix(path, "bad"):
					return &smtptest.Reply{Code: 550, Text: "5.1.1 no such user"}
				case strings.HasPrefix(path, "tmp"):
					return &smtptest.Reply{Code: 450, Text: "4.2.1 not now"}
				}
				return nil
			}
			s.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
				if strings.HasSuffix(m.From, "7@sender.test") {
					return &smtptest.Reply{Code: 554, Text: "5.7.1 content refused"}
				}
				return nil
			}
		})
		defer r.close()
		const n = 200
		var results []pool.Result
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for i := range n {
				j := job(i)
				switch i % 10 {
				case 3:
					j = job(i, "bad@example.test")
				case 4:
					j = job(i, "tmp@example.test", "good@example.test")
				case 5:
					j = job(i, "good@example.test", "bad@example.test", "also-good@example.test")
				}
				if !yield(j) {
					return
				}
			}
		}) {
			results = append(results, res)
		}
		r.verify(n, results)
		want := map[smtpclient.Outcome]int{smtpclient.Accepted: 180, smtpclient.Rejected: 60, smtpclient.Deferred: 20}
		if got := outcomes(results); len(got) != len(want) || got[smtpclient.Accepted] != want[smtpclient.Accepted] ||
			got[smtpclient.Rejected] != want[smtpclient.Rejected] || got[smtpclient.Deferred] != want[smtpclient.Deferred] {
			t.Errorf("outcomes %v, want %v", got, want)
		}
		for _, res := range results {
			want := 1
			if res.Tag.(int)%10 == 4 {
				want = 3 // the deferred recipient's
			}
			if res.Attempts != want {
				t.Errorf("job %v: %d attempts, want %d", res.Tag, res.Attempts, want)
			}
		}
	})
}

func TestRefusedHereIsNotRetried(t *testing.T) {
	r := newRig(t, nil)
	defer r.close()
	for want, j := range map[error]pool.Job{
		smtpclient.ErrBadPath:      job(1, "a b@example.test"),
		smtpclient.ErrNoRecipients: {Mail: smtpclient.Mail{Content: []byte("x")}},
		smtpclient.ErrEmptyContent: {Mail: smtpclient.Mail{To: smtpclient.Recipients("a@example.test")}},
		smtpclient.ErrTooLarge:     {Mail: smtpclient.Mail{To: smtpclient.Recipients("a@example.test"), Content: []byte(strings.Repeat("x\r\n", 20<<20))}},
	} {
		res, err := r.pool.Send(t.Context(), j)
		if !errors.Is(err, want) || res.Attempts != 0 {
			t.Errorf("%v: error %v, %d attempts", want, err, res.Attempts)
		}
	}
	if n := r.server.Counters().Commands["MAIL"]; n != 0 {
		t.Errorf("%d MAIL commands for messages that were refused here", n)
	}
}

func TestUnknownIsNotRetriedUnlessAsked(t *testing.T) {
	for _, asked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.RetryUnknown = asked })
			defer r.close()
			r.server.Script(smtptest.Fault{At: smtptest.PointEndOfData, Nth: 1, Do: smtptest.AcceptAndClose()})
			res, err := r.pool.Send(t.Context(), job(1))
			copies := len(r.server.Messages())
			switch {
			case !asked && (res.Recipients[0].Outcome != smtpclient.Unknown || copies != 1 || smtpclient.SafeToRetry(err)):
				t.Errorf("outcome %v, %d copies, error %v", res.Recipients[0].Outcome, copies, err)
			case asked && (err != nil || copies != 2 || res.Attempts != 2):
				t.Errorf("error %v, %d copies, %d attempts", err, copies, res.Attempts)
			}
		})
	}
}

// Rule 7: a session that died while idle is found out before a message is given
// to it, or by the message, which goes elsewhere at once and uncharged.
func TestStaleSessionCostsNoAttempt(t *testing.T) {
	for name, fault := range map[string]smtptest.Fault{
		"closed while idle": {At: smtptest.PointIdle, Session: 1, Match: "DATA", Do: smtptest.CloseConn().After(10 * time.Second)},
		"421 while idle":    {At: smtptest.PointIdle, Session: 1, Match: "DATA", Do: smtptest.AnswerAndClose("421 4.4.2 idle for too long").After(10 * time.Second)},
		"451 to MAIL":       {At: smtptest.PointMAIL, Session: 1, Nth: 2, Do: smtptest.Answer("451 4.4.2 Timeout waiting for data")},
		"421 to MAIL":       {At: smtptest.PointMAIL, Session: 1, Nth: 2, Do: smtptest.AnswerAndClose("421 4.4.2 Timeout waiting for data")},
		"no reply to MAIL":  {At: smtptest.PointMAIL, Session: 1, Nth: 2, Do: smtptest.CloseConn()},
		"503 to MAIL":       {At: smtptest.PointMAIL, Session: 1, Nth: 2, Do: smtptest.Answer("503 5.5.1 nested MAIL")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.MaxAttempts = 1 })
				defer r.close()
				r.server.Script(fault)
				var results []pool.Result
				for i := range 3 {
					res, err := r.pool.Send(t.Context(), job(i))
					if err != nil || res.Attempts != 1 {
						t.Errorf("message %d: %d attempts, %v", i, res.Attempts, err)
					}
					results = append(results, res)
					<-time.After(15 * time.Second) // fake time
				}
				r.verify(3, results)
				if n := r.server.Counters().Connections; n != 2 {
					t.Errorf("%d connections, want 2", n)
				}
			})
		})
	}
}

func TestFreeAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		// Every session takes one message and dies on the next.
		r.server.OnMail = func(s *smtptest.Session, path, _ string) *smtptest.Reply {
			if path == "s9@sender.test" {
				return &smtptest.Reply{Code: 421, Text: "4.3.2 going down"}
			}
			return nil
		}
		var results []pool.Result
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			_ = yield(job(1)) && yield(job(9)) && yield(job(2)) && yield(job(3)) && yield(job(4))
		}) {
			results = append(results, res)
		}
		r.verify(5, results)
		for _, res := range results {
			if i := res.Tag.(int); i == 9 && (res.Recipients[0].Outcome != smtpclient.NotSent || res.Attempts != 3) || i != 9 && res.Err != nil {
				t.Errorf("job %d: %d attempts, %v", i, res.Attempts, res.Err)
			}
		}
	})
}

func TestRetryIsSpacedAndKeepsContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pauses []time.Duration
		r := newRig(t, func(_ *smtptest.Server, c *pool.Config) {
			c.Trace = &pool.Trace{Retry: func(_ pool.Job, attempts int, pause time.Duration, err error) {
				pauses = append(pauses, pause)
				if err == nil || attempts != len(pauses) {
					t.Errorf("retry after %d attempts for %v", attempts, err)
				}
			}}
		})
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Times: 2, Do: smtptest.Answer("450 4.2.0 greylisted")})
		began := time.Now()
		res, err := r.pool.Send(t.Context(), job(1))
		if err != nil || res.Attempts != 3 {
			t.Fatalf("%d attempts, %v", res.Attempts, err)
		}
		if len(pauses) != 2 || pauses[0] < 500*time.Millisecond || pauses[1] <= pauses[0]/2 || time.Since(began) < pauses[0]+pauses[1] {
			t.Errorf("pauses %v in %v", pauses, time.Since(began))
		}
		r.verify(1, []pool.Result{res})
	})
}

func TestRecycling(t *testing.T) {
	for name, c := range map[string]struct {
		adjust  func(*smtptest.Server, *pool.Config)
		pause   time.Duration
		session int64
	}{
		"max messages":   {func(_ *smtptest.Server, c *pool.Config) { c.MaxMessages = 2 }, 0, 3},
		"LIMITS MAILMAX": {func(s *smtptest.Server, c *pool.Config) { s.Extensions = []string{"PIPELINING", "LIMITS MAILMAX=3"} }, 0, 2},
		"idle":           {func(_ *smtptest.Server, c *pool.Config) { c.IdleTimeout = time.Second }, 2 * time.Second, 6},
		"lifetime":       {func(_ *smtptest.Server, c *pool.Config) { c.MaxLifetime = 5 * time.Second }, 2 * time.Second, 2},
		"kept":           {nil, 2 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.adjust)
				defer r.close()
				var results []pool.Result
				for i := range 6 {
					res, _ := r.pool.Send(t.Context(), job(i))
					results = append(results, res)
					<-time.After(c.pause) // fake time
				}
				r.verify(6, results)
				if got := outcomes(results)[smtpclient.Accepted]; got != 6 {
					t.Errorf("%d of 6 accepted", got)
				}
				if err := r.pool.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if n := r.server.Counters(); n.Connections != c.session || n.Commands["QUIT"] != c.session {
					t.Errorf("%d connections, %d QUIT, want %d", n.Connections, n.Commands["QUIT"], c.session)
				}
			})
		})
	}
}

func TestQuietPoolUsesOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.Sessions = 4 })
		defer r.close()
		for i := range 20 {
			if _, err := r.pool.Send(t.Context(), job(i)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second) // fake time
		}
		if n := r.server.Counters().Connections; n != 1 {
			t.Errorf("%d connections for one message at a time", n)
		}
	})
}

func TestLoweredMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lowered []smtpclient.Mode
		r := newRig(t, func(_ *smtptest.Server, c *pool.Config) {
			c.MaxAttempts, c.Patience = 10, time.Hour
			c.Trace = &pool.Trace{ModeLowered: func(_ string, m smtpclient.Mode, _ error) { lowered = append(lowered, m) }}
		})
		defer r.close()
		// A relay that advertises PIPELINING and hangs up on a group.
		for i := 1; i <= 4; i++ {
			r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Session: i, Do: smtptest.CloseConn()})
		}
		res, err := r.pool.Send(t.Context(), job(1))
		if err != nil {
			t.Fatal(err)
		}
		r.verify(1, []pool.Result{res})
		if !slices.Equal(lowered, []smtpclient.Mode{smtpclient.ModeEnvelope, smtpclient.ModeLockstep}) || r.pool.Stats().Mode != smtpclient.ModeLockstep {
			t.Errorf("lowered to %v, now %v", lowered, r.pool.Stats().Mode)
		}
	})
}

// In ModeStream a relay that misbehaves is taken down at once, one that is gone
// once is not: it may restart.
func TestLoweredStream(t *testing.T) {
	for name, tt := range map[string]struct {
		do   smtptest.Action
		want smtpclient.Mode
	}{
		"out of step":     {smtptest.Garbage(), smtpclient.ModeOverlap},
		"connection lost": {smtptest.CloseConn(), smtpclient.ModeStream},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.Relay.Mode, c.MaxAttempts = smtpclient.ModeStream, 3 })
				defer r.close()
				r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Nth: 1, Do: tt.do})
				for range r.pool.SendAll(t.Context(), jobs(3)) { // some are Unknown
				}
				if got := r.pool.Stats().Mode; got != tt.want {
					t.Errorf("the next session's mode is %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	for point, want := range map[smtptest.Point]smtpclient.Outcome{
		smtptest.PointGreeting:  smtpclient.NotSent, // still in the queue
		smtptest.PointMAIL:      smtpclient.Unknown, // in a session's hand
		smtptest.PointEndOfData: smtpclient.Unknown,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil)
			defer r.close()
			r.server.Script(smtptest.Fault{At: point, Do: smtptest.Stall()})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			res, err := r.pool.Send(ctx, job(1))
			if time.Since(began) != time.Second || !errors.Is(err, context.DeadlineExceeded) ||
				res.Recipients[0].Outcome != want || smtpclient.SafeToRetry(err) != (want == smtpclient.NotSent) {
				t.Errorf("stall at %v: %v after %v, %v", point, res.Recipients[0].Outcome, time.Since(began), err)
			}
		})
	}
}

func TestContextEndsTheWaitForARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointRCPT, Do: smtptest.Answer("450 4.2.0 greylisted")})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		res, err := r.pool.Send(ctx, job(1))
		var reply *smtpclient.ReplyError
		if res.Recipients[0].Outcome != smtpclient.Deferred || !errors.As(err, &reply) || reply.Reply.Code != 450 {
			t.Errorf("%v, %v", res.Recipients[0].Outcome, err)
		}
		<-time.After(time.Minute) // fake time
		if n := r.server.Counters().Commands["MAIL"]; n != 1 {
			t.Errorf("%d attempts, though the caller has left", n)
		}
	})
}

func TestSubmit(t *testing.T) {
	r := newRig(t, nil)
	defer r.close()
	results := make(chan pool.Result, 10)
	for i := range 10 {
		if err := r.pool.Submit(t.Context(), job(i), func(res pool.Result) { results <- res }); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.pool.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(results)
	var all []pool.Result
	for res := range results {
		all = append(all, res)
	}
	r.verify(10, all)
	if err := r.pool.Submit(t.Context(), job(11), nil); !errors.Is(err, pool.ErrClosed) || !smtpclient.SafeToRetry(err) {
		t.Errorf("after Shutdown: %v", err)
	}
}

func TestSubmitWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *smtptest.Server, c *pool.Config) { c.Queue = 3 })
		defer r.close()
		r.server.Script(smtptest.Fault{At: smtptest.PointEndOfData, Nth: 1, Do: smtptest.Delay(time.Minute)})
		done := make(chan pool.Result, 4)
		for i := range 3 {
			if err := r.pool.Submit(t.Context(), job(i), func(res pool.Result) { done <- res }); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.pool.Submit(ctx, job(3), func(pool.Result) { t.Error("called for a job that was not taken") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fourth job in a queue of three: %v", err)
		}
		if err := r.pool.Submit(t.Context(), job(4), func(res pool.Result) { done <- res }); err != nil {
			t.Error(err)
		}
		for range 4 {
			<-done
		}
	})
}
