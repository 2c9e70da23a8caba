package pool_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// What a Config's maps and slices hold may be changed once New has returned: the
// pool goes by what they held, and nobody races.
func TestConfigMayBeChangedAfterNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const fast, slow = time.Millisecond, time.Hour
		limit := func(per time.Duration) pool.Limit { return pool.Limit{Rates: []pool.Rate{{N: 1, Per: per}}} }
		keys := map[string]pool.Limit{"a": limit(fast)}
		domains := []pool.DomainLimit{{Domains: []string{"a.test"}, Limit: limit(fast)}, {Domains: []string{pool.EveryOther}, Limit: limit(fast)}}
		rates := []pool.Rate{{N: 1, Per: fast}}
		replies := pool.DefaultReplies()
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = deferOnce()
			c.Keys, c.Domains, c.Rates, c.Replies, c.Backoff = keys, domains, rates, replies, constant(time.Second)
		})
		defer r.close()
		send := func(i int) {
			for _, key := range []string{"", "a", "b"} {
				for _, to := range []string{"x@a.test", "x@b.test"} {
					j := job(i, to)
					j.Key = key
					if _, err := r.pool.Send(t.Context(), j); err != nil {
						t.Error(err)
					}
				}
			}
		}
		begin := time.Now()
		var sends sync.WaitGroup
		sends.Go(func() { send(0) })
		rates[0].Per, domains[0].Rates[0].Per, keys["a"].Rates[0].Per = slow, slow, slow
		domains[1], keys["b"] = domains[0], limit(slow)
		for i := range replies {
			replies[i].Meaning = pool.SlowRelay
		}
		sends.Wait()
		for i := range 20 {
			send(i)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("126 messages took %v", took)
		}
	})
}

// deferOnce is an OnRcpt that refuses the first recipient as one too many would
// be.
func deferOnce() func(*smtptest.Session, string, string) *smtptest.Reply {
	var once sync.Once
	return func(*smtptest.Session, string, string) (reply *smtptest.Reply) {
		once.Do(func() { reply = &smtptest.Reply{Code: 452, Text: "4.5.3 too many recipients"} })
		return reply
	}
}
