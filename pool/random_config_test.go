package pool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

func (c *chaos) rate() pool.Rate {
	r := pool.Rate{N: 1 + c.roll(20), Per: time.Second, Burst: c.roll(4)}
	if c.one(4) {
		r.N, r.Per = 30+c.roll(100), time.Minute
	}
	return r
}

func (c *chaos) rates(odds int) (rates []pool.Rate) {
	for c.one(odds) {
		rates = append(rates, c.rate())
	}
	return rates
}

// limit bounds something.
func (c *chaos) limit() (l pool.Limit) {
	l.Rates = c.rates(3)
	if c.one(2) {
		l.Sessions = 1 + c.roll(2)
	}
	if c.one(3) {
		l.MaxMessages = 1 + c.roll(4)
	}
	if c.one(4) {
		l.Connections = c.rate()
	}
	if c.one(6) {
		l.MaxWaiting = 1 + c.roll(4)
	}
	if len(l.Rates) == 0 && l.MaxMessages == 0 && l.Connections == (pool.Rate{}) && l.Sessions == 0 {
		l.Sessions = 1
	}
	return l
}

func newChaos(t *testing.T, chance *rand.Rand) *chaos {
	c := &chaos{t: t, chance: chance}
	relays := 1 + c.roll(3)
	c.gone = make([]atomic.Bool, relays)
	cfg := pool.Config{
		Sessions: 1 + c.roll(3), MinSessions: c.roll(6) / 4, Queue: 1 + c.roll(20), MaxWaiting: 1 + c.roll(20),
		Rates: c.rates(6), MaxAttempts: 1 + c.roll(5), Patience: time.Duration(1+c.roll(40)) * 100 * time.Millisecond,
		Outage: time.Duration(1+c.roll(10)) * time.Second, IdleTimeout: time.Duration(1+c.roll(50)) * 200 * time.Millisecond,
		SettleTimeout: time.Second, Backoff: constantly(time.Duration(1+c.roll(3000)) * time.Millisecond),
		DialBackoff: constantly(time.Duration(1+c.roll(2000)) * time.Millisecond), DialTimeout: 2 * time.Second,
	}
	if c.one(4) {
		cfg.MaxLifetime = time.Duration(1+c.roll(50)) * 100 * time.Millisecond
	}
	if c.one(4) {
		cfg.MaxAge = time.Duration(1+c.roll(100)) * 100 * time.Millisecond
	}
	if c.one(4) {
		cfg.MaxMessages = 1 + c.roll(5)
	}
	if c.one(5) {
		cfg.Connections = c.rate()
	}
	for i := range 3 {
		if c.one(3) {
			cfg.Domains = append(cfg.Domains, pool.DomainLimit{Domains: []string{fmt.Sprintf("d%d.test", i)}, Limit: c.limit()})
		}
	}
	if c.one(6) {
		cfg.Domains = append(cfg.Domains, pool.DomainLimit{Domains: []string{pool.EveryOther}, Limit: c.limit()})
	}
	for _, k := range []string{"k0", "k1", pool.EveryOther} {
		if c.one(5) {
			if cfg.Keys == nil {
				cfg.Keys = map[string]pool.Limit{}
			}
			cfg.Keys[k] = c.limit()
		}
	}
	if c.one(4) {
		cfg.Suppressor = suppressor("r7")
	}
	latency := time.Duration(c.roll(60)) * time.Millisecond
	// Neither ModeLockstep nor ModeStream: they may write later than they are given.
	mode := []smtpclient.Mode{smtpclient.ModeEnvelope, smtpclient.ModeOverlap}[c.roll(2)]
	for i := range relays {
		cfg.Relays = append(cfg.Relays, c.relay(i, latency, mode))
	}
	if cfg.Relays[0].Weight == 0 {
		cfg.Relays[0].Weight = 1
	}
	c.cfg = cfg
	var err error
	if c.pool, err = pool.New(cfg); err != nil {
		t.Fatal(err)
	}
	return c
}

func constantly(d time.Duration) func() backoff.BackOff {
	return func() backoff.BackOff { return backoff.NewConstantBackOff(d) }
}

type suppressor string

func (s suppressor) Suppressed(address string) (string, bool) {
	return "bounced", strings.HasPrefix(address, string(s))
}

// relay starts server i.
func (c *chaos) relay(i int, latency time.Duration, mode smtpclient.Mode) pool.Relay {
	l := pipenet.ListenBuffered(4096)
	trouble := []int{0, 4, 12, 40}[c.roll(4)] // one in so many; 0: none
	answer := func(replies ...string) *smtptest.Reply {
		if trouble == 0 || c.calm.Load() || !c.one(trouble) {
			return nil
		}
		r := replies[c.roll(len(replies))]
		var reply smtptest.Reply
		fmt.Sscan(r, &reply.Code)
		reply.Text = r[4:]
		return &reply
	}
	s := &smtptest.Server{NoSTARTTLS: true, Listener: l, Latency: latency}
	s.OnMail = func(*smtptest.Session, string, string) *smtptest.Reply {
		return answer("421 4.7.0 too many connections", "421 4.7.0 too many messages per session", "421 4.3.2 going down",
			"450 4.7.28 too much", "451 4.3.0 not now", "454 throttled")
	}
	s.OnRcpt = func(*smtptest.Session, string, string) *smtptest.Reply {
		return answer("450 4.2.1 receiving mail too quickly", "451 4.7.1 greylisted", "451 4.7.0 throttled", "550 5.1.1 unknown")
	}
	s.OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
		return answer("454 throttled", "451 4.3.0 not now", "421 4.3.2 going down", "554 5.7.1 spam")
	}
	if c.one(6) {
		s.MaxMessages = 1 + c.roll(5)
	}
	s.Start()
	c.servers = append(c.servers, s)
	r := pool.Relay{Weight: c.roll(4), Rates: c.rates(6), Config: smtpclient.Config{
		Network: "unix", Addr: fmt.Sprintf("relay%d", i), Security: smtpclient.Plaintext, LocalName: "client.test", Mode: mode,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			w := &wiretap{chaos: c, relay: i, dialed: time.Now(), closed: true}
			c.mu.Lock()
			c.conns = append(c.conns, w)
			c.mu.Unlock()
			if c.gone[i].Load() {
				if c.one(4) {
					<-ctx.Done() // nobody answers
				}
				return nil, errGone
			}
			var err error
			w.Conn, err = l.Dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			c.mu.Lock()
			w.closed = false
			c.mu.Unlock()
			return w, nil
		},
	}}
	return r
}
