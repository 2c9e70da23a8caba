package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A dispatch is how the letters went out.
type dispatch struct {
	took  time.Duration
	stats pool.Stats
	// slowdowns is what replies have slowed down.
	slowdowns *slowdowns
	// sunk is what the built-in sink has counted; -1 without it.
	sunk int64
	// miscount says that this is not what was accepted.
	miscount error
}

// send sends the letters of a mailing.
func (p *program) send(stop context.Context, m *mailing) (d dispatch, err error) {
	d.sunk, d.slowdowns = -1, newSlowdowns()
	if m.options.sink() {
		sink := startSink(&m.relay)
		defer sink.Close()
		defer func() {
			d.sunk = sink.Counters().Messages
			d.miscount = compare(d.sunk, m.ledger.counts())
		}()
	}
	cfg := poolConfig(m)
	cfg.Trace = &pool.Trace{Slowed: d.slowdowns.note}
	p.tune(&cfg)
	to, err := pool.New(cfg)
	if err != nil {
		return d, err
	}
	defer m.metrics.serve(to)()
	begin := time.Now()
	p.sendAll(stop, m, to)
	d.took = time.Since(begin)
	// With no job in hand this only says QUIT, for which it need not wait long.
	ctx, cancel := context.WithTimeout(p.abort, 5*time.Second)
	defer cancel()
	_ = to.Shutdown(ctx)
	d.stats = to.Stats()
	return d, nil
}

// compare holds the sink's count against the outcomes. A message whose outcome
// is unknown may be in the sink or not.
func compare(sunk int64, counts tally) error {
	if low := counts[accepted]; sunk < low || sunk > low+counts[unknown] {
		return fmt.Errorf("%d recipients were accepted, but the sink counts %d messages", low, sunk)
	}
	return nil
}

// settleTimeout is how long what sessions have in hand may take when retries
// have ended after an interrupt.
const settleTimeout = 10 * time.Second

// memory is what letters in the pool may take up, in octets; a few letters may
// be there in any case.
const memory = 64 << 20

// poolConfig bounds the pool's memory: its defaults suit letters of some
// kilobytes, and attachments make them larger.
func poolConfig(m *mailing) pool.Config {
	size := 16 << 10
	for _, a := range m.renderer.base.Attachments {
		size += len(a.Content) * 3 / 2 // base64
	}
	o := m.options
	relays := m.relay.relays(o.sink())
	sessions := len(relays) * o.sessions
	queue := 64 + 4*sessions
	if o.mode == smtpclient.ModeStream {
		queue += 2 * sessions * cmp.Or(o.window, smtpclient.DefaultWindow)
	}
	return pool.Config{
		Relays:        relays,
		Sessions:      o.sessions,
		Queue:         max(2*sessions, min(queue, memory/size)),
		MaxWaiting:    max(1, min(4096, memory/size)),
		Rates:         o.rates,
		Domains:       o.domains,
		MaxMessages:   o.maxPerSession,
		MaxLifetime:   o.maxLifetime,
		MaxAttempts:   o.maxAttempts,
		SettleTimeout: settleTimeout,
	}
}

// sendAll hands the letters to the pool and enters the results.
func (p *program) sendAll(stop context.Context, m *mailing, to *pool.Pool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopWatch := p.watch(m, to.Stats)
	defer stopWatch()
	done := make(chan struct{})
	var interrupts sync.WaitGroup
	interrupts.Go(func() {
		p.heed(stop, done, func() {
			if m.options.quiet {
				return
			}
			if isTerminal(p.stderr) {
				fmt.Fprintln(p.stderr) // the line has the progress bar
			}
			fmt.Fprintln(p.stderr, "newsletter: interrupted; settling what is in hand. Interrupt again to leave it.")
		}, cancel, to)
	})
	defer interrupts.Wait()
	defer close(done)
	for r := range to.SendAll(ctx, jobs(m.letters(stop))) {
		m.ledger.enter(resultOutcome(r.Tag.(*letter), &r))
	}
}

// heed waits for interrupts. The first ends the letters by itself; giveUp ends
// what waits for another attempt, some time later. The second ends all.
func (p *program) heed(stop context.Context, done <-chan struct{}, say, giveUp func(), to *pool.Pool) {
	var grace <-chan time.Time
	first := stop.Done()
	for {
		select {
		case <-done:
			return
		case <-first:
			first = nil
			say()
			grace = time.After(p.grace)
		case <-grace:
			giveUp()
		case <-p.abort.Done():
			giveUp()
			_ = to.Close() // what sessions have in hand is left
			return
		}
	}
}

// jobs makes jobs of letters.
func jobs(letters iter.Seq[*letter]) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for l := range letters {
			job := pool.Job{Tag: l, Mail: smtpclient.Mail{
				From:     l.returnPath,
				To:       smtpclient.Recipients(l.email),
				Content:  l.content,
				SMTPUTF8: l.smtputf8,
			}}
			if !yield(job) {
				return
			}
		}
	}
}
