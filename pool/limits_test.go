package pool_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A log is when messages came, and for whom.
type arrivals struct {
	mu sync.Mutex
	at []time.Time
	to map[string][]time.Time // by domain
}

// watch has a server keep the log, and no message.
func (a *arrivals) watch(s *smtptest.Server) {
	a.to = map[string][]time.Time{}
	s.CountOnly = true
	s.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		a.note(m)
		return nil
	}
}

func (a *arrivals) note(m *smtptest.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, time.Now())
	d := domain(m.To[0].Address)
	a.to[d] = append(a.to[d], time.Now())
}

// most is the most messages in any window of that length.
func most(at []time.Time, window time.Duration) int {
	n, first := 0, 0
	for i := range at {
		for at[i].Sub(at[first]) >= window {
			first++
		}
		n = max(n, i-first+1)
	}
	return n
}

func domain(address string) string {
	for i := range address {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return ""
}

// until makes jobs until a time.
func until(end time.Time, make func(i int) pool.Job) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for i := 0; time.Now().Before(end); i++ {
			if !yield(make(i)) {
				return
			}
		}
	}
}

func plainJob(i int) pool.Job { return job(i) }

// 10,000 an hour is 10,000 in every hour, whatever the number of sessions.
func TestRateHoldsToTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			came.watch(s)
			s.Latency = 50 * time.Millisecond
			c.Sessions = 16
			c.Rates = []pool.Rate{{N: 10_000, Per: time.Hour}}
		})
		defer r.close()
		begin := time.Now()
		for res := range r.pool.SendAll(t.Context(), until(begin.Add(3*time.Hour), plainJob)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		if n := most(came.at, time.Hour); n != 10_000 {
			t.Errorf("%d messages in an hour", n)
		}
		inTime := 0
		for _, at := range came.at {
			if at.Sub(begin) < 3*time.Hour {
				inTime++
			}
		}
		if inTime < 29_999 || inTime > 30_000 {
			t.Errorf("%d messages in three hours", inTime)
		}
	})
}

// No window of a second has more than the limit and its burst, and the limit is
// made use of, however the work comes.
func TestRatePerSecond(t *testing.T) {
	for _, tt := range []struct {
		rates    []pool.Rate
		sessions int
		mode     smtpclient.Mode
		most     int // in a second
		least    int // in the whole minute
	}{
		{[]pool.Rate{{N: 14, Per: time.Second}}, 5, smtpclient.ModeOverlap, 14, 14*60 - 2},
		{[]pool.Rate{{N: 14, Per: time.Second, Burst: 5}}, 5, smtpclient.ModeOverlap, 14 + 5, 14*60 - 2},
		{[]pool.Rate{{N: 500, Per: time.Second}}, 16, smtpclient.ModeStream, 500 + 25, 500*60 - 10},
		{[]pool.Rate{{N: 20, Per: time.Second}, {N: 300, Per: time.Minute}}, 4, smtpclient.ModeOverlap, 6, 5*60 - 1},
		{[]pool.Rate{{N: 20, Per: time.Second}, {N: 300, Per: time.Minute, Burst: 100}}, 4, smtpclient.ModeOverlap, 20, 5*60 + 98},
	} {
		t.Run(fmt.Sprint(tt.rates), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var came arrivals
				r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
					came.watch(s)
					c.Sessions, c.Relay.Mode, c.Rates = tt.sessions, tt.mode, tt.rates
				})
				defer r.close()
				for res := range r.pool.SendAll(t.Context(), until(time.Now().Add(time.Minute), plainJob)) {
					if res.Err != nil {
						t.Fatal(res.Err)
					}
				}
				if n := most(came.at, time.Second); n > tt.most {
					t.Errorf("%d messages in a second, %d at most", n, tt.most)
				}
				if n := most(came.at, time.Minute); n < tt.least {
					t.Errorf("%d messages in a minute, %d at least", n, tt.least)
				}
			})
		})
	}
}

// A pause does not save up more than the burst.
func TestRateSavesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			came.watch(s)
			c.Sessions, c.Rates = 8, []pool.Rate{{N: 10, Per: time.Second, Burst: 3}}
		})
		defer r.close()
		for range 3 {
			for res := range r.pool.SendAll(t.Context(), jobs(40)) {
				if res.Err != nil {
					t.Fatal(res.Err)
				}
			}
			<-time.After(time.Minute) // fake time
		}
		if n := most(came.at, time.Second); n > 13 || len(came.at) != 120 {
			t.Errorf("%d messages in a second, %d in all", n, len(came.at))
		}
	})
}

// toDomains spreads messages over n domains.
func toDomains(n int) func(i int) pool.Job {
	return func(i int) pool.Job { return job(i, fmt.Sprintf("r%d@d%d.test", i, i%n)) }
}

// One domain of 50 that may have next to nothing does not slow the others down,
// though its jobs come all the time and more of them than there is room for.
func TestBlockedDomainHoldsUpNobody(t *testing.T) {
	run := func(t *testing.T, blocked bool) (others int, held int) {
		synctest.Test(t, func(t *testing.T) {
			var came arrivals
			r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
				came.watch(s)
				s.Latency = 20 * time.Millisecond
				c.Sessions, c.MaxWaiting = 8, 200
				c.Domains = []pool.DomainLimit{{Domains: []string{"d7.test"}, Limit: pool.Limit{
					Rates: []pool.Rate{{N: 1_000_000, Per: time.Second}},
				}}}
				if blocked {
					c.Domains[0].Limit = pool.Limit{Rates: []pool.Rate{{N: 1, Per: time.Hour}}, MaxWaiting: 150}
				}
			})
			defer r.close()
			end := time.Now().Add(time.Minute)
			for res := range r.pool.SendAll(t.Context(), until(end, toDomains(50))) {
				if errors.Is(res.Err, pool.ErrHeldBack) && res.Recipients[0].Outcome == smtpclient.NotSent {
					held++
				} else if res.Err != nil && time.Now().Before(end) {
					t.Fatal(res.Err)
				}
				if time.Now().After(end) {
					break // the rest would take days
				}
			}
			for d, at := range came.to {
				if d != "d7.test" {
					others += len(at)
				} else if blocked && len(at) != 1 {
					t.Errorf("%d messages to the blocked domain", len(at))
				}
			}
		})
		return others, held
	}
	free, _ := run(t, false)
	beside, held := run(t, true)
	t.Logf("%d messages to others without, %d with a blocked domain; %d of its jobs came back", free, beside, held)
	if ratio := float64(beside) / float64(free); ratio < 0.95 {
		t.Errorf("the others had %.3f of what they have without it", ratio)
	}
	if held == 0 {
		t.Error("nothing came back, so there was room for all: the test shows nothing")
	}
}

// Without a bound of its own a domain's jobs wait as long as there is room, and
// then those who make jobs wait too; nothing comes back unsent.
func TestHeldBackJobsAllGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			came.watch(s)
			c.Sessions, c.MaxWaiting, c.Queue = 4, 20, 10
			c.Domains = []pool.DomainLimit{{Domains: []string{"d0.test"}, Limit: pool.Limit{Rates: []pool.Rate{{N: 2, Per: time.Minute}}}}}
		})
		defer r.close()
		n := 0
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for i := range 300 {
				if !yield(toDomains(3)(i)) {
					return
				}
			}
		}) {
			if n++; res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		if got := most(came.to["d0.test"], time.Minute); n != 300 || len(came.at) != 300 || got != 2 {
			t.Errorf("%d results, %d messages, %d to the domain in a minute", n, len(came.at), got)
		}
		if s := r.pool.Stats(); s.Held != 0 || len(s.Keys) != 1 || s.Keys[0].Accepted != 100 || s.Keys[0].Held < 80 {
			t.Errorf("%+v", s)
		}
	})
}

// Several limits at once hold for each message: of its domains, of its key, of
// the pool.
func TestLimitsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		perMinute := func(n int) pool.Limit { return pool.Limit{Rates: []pool.Rate{{N: n, Per: time.Minute}}} }
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			came.watch(s)
			c.Sessions = 4
			c.Domains = []pool.DomainLimit{
				{Name: "provider", Domains: []string{"big.test", "Huge.TEST"}, Limit: perMinute(30)},
				{Domains: []string{"slow.big.test"}, Limit: perMinute(5)},
				{Domains: []string{pool.EveryOther}, Limit: perMinute(10)},
			}
			c.Keys = map[string]pool.Limit{"a": perMinute(20), pool.EveryOther: perMinute(40)}
		})
		defer r.close()
		to := []string{"big.test", "sub.Big.test", "huge.test", "slow.big.test", "x.slow.big.test", "c.test", "d.test", "münchen.test"}
		byKey := map[string][]time.Time{}
		var mu sync.Mutex
		seq := func(yield func(pool.Job) bool) {
			for i := range 800 {
				j := job(i, fmt.Sprintf("r%d@%s", i, to[i%len(to)]))
				j.Key = []string{"a", "b", "c"}[i%3]
				if !yield(j) {
					return
				}
			}
		}
		for res := range r.pool.SendAll(t.Context(), seq) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			mu.Lock()
			key := []string{"a", "b", "c"}[res.Tag.(int)%3]
			byKey[key] = append(byKey[key], time.Now())
			mu.Unlock()
		}
		join := func(domains ...string) (at []time.Time) {
			for _, d := range domains {
				at = append(at, came.to[d]...)
			}
			slices.SortFunc(at, time.Time.Compare)
			return at
		}
		for _, tt := range []struct {
			what string
			at   []time.Time
			want int
		}{
			{"provider", join("big.test", "sub.Big.test", "huge.test"), 30},
			{"slow", join("slow.big.test", "x.slow.big.test"), 5},
			{"c", join("c.test"), 10}, {"d", join("d.test"), 10}, {"münchen", join("xn--mnchen-3ya.test"), 10},
			{"key a", byKey["a"], 20}, {"key b", byKey["b"], 40}, {"key c", byKey["c"], 40},
		} {
			if n := most(tt.at, time.Minute); n > tt.want || n < tt.want-5 && tt.what[0] != 'k' {
				t.Errorf("%s: %d messages in a minute, limit %d", tt.what, n, tt.want)
			}
		}
		if len(came.at) != 800 {
			t.Errorf("%d messages came", len(came.at))
		}
	})
}

// A message to several domains needs all of them.
func TestLimitOfAllRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			came.watch(s)
			c.Domains = []pool.DomainLimit{
				{Domains: []string{"a.test"}, Limit: pool.Limit{Rates: []pool.Rate{{N: 60, Per: time.Minute}}}},
				{Domains: []string{"b.test"}, Limit: pool.Limit{Rates: []pool.Rate{{N: 6, Per: time.Minute}}}},
			}
		})
		defer r.close()
		begin := time.Now()
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for i := range 13 {
				if !yield(job(i, "x@a.test", "y@b.test", "z@c.test")) {
					return
				}
			}
		}) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		if took := time.Since(begin).Round(time.Second); took != 2*time.Minute {
			t.Errorf("13 messages at 6 a minute took %v", took)
		}
	})
}
