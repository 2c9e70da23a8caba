package pool_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// Where all relays have had what their rates allow, each is called again as soon
// as it may send.
func TestClosedRelaysAreCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			c.Sessions = 1
			for i := range c.Relays {
				c.Relays[i].Rates = []pool.Rate{{N: 1, Per: time.Second}}
			}
		})
		defer f.close()
		for i := range 10 {
			if took := sendApart(t, f.pool, 1)(); took > time.Second+time.Millisecond {
				t.Errorf("job %d, by two relays of one a second, took %v", i, took)
			}
		}
	})
}

// A rate of all, and domains that one session each may carry: the ones that may
// look when the rate allows, not others that must not.
func TestPoolRateBesideDomainSessions(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
				s.Latency = 5 * time.Millisecond
				c.Sessions = 4
				c.Rates = []pool.Rate{{N: 20, Per: time.Second}}
				c.Domains = []pool.DomainLimit{{Domains: []string{pool.EveryOther}, Limit: pool.Limit{Sessions: 1}}}
			})
			defer r.close()
			begin := time.Now()
			for res := range r.pool.SendAll(t.Context(), until(begin.Add(10*time.Second), toDomains(n))) {
				if res.Err != nil {
					t.Fatal(res.Err)
				}
			}
			took, sent := time.Since(begin), r.server.Counters().Messages
			if pace := float64(sent) / took.Seconds(); pace < 19.5 {
				t.Errorf("%d domains: %d messages took %v, %.1f a second instead of 20", n, sent, took, pace)
			}
		})
	}
}

// A session that cannot send for long does not keep a domain's only place: that
// of a relay that has had what its rate allows.
func TestPlaceHeldByClosedRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(_ []*smtptest.Server, c *pool.Config) {
			c.MinSessions = 1
			c.Relays[0].Rates = []pool.Rate{{N: 1, Per: 24 * time.Hour}}
			c.Domains = []pool.DomainLimit{{Domains: []string{"example.test"}, Limit: pool.Limit{Sessions: 1}}}
		})
		defer f.close()
		<-time.After(time.Second) // fake time
		for i := range 3 {
			if took := sendApart(t, f.pool, 1)(); took > 5*time.Second {
				t.Errorf("message %d took %v", i, took)
			}
		}
		if n := f.messages(); n[0] != 1 || n[1] != 2 {
			t.Errorf("the relays had %v", n)
		}
	})
}

// Nor does that of a standby that is not wanted any more.
func TestPlaceHeldByStandby(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(_ []*smtptest.Server, c *pool.Config) {
			c.Relays[1].Weight, c.MinSessions = 0, 1
			c.Domains = []pool.DomainLimit{{Domains: []string{"example.test"}, Limit: pool.Limit{Sessions: 1}}}
		})
		defer f.close()
		<-time.After(time.Second) // fake time
		f.die(0)
		<-time.After(time.Second) // fake time
		sendApart(t, f.pool, 1)()
		if n := f.messages(); n[1] != 1 {
			t.Errorf("the relay and its standby had %v", n)
		}
		f.gone[0].Store(false)
		<-time.After(2 * time.Minute) // fake time
		if _, err := f.pool.Send(t.Context(), job(0, "x@other.test")); err != nil {
			t.Error(err)
		}
		took, n := sendApart(t, f.pool, 1)(), f.messages()
		if took > 5*time.Second || n[1] != 1 {
			t.Errorf("took %v; the relay and its standby had %v", took, n)
		}
	})
}

// A relay that was down is asked again though the others have time for what
// little there is.
func TestRelayIsProbedUnderLightLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		send := func(n int, gap time.Duration) {
			for range n {
				sendApart(t, f.pool, 1)()
				<-time.After(gap) // fake time
			}
		}
		f.gone[1].Store(true)
		send(1000, time.Millisecond)
		f.die(0)
		f.gone[1].Store(false)
		send(10, time.Second)
		f.gone[0].Store(false)
		send(60, 10*time.Second)
		if n, s := f.messages(), f.pool.Stats(); n[0] < 1010 || s.Relays[0].Down {
			t.Errorf("up again for ten minutes, it had %d of 60 messages and is down: %v", n[0]-1000, s.Relays[0].Down)
		}
	})
}

// Shares hold for little mail too, where sessions go idle and end meanwhile: it
// is not who has a session already, or is quicker to have one, that gets it.
func TestWeightsUnderLightLoad(t *testing.T) {
	for _, gap := range []time.Duration{time.Second, 10 * time.Second, 20 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
				s[0].Latency, s[1].Latency = 20*time.Millisecond, 5*time.Millisecond
				c.Relays[0].Weight = 3
			})
			defer f.close()
			for range 200 {
				if took := sendApart(t, f.pool, 1)(); took > 200*time.Millisecond {
					t.Errorf("took %v", took)
				}
				<-time.After(gap) // fake time
			}
			if n, dials := f.messages(), f.pool.Stats().Dials; n[0] < 145 || n[0] > 155 || dials > 200 {
				t.Errorf("one message every %v: weights 3 and 1 had %v, by %d sessions", gap, n, dials)
			}
		})
	}
}

// A relayOfOne takes one connection at a time, and refuses others.
type relayOfOne struct {
	mu   sync.Mutex
	live bool
}

func (r *relayOfOne) over(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.live {
			return nil, errGone
		}
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		r.live = true
		return &onlyConn{Conn: c, relay: r}, nil
	}
}

type onlyConn struct {
	net.Conn
	relay *relayOfOne
}

func (c *onlyConn) Close() error {
	c.relay.mu.Lock()
	defer c.relay.mu.Unlock()
	c.relay.live = false
	return c.Conn.Close()
}

// A worker that waits until the relay may want a second session does not wait
// when the first is gone.
func TestNobodyWaitsForRoomWithoutASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one relayOfOne
		f := newFleet(t, 1, func(s []*smtptest.Server, c *pool.Config) {
			s[0].CountOnly, s[0].Latency = true, 5*time.Millisecond
			c.Sessions, c.IdleTimeout = 2, time.Second
			c.Relays[0].Dial = one.over(c.Relays[0].Dial)
		})
		defer f.close()
		for range f.pool.SendAll(t.Context(), until(time.Now().Add(5*time.Minute), plainJob)) {
		}
		for i := range 8 {
			<-time.After(1500 * time.Millisecond) // fake time: it has gone idle
			if took := sendApart(t, f.pool, 1)(); took > time.Second {
				t.Errorf("message %d waited %v", i, took)
			}
		}
	})
}

// A standby that takes over does not wait until a connect to the main relay has
// failed, if that is not sooner.
func TestStandbyTakesOverFromHangingRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(_ []*smtptest.Server, c *pool.Config) {
			c.Relays[1].Weight = 0
			c.Relays[0].Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		defer f.close()
		for i := range 5 {
			if took := sendApart(t, f.pool, 1)(); took > 1500*time.Millisecond || i > 0 && took > time.Millisecond {
				t.Errorf("message %d took %v", i, took)
			}
		}
	})
}

// A domain that one session may carry makes no connections come and go, be there
// room aside for its jobs or not: those that must not carry it stay idle or end.
func TestDomainOfOneSessionDoesNotChurn(t *testing.T) {
	for _, aside := range []int{0, 100} {
		synctest.Test(t, func(t *testing.T) {
			var came arrivals
			r := newRigOn(t, networks["buffered"](), func(s *smtptest.Server, c *pool.Config) {
				came.watch(s)
				s.Latency = 50 * time.Millisecond
				c.Sessions, c.IdleTimeout, c.MaxWaiting = 8, 2*time.Second, aside
				c.Domains = []pool.DomainLimit{{Domains: []string{"example.test"}, Limit: pool.Limit{Sessions: 1}}}
			})
			defer r.close()
			for res := range r.pool.SendAll(t.Context(), until(time.Now().Add(time.Minute), plainJob)) {
				if res.Err != nil {
					t.Fatal(res.Err)
				}
			}
			if c, n := r.server.Counters(), most(came.at, time.Minute); c.Connections > 2*8 || n < 1190 {
				t.Errorf("room for %d aside: %d connections, %d messages in a minute", aside, c.Connections, n)
			}
		})
	}
}

// A job of two keys, each held by an idle session that may not carry the other: one
// of them gives its place up, and they do not call each other without end.
func TestTwoKeysHeldByTwoIdleSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.Latency = 10 * time.Millisecond
			c.Sessions = 2
			c.Domains = []pool.DomainLimit{{Domains: []string{"a.test"}, Limit: pool.Limit{Sessions: 1}}}
			c.Keys = map[string]pool.Limit{"k": {Sessions: 1}}
		})
		defer r.close()
		second, third := job(2, "x@b.test"), job(3, "x@a.test")
		second.Key, third.Key = "k", "k"
		var sends sync.WaitGroup
		for _, j := range []pool.Job{job(1, "x@a.test"), second} {
			sends.Go(func() {
				if _, err := r.pool.Send(t.Context(), j); err != nil {
					t.Error(err)
				}
			})
		}
		sends.Wait()
		begin := time.Now()
		if _, err := r.pool.Send(t.Context(), third); err != nil || time.Since(begin) > time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}
