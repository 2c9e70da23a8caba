package pool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// TestRandomTraffic runs pools of all sorts of Configs in fake time, with jobs of
// all sorts, in front of relays that refuse, throttle, hang up and vanish by
// chance. Every job has one result, in bounded time, that agrees with what the
// relays have, and every limit of the Config holds, as seen on the wire.
// BULKSMTP_SEED is the first seed, and BULKSMTP_RUNS how many there are.
func TestRandomTraffic(t *testing.T) {
	seed, runs := uint64(time.Now().UnixNano()), 100
	if testing.Short() {
		runs = 20
	}
	if s := os.Getenv("BULKSMTP_SEED"); s != "" {
		fmt.Sscan(s, &seed)
	}
	if s := os.Getenv("BULKSMTP_RUNS"); s != "" {
		fmt.Sscan(s, &runs)
	}
	for range runs {
		t.Run(fmt.Sprintf("BULKSMTP_SEED=%d", seed), func(t *testing.T) {
			stuck := time.AfterFunc(20*time.Second, func() { // real time: somebody spins
				panic(fmt.Sprintf("BULKSMTP_SEED=%d takes for ever", seed))
			})
			defer stuck.Stop()
			synctest.Test(t, func(t *testing.T) {
				newChaos(t, rand.New(rand.NewPCG(seed, 0))).run()
			})
		})
		seed++
	}
}

// A chaos is one run.
type chaos struct {
	t    *testing.T
	cfg  pool.Config
	pool *pool.Pool

	servers []*smtptest.Server
	gone    []atomic.Bool // cannot be reached
	calm    atomic.Bool   // nothing goes wrong any more

	mu      sync.Mutex // guards the following
	chance  *rand.Rand
	jobs    []pool.Job
	results []pool.Result
	conns   []*wiretap
	log     []sighting
}

// A sighting is a MAIL on the wire.
type sighting struct {
	at   time.Time
	conn *wiretap
	job  int
	open []*wiretap // then
}

// A wiretap is a connection that notes what goes over it.
type wiretap struct {
	net.Conn
	chaos  *chaos
	relay  int
	dialed time.Time
	closed bool
	mails  []int // jobs
}

var mailCommand = regexp.MustCompile(`MAIL FROM:<s(\d+)@`)

func (w *wiretap) Write(b []byte) (int, error) {
	c := w.chaos
	c.mu.Lock()
	for _, m := range mailCommand.FindAllSubmatch(b, -1) {
		var n int
		fmt.Sscan(string(m[1]), &n)
		w.mails = append(w.mails, n)
		var open []*wiretap
		for _, o := range c.conns {
			if !o.closed {
				open = append(open, o)
			}
		}
		c.log = append(c.log, sighting{time.Now(), w, n, open})
	}
	c.mu.Unlock()
	return w.Conn.Write(b)
}

func (w *wiretap) Close() error {
	err := w.Conn.Close()
	w.chaos.mu.Lock()
	w.closed = true
	w.chaos.mu.Unlock()
	return err
}

func (c *chaos) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chance.IntN(n)
}

// one is true once in n times.
func (c *chaos) one(n int) bool { return c.roll(n) == 0 }

// job makes the next job.
func (c *chaos) job() pool.Job {
	var to []string
	for range 1 + c.roll(6)/4 {
		to = append(to, fmt.Sprintf("r%d@d%d.test", c.roll(12), c.roll(5)))
	}
	slices.Sort(to)
	to = slices.Compact(to)
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.jobs)
	j := pool.Job{Mail: smtpclient.Mail{From: fmt.Sprintf("s%d@sender.test", n), To: smtpclient.Recipients(to...), Content: []byte("Subject: x\r\n\r\nbody\r\n")}, Tag: n}
	if c.chance.IntN(2) == 0 {
		j.Key = fmt.Sprintf("k%d", c.chance.IntN(3))
	}
	if c.chance.IntN(6) == 0 {
		j.Deadline = time.Now().Add(time.Duration(c.chance.IntN(5000)-100) * time.Millisecond)
	}
	c.jobs = append(c.jobs, j)
	return j
}

func (c *chaos) keep(r pool.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results = append(c.results, r)
}

// sleep waits for up to d, in fake time.
func (c *chaos) sleep(d time.Duration) { <-time.After(time.Duration(c.roll(int(d)))) }

// send hands jobs over in one of the ways there are.
func (c *chaos) send(pending *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(c.t.Context())
	if c.one(4) {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.roll(3000))*time.Millisecond)
	}
	defer cancel()
	switch c.roll(3) {
	case 0:
		r, _ := c.pool.Send(ctx, c.job())
		c.keep(r)
	case 1:
		j := c.job()
		pending.Add(1)
		if err := c.pool.Submit(ctx, j, func(r pool.Result) { c.keep(r); pending.Done() }); err != nil {
			pending.Done()
			c.keep(pool.Result{Tag: j.Tag})
		}
	case 2:
		n := c.roll(40)
		for r := range c.pool.SendAll(ctx, func(yield func(pool.Job) bool) {
			for range n {
				if !yield(c.job()) {
					return
				}
			}
		}) {
			c.keep(r)
		}
	}
}

// trouble has relays vanish and come back.
func (c *chaos) trouble() {
	for range c.roll(6) {
		c.sleep(4 * time.Second)
		i := c.roll(len(c.servers))
		switch c.roll(3) {
		case 0:
			c.gone[i].Store(true)
			c.servers[i].CloseClientConnections()
		case 1:
			c.gone[i].Store(false)
		case 2:
			c.servers[i].CloseClientConnections()
		}
	}
	c.sleep(4 * time.Second)
	for i := range c.gone {
		c.gone[i].Store(false)
	}
	c.calm.Store(true)
}

// patience is how long all may take: what was slowed down may take long.
const patience = 6 * time.Hour

func (c *chaos) run() {
	late := time.AfterFunc(patience, func() {
		buf := make([]byte, 1<<20)
		panic(fmt.Sprintf("not over: %+v\n%s", c.pool.Stats(), buf[:runtime.Stack(buf, true)]))
	})
	var actors, pending, watch sync.WaitGroup
	over := make(chan struct{})
	watch.Go(func() { c.stalls(over) })
	actors.Go(c.trouble)
	for range 1 + c.roll(5) {
		actors.Go(func() {
			for range 1 + c.roll(4) {
				c.send(&pending)
				if c.one(3) {
					c.sleep(3 * time.Second)
				}
			}
		})
	}
	ctx := c.t.Context()
	switch c.roll(4) {
	case 0: // in the midst of it
		c.sleep(5 * time.Second)
		c.pool.Close()
	case 1:
		var cancel context.CancelFunc
		c.sleep(3 * time.Second)
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.roll(5000))*time.Millisecond)
		defer cancel()
		c.pool.Shutdown(ctx)
	case 2:
		actors.Wait()
		pending.Wait()
		c.idle()
		c.pool.Shutdown(ctx)
	case 3:
		actors.Wait()
		c.pool.Shutdown(ctx)
	}
	actors.Wait()
	pending.Wait()
	late.Stop()
	close(over)
	watch.Wait()
	for _, s := range c.servers {
		s.Close()
	}
	c.verify()
}

// idle checks a pool that has nothing left to do, but to settle what nobody waits
// for any more.
func (c *chaos) idle() {
	if s := c.pool.Stats(); s.Queued+s.Held+s.Waiting != 0 {
		c.t.Errorf("idle: %+v", s)
	}
}

// stalls looks for work that nobody does though somebody could.
func (c *chaos) stalls(over <-chan struct{}) {
	since := time.Now()
	var jobs int
	for {
		select {
		case <-over:
			return
		case <-time.After(100 * time.Millisecond):
		}
		s := c.pool.Stats()
		c.mu.Lock()
		n := len(c.log)
		c.mu.Unlock()
		if s.Queued+s.Held == 0 || s.Idle == 0 || n != jobs {
			since, jobs = time.Now(), n
		}
		if d := time.Since(since); d > 2500*time.Millisecond && !slowedNow(s) {
			c.t.Errorf("%v: nothing moves for %v: %+v", time.Now(), d, s)
			return
		}
	}
}

// slowedNow reports that a rate may be what holds the work up, or a relay that is
// down and that alone may have it.
func slowedNow(s pool.Stats) bool {
	slow := func(rate float64, learned bool) bool { return learned || rate > 0 && rate < 1.5 }
	return slow(s.Rate, s.Slowed) ||
		slices.ContainsFunc(s.Relays, func(r pool.RelayStats) bool { return r.Down || slow(r.Rate, r.Slowed) }) ||
		slices.ContainsFunc(s.Keys, func(k pool.KeyStats) bool { return slow(k.Rate, k.Slowed) })
}
