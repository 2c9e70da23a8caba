package pool_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A census notes which sessions carried what, and when sessions began and ended.
type census struct {
	mu      sync.Mutex
	opened  []time.Time
	lives   []time.Duration
	carried []int
	birth   map[uint64]time.Time
}

func (c *census) trace() *pool.Trace {
	c.birth = map[uint64]time.Time{}
	return &pool.Trace{
		SessionOpened: func(_ string, id uint64) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.birth[id] = time.Now()
			c.opened = append(c.opened, time.Now())
		},
		SessionClosed: func(_ string, id uint64, messages int, _ error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.lives = append(c.lives, time.Since(c.birth[id]))
			c.carried = append(c.carried, messages)
		},
	}
}

// carriers is which sessions carried mail for each domain, and how much.
type carriers struct {
	mu   sync.Mutex
	by   map[string]map[int]int
	born map[string][]time.Time // when a session took the domain's mail up
}

func (c *carriers) watch(s *smtptest.Server) {
	c.by, c.born = map[string]map[int]int{}, map[string][]time.Time{}
	s.CountOnly = true
	s.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		c.mu.Lock()
		defer c.mu.Unlock()
		d := domain(m.To[0].Address)
		if c.by[d] == nil {
			c.by[d] = map[int]int{}
		}
		if c.by[d][m.Session]++; c.by[d][m.Session] == 1 {
			c.born[d] = append(c.born[d], time.Now())
		}
		return nil
	}
}

// A provider's cap on messages a session holds for its mail alone, and so does
// one on sessions; both cost no message, and the others nothing.
func TestSessionLimitsOfDomain(t *testing.T) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for _, limit := range []pool.Limit{
			{MaxMessages: 7}, {Sessions: 2}, {Sessions: 1, MaxMessages: 5}, {Connections: pool.Rate{N: 1, Per: time.Second}},
			{Sessions: 2, Rates: []pool.Rate{{N: 200, Per: time.Second}}}, {Sessions: 3, MaxMessages: 20, Connections: pool.Rate{N: 10, Per: time.Second}},
		} {
			t.Run(fmt.Sprintf("%v-%+v", mode, limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var who carriers
					var open, peak int
					r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
						who.watch(s)
						s.Latency = 10 * time.Millisecond
						c.Sessions, c.Relay.Mode = 6, mode
						c.Domains = []pool.DomainLimit{{Domains: []string{"d0.test"}, Limit: limit}}
					})
					defer r.close()
					begin := time.Now()
					for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
						for i := range 1200 {
							if !yield(toDomains(3)(i)) {
								return
							}
						}
					}) {
						if res.Err != nil {
							t.Fatal(res.Err)
						}
						for _, k := range r.pool.Stats().Keys {
							open = k.Sessions
							peak = max(peak, open)
						}
					}
					sum := 0
					for session, n := range who.by["d0.test"] {
						if sum += n; limit.MaxMessages > 0 && n > limit.MaxMessages {
							t.Errorf("session %d carried %d", session, n)
						}
					}
					if limit.Sessions > 0 && peak > limit.Sessions || sum != 400 {
						t.Errorf("%d sessions carried %d messages", peak, sum)
					}
					if limit.Connections.N > 0 {
						if n := most(who.born["d0.test"], time.Second); n > limit.Connections.N {
							t.Errorf("%d sessions took them up in a second", n)
						}
					}
					if took := time.Since(begin); took > 45*time.Second {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}

// New sessions come no faster than they may, and no more than they may.
func TestConnectionRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c census
		r := newRig(t, func(s *smtptest.Server, config *pool.Config) {
			s.Latency = 10 * time.Millisecond
			config.Sessions, config.MaxMessages = 10, 3
			config.Connections = pool.Rate{N: 5, Per: time.Second}
			config.Trace = c.trace()
		})
		defer r.close()
		for res := range r.pool.SendAll(t.Context(), jobs(150)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		if n := most(c.opened, time.Second); n > 6 || len(c.opened) < 50 {
			t.Errorf("%d new sessions in a second, %d in all", n, len(c.opened))
		}
	})
}

// Sessions that were built together do not end together, and none is older than
// it may be.
func TestLifetimesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c census
		r := newRig(t, func(s *smtptest.Server, config *pool.Config) {
			s.Latency = 20 * time.Millisecond
			config.Sessions, config.MaxLifetime = 8, time.Minute
			config.Trace = c.trace()
		})
		defer r.close()
		for res := range r.pool.SendAll(t.Context(), until(time.Now().Add(10*time.Minute), plainJob)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		lives := map[time.Duration]bool{}
		for _, d := range c.lives {
			if lives[d.Round(time.Second)] = true; d > time.Minute+100*time.Millisecond {
				t.Errorf("a session lived %v", d)
			}
		}
		if len(c.lives) < 80 || len(lives) < 8 {
			t.Errorf("%d sessions had %d different lives", len(c.lives), len(lives))
		}
	})
}

// A pool that is asked to keep sessions warm has them before the first job, and
// behind the last; the others end. The one used last is used first.
func TestMinSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.Latency = 10 * time.Millisecond
			c.Sessions, c.MinSessions, c.IdleTimeout, c.MaxLifetime = 6, 2, 30*time.Second, time.Hour
		})
		defer r.close()
		<-time.After(time.Second) // fake time
		if s := r.pool.Stats(); s.Idle != 2 {
			t.Errorf("%d idle sessions at first", s.Idle)
		}
		for range r.pool.SendAll(t.Context(), jobs(200)) {
		}
		if s := r.pool.Stats(); s.Sessions < 5 {
			t.Errorf("%d sessions at work", s.Sessions)
		}
		for range 30 { // one job after the other needs one session
			if _, err := r.pool.Send(t.Context(), job(1)); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * time.Second) // fake time
		}
		if s := r.pool.Stats(); s.Sessions != 2 {
			t.Errorf("%d sessions of a quiet pool", s.Sessions)
		}
		dials := r.pool.Stats().Dials
		<-time.After(10 * time.Minute) // fake time
		if s := r.pool.Stats(); s.Sessions != 2 || s.Dials != dials {
			t.Errorf("%d sessions, %d dials while nothing was to do", s.Sessions, s.Dials-dials)
		}
		r.server.CloseClientConnections()
		<-time.After(5 * time.Second) // fake time
		if s := r.pool.Stats(); s.Idle != 2 {
			t.Errorf("%d idle sessions when all had been closed", s.Idle)
		}
	})
}

// Sessions that were kept warm are there again after an outage, though there is
// nothing to send.
func TestMinSessionsAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, func(_ []*smtptest.Server, c *pool.Config) { c.Sessions, c.MinSessions = 4, 3 })
		defer f.close()
		<-time.After(time.Second) // fake time
		f.die(0)
		<-time.After(20 * time.Second) // fake time
		if s := f.pool.Stats(); s.Sessions != 0 {
			t.Errorf("%d sessions during the outage", s.Sessions)
		}
		f.gone[0].Store(false)
		<-time.After(time.Minute) // fake time
		if s := f.pool.Stats(); s.Idle != 3 {
			t.Errorf("%d idle sessions after the outage", s.Idle)
		}
	})
}

// Without that a quiet pool has one session, and then none.
func TestQuietPoolShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) { s.Latency, c.Sessions = 10*time.Millisecond, 6 })
		defer r.close()
		for range r.pool.SendAll(t.Context(), jobs(200)) {
		}
		for range 30 {
			if _, err := r.pool.Send(t.Context(), job(1)); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * time.Second) // fake time
		}
		if s := r.pool.Stats(); s.Sessions != 1 {
			t.Errorf("%d sessions of a quiet pool", s.Sessions)
		}
		<-time.After(time.Minute) // fake time
		if s := r.pool.Stats(); s.Sessions != 0 {
			t.Errorf("%d sessions of a pool at rest", s.Sessions)
		}
	})
}

// A relay that ends idle sessions at once is not stormed for the sake of warm
// ones.
func TestWarmSessionsDoNotStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.Script(smtptest.Fault{At: smtptest.PointIdle, Do: smtptest.CloseConn()})
			c.MinSessions = 1
		})
		defer r.close()
		<-time.After(time.Minute) // fake time
		if n := r.pool.Stats().Dials; n < 10 || n > 62 {
			t.Errorf("%d sessions in a minute", n)
		}
	})
}

// Connections behind the first resume its TLS session.
func TestTLSSessionsAreResumed(t *testing.T) {
	server := smtptest.NewUnstartedServer()
	server.Start()
	defer server.Close()
	var mu sync.Mutex
	resumed := map[bool]int{}
	p, err := pool.New(pool.Config{
		Sessions: 1, MaxMessages: 2,
		Relay: smtpclient.Config{
			Addr: server.Addr, TLSConfig: server.ClientTLSConfig(), Trace: resumptions(&mu, resumed),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := range 10 {
		if _, err := p.Send(context.Background(), job(i)); err != nil {
			t.Fatal(err)
		}
	}
	if resumed[false] != 1 || resumed[true] != 4 {
		t.Errorf("handshakes, by whether they resumed a session: %v", resumed)
	}
}

func resumptions(mu *sync.Mutex, resumed map[bool]int) *smtpclient.Trace {
	return &smtpclient.Trace{TLS: func(_ uint64, state tls.ConnectionState, _ bool) {
		mu.Lock()
		defer mu.Unlock()
		resumed[state.DidResume]++
	}}
}
