package pool

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A worker owns a slot of a relay's Sessions, and one session after the other.
type worker struct {
	pool     *Pool
	relay    *relay
	wake     chan struct{} // a token: look at the queue
	session  *smtpclient.Session
	born     time.Time     // session's
	lifetime time.Duration // session's; 0: without limit
	carried  int           // messages of session
	useful   atomic.Bool   // the relay has judged one of them
	timer    *time.Timer

	// Guarded by Pool.mu.
	listed bool   // in relay.idle
	keys   []*key // that session counts for
	probed bool   // has tried to build a session
	full   bool   // session has met a message that it may not carry any more
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

// wanted reports whether a session of this worker is asked for. If not, the
// worker's slot is free again, and the worker must end.
func (w *worker) wanted() bool {
	p, r := w.pool, w.relay
	for {
		p.mu.Lock()
		needed := p.called(r) || w.probes()
		warm := !needed && p.keepsWarm(w)
		if !needed && !warm || p.dialed.Err() != nil {
			r.slots--
			r.circuit.leave(w)
			p.unlock()
			return false
		}
		wait, mine := r.circuit.knock(w, len(r.sessions))
		if !mine {
			r.slots-- // somebody else is knocking, and will wake the others
			r.wakeIdle()
			p.unlock()
			return false
		}
		if warm {
			wait = max(wait, time.Until(w.born.Add(warmPause)))
		}
		if at := now(); wait <= 0 && r.connect != nil {
			wait = time.Duration(r.connect.next() - at)
			if wait <= 0 {
				r.connect.take(at)
			}
		}
		if wait <= 0 {
			if r.dialing == 0 {
				r.dialedAt = time.Now()
			}
			r.dialing++
			p.unlock()
			return true
		}
		p.unlock()
		select {
		case <-time.After(wait):
		case <-p.dialed.Done():
		}
	}
}

// probes reports that w is to find out whether its relay is there again, though
// another one may have done the work meanwhile: else that would go on for ever.
// Pool.mu is held.
func (w *worker) probes() bool {
	return len(w.pool.relays) > 1 && w.relay.circuit.failing && !w.probed
}

// warmPause is how long a session that is only kept warm is not built anew after
// the one before: a relay may end idle ones sooner than that.
const warmPause = time.Second

// keepsWarm reports that w is needed for Config.MinSessions. p.mu is held.
func (p *Pool) keepsWarm(w *worker) bool {
	r := w.relay
	others := len(r.sessions) + r.dialing
	if w.session != nil {
		others--
	}
	return others < r.MinSessions && !p.closed
}

// dial builds a session. A failure is about the relay, not about any job: the
// jobs stay in the queue, for workers who have a session.
func (w *worker) dial() bool {
	p, r := w.pool, w.relay
	began := time.Now()
	p.mu.Lock()
	mode := r.modes.next()
	w.probed = true
	p.mu.Unlock()
	s, err := r.dialSession(p.dialed, mode, p.cfg.DialTimeout)

	p.mu.Lock()
	r.dialing--
	if err != nil && p.dialed.Err() != nil { // it was we who ended it
		r.circuit.leave(w)
		p.mu.Unlock()
		return false
	}
	r.tally.dials.Add(1)
	if err != nil {
		r.tally.dialFailures.Add(1)
		w.born = began
		failed := p.unreachable(w, err, began)
		pause := r.circuit.pause
		p.mu.Unlock()
		if f := p.cfg.Trace.Down; f != nil {
			f(r.Name, err, pause)
		}
		p.finish(failed...)
		return false
	}
	r.circuit.leave(w)
	r.sessions[s] = struct{}{}
	aborted := p.dialed.Err() != nil
	w.session = s
	for range min(p.work(r)-1, r.Sessions-r.slots) {
		p.wakeFor(r) // those who stayed away while the relay was down
	}
	for range min(r.MinSessions-len(r.sessions)-r.dialing, r.Sessions-r.slots) {
		p.hire(r) // so did these
	}
	p.mu.Unlock()
	if aborted {
		s.Close()
	}
	w.born, w.carried, w.lifetime = time.Now(), 0, jittered(p.cfg.MaxLifetime)
	w.useful.Store(false)
	if f := p.cfg.Trace.SessionOpened; f != nil {
		f(r.Name, s.ID())
	}
	return true
}

// jittered takes up to a fifth off, so that sessions built together do not end
// together.
func jittered(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
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
			t, _ = w.poll(false)
		}
		w.session.Flush()
	}
}

// poll takes the next task, if there is one that w's session can carry now. If
// there is none, and the session is good for more, it lists w among the idle if
// asked to: then whoever has something for w wakes it.
func (w *worker) poll(list bool) (t *task, listed bool) {
	p := w.pool
	p.mu.Lock()
	defer p.unlock()
	if w.spent() || w.over() {
		return nil, false
	}
	if t = p.pick(w); t != nil {
		p.inHand.pushBack(t)
		t.place, t.session = inHand, w.session
		return t, false
	}
	if !list || w.full {
		return nil, false
	}
	w.listed = true
	w.relay.idle = append(w.relay.idle, w)
	return nil, true
}

// over reports that the session has ended.
func (w *worker) over() bool {
	select {
	case <-w.session.Done():
		return true
	default:
		return false
	}
}

// maxRefused is how many refused transactions a session carries. It leaves the
// strictest of the common servers room for another few that are under way.
const maxRefused = 5

// spent reports whether the session has done its share. p.mu is held.
func (w *worker) spent() bool {
	most := w.relay.MaxMessages
	return w.session.Refused() >= maxRefused || most > 0 && w.carried >= most ||
		w.lifetime > 0 && time.Since(w.born) >= w.lifetime || w.session.Spent() || w.full
}

// next waits for a task. It returns nil when the session has to go: it is
// over, spent, or idle for too long, or the pool is shut down.
func (w *worker) next() *task {
	p := w.pool
	idleSince := time.Now()
	for {
		t, listed := w.poll(true)
		if t != nil {
			return t
		}
		if !listed {
			return nil
		}
		wait := time.Until(idleSince.Add(p.cfg.IdleTimeout))
		if w.lifetime > 0 {
			wait = min(wait, time.Until(w.born.Add(w.lifetime)))
		}
		switch w.await(wait) {
		case endOfWait:
			return nil
		case timeIsUp:
			if !w.mayStay() {
				return nil
			}
			idleSince = time.Now()
		}
	}
}

// A wakeup is why a worker waits no longer.
type wakeup uint8

const (
	calledUp  wakeup = iota // there may be something to send
	timeIsUp                // there was nothing
	endOfWait               // the session, or the pool, is over
)

// await waits while w is listed, for wait at most.
func (w *worker) await(wait time.Duration) wakeup {
	if w.timer == nil {
		w.timer = time.NewTimer(wait)
	} else {
		w.timer.Reset(wait)
	}
	defer w.timer.Stop()
	why := endOfWait
	select {
	case <-w.wake:
		return calledUp
	case <-w.session.Done():
	case <-w.timer.C:
		why = timeIsUp
	case <-w.pool.emptied:
	}
	if w.unlist() {
		return calledUp
	}
	return why
}

// mayStay reports whether an idle session is kept for Config.MinSessions.
func (w *worker) mayStay() bool {
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keepsWarm(w) && !w.spent()
}

// rouse has an idle worker look at the queue. Pool.mu is held.
func (w *worker) rouse() {
	idle := w.relay.idle
	for i := len(idle) - 1; i >= 0; i-- {
		if idle[i] == w {
			w.relay.idle = append(idle[:i], idle[i+1:]...)
			break
		}
	}
	w.listed = false
	w.wake <- struct{}{} // has room: w was listed
}

// unlist takes w from the idle and reports whether it had been woken before:
// the token is used up, and a task may be waiting for w.
func (w *worker) unlist() (woken bool) {
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.listed {
		w.rouse()
		<-w.wake
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
	p, r := w.pool, w.relay
	s := w.session
	s.Quit(p.aborted)
	err := s.Err()
	useful := w.useful.Load()
	var failed []*task
	p.mu.Lock()
	delete(r.sessions, s)
	w.session = nil
	p.leaveKeys(w)
	// Rule 8: slow down. A relay that has asked for less mail has been slowed.
	useless := !useful && err != nil && s.Begun() > 0 && p.aborted.Err() == nil && !p.asksForLess(err)
	if useless {
		failed = p.unreachable(w, err, w.born)
	}
	pause := r.circuit.pause
	mode, lowered := r.modes.ended(s, useful, err)
	if len(p.relays) > 1 {
		p.rouseOthers(r, now())
	}
	p.unlock()
	p.finish(failed...)
	if f := p.cfg.Trace.Down; useless && f != nil {
		f(r.Name, err, pause)
	}
	if lowered && p.cfg.Trace.ModeLowered != nil {
		p.cfg.Trace.ModeLowered(r.Name, mode, err)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		r.tally.lost.Add(1)
	}
	if f := p.cfg.Trace.SessionClosed; f != nil {
		f(r.Name, s.ID(), w.carried, err)
	}
}
