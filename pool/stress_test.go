package pool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// TestStress lets 2 × Sessions goroutines do what they like for a second, or
// for the time in BULKSMTP_STRESS: send, give up, submit, send many, while the
// relay hangs up, refuses and comes back, and shuts the pool down in the midst of
// it, in some runs at once. At the end every job has its one result, and the
// results agree with what the server took.
func TestStress(t *testing.T) {
	length := time.Second
	if s := os.Getenv("BULKSMTP_STRESS"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []smtpclient.Mode{smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for _, end := range []string{"Shutdown", "Close"} {
			t.Run(mode.String()+", "+end, func(t *testing.T) { stress(t, mode, end == "Close", length/8, nil) })
			t.Run(mode.String()+", traffic, "+end, func(t *testing.T) { stress(t, mode, end == "Close", length/8, traffic) })
		}
	}
}

// traffic has a pool hold all sorts of limits, in front of two relays that are the
// same server.
func traffic(c *pool.Config) {
	c.Relays = []pool.Relay{{Config: c.Relay, Weight: 2, Sessions: 2}, {Config: c.Relay, Weight: 1, Sessions: 2}}
	c.Relays[1].Addr = "other"
	c.Relays[1].Rates = []pool.Rate{{N: 2000, Per: time.Second}}
	c.Relay = smtpclient.Config{}
	c.MaxWaiting, c.MinSessions, c.MaxLifetime, c.MaxAge = 8, 1, 20*time.Millisecond, 50*time.Millisecond
	c.Domains = []pool.DomainLimit{
		{Domains: []string{"d1.test"}, Limit: pool.Limit{Rates: []pool.Rate{{N: 50, Per: time.Second}}, MaxWaiting: 3}},
		{Domains: []string{"d2.test"}, Limit: pool.Limit{Sessions: 1, MaxMessages: 3}},
		{Domains: []string{"d3.test"}, Limit: pool.Limit{Connections: pool.Rate{N: 100, Per: time.Second}}},
	}
	c.Keys = map[string]pool.Limit{pool.EveryOther: {Rates: []pool.Rate{{N: 1000, Per: time.Second}}}}
	c.Replies = []pool.ReplyRule{{Codes: []int{421}, Meaning: pool.SlowRelay}, {Codes: []int{450}, Meaning: pool.SlowDomain}}
}

func stress(t *testing.T, mode smtpclient.Mode, abort bool, length time.Duration, adjust func(*pool.Config)) {
	const sessions = 4
	o := new(outage)
	r := newRigOn(t, networks["buffered"](), func(_ *smtptest.Server, c *pool.Config) {
		c.Sessions, c.Relay.Mode = sessions, mode
		c.Patience, c.Outage = 20*time.Millisecond, 20*time.Millisecond
		c.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Millisecond) }
		c.DialBackoff = c.Backoff
		o.inner, c.Relay.Dial = c.Relay.Dial, o.dial
		if adjust != nil {
			adjust(c)
		}
	})
	defer r.close()
	for _, f := range []smtptest.Fault{
		{At: smtptest.PointMAIL, Match: "11", Do: smtptest.AnswerAndClose("421 4.3.2 going down")},
		{At: smtptest.PointEndOfData, Match: "r13", Do: smtptest.AcceptAndClose()},
		{At: smtptest.PointRCPT, Match: "17", Do: smtptest.Answer("550 5.1.1 no such user")},
		{At: smtptest.PointRCPT, Match: "19", Do: smtptest.Answer("450 4.3.0 not now")},
	} {
		r.server.Script(f)
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var (
		mu      sync.Mutex
		next    int
		results []pool.Result
		pending sync.WaitGroup
	)
	number := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next
	}
	make := func(i int) pool.Job { return job(i) }
	if adjust != nil {
		make = trafficJob
	}
	keep := func(res pool.Result) {
		mu.Lock()
		defer mu.Unlock()
		results = append(results, res)
	}
	var actors sync.WaitGroup
	for range 2 * sessions {
		actors.Go(func() {
			for ctx.Err() == nil {
				switch rand.IntN(20) {
				case 0:
					o.Store(!o.Load())
				case 1:
					r.server.CloseClientConnections()
				case 2, 3:
					impatient, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(2000))*time.Microsecond)
					res, _ := r.pool.Send(impatient, make(number()))
					cancel()
					keep(res)
				case 4, 5, 6:
					pending.Add(1)
					i := number()
					err := r.pool.Submit(ctx, make(i), func(res pool.Result) {
						keep(res)
						pending.Done()
					})
					if err != nil { // not taken: there is no such job
						pending.Done()
						keep(pool.Result{Tag: i})
					}
				case 7:
					some := func(yield func(pool.Job) bool) {
						for range 20 {
							if !yield(make(number())) {
								return
							}
						}
					}
					for res := range r.pool.SendAll(ctx, some) {
						keep(res)
					}
				default:
					res, _ := r.pool.Send(ctx, make(number()))
					keep(res)
				}
			}
		})
	}
	if abort {
		<-ctx.Done() // others are still at it
		r.pool.Close()
	}
	actors.Wait()
	o.Store(false)
	if err := r.pool.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	pending.Wait()
	r.verify(next, results)
	if n := r.server.Counters().PeakConnections; n > sessions {
		t.Errorf("%d sessions at once, %d allowed", n, sessions)
	}
	t.Logf("%d jobs: %v", next, outcomes(results))
}

// trafficJob makes message i, which has a key and a deadline at times.
func trafficJob(i int) pool.Job {
	j := job(i, fmt.Sprintf("r%d@d%d.test", i, i%5))
	if i%3 == 0 {
		j.Key = fmt.Sprintf("k%d", i%7)
	}
	if i%11 == 0 {
		j.Deadline = time.Now().Add(time.Duration(i%20) * time.Millisecond)
	}
	return j
}
