package smtpclient

import "fmt"

// A Mode is how far a session goes in sending before it waits. In every mode a
// message is judged by the replies to its own commands alone.
type Mode uint8

const (
	// ModeAuto is ModeOverlap where the server offers PIPELINING, else
	// ModeLockstep.
	ModeAuto Mode = iota
	// ModeLockstep waits after each command: four round trips a message with
	// one recipient. It is what a server without PIPELINING gets in any mode. One
	// fault it cannot see: a refusal too many that comes late is taken for the reply
	// to the MAIL or RCPT that is then on its way. With no recipient left, no DATA
	// follows, which in the other modes tells.
	ModeLockstep
	// ModeEnvelope sends MAIL, RCPT and DATA in one group, waits, and sends the
	// content: two round trips (RFC 2920).
	ModeEnvelope
	// ModeOverlap sends the content of a message and the envelope of the next
	// in one group: one round trip (RFC 2920 3.1).
	ModeOverlap
	// ModeStream sends whole transactions by BDAT back to back, up to
	// Config.Window of them before the first is answered: less than one round
	// trip a message. The last of a window goes by DATA, as in ModeOverlap: the
	// 354 proves that each reply was that to its own command; so a message that
	// none follows takes two round trips. The mode needs
	// PIPELINING and CHUNKING (RFC 3030), and a relay known to cope, such as
	// Postfix or Exim; with others it is ModeOverlap. When the connection is lost,
	// Unknown is what was sent and not answered, and what one reply too many could
	// have made false of the answers.
	ModeStream
)

var modeNames = [...]string{"auto", "lockstep", "envelope", "overlap", "stream"}

// String returns the mode's name in lower case.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// ParseMode is the inverse of String.
func ParseMode(s string) (Mode, error) {
	for i, name := range modeNames {
		if s == name {
			return Mode(i), nil
		}
	}
	return 0, fmt.Errorf("smtp: mode %q is none of %q", s, modeNames)
}

// effective is the mode to use with a server that offers e.
func (m Mode) effective(e *Extensions) Mode {
	switch {
	case !e.Pipelining:
		return ModeLockstep
	case m == ModeAuto, m == ModeStream && !e.Chunking:
		return ModeOverlap
	}
	return m
}
