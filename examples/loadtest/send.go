package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// Of the pool.
const (
	// memory is what letters in the pool may take up, in octets; a few letters
	// may be there in any case.
	memory = 16 << 20
	// settle is how long what is in hand is waited for after an interrupt.
	settle = 10 * time.Second
	// farewell is how long the sessions have to say QUIT.
	farewell = 5 * time.Second
)

// poolConfig bounds the pool's memory: its defaults suit messages of some
// kilobytes.
func poolConfig(o *options, to relay, t *template) pool.Config {
	size := len(t.content) + 256*o.recipients
	queue := 64 + 4*o.sessions // as is the default, with what follows
	if o.mode == smtpclient.ModeStream {
		queue += 2 * o.sessions * cmp.Or(o.window, smtpclient.DefaultWindow)
	}
	waiting := 1 // without second attempts nothing waits for them
	if o.maxAttempts > 1 {
		waiting = max(1, min(4096, memory/size))
	}
	return pool.Config{
		Relay:         to.Config,
		Sessions:      o.sessions,
		Queue:         max(2*o.sessions, min(queue, memory/size)),
		MaxWaiting:    waiting,
		MaxAttempts:   o.maxAttempts,
		SettleTimeout: settle,
	}
}

// send sends the messages. The error is about the options, and nothing has been
// sent if there is one.
func send(ctx context.Context, o *options, to relay) (*report, error) {
	var sink *smtptest.Server
	if o.sink() {
		sink = startSink(&to, o)
		defer sink.Close()
	}
	t := newTemplate(o.from, o.domain, o.size, time.Now())
	r := &report{octets: len(t.content)}
	// What auto comes to, only a session knows.
	to.Trace = &smtpclient.Trace{Ready: func(_ uint64, _ smtpclient.Extensions, mode smtpclient.Mode) { r.mode.Store(uint32(mode)) }}
	p, err := pool.New(poolConfig(o, to, t))
	if err != nil {
		return nil, err
	}
	r.sendAll(ctx, p, newLetters(o, t))
	// With no job in hand this only says QUIT.
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_ = p.Shutdown(bye)
	r.stats = p.Stats()
	r.maxRSS = maxRSS()
	r.interrupted = ctx.Err() != nil && r.messages < int64(o.n)
	if sink != nil {
		r.miscount = compare(sink.Counters(), r.outcomes)
		r.sink = true
	}
	return r, nil
}

// sendAll sends the letters and counts what becomes of them.
func (r *report) sendAll(ctx context.Context, p *pool.Pool, all *letters) {
	begin := read()
	for result := range p.SendAll(ctx, all.jobs(ctx)) {
		r.enter(&result)
		// When ctx has ended, a session may still be at work on a letter whose
		// result is that nobody waits for it any longer.
		if ctx.Err() == nil {
			all.put(result.Tag.(*letter))
		}
	}
	r.used = read().since(begin)
}

// enter counts a result.
func (r *report) enter(result *pool.Result) {
	r.messages++
	for i := range result.Recipients {
		to := &result.Recipients[i]
		r.outcomes[to.Outcome]++
		if to.Outcome != smtpclient.Accepted && r.first[to.Outcome] == "" {
			r.first[to.Outcome] = fmt.Sprintf("%s: %v", to.Address, to.Err)
		}
	}
}

// compare holds the sink's count of recipients against the outcomes. One whose
// outcome is unknown may be in the sink or not.
func compare(c smtptest.Counters, o outcomes) error {
	if low := o[smtpclient.Accepted]; c.Recipients < low || c.Recipients > low+o[smtpclient.Unknown] {
		return fmt.Errorf("%d recipients were accepted, but the sink counts %d", low, c.Recipients)
	}
	return nil
}

// A reading is the state of the process at a moment.
type reading struct {
	at     time.Time
	cpu    time.Duration
	memory runtime.MemStats
}

func read() *reading {
	r := &reading{at: time.Now(), cpu: cpuTime()}
	runtime.ReadMemStats(&r.memory)
	return r
}

// Usage is what the sending has used.
type usage struct {
	time, cpu time.Duration
	allocs    uint64
	bytes     uint64 // allocated
}

func (r *reading) since(begin *reading) usage {
	return usage{
		time: r.at.Sub(begin.at), cpu: r.cpu - begin.cpu,
		allocs: r.memory.Mallocs - begin.memory.Mallocs,
		bytes:  r.memory.TotalAlloc - begin.memory.TotalAlloc,
	}
}
