package pool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// outage makes dialing fail while it is set.
type outage struct {
	atomic.Bool
	tries atomic.Int64
	inner func(context.Context, string, string) (net.Conn, error)
}

var errRefused = errors.New("connection refused")

func (o *outage) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	o.tries.Add(1)
	if o.Load() {
		return nil, errRefused
	}
	return o.inner(ctx, network, addr)
}

func newOutageRig(t *testing.T, sessions int) (*rig, *outage) {
	o := new(outage)
	r := newRig(t, func(_ *smtptest.Server, c *pool.Config) {
		c.Sessions = sessions
		o.inner, c.Relay.Dial = c.Relay.Dial, o.dial
	})
	return r, o
}

func TestRelayDownIsSaidSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOutageRig(t, 4)
		defer r.close()
		o.Store(true)
		began := time.Now()
		_, err := r.pool.Send(t.Context(), job(1))
		if !errors.Is(err, pool.ErrRelayDown) || !errors.Is(err, errRefused) || !smtpclient.SafeToRetry(err) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("took %v", took)
		}
		began = time.Now()
		if _, err := r.pool.Send(t.Context(), job(2)); !errors.Is(err, pool.ErrRelayDown) || time.Since(began) != 0 {
			t.Errorf("while it is known: %v after %v", err, time.Since(began))
		}
		if s := r.pool.Stats(); !s.Down || !errors.Is(s.LastError, errRefused) {
			t.Errorf("%+v", s)
		}
		o.Store(false)
		<-time.After(time.Minute) // fake time
		if _, err := r.pool.Send(t.Context(), job(3)); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

// A bulk run against a relay that is down fails as a whole, soon, and the gate
// keeps the workers from storming the relay.
func TestRelayDownForABulkRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOutageRig(t, 64)
		defer r.close()
		o.Store(true)
		began := time.Now()
		var all []pool.Result
		for res := range r.pool.SendAll(t.Context(), jobs(5000)) {
			all = append(all, res)
			if !errors.Is(res.Err, pool.ErrRelayDown) || res.Attempts != 0 {
				t.Fatalf("%+v", res)
			}
		}
		r.verify(5000, all)
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("took %v", took)
		}
		if n := o.tries.Load(); n > 64+10 {
			t.Errorf("%d attempts to connect", n)
		}
	})
}

func TestRelayComesBackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOutageRig(t, 8)
		defer r.close()
		o.Store(true)
		time.AfterFunc(3*time.Second, func() { o.Store(false) })
		var all []pool.Result
		for res := range r.pool.SendAll(t.Context(), jobs(500)) {
			all = append(all, res)
		}
		r.verify(500, all)
		if got := outcomes(all)[smtpclient.Accepted]; got != 500 {
			t.Errorf("%d of 500 accepted", got)
		}
	})
}

// What waiting does not mend is reported at once.
func TestLastingFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.Users = map[string]string{"user": "secret"}
			c.Relay.Auth = smtpclient.PasswordAuth("user", "wrong")
			c.Relay.AllowInsecureAuth = true
		})
		defer r.close()
		began := time.Now()
		_, err := r.pool.Send(t.Context(), job(1))
		var reply *smtpclient.ReplyError
		if !errors.As(err, &reply) || reply.Reply.Code != 535 || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A relay that allows fewer sessions than Config.Sessions gets all the mail over
// those, and no job fails for the others.
func TestFewerSessionsThanWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			c.Sessions, s.Latency = 6, 50*time.Millisecond
		})
		defer r.close()
		for i := 3; i < 100; i++ {
			r.server.Script(smtptest.Fault{At: smtptest.PointGreeting, Session: i, Do: smtptest.AnswerAndClose("421 4.7.0 too many connections")})
		}
		var all []pool.Result
		for res := range r.pool.SendAll(t.Context(), jobs(300)) {
			all = append(all, res)
		}
		r.verify(300, all)
		if got := outcomes(all)[smtpclient.Accepted]; got != 300 {
			t.Errorf("%d of 300 accepted", got)
		}
		if n := r.server.Counters().Connections; n > 20 {
			t.Errorf("%d connections to a relay that allows two", n)
		}
	})
}

// The relay's process dies at a random point of a run, again and again, and
// comes back; nothing is lost, nothing doubled, nobody waits for ever.
func TestRelayRestarts(t *testing.T) {
	for round := range 20 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
					c.Sessions, s.Latency = 3, time.Millisecond
				})
				defer r.close()
				stop := make(chan struct{})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for i := 1; ; i++ {
						select {
						case <-time.After(time.Duration(round+3)*time.Millisecond + time.Duration(i*37)*time.Microsecond):
							r.server.CloseClientConnections()
						case <-stop:
							return
						}
					}
				}()
				var all []pool.Result
				for res := range r.pool.SendAll(t.Context(), jobs(200)) {
					all = append(all, res)
				}
				close(stop)
				<-ended
				r.verify(200, all)
			})
		})
	}
}

func TestDialEndsWithThePool(t *testing.T) {
	l := pipenet.Listen() // nobody accepts
	defer l.Close()
	p, err := pool.New(pool.Config{Relay: smtpclient.Config{Network: "unix", Addr: "relay", Dial: l.Dial}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Send(ctx, job(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	p.Close()
}
