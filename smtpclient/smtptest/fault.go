package smtptest

import (
	"strings"
	"sync"
	"sync/atomic"
)

// A Point is a place in a session at which a Fault can happen.
type Point int

// The points of a session. Those named for a command are reached when that
// command has been read.
const (
	// PointConnect is before anything else; what is sent there precedes the
	// greeting or, under implicit TLS, the handshake.
	PointConnect Point = iota
	PointGreeting
	PointEHLO
	PointHELO
	PointSTARTTLS
	// PointHandshake is before a TLS handshake, implicit or after STARTTLS.
	// What is sent there is plaintext and, after STARTTLS, in one write with
	// the 220.
	PointHandshake
	PointAUTH
	PointMAIL
	PointRCPT
	PointDATA
	// PointContent is amidst mail data, via DATA or BDAT, when AfterBytes
	// octets of them have been read.
	PointContent
	// PointEndOfData is when mail data have been read whole, via DATA or BDAT,
	// before the message is taken.
	PointEndOfData
	// PointBDAT is when a BDAT command has been read, its chunk has not.
	PointBDAT
	PointRSET
	PointNOOP
	PointVRFY
	PointHELP
	PointQUIT
	// PointOther is a command that the server does not know.
	PointOther
	// PointIdle is when a session that has been opened with EHLO or HELO has
	// answered everything, is in no mail transaction and is about to wait for
	// a command. What is sent there is unsolicited.
	PointIdle
	// PointCommand is any command.
	PointCommand

	points = iota
)

var pointNames = [points]string{
	"Connect", "Greeting", "EHLO", "HELO", "STARTTLS", "Handshake", "AUTH", "MAIL", "RCPT", "DATA", "Content",
	"EndOfData", "BDAT", "RSET", "NOOP", "VRFY", "HELP", "QUIT", "Other", "Idle", "Command",
}

// String returns the point's name without the prefix: "MAIL" for PointMAIL.
func (p Point) String() string {
	if p < 0 || int(p) >= len(pointNames) {
		return "Point?"
	}
	return pointNames[p]
}

// isCommand reports whether p stands for a command.
func (p Point) isCommand() bool {
	switch p {
	case PointConnect, PointGreeting, PointHandshake, PointContent, PointEndOfData, PointIdle:
		return false
	}
	return true
}

// isReply reports whether the server has a reply of its own at p.
func (p Point) isReply() bool {
	switch p {
	case PointConnect, PointHandshake, PointContent, PointIdle:
		return false
	}
	return true
}

// code returns the reply code of success at p.
func (p Point) code() int {
	switch p {
	case PointConnect, PointGreeting, PointSTARTTLS, PointHandshake:
		return 220
	case PointAUTH:
		return 235
	case PointDATA:
		return 354
	case PointQUIT:
		return 221
	}
	return 250
}

// A Fault makes a server misbehave at one point. See [Server.Script].
type Fault struct {
	// At is where it happens.
	At Point
	// Session restricts it to the n-th connection accepted, counted from 1;
	// 0 means any.
	Session int
	// Match restricts it to occasions whose line contains this string. The
	// line is that of the command as sent. At PointContent and PointEndOfData
	// it is the envelope: "FROM:<a@b.example> TO:<c@d.example> TO:<e@f.example>". At
	// PointIdle it is the verb of the last command. Elsewhere it is empty.
	Match string
	// Nth is the first occasion at which it happens, of those that At,
	// Session and Match leave, counted over all sessions from 1 on since the
	// fault was scripted. See Times for 0.
	Nth int
	// Times is at how many occasions in succession it happens. 0 means once if
	// Nth is set, and always if it is not.
	Times int
	// AfterBytes is, at PointContent, how many octets of the mail data have
	// been read when it happens. Mail data that are shorter are no occasion.
	AfterBytes int64
	// Do is what happens.
	Do Action
}

// script holds the faults of a server.
type script struct {
	some   atomic.Bool // whether there are any, to cost nothing if not
	mu     sync.Mutex  // guards the following
	faults []*scripted
}

type scripted struct {
	Fault
	seen int // occasions so far
}

// An occasion is a point reached by a session.
type occasion struct {
	point   Point
	session int
	line    string
	offset  int64 // of PointContent
}

// Script adds faults to the server's script, before it starts or at any time
// after. Where several are due on one occasion the one scripted first
// happens; the others count the occasion nevertheless.
func (s *Server) Script(faults ...Fault) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	for _, f := range faults {
		s.script.faults = append(s.script.faults, &scripted{Fault: f})
	}
	s.script.some.Store(len(s.script.faults) > 0)
}

// pick returns the action due on an occasion, or nil.
func (sc *script) pick(o occasion) *Action {
	if !sc.some.Load() {
		return nil
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	var due *Action
	for _, f := range sc.faults {
		if !f.concerns(o) || (o.point == PointContent && f.AfterBytes != o.offset) {
			continue
		}
		f.seen++
		if due == nil && f.due() {
			due = &f.Do
		}
	}
	return due
}

// nextOffset returns the least offset in mail data, from min on, at which
// there is an occasion for a fault, or -1.
func (sc *script) nextOffset(o occasion, min int64) int64 {
	next := int64(-1)
	if !sc.some.Load() {
		return next
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	for _, f := range sc.faults {
		if f.concerns(o) && f.AfterBytes >= min && (next < 0 || f.AfterBytes < next) {
			next = f.AfterBytes
		}
	}
	return next
}

func (f *scripted) concerns(o occasion) bool {
	return (f.At == o.point || f.At == PointCommand && o.point.isCommand()) &&
		(f.Session == 0 || f.Session == o.session) &&
		strings.Contains(o.line, f.Match)
}

// due reports whether the occasion just counted is one of those chosen by Nth
// and Times.
func (f *scripted) due() bool {
	first, times := max(f.Nth, 1), f.Times
	switch {
	case times > 0:
	case f.Nth > 0:
		times = 1
	default:
		return true
	}
	return f.seen >= first && f.seen < first+times
}
