package pool

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A Relay is one of several that a pool sends to, see Config.Relays.
type Relay struct {
	// Config says how to build sessions with the relay, credentials included. An
	// Addr may come twice only if both have a Name: there may be two accounts.
	smtpclient.Config
	// Name is what Stats and Trace call it; "" is Addr. No two are the same.
	Name string
	// Weight is its share of the messages, in proportion to the other relays' that
	// are up and not held back by Rates. 0 is a standby: it gets messages only
	// while no relay with a weight is up.
	//
	// A relay is not given more than its share because the others are slow, unless
	// they get nothing done for a second: where speed matters and shares do not,
	// let the weights be as the speeds. Where there is little mail, a message waits
	// a quarter of a second at most until the relay whose turn it is has built a
	// session.
	Weight int
	// Sessions, MinSessions, MaxMessages and Connections are for this relay what
	// they are in Config; where one is zero, Config's holds.
	Sessions, MinSessions, MaxMessages int
	Connections                        Rate
	// Rates are bounds of the messages over this relay, each of which holds.
	Rates []Rate
}

// A relay is a Relay in use.
type relay struct {
	Relay
	index int // in Config.Relays
	tally relayTally

	// Guarded by Pool.mu.
	circuit  circuit
	modes    modes
	idle     []*worker // have a session and nothing to send; the last was used last
	slots    int       // workers, Sessions at most
	sessions map[*smtpclient.Session]struct{}
	dialing  int
	dialedAt time.Time // when dialing was 0 last
	pinned   list      // tasks that only this relay may take
	pace     pace
	connect  *bucket // nil: Connections is not set
	share    share
	alarm    alarm // when it may send again
}

func newRelay(c *Config, index int, r Relay) *relay {
	u := &relay{Relay: r, index: index, sessions: map[*smtpclient.Session]struct{}{}, pace: newPace(r.Rates)}
	u.circuit.cfg = c
	u.modes = modes{wanted: r.Mode, mode: r.Mode}
	if r.Connections != (Rate{}) {
		b := newBucket(r.Connections)
		u.connect = &b
	}
	u.Trace = u.tally.watch(r.Trace)
	u.TLSConfig = resuming(r.TLSConfig, r.Sessions)
	return u
}

// resuming has TLS sessions resumed: a new connection then costs neither side a
// signature.
func resuming(c *tls.Config, sessions int) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	} else {
		c = c.Clone()
	}
	if c.ClientSessionCache == nil && !c.SessionTicketsDisabled {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(max(1, sessions))
	}
	return c
}

// work is how many tasks there are for a session of r. p.mu is held.
func (p *Pool) work(r *relay) int { return p.queue.len + r.pinned.len }

// up reports that r may be counted on: there is a session, or the last one was of
// use and to build the next does not take long. p.mu is held.
func (r *relay) up() bool {
	return len(r.sessions) > 0 || !r.circuit.failing && !r.hangs(sluggish)
}

// hangs reports that a session has been waited for so long. p.mu is held.
func (r *relay) hangs(long time.Duration) bool {
	return r.dialing > 0 && time.Since(r.dialedAt) >= long
}

// wake gets a worker to look at the queue: the one used last among the idle, or
// a new one. p.mu is held.
func (p *Pool) wake() {
	if len(p.relays) > 1 {
		p.wakeByShare()
		return
	}
	r := p.relays[0]
	if !p.unlimited() {
		if next := p.opens(r); next > now() {
			p.watch(r, next) // nobody could take it before
			return
		}
	}
	p.wakeFor(r)
}

// wakeFor is wake for a task that only r may take. p.mu is held.
func (p *Pool) wakeFor(r *relay) {
	if !r.wakeIdle() && r.mayGrow() {
		p.hire(r)
	}
}

// wakeIdle has the idle worker that was used last look at the queue. p.mu is
// held.
func (r *relay) wakeIdle() bool {
	if n := len(r.idle); n > 0 {
		r.idle[n-1].rouse()
		return true
	}
	return false
}

// mayGrow reports whether another worker may try to build a session now. p.mu is
// held.
func (r *relay) mayGrow() bool {
	return r.slots < r.Sessions && (r.slots == 0 || !r.circuit.guarded(len(r.sessions)))
}

// hire starts a worker. p.mu is held.
func (p *Pool) hire(r *relay) {
	r.slots++
	w := &worker{pool: p, relay: r, wake: make(chan struct{}, 1)}
	p.workers.Go(w.run)
}

// opens is when a message may next go over r. p.mu is held.
func (p *Pool) opens(r *relay) int64 { return max(p.pace.next(), r.pace.next()) }

// soonest is how soon after it has woken somebody an alarm looks again: others
// need Pool.mu too.
const soonest = time.Millisecond

// ring implements ringer: r may send again.
func (r *relay) ring(p *Pool) {
	if p.work(r) == 0 && p.parked == 0 {
		return
	}
	at := now()
	next := p.opens(r)
	if next <= at {
		n := p.pace.ready(at, r.pace.ready(at, p.work(r)+p.parked))
		r.wakeForKeys(n)
		if p.wanted(r) || r.pinned.len > 0 {
			for range min(n, p.work(r)) {
				p.wakeFor(r)
			}
		}
		next = at + max(p.pace.interval(), r.pace.interval(), int64(soonest))
	}
	p.watch(r, min(next, at+int64(lookAgain)))
}

// wakeForKeys wakes up to n idle workers for whose keys tasks were set aside. p.mu
// is held.
func (r *relay) wakeForKeys(n int) {
	for i := len(r.idle) - 1; i >= 0 && n > 0; i-- {
		if w := r.idle[i]; w.keysHaveWork() {
			w.rouse()
			n--
		}
	}
}

// watch sets r's alarm, if it is not to ring sooner. p.mu is held.
func (p *Pool) watch(r *relay, at int64) {
	if !r.alarm.isSet() || r.alarm.at > at {
		p.setAlarm(&r.alarm, at, r)
	}
}

// unreachable notes that what w began at began was of no use: it could not build
// a session, or the relay ended it before it had judged one message. It returns
// the tasks to be given up for it: those whose patience is at its end, if there
// is no session to send them by. While there is one, the relay is not down; it
// only does not want as many as we do. p.mu is held.
func (p *Pool) unreachable(w *worker, err error, began time.Time) (failed []*task) {
	r := w.relay
	if len(r.sessions) > 0 {
		r.circuit.full()
		r.circuit.leave(w)
		return nil
	}
	r.circuit.down(w, err, began)
	for _, l := range []*list{&p.queue, &r.pinned} {
		for t := l.head; t != nil; {
			next := t.next
			if p.forsaken(t, r) {
				p.pull(t)
				t.relayDown(r.circuit.err)
				failed = append(failed, t)
			}
			t = next
		}
	}
	if len(p.relays) > 1 {
		for range min(p.queue.len, p.cfg.allSessions()) {
			p.wake() // the others have to do it
		}
	}
	return failed
}

// forsaken reports that no relay that t may go over can be had, nor will be
// waited for any longer, now that failed has failed again. p.mu is held.
func (p *Pool) forsaken(t *task, failed *relay) bool {
	for _, r := range p.relays {
		if t.pinned != nil && t.pinned != r {
			continue
		}
		if len(r.sessions) > 0 || !r.circuit.exhausted(t) {
			return false
		}
		if r.dialing > 0 && (r.circuit.lasting || r != failed && !r.hangs(p.cfg.Patience)) {
			return false // what is lasting may not be so for everybody
		}
		if r != failed && r.slots > 0 && !time.Now().Before(r.circuit.until) {
			return false // about to be tried
		}
	}
	return true
}

// hopeless returns why t, which comes now, need not wait for a session: no relay
// is up, and nobody will find out otherwise for a while. p.mu is held.
func (p *Pool) hopeless(t *task) error {
	var last *circuit
	for _, r := range p.relays {
		if t.pinned != nil && t.pinned != r {
			continue
		}
		c := &r.circuit
		if len(r.sessions) > 0 || r.dialing > 0 || !c.exhausted(t) || !time.Now().Before(c.until) {
			return nil
		}
		last = c
	}
	return downError(last.err)
}

func downError(err error) error { return fmt.Errorf("pool: %w: %w", ErrRelayDown, err) }

// relayDown gives t the outcome NotSent because of err.
func (t *task) relayDown(err error) {
	if !errors.Is(err, ErrRelayDown) {
		err = downError(err)
	}
	for i := range t.result.Recipients {
		if r := &t.result.Recipients[i]; r.Outcome == smtpclient.NotSent && retryable(r, false) {
			r.Err = err
		}
	}
	t.giveUp(smtpclient.NotSent, err)
}

// dialSession builds a session with r.
func (r *relay) dialSession(ctx context.Context, mode smtpclient.Mode, timeout time.Duration) (*smtpclient.Session, error) {
	cfg := r.Config
	cfg.Mode = mode
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return smtpclient.Dial(ctx, cfg)
}
