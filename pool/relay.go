package pool

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

// relayState is what is known of the relay's health, and the one gate in front
// of it: when sessions cannot be had, or end before they were of any use, they
// are asked for more and more slowly, and by one worker. Guarded by Pool.mu.
type relayState struct {
	cfg     *Config
	backoff backoff.BackOff // nil: all is well

	failing bool      // sessions cannot be had, or end before they were of any use
	since   time.Time // since when
	err     error     // the last reason
	lasting bool      // err is not mended by waiting
	wasUp   bool      // it has judged a message before
	until   time.Time // no session is to be built before
	pause   time.Duration
	knocker *worker // waits for until or room, or is building a session since

	// The relay has refused a session beside others that it keeps.
	crowding backoff.BackOff // nil: it has not
	room     time.Time       // no session beside others before

	mode    smtpclient.Mode // for the next session
	lowered time.Time       // when mode was; zero: it was not
	oddness int             // sessions in a row that ended oddly
}

func (r *relayState) reset(cfg *Config) {
	r.cfg = cfg
	r.mode = cfg.Relay.Mode
}

// knock asks to build a session; live is how many there are. mine is false if
// none is wanted of w; else w is to wait and ask again, until wait is 0.
func (r *relayState) knock(w *worker, live int) (wait time.Duration, mine bool) {
	crowded := live > 0 && time.Now().Before(r.room)
	switch {
	case r.backoff == nil && !crowded, live == 0 && !r.failing:
		return 0, true
	case r.knocker != nil && r.knocker != w:
		return 0, false
	case crowded:
		wait = time.Until(r.room)
	}
	r.knocker = w
	if r.backoff != nil {
		wait = max(wait, time.Until(r.until))
	}
	return wait, true
}

// leave is for a worker that ends.
func (r *relayState) leave(w *worker) {
	if r.knocker == w {
		r.knocker = nil
	}
}

// guarded reports whether no further worker should try to build a session now.
func (r *relayState) guarded() bool {
	return r.backoff != nil && (r.knocker != nil || time.Now().Before(r.until)) || time.Now().Before(r.room)
}

// slowDown puts off the next attempt to build a session, longer each time.
func (r *relayState) slowDown() {
	if r.backoff == nil {
		r.backoff = r.cfg.DialBackoff()
	}
	r.pause = r.backoff.NextBackOff()
	if r.pause == backoff.Stop {
		r.pause = r.cfg.Patience
	}
	r.until = time.Now().Add(r.pause)
}

// full notes that the relay does not want a further session beside those it has.
func (r *relayState) full() {
	if r.crowding == nil {
		r.crowding = r.cfg.DialBackoff()
	}
	pause := r.crowding.NextBackOff()
	if pause == backoff.Stop {
		pause = r.cfg.Patience
	}
	r.room = time.Now().Add(pause)
}

// useful notes that the relay has judged a message: all is well. It reports
// whether that is news.
func (r *relayState) useful() bool {
	was := r.failing
	r.failing, r.err, r.lasting, r.wasUp, r.backoff = false, nil, false, true, nil
	return was
}

// down notes that what w began at began was of no use: building a session, or
// sending by it.
func (r *relayState) down(w *worker, err error, began time.Time) {
	if !r.failing {
		r.failing, r.since = true, began
	}
	r.err, r.lasting = err, lasting(err)
	r.slowDown()
	if left := time.Until(r.since.Add(r.cfg.Patience)); left > 0 && left < r.pause {
		r.pause = left // one more attempt just before patience ends
		r.until = time.Now().Add(left)
	}
	r.leave(w)
}

// exhausted reports whether t has waited long enough for the relay.
func (r *relayState) exhausted(t *task) bool {
	patience := r.cfg.Patience
	if _, bulk := t.owner.(*bulk); bulk && r.wasUp {
		patience = max(patience, r.cfg.Outage)
	}
	return r.failing && (r.lasting || time.Since(r.since) >= patience)
}

// unreachable notes that what w began at began was of no use: it could not build
// a session, or the relay ended it before it had judged one message. It returns
// the tasks to be given up for it: those whose patience is at its end, if there
// is no session to send them by. While there is one, the relay is not down; it
// only does not want as many as we do. p.mu is held.
func (p *Pool) unreachable(w *worker, err error, began time.Time) (failed []*task) {
	if len(p.sessions) > 0 {
		p.relay.full()
		p.relay.leave(w)
		return nil
	}
	p.relay.down(w, err, began)
	if p.dialing > 0 && p.relay.lasting {
		return nil // it may not be so for everybody
	}
	for t := p.queue.head; t != nil; {
		next := t.next
		if p.relay.exhausted(t) {
			p.pull(t)
			t.relayDown(p.relay.err)
			failed = append(failed, t)
		}
		t = next
	}
	return failed
}

// hopeless returns why t, which comes now, need not wait for a session: the
// relay is known to be down, and nobody will find out otherwise for a while.
// p.mu is held.
func (p *Pool) hopeless(t *task) error {
	if len(p.sessions) == 0 && p.dialing == 0 && p.relay.exhausted(t) && time.Now().Before(p.relay.until) {
		return downError(p.relay.err)
	}
	return nil
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

// lasting reports whether a failure to build a session is one that will not
// pass by itself.
func lasting(err error) bool {
	for _, e := range []error{
		smtpclient.ErrNoSTARTTLS, smtpclient.ErrNoAuth, smtpclient.ErrInsecureAuth,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var reply *smtpclient.ReplyError
	if errors.As(err, &reply) {
		return !reply.Temporary()
	}
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &dns) && dns.IsNotFound
}

// oddEnds is how many sessions in a row must end oddly before the mode is
// lowered: one may be chance. loweredFor is how long it stays so.
const (
	oddEnds    = 2
	loweredFor = 10 * time.Minute
)

// nextMode is the mode for a new session.
func (r *relayState) nextMode() smtpclient.Mode {
	if !r.lowered.IsZero() && time.Since(r.lowered) >= loweredFor {
		r.mode, r.lowered = r.cfg.Relay.Mode, time.Time{}
	}
	return r.mode
}

// ended learns from the way a session ended. A relay that advertises PIPELINING
// and cannot do it ends sessions out of step, or without a word, before one
// message is judged; its next sessions use the mode below. One that goes wrong in
// ModeStream, where least can be made up for, does so at once; but one connection
// that is lost may be a relay that restarts.
func (r *relayState) ended(s *smtpclient.Session, useful bool, err error) (mode smtpclient.Mode, lowered bool) {
	if useful {
		r.oddness = 0
	}
	streamed := s.Mode() == smtpclient.ModeStream
	cut := !useful && s.Begun() > 0 && isEOF(err)
	if !errors.Is(err, smtpclient.ErrProtocol) && !cut && !(streamed && refusedStream(err)) {
		return 0, false
	}
	r.oddness++
	mayLower := streamed || r.cfg.Relay.Mode == smtpclient.ModeAuto && s.Mode() > smtpclient.ModeLockstep
	if !mayLower || r.oddness < oddEnds && (!streamed || cut) {
		return 0, false
	}
	r.oddness = 0
	r.mode, r.lowered = s.Mode()-1, time.Now()
	return r.mode, true
}

// refusedStream reports a session that ended because the relay refused what
// only ModeStream relies on: RSET in front of a message on its way, or BDAT in a
// way that leaves the state open.
func refusedStream(err error) bool {
	var reply *smtpclient.ReplyError
	return errors.As(err, &reply) && reply.Reply.Code != 421 && (reply.Verb == "RSET" || reply.Verb == "BDAT")
}
