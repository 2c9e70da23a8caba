package pool_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A throttle is a server's bound of messages per second, for what key says: one
// more is refused until the second is over.
type throttle struct {
	limit int
	reply smtptest.Reply
	key   func(*smtptest.Message) string // "": no bound

	mu      sync.Mutex
	begin   time.Time
	second  map[string]int64
	taken   map[string]int
	refused []time.Time
	counts  map[string][]time.Time
}

func (th *throttle) watch(s *smtptest.Server) {
	th.begin = time.Now()
	th.second, th.taken, th.counts = map[string]int64{}, map[string]int{}, map[string][]time.Time{}
	s.CountOnly = true
	s.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		th.mu.Lock()
		defer th.mu.Unlock()
		key := th.key(m)
		if second := int64(time.Since(th.begin) / time.Second); second != th.second[key] {
			th.second[key], th.taken[key] = second, 0
		}
		if key != "" {
			if th.taken[key]++; th.taken[key] > th.limit {
				th.refused = append(th.refused, time.Now())
				return &th.reply
			}
		}
		d := domain(m.To[0].Address)
		th.counts[d] = append(th.counts[d], time.Now())
		return nil
	}
}

// refuseAtRcpt has s refuse what is too much at RCPT and not at the end of data.
func (th *throttle) refuseAtRcpt(s *smtptest.Server) {
	onMessage := s.OnMessage
	s.OnMessage = func(s *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		onMessage(s, m)
		return nil
	}
	s.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		th.mu.Lock()
		defer th.mu.Unlock()
		key := th.key(&smtptest.Message{To: []smtptest.Recipient{{Address: path}}})
		second := int64(time.Since(th.begin) / time.Second)
		if key != "" && second == th.second[key] && th.taken[key] >= th.limit {
			return &th.reply
		}
		return nil
	}
}

func everybody(*smtptest.Message) string { return "all" }

// A relay that takes N a second and says so in its replies gets about N, and has
// to say so now and then only.
func TestAdaptsToRelay(t *testing.T) {
	for _, tt := range []struct {
		limit    int
		reply    smtptest.Reply
		sessions int
		mode     smtpclient.Mode
	}{
		{20, smtptest.Reply{Code: 421, Text: "4.7.28 unusual rate of mail"}, 4, smtpclient.ModeOverlap},
		{100, smtptest.Reply{Code: 421, Text: "4.7.28 unusual rate of mail"}, 8, smtpclient.ModeOverlap},
		{100, smtptest.Reply{Code: 454, Text: "Throttling failure: Maximum sending rate exceeded."}, 4, smtpclient.ModeLockstep},
		{1000, smtptest.Reply{Code: 421, Text: "4.7.28 unusual rate of mail"}, 4, smtpclient.ModeStream},
	} {
		t.Run(fmt.Sprintf("%d-%d-%v", tt.limit, tt.reply.Code, tt.mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th := throttle{limit: tt.limit, reply: tt.reply, key: everybody}
				r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
					th.watch(s)
					s.Latency = 5 * time.Millisecond
					c.Sessions, c.Relay.Mode = tt.sessions, tt.mode
					c.Trace = &pool.Trace{ModeLowered: func(_ string, mode smtpclient.Mode, err error) {
						t.Errorf("lowered to %v: %v", mode, err)
					}}
				})
				defer r.close()
				const settle, run = 30 * time.Second, 5 * time.Minute
				begin := time.Now()
				for res := range r.pool.SendAll(t.Context(), until(begin.Add(run), plainJob)) {
					if res.Err != nil {
						t.Fatal(res.Err)
					}
				}
				accepted, bad := 0, map[int]bool{}
				inRun := func(at time.Time) bool { return at.Sub(begin) >= settle && at.Sub(begin) < run }
				for _, at := range th.counts["example.test"] {
					if inRun(at) {
						accepted++
					}
				}
				for _, at := range th.refused {
					if inRun(at) {
						bad[int(at.Sub(begin).Seconds())] = true
					}
				}
				seconds := (run - settle).Seconds()
				rate := float64(accepted) / seconds
				t.Logf("%.1f a second of %d; %d of %.0f seconds with a refusal, %d refusals in all", rate, tt.limit, len(bad), seconds, len(th.refused))
				if rate < 0.8*float64(tt.limit) || float64(len(bad)) > seconds/10 {
					t.Error("not within 20 %, or refused in more than one second of ten")
				}
			})
		})
	}
}

// A slowKeyCase is a bound for one domain, key or recipient, and what a server
// says of it.
type slowKeyCase struct {
	what  string // is slowed
	reply smtptest.Reply
	at    smtptest.Point
	to    string // how the addresses end
	key   string // of their jobs
	least int    // messages to it in the run
}

// What a reply says of one domain, key or recipient slows nobody else.
func TestAdaptsToKeyAlone(t *testing.T) {
	for _, tt := range []slowKeyCase{
		{"domain d0.test", smtptest.Reply{Code: 450, Text: "4.7.1 too many messages for this domain"}, smtptest.PointRCPT, "@d0.test", "", 100},
		{"recipient r@d0.test", smtptest.Reply{Code: 450, Text: "4.2.1 is receiving mail too quickly"}, smtptest.PointRCPT, "r@d0.test", "", 1},
		{"key customer", smtptest.Reply{Code: 451, Text: "4.9.9 this customer is too fast"}, smtptest.PointEndOfData, "@d0.test", "customer", 100},
	} {
		t.Run(tt.what, func(t *testing.T) {
			free, _, none := tt.run(t, 1_000_000)
			beside, own, slowed := tt.run(t, 4)
			t.Logf("others: %d, and %d beside it; it had %d; slowed %v", free, beside, own, slowed)
			if len(none) > 0 || len(slowed) != 1 {
				t.Errorf("slowed without a reply %v, with %v", none, slowed)
			}
			if _, is := slowed[tt.what]; !is {
				t.Errorf("%s was not slowed", tt.what)
			}
			if float64(beside) < 0.95*float64(free) || own < tt.least {
				t.Error("others were slowed down, or it was more than it asked for")
			}
		})
	}
}

// run sends for a minute, and returns how much others and the bounded ones had,
// and what was slowed.
func (c *slowKeyCase) run(t *testing.T, limit int) (others, own int, slowed map[string]float64) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		slowed = map[string]float64{}
		th := throttle{limit: limit, key: c.bound, reply: c.reply}
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, config *pool.Config) {
			th.watch(s)
			s.Latency = 20 * time.Millisecond
			if c.at == smtptest.PointRCPT {
				th.refuseAtRcpt(s)
			}
			config.Sessions, config.MaxAttempts = 8, 100
			config.Replies = append([]pool.ReplyRule{{Enhanced: []string{"4.9"}, Meaning: pool.SlowKey}}, pool.DefaultReplies()...)
			config.Trace = &pool.Trace{Slowed: func(what string, rate float64, _ error) {
				mu.Lock()
				defer mu.Unlock()
				slowed[what] = rate
			}}
		})
		defer r.close()
		end := time.Now().Add(time.Minute)
		for res := range r.pool.SendAll(t.Context(), until(end, c.job)) {
			if time.Now().After(end) {
				break
			}
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		own = len(th.counts["d0.test"])
		for _, at := range th.counts {
			others += len(at)
		}
		others -= own
	})
	return others, own, slowed
}

// bound is the throttle's key.
func (c *slowKeyCase) bound(m *smtptest.Message) string {
	if strings.HasSuffix(m.To[0].Address, c.to) {
		return c.to
	}
	return ""
}

// job makes message i, one of 50 for the bound.
func (c *slowKeyCase) job(i int) pool.Job {
	j := toDomains(50)(i)
	if i%50 == 0 {
		j.To[0].Address, j.Key = "r@d0.test", c.key
	}
	return j
}

// The rate comes back, and with it the pool's silence about it, when the relay
// takes more again.
func TestComesBackToSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := throttle{limit: 20, reply: smtptest.Reply{Code: 421, Text: "4.7.28 unusual rate of mail"}, key: everybody}
		r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
			th.watch(s)
			s.Latency = 5 * time.Millisecond
		})
		defer r.close()
		send := func(d time.Duration) {
			t.Helper()
			for res := range r.pool.SendAll(t.Context(), until(time.Now().Add(d), plainJob)) {
				if res.Err != nil {
					t.Fatal(res.Err)
				}
			}
		}
		send(30 * time.Second)
		if s := r.pool.Stats(); !s.Slowed || s.Rate < 10 || s.Rate > 25 {
			t.Errorf("slowed: %v, to %v a second", s.Slowed, s.Rate)
		}
		th.mu.Lock()
		th.limit = 1_000_000
		th.mu.Unlock()
		send(3 * time.Minute)
		if s := r.pool.Stats(); s.Slowed || s.Rate != 0 {
			t.Errorf("slowed: %v, to %v a second", s.Slowed, s.Rate)
		}
	})
}
