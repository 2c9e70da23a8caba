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
		replies := []pool.ReplyRule{{Codes: []int{451}, Meaning: pool.SessionOver}, {Codes: []int{452}, Meaning: pool.SessionOver}}
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			s.Script(
				smtptest.Fault{At: smtptest.PointRCPT, Nth: 10, Do: smtptest.Answer("451 4.0.0 over")},
				smtptest.Fault{At: smtptest.PointRCPT, Nth: 20, Do: smtptest.Answer("452 4.0.0 over")})
			c.Keys, c.Domains, c.Rates, c.Replies, c.Backoff = keys, domains, rates, replies, constant(slow)
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
		replies[0].Meaning, replies[1].Codes[0] = pool.JustDeferred, 450
		sends.Wait()
		for i := range 20 {
			send(i)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("126 messages took %v", took)
		}
	})
}
