package pool

import (
	"errors"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// modes is how far ahead a relay's sessions send, and how that went. Guarded by
// Pool.mu.
type modes struct {
	wanted  smtpclient.Mode // as configured
	mode    smtpclient.Mode // for the next session
	lowered time.Time       // when mode was; zero: it was not
	oddness int             // sessions in a row that ended oddly
}

// oddEnds is how many sessions in a row must end oddly before the mode is
// lowered: one may be chance. loweredFor is how long it stays so.
const (
	oddEnds    = 2
	loweredFor = 10 * time.Minute
)

// next is the mode for a new session.
func (m *modes) next() smtpclient.Mode {
	if !m.lowered.IsZero() && time.Since(m.lowered) >= loweredFor {
		m.mode, m.lowered = m.wanted, time.Time{}
	}
	return m.mode
}

// ended learns from the way a session ended. A relay that advertises PIPELINING
// and cannot do it ends sessions out of step, or without a word, before one
// message is judged; its next sessions use the mode below. One that goes wrong in
// ModeStream, where least can be made up for, does so at once; but one connection
// that is lost may be a relay that restarts.
func (m *modes) ended(s *smtpclient.Session, useful bool, err error) (mode smtpclient.Mode, lowered bool) {
	if useful {
		m.oddness = 0
	}
	streamed := s.Mode() == smtpclient.ModeStream
	cut := !useful && s.Begun() > 0 && isEOF(err)
	if !errors.Is(err, smtpclient.ErrProtocol) && !cut && !(streamed && refusedStream(err)) {
		return 0, false
	}
	m.oddness++
	mayLower := streamed || m.wanted == smtpclient.ModeAuto && s.Mode() > smtpclient.ModeLockstep
	if !mayLower || m.oddness < oddEnds && (!streamed || cut) {
		return 0, false
	}
	m.oddness = 0
	m.mode, m.lowered = s.Mode()-1, time.Now()
	return m.mode, true
}

// refusedStream reports a session that ended because the relay refused what
// only ModeStream relies on: RSET in front of a message on its way, or BDAT in a
// way that leaves the state open.
func refusedStream(err error) bool {
	var reply *smtpclient.ReplyError
	return errors.As(err, &reply) && reply.Reply.Code != 421 && (reply.Verb == "RSET" || reply.Verb == "BDAT")
}
