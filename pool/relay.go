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
// of it: while no session can be had, one worker knocks, with growing pauses.
// Guarded by Pool.mu.
type relayState struct {
	cfg     *Config
	backoff backoff.BackOff

	failing bool      // the last attempt to build a session failed
	since   time.Time // when the first attempt of this series began
	err     error     // of the last attempt
	lasting bool      // err is not mended by waiting
	until   time.Time // no attempt before
	pause   time.Duration
	knocker *worker // waits for until, or is at it

	mode    smtpclient.Mode // for the next session
	oddness int             // sessions in a row that ended oddly
}

func (r *relayState) reset(cfg *Config) {
	r.cfg = cfg
	r.mode = cfg.Relay.Mode
}

// knock asks to build a session. mine is false if another worker is about it;
// else the caller is to wait and ask again, until wait is 0.
func (r *relayState) knock(w *worker) (wait time.Duration, mine bool) {
	if !r.failing {
		return 0, true
	}
	if r.knocker != nil && r.knocker != w {
		return 0, false
	}
	r.knocker = w
	return max(0, time.Until(r.until)), true
}

// leave is for a worker that ends.
func (r *relayState) leave(w *worker) {
	if r.knocker == w {
		r.knocker = nil
	}
}

// guarded reports whether no further worker should try to build a session now.
func (r *relayState) guarded() bool {
	return r.failing && (r.knocker != nil || time.Now().Before(r.until))
}

// up notes that a session was built, and reports whether that is news.
func (r *relayState) up() bool {
	was := r.failing
	r.failing, r.knocker, r.err = false, nil, nil
	return was
}

// down notes that an attempt, begun at began, has failed.
func (r *relayState) down(err error, began time.Time) {
	if !r.failing {
		r.failing, r.since = true, began
		r.backoff = r.cfg.DialBackoff()
	}
	r.err, r.lasting = err, lasting(err)
	r.pause = r.backoff.NextBackOff()
	if r.pause == backoff.Stop {
		r.pause = r.cfg.Patience
	}
	if left := time.Until(r.since.Add(r.cfg.Patience)); left > 0 {
		r.pause = min(r.pause, left) // one more attempt just before patience ends
	}
	r.until = time.Now().Add(r.pause)
	r.knocker = nil
}

// exhausted reports whether jobs have waited long enough for the relay.
func (r *relayState) exhausted() bool {
	return r.failing && (r.lasting || time.Since(r.since) >= r.cfg.Patience)
}

// unreachable notes that a session could not be built. It returns the tasks to
// be given up for it: all that wait, once patience is at its end, unless there
// is a session to send them by. p.mu is held.
func (p *Pool) unreachable(err error, began time.Time) (failed []*task) {
	p.relay.down(err, began)
	if len(p.sessions) > 0 || p.dialing > 0 || !p.relay.exhausted() {
		return nil
	}
	for p.queue.head != nil {
		t := p.queue.head
		p.pull(t)
		t.relayDown(p.relay.err)
		failed = append(failed, t)
	}
	return failed
}

// hopeless returns why a job that comes now need not wait for a session: the
// relay is known to be down, and nobody will find out otherwise for a while.
// p.mu is held.
func (p *Pool) hopeless() error {
	if len(p.sessions) == 0 && p.dialing == 0 && p.relay.exhausted() && time.Now().Before(p.relay.until) {
		return p.relay.err
	}
	return nil
}

// relayDown gives t the outcome NotSent because of err.
func (t *task) relayDown(err error) {
	err = fmt.Errorf("pool: %w: %w", ErrRelayDown, err)
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
// lowered: one may be chance.
const oddEnds = 2

// ended learns from the way a session ended. A relay that advertises
// PIPELINING and cannot do it ends sessions out of step, or without a word,
// before one message is accepted; its next sessions use the mode below. One that
// goes wrong in ModeStream, where least can be made up for, does so at once.
func (r *relayState) ended(s *smtpclient.Session, accepted bool, err error) (mode smtpclient.Mode, lowered bool) {
	if accepted {
		r.oddness = 0
	}
	streamed := s.Mode() == smtpclient.ModeStream
	if !errors.Is(err, smtpclient.ErrProtocol) && (accepted || !isEOF(err)) && !(streamed && refusedStream(err)) {
		return 0, false
	}
	r.oddness++
	mayLower := streamed || r.cfg.Relay.Mode == smtpclient.ModeAuto && s.Mode() > smtpclient.ModeLockstep
	if !mayLower || r.oddness < oddEnds && !streamed {
		return 0, false
	}
	r.oddness = 0
	r.mode = s.Mode() - 1
	return r.mode, true
}

// refusedStream reports a session that ended because the relay refused what
// only ModeStream relies on: RSET in front of a message on its way, or BDAT in a
// way that leaves the state open.
func refusedStream(err error) bool {
	var reply *smtpclient.ReplyError
	return errors.As(err, &reply) && reply.Reply.Code != 421 && (reply.Verb == "RSET" || reply.Verb == "BDAT")
}
