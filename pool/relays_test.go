package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/ledger"
	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A fleet is a pool in front of several servers.
type fleet struct {
	servers []*smtptest.Server
	nets    []*pipenet.Listener
	gone    []atomic.Bool // cannot be reached
	pool    *pool.Pool
}

func newFleet(t *testing.T, n int, adjust func([]*smtptest.Server, *pool.Config)) *fleet {
	t.Helper()
	f := &fleet{gone: make([]atomic.Bool, n)}
	c := pool.Config{Sessions: 2}
	for i := range n {
		l := pipenet.ListenBuffered(4096)
		f.nets = append(f.nets, l)
		f.servers = append(f.servers, &smtptest.Server{NoSTARTTLS: true, Listener: l})
		c.Relays = append(c.Relays, pool.Relay{
			Weight: 1,
			Config: smtpclient.Config{
				Network: "unix", Addr: fmt.Sprintf("relay%d", i), Security: smtpclient.Plaintext, LocalName: "client.test",
				Dial: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
					if f.gone[i].Load() {
						return nil, errGone
					}
					return l.Dial(ctx, network, addr)
				},
			},
		})
	}
	if adjust != nil {
		adjust(f.servers, &c)
	}
	for _, s := range f.servers {
		s.Start()
	}
	var err error
	if f.pool, err = pool.New(c); err != nil {
		t.Fatal(err)
	}
	return f
}

var errGone = errors.New("no route to host")

func (f *fleet) close() {
	f.pool.Close()
	for _, s := range f.servers {
		s.Close()
	}
}

// die has a server vanish with all its connections.
func (f *fleet) die(i int) {
	f.gone[i].Store(true)
	f.servers[i].CloseClientConnections()
}

// messages counts what each server has.
func (f *fleet) messages() (n []int) {
	for _, s := range f.servers {
		n = append(n, int(s.Counters().Messages))
	}
	return n
}

// Two relays, of which one dies at a moment of chance: nothing is lost, and
// nothing sent twice. What no reply came to is Unknown and goes nowhere.
func TestRelayDies(t *testing.T) {
	runs := 1000
	if testing.Short() {
		runs = 100
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("BULKSMTP_SEED"); s != "" {
		fmt.Sscan(s, &seed)
	}
	t.Logf("BULKSMTP_SEED=%d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	unknown, moved := 0, 0
	modes := []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream}
	for run := range runs {
		mode, at, back := modes[run%4], chance.Int64N(4000), chance.IntN(3) == 0
		synctest.Test(t, func(t *testing.T) {
			books := &ledger.Ledger{Domain: "a.test", SenderDomain: "b.test"}
			f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
				for i := range s {
					s[i].OnRcpt, s[i].Latency = refuseByName, time.Duration(i+1)*time.Millisecond
					c.Relays[i].Mode = mode
				}
				c.MaxAttempts = 3
				c.Backoff = constant(time.Millisecond)
			})
			var death sync.WaitGroup
			death.Go(func() {
				<-time.After(time.Duration(at) * 10 * time.Microsecond) // fake time
				f.die(0)
				if back {
					<-time.After(5 * time.Millisecond) // fake time
					f.gone[0].Store(false)
				}
			})
			for res := range f.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
				for i := range 40 {
					prefix := "ok"
					if i%10 == 3 {
						prefix = "bad"
					}
					if !yield(books.Job("x", prefix)) {
						return
					}
				}
			}) {
				books.Enter(res)
			}
			death.Wait()
			f.close()
			for i, s := range f.servers {
				for _, m := range s.Messages() {
					books.Arrived(m.From, []string{m.To[0].Address}, m.Data)
					moved += i
				}
			}
			outcomes := books.Outcomes()
			unknown += outcomes[smtpclient.Unknown]
			if outcomes[smtpclient.NotSent] > 0 {
				t.Errorf("run %d: %d are NotSent, though a relay was there", run, outcomes[smtpclient.NotSent])
			}
			if v := books.Violations(); len(v) > 0 {
				t.Fatalf("run %d, mode %v, at %d: %s", run, mode, at, strings.Join(v, "\n"))
			}
		})
	}
	t.Logf("%d runs, %d Unknown, %d messages by the relay that lived", runs, unknown, moved)
	if unknown == 0 {
		t.Error("no message was cut in the midst of it")
	}
}

// Shares are as the weights; a standby gets nothing.
func TestWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, func(s []*smtptest.Server, c *pool.Config) {
			for i := range s {
				s[i].CountOnly, s[i].Latency = true, time.Duration(5-2*i)*time.Millisecond
			}
			c.Relays[0].Weight, c.Relays[1].Weight, c.Relays[2].Weight = 3, 1, 0
		})
		defer f.close()
		for res := range f.pool.SendAll(t.Context(), jobs(10_000)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		n := f.messages()
		if n[0] < 7400 || n[0] > 7600 || n[0]+n[1] != 10_000 {
			t.Errorf("weights 3, 1 and 0 had %v", n)
		}
		s := f.pool.Stats()
		for i, r := range s.Relays {
			if r.Name != fmt.Sprintf("relay%d", i) || r.RecipientsAccepted != int64(n[i]) {
				t.Errorf("Stats.Relays[%d]: %+v", i, r)
			}
		}
	})
}

// A relay that stalls is not waited for, weights or not.
func TestWeightOfSluggishRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			s[0].Script(smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.Delay(time.Minute)})
			s[1].Latency = time.Millisecond
		})
		defer f.close()
		begin := time.Now()
		for res := range f.pool.SendAll(t.Context(), jobs(1000)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		// Each of its sessions has two messages in hand.
		if took, n := time.Since(begin), f.messages(); took > 125*time.Second || n[1] < 990 {
			t.Errorf("took %v: %v", took, n)
		}
	})
}

// The standby takes over when no relay with a weight is up, and hands back.
func TestStandby(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(_ []*smtptest.Server, c *pool.Config) { c.Relays[1].Weight = 0 })
		defer f.close()
		send := func(n int) {
			t.Helper()
			for i := range n {
				if _, err := f.pool.Send(t.Context(), job(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		send(10)
		f.die(0)
		send(10)
		f.gone[0].Store(false)
		<-time.After(time.Minute) // fake time
		send(1)                   // by either: the one has to be found out about
		<-time.After(time.Second) // fake time
		send(10)
		if n := f.messages(); n[1] < 10 || n[1] > 11 || n[0]+n[1] != 31 {
			t.Errorf("the relay and its standby had %v", n)
		}
	})
}

// While a relay hangs in its connect, another one does the work.
func TestRelayHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			c.Relays[0].Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		defer f.close()
		begin := time.Now()
		for res := range f.pool.SendAll(t.Context(), jobs(100)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		if _, err := f.pool.Send(t.Context(), job(1)); err != nil || time.Since(begin) > time.Second {
			t.Errorf("took %v (%v)", time.Since(begin), err)
		}
	})
}

// All relays down: jobs wait as long as they are told to, and come back as
// NotSent with the reason. When one comes back in time, they are sent.
func TestAllRelaysDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, func(_ []*smtptest.Server, c *pool.Config) { c.Patience, c.Relays[2].Weight = 20*time.Second, 0 })
		defer f.close()
		for i := range f.gone {
			f.die(i)
		}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if res, err := f.pool.Send(ctx, job(1)); !errors.Is(err, context.DeadlineExceeded) || res.Recipients[0].Outcome != smtpclient.NotSent ||
			time.Since(begin) != 3*time.Second {
			t.Errorf("after %v: %+v, %v", time.Since(begin), res, err)
		}
		var results []pool.Result
		for res := range f.pool.SendAll(t.Context(), jobs(20)) {
			results = append(results, res)
			if !errors.Is(res.Err, pool.ErrRelayDown) || !errors.Is(res.Err, errGone) {
				t.Errorf("%v", res.Err)
			}
		}
		if n := outcomes(results)[smtpclient.NotSent]; n != 20 {
			t.Errorf("%d of 20 are NotSent", n)
		}
		if s := f.pool.Stats(); !s.Down || s.LastError == nil {
			t.Errorf("%+v", s)
		}
		<-time.After(time.Minute) // fake time
		var sends sync.WaitGroup
		sends.Go(func() {
			if _, err := f.pool.Send(t.Context(), job(1)); err != nil {
				t.Errorf("though one came back: %v", err)
			}
		})
		f.gone[1].Store(false)
		sends.Wait()
	})
}

// What a relay has deferred for the message's sake goes to that relay again;
// what it has deferred for the session's sake, or for too much mail, may go to
// the next, and does if that relay builds no session any more.
func TestWhoIsOfferedTheNextAttempt(t *testing.T) {
	for _, tt := range []struct {
		reply string
		same  bool
	}{
		{"450 4.2.0 greylisted, come back in five minutes", true},
		{"451 4.3.0 out of memory", true},
		{"450 4.2.1 is receiving mail too quickly", true},
		{"421 4.7.0 maximum message count per session reached", false},
		{"421 4.7.28 unusual rate of mail", false},
		{"421 4.3.2 closing", false},
		{"454 Throttling failure: Maximum sending rate exceeded.", false},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []int
				var mu sync.Mutex
				var f *fleet
				f = newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
					for i := range s {
						s[i].OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
							mu.Lock()
							defer mu.Unlock()
							if asked = append(asked, i); len(asked) > 1 {
								return nil
							}
							f.gone[i].Store(!tt.same)
							code, text, _ := strings.Cut(tt.reply, " ")
							r := &smtptest.Reply{Text: text}
							fmt.Sscan(code, &r.Code)
							return r
						}
					}
					c.Backoff = constant(time.Minute)
				})
				defer f.close()
				res, err := f.pool.Send(t.Context(), job(1))
				if err != nil || len(asked) != 2 {
					t.Fatalf("%+v, %v, asked %v", res, err, asked)
				}
				if (asked[0] == asked[1]) != tt.same {
					t.Errorf("offered to %v", asked)
				}
			})
		})
	}
}

// What is Unknown is offered to nobody.
func TestUnknownGoesNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			for i := range s {
				s[i].Script(smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.AcceptAndClose()})
			}
		})
		defer f.close()
		for i := range 10 {
			res, _ := f.pool.Send(t.Context(), job(i))
			if res.Recipients[0].Outcome != smtpclient.Unknown {
				t.Errorf("%+v", res)
			}
		}
		if n := f.messages(); n[0]+n[1] != 10 {
			t.Errorf("10 messages are there as %v", n)
		}
	})
}

// Each relay has its own rates, sessions and credentials.
func TestRelaysOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came [2]arrivals
		f := newFleet(t, 2, func(s []*smtptest.Server, c *pool.Config) {
			for i := range s {
				came[i].watch(s[i])
				name := fmt.Sprintf("user%d", i)
				s[i].Users, s[i].RequireAuth = map[string]string{name: "secret"}, true
				s[i].Latency = 100 * time.Millisecond
				c.Relays[i].Auth, c.Relays[i].AllowInsecureAuth = smtpclient.PasswordAuth(name, "secret"), true
			}
			c.Relays[0].Rates, c.Relays[1].Rates = []pool.Rate{{N: 5, Per: time.Second}}, []pool.Rate{{N: 20, Per: time.Second}}
			c.Relays[0].Sessions, c.Relays[1].Sessions = 1, 6
		})
		defer f.close()
		begin := time.Now()
		for res := range f.pool.SendAll(t.Context(), jobs(1000)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		if took := time.Since(begin); took > 42*time.Second {
			t.Errorf("1,000 messages at 5 and 20 a second took %v", took)
		}
		for i, limit := range []int{5, 20} {
			if n := most(came[i].at, time.Second); n > limit {
				t.Errorf("relay %d had %d in a second", i, n)
			}
		}
		if a, b := f.servers[0].Counters().PeakConnections, f.servers[1].Counters().PeakConnections; a > 1 || b > 6 {
			t.Errorf("%d and %d sessions", a, b)
		}
	})
}

// Stats tells the relays apart, in the order in which they were given.
func TestStatsOfRelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.die(1)
		for res := range f.pool.SendAll(t.Context(), jobs(200)) {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		s := f.pool.Stats()
		names := []string{s.Relays[0].Name, s.Relays[1].Name}
		if !slices.Equal(names, []string{"relay0", "relay1"}) || s.Relays[0].Down || !s.Relays[1].Down || s.Down ||
			!errors.Is(s.Relays[1].LastError, errGone) || s.Accepted != 200 || s.RecipientsAccepted != 200 {
			t.Errorf("%+v", s)
		}
	})
}
