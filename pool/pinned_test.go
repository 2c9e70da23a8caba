package pool_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// What the standby has deferred goes by the standby when its time has come,
// though the relays with a weight are up again, and when its rate allows.
func TestPinnedToStandby(t *testing.T) {
	for _, rates := range [][]pool.Rate{nil, {{N: 1, Per: 5 * time.Minute, Burst: 2}}} {
		synctest.Test(t, func(t *testing.T) {
			grey := greylist{patience: time.Minute}
			f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
				s[1].OnRcpt = grey.onRcpt
				c.Relays[1].Weight, c.Relays[1].Rates, c.Backoff = 0, rates, constant(3*time.Minute)
			})
			defer f.close()
			f.die(0)
			wait := sendApart(t, f.pool, 2)
			<-time.After(time.Second) // fake time
			f.gone[0].Store(false)
			<-time.After(time.Minute) // fake time
			others := sendApart(t, f.pool, 10)
			if took := wait(); took > 11*time.Minute || f.messages()[1] < 2 {
				t.Errorf("rates %v: their second attempts, due after three minutes, came after %v; messages %v", rates, took, f.messages())
			}
			others()
		})
	}
}

// What a relay has deferred goes by it when its time has come, though it is far
// ahead of its share and another one has nothing to do.
func TestPinnedToRelayAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grey := greylist{patience: time.Minute}
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			s[0].OnRcpt = grey.onRcpt
			c.MinSessions, c.Backoff = 1, constant(5*time.Minute)
		})
		defer f.close()
		f.die(1)
		<-time.After(time.Second) // fake time
		wait := sendApart(t, f.pool, 60)
		<-time.After(time.Second) // fake time
		f.gone[1].Store(false)
		<-time.After(time.Minute) // fake time
		if s := f.pool.Stats(); s.Waiting != 60 || s.Relays[1].Idle != 1 {
			t.Errorf("%d wait for their next attempt, %d idle sessions with the other relay", s.Waiting, s.Relays[1].Idle)
		}
		if took := wait(); took > 6*time.Minute || f.messages()[0] != 60 {
			t.Errorf("their second attempts, due after five minutes, came after %v; messages %v", took, f.messages())
		}
	})
}

// A limit that both relays' sessions share does not lead what one relay has
// deferred to another.
func TestGreylistedStaysWithItsRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grey := [2]greylist{{patience: time.Millisecond}, {patience: time.Millisecond}}
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			for i := range s {
				s[i].Latency, s[i].OnRcpt = 5*time.Millisecond, grey[i].onRcpt
			}
			c.Sessions, c.Backoff = 1, constant(time.Second)
			c.Domains = []pool.DomainLimit{{Domains: []string{"example.test"}, Limit: pool.Limit{
				Sessions: 2, Rates: []pool.Rate{{N: 10, Per: time.Second}},
			}}}
		})
		defer f.close()
		for res := range f.pool.SendAll(t.Context(), jobs(200)) {
			if res.Err != nil {
				t.Error(res.Err)
			}
		}
		var moved []string
		for path := range grey[0].tries {
			if grey[1].tries[path] != nil {
				moved = append(moved, path)
			}
		}
		slices.Sort(moved)
		if n := f.messages(); n[0]+n[1] != 200 || n[0]*n[1] == 0 || len(moved) > 0 {
			t.Errorf("%v messages, %d were offered to both: %v", n, len(moved), moved)
		}
	})
}
