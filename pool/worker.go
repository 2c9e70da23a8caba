package pool

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A worker owns a slot of Config.Sessions, and one session after the other.
type worker struct {
	pool    *Pool
	wake    chan struct{} // a token: look at the queue
	listed  bool          // in Pool.idle; guarded by Pool.mu
	session *smtpclient.Session
	born    time.Time   // session's
	carried int         // messages of session
	useful  atomic.Bool // the relay has judged one of them
	timer   *time.Timer
}

// run is the worker's life: a session as long as there is something to send.
func (w *worker) run() {
	for w.wanted() {
		if w.dial() {
			w.serve()
			w.retire()
		}
	}
}

// wanted reports whether the queue asks for a session of this worker. If not,
// the worker's slot is free again, and the worker must end.
func (w *worker) wanted() bool {
	p := w.pool
	for {
		p.mu.Lock()
		if p.queue.len == 0 || p.dialed.Err() != nil {
			p.slots--
			p.relay.leave(w)
			p.mu.Unlock()
			return false
		}
		wait, mine := p.relay.knock(w, len(p.sessions))
		if !mine {
			p.slots-- // somebody else is knocking, and will wake the others
			p.wakeIdle()
			p.mu.Unlock()
			return false
		}
		if wait <= 0 {
			p.dialing++
			p.mu.Unlock()
			return true
		}
		p.mu.Unlock()
		select {
		case <-time.After(wait):
		case <-p.dialed.Done():
		}
	}
}

// dial builds a session. A failure is about the relay, not about any job: the
// jobs stay in the queue, for workers who have a session.
func (w *worker) dial() bool {
	p := w.pool
	began := time.Now()
	p.tally.dials.Add(1)
	cfg := p.cfg.Relay
	p.mu.Lock()
	cfg.Mode = p.relay.nextMode()
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(p.dialed, p.cfg.DialTimeout)
	s, err := smtpclient.Dial(ctx, cfg)
	cancel()

	p.mu.Lock()
	p.dialing--
	if err != nil {
		p.tally.dialFailures.Add(1)
		failed := p.unreachable(w, err, began)
		pause := p.relay.pause
		p.mu.Unlock()
		if f := p.cfg.Trace.Down; f != nil && p.dialed.Err() == nil {
			f(err, pause)
		}
		p.finish(failed...)
		return false
	}
	p.relay.leave(w)
	p.relay.crowding = nil
	p.sessions[s] = struct{}{}
	aborted := p.dialed.Err() != nil
	for range min(p.queue.len-1, p.cfg.Sessions-p.slots) {
		p.wake() // those who stayed away while the relay was down
	}
	p.mu.Unlock()
	if aborted {
		s.Close()
	}
	w.session, w.born, w.carried = s, time.Now(), 0
	w.useful.Store(false)
	return true
}

// serve sends as long as there is something to send and the session is good.
func (w *worker) serve() {
	for {
		t := w.next()
		if t == nil {
			return
		}
		for t != nil {
			w.carried++
			t.reused = w.session.Begun() > 0
			t.worker = w
			w.session.Start(t.mail(), t.settled)
			t = w.pool.poll(w)
		}
		w.session.Flush()
	}
}

// poll takes the next task, if there is one and w's session can carry it.
func (p *Pool) poll(w *worker) *task {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.len == 0 || w.spent() {
		return nil
	}
	select {
	case <-w.session.Done():
		return nil
	default:
	}
	t := p.queue.head
	p.queue.remove(t)
	p.letIn() // the queue may be empty now
	p.inHand.pushBack(t)
	t.place, t.session = inHand, w.session
	return t
}

// maxRefused is how many refused transactions a session carries. It leaves the
// strictest of the common servers room for another few that are under way.
const maxRefused = 5

// spent reports whether the session has done its share.
func (w *worker) spent() bool {
	c := &w.pool.cfg
	return w.session.Refused() >= maxRefused || c.MaxMessages > 0 && w.carried >= c.MaxMessages ||
		c.MaxLifetime > 0 && time.Since(w.born) >= c.MaxLifetime || w.session.Spent()
}

// next waits for a task. It returns nil when the session has to go: it is
// over, spent, or idle for too long, or the pool is shut down.
func (w *worker) next() *task {
	p := w.pool
	for {
		if t := p.poll(w); t != nil {
			return t
		}
		wait := p.cfg.IdleTimeout
		if c := p.cfg.MaxLifetime; c > 0 {
			wait = min(wait, time.Until(w.born.Add(c)))
		}
		if wait <= 0 || !p.list(w) {
			return nil
		}
		if w.timer == nil {
			w.timer = time.NewTimer(wait)
		} else {
			w.timer.Reset(wait)
		}
		var again bool
		select {
		case <-w.wake:
			again = true
		case <-w.session.Done():
		case <-w.timer.C:
		case <-p.draining:
		}
		w.timer.Stop()
		if p.unlist(w) {
			again = true
		}
		if !again {
			// The queue was empty as long as w was listed.
			return nil
		}
	}
}

// list puts w among the idle, unless it has reason not to wait: a task has come
// meanwhile (then it is for w to take, and list reports true with a wake token
// in place), or the session has to go.
func (p *Pool) list(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.session.Done():
		return false
	default:
	}
	if w.spent() {
		return false
	}
	if p.queue.len > 0 {
		w.wake <- struct{}{}
		return true
	}
	w.listed = true
	p.idle = append(p.idle, w)
	return true
}

// unlist takes w from the idle and reports whether it had been woken before:
// the token is used up, and a task may be waiting for w.
func (p *Pool) unlist(w *worker) (woken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.listed {
		w.listed = false
		for i, u := range p.idle {
			if u == w {
				p.idle = append(p.idle[:i], p.idle[i+1:]...)
				break
			}
		}
		return false
	}
	select {
	case <-w.wake:
	default:
	}
	return true
}

// retire ends the session, with QUIT if it is alive to hear it, and learns from
// the way it ended.
func (w *worker) retire() {
	p := w.pool
	s := w.session
	s.Quit(p.aborted)
	err := s.Err()
	useful := w.useful.Load()
	var failed []*task
	p.mu.Lock()
	delete(p.sessions, s)
	if !useful && err != nil && s.Begun() > 0 && p.aborted.Err() == nil {
		failed = p.unreachable(w, err, w.born) // rule 8: slow down
	}
	mode, lowered := p.relay.ended(s, useful, err)
	p.mu.Unlock()
	p.finish(failed...)
	w.session = nil
	if lowered && p.cfg.Trace.ModeLowered != nil {
		p.cfg.Trace.ModeLowered(mode, err)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		p.tally.lost.Add(1)
	}
}
