package pool_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// However many keys there are, and are forgotten, what one of them counts that is
// in use holds for its next message.
func TestKeysInUseAreNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.CountOnly = true
			limit := pool.Limit{Rates: []pool.Rate{{N: 1, Per: 2 * time.Minute}}}
			c.Domains = []pool.DomainLimit{{Domains: []string{pool.EveryOther}, Limit: limit}}
			c.Keys = map[string]pool.Limit{pool.EveryOther: limit}
		})
		defer r.close()
		send := func(n int, key string) time.Duration {
			begin := time.Now()
			j := job(n, fmt.Sprintf("x@d%d.test", n))
			j.Key = key
			if _, err := r.pool.Send(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			return time.Since(begin)
		}
		for i := range 400 {
			key := fmt.Sprint("k", i)
			if first, second := send(2*i, key), send(2*i+1, key); first != 0 || second != 2*time.Minute {
				t.Fatalf("key %d of one in two minutes: the first message waited %v, the second %v", i, first, second)
			}
		}
		if n := len(r.pool.Stats().Keys); n > 10 {
			t.Errorf("%d keys are known of", n)
		}
	})
}
