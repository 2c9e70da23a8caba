package pool_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// inTime counts what came from one time after begin to another.
func (a *arrivals) inTime(begin time.Time, from, to time.Duration) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.at {
		if d := at.Sub(begin); d >= from && d < to {
			n++
		}
	}
	return n
}

// refuseFrom has s refuse all messages from one time after begin to another.
func refuseFrom(s *smtptest.Server, reply smtptest.Reply, begin time.Time, from, to time.Duration) {
	inner := s.OnMessage
	s.OnMessage = func(ss *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		if d := time.Since(begin); d >= from && d < to {
			return &reply
		}
		return inner(ss, m)
	}
}

// A relay that takes nothing for ten minutes, and says that it is too much, has
// the speed that it had before within eight more, whether that was learned or not.
// (When the block ends, attempts are up to five minutes apart.)
func TestSpeedComesBackAfterABlock(t *testing.T) {
	for _, limit := range []int{20, 1_000_000} {
		synctest.Test(t, func(t *testing.T) {
			th := throttle{limit: limit, key: everybody, reply: smtptest.Reply{Code: 454, Text: "Throttling failure: Maximum sending rate exceeded."}}
			begin := time.Now()
			r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
				th.watch(s)
				refuseFrom(s, th.reply, begin, time.Minute, 11*time.Minute)
				s.Latency = 5 * time.Millisecond
				c.MaxAttempts = 1000
			})
			defer r.close()
			for range r.pool.SendAll(t.Context(), until(begin.Add(20*time.Minute), plainJob)) {
				if time.Since(begin) > 20*time.Minute {
					break // what is left would take hours, were it still slow
				}
			}
			came := arrivals{at: th.counts["example.test"]}
			before, after := came.inTime(begin, 0, time.Minute), came.inTime(begin, 19*time.Minute, 20*time.Minute)
			if float64(after) < 0.8*float64(before) {
				t.Errorf("limit %d: %d messages in the first minute, %d in the ninth after the block", limit, before, after)
			}
		})
	}
}

// So has a recipient.
func TestRecipientComesBackAfterABlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = func(*smtptest.Session, string, string) *smtptest.Reply {
				if time.Since(begin) < 10*time.Minute {
					return &smtptest.Reply{Code: 450, Text: "4.2.1 receiving too fast"}
				}
				return nil
			}
			c.MaxAttempts = 1000
		})
		defer r.close()
		for i := range 20 {
			if _, err := r.pool.Send(t.Context(), job(i, "x@a.test")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took > 16*time.Minute {
			t.Errorf("20 messages, the first ten minutes of which were refused, took %v", took)
		}
	})
}

// A recipient that receives too much holds up none of the others of its message,
// who are not slowed.
func TestBusyRecipientHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var last time.Time
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
				mu.Lock()
				defer mu.Unlock()
				if path == "busy@a.test" {
					return &smtptest.Reply{Code: 450, Text: "4.2.1 receiving too fast"}
				}
				last = time.Now()
				return nil
			}
			c.MaxAttempts = 2
		})
		defer r.close()
		if _, err := r.pool.Send(t.Context(), job(1, "busy@a.test")); err == nil {
			t.Fatal("accepted")
		}
		for i := range 3 {
			begin := time.Now()
			r.pool.Send(t.Context(), job(i, "busy@a.test", "other@b.test"))
			if waited := last.Sub(begin); waited < 0 || waited > time.Second {
				t.Errorf("message %d: the other recipient waited for %v", i, waited)
			}
		}
		if n := r.server.Counters().Messages; n != 3 {
			t.Errorf("%d messages", n)
		}
	})
}

// A relay that throttles by 421, and so ends its sessions before they were of
// use, is slowed. It is not down: no job comes back for that.
func TestThrottledIsNotDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		begin := time.Now()
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			came.watch(s)
			refuseFrom(s, smtptest.Reply{Code: 421, Text: "4.7.28 unusual rate of mail"}, begin, 10*time.Second, time.Minute)
			s.Latency = 5 * time.Millisecond
		})
		defer r.close()
		for res := range r.pool.SendAll(t.Context(), until(begin.Add(90*time.Second), plainJob)) {
			if res.Err != nil {
				t.Fatalf("after %v: %v", time.Since(begin), res.Err)
			}
		}
		if n := came.inTime(begin, 10*time.Second, time.Minute); n > 0 || r.pool.Stats().Down {
			t.Errorf("%d messages came during the block; %+v", n, r.pool.Stats())
		}
	})
}
