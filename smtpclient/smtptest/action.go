package smtptest

import (
	"fmt"
	"time"
)

// An Action is what a [Fault] does. The zero Action does nothing unusual.
// Actions are made by the functions of this package and refined by the
// methods After, ThenClose, ThenReset and ThenStall.
//
// An action either does the command it happens at, and something odd to its
// reply, or it leaves the command undone: after Answer("250 Ok") to MAIL there
// is no mail transaction, whatever the client was told. At PointEndOfData, to
// do the command is to take the message; if it is left undone, the message is
// dropped and its transaction over. At PointBDAT, what is left undone still
// has its chunk read.
type Action struct {
	name   string
	delay  time.Duration
	shape  shape
	text   string // the reply instead of the usual one
	size   int    // of shapeLong
	skips  bool   // leaves the command undone
	unread bool   // leaves the chunk of BDAT unread, too
	keeps  bool   // leaves the transaction open after the end of mail data
	then   fate
}

// A shape is how a reply is written.
type shape int

const (
	shapeUsual shape = iota
	shapeNone
	shapeEarly
	shapeTwice
	shapeTrailing
	shapeSplit
	shapeLong
	shapeRaw
	shapeMixed
	shapeEndless
)

// A fate is what becomes of the session after the reply.
type fate int

const (
	fateGoOn  fate = iota
	fateClose      // FIN
	fateReset      // RST
	fateStall      // reads on, answers nothing
	fateDeaf       // neither reads nor answers
)

// String returns what the action was made with, for names of subtests.
func (a Action) String() string {
	if a.name == "" {
		return "Usual"
	}
	return a.name
}

// After returns the action, d later. Replies that are due before it are sent
// before the pause. Closing the server cuts it short.
func (a Action) After(d time.Duration) Action {
	a.name = fmt.Sprintf("%v.After(%v)", a, d)
	a.delay += d
	return a
}

// ThenClose returns the action, followed by the end of the connection (FIN
// without a word).
func (a Action) ThenClose() Action { return a.followed("ThenClose", fateClose) }

// ThenReset returns the action, followed by a reset of the connection (RST).
func (a Action) ThenReset() Action { return a.followed("ThenReset", fateReset) }

// ThenStall returns the action, after which the server reads on but never
// answers anything again.
func (a Action) ThenStall() Action { return a.followed("ThenStall", fateStall) }

func (a Action) followed(method string, then fate) Action {
	a.name = fmt.Sprintf("%v.%s", a, method)
	a.then = then
	return a
}

// Usual does and answers the command as if there were no fault: for use with
// After and the Then methods.
func Usual() Action { return Action{name: "Usual"} }

// Delay does everything as usual, but d later.
func Delay(d time.Duration) Action {
	return Action{name: fmt.Sprintf("Delay(%v)", d), delay: d}
}

// Answer sends reply, "550 5.1.1 No such user" for instance, instead of the
// usual one and leaves the command undone. "\n" separates the lines of a reply
// of several: "550-5.1.1 No such\n550 5.1.1 user". They are sent as given. The
// session goes on, also behind a 421, as with Exim and Sendmail.
//
// At PointContent the reply is sent at once, the rest of the mail data is read
// and dropped, and no other reply follows.
func Answer(reply string) Action {
	return Action{name: fmt.Sprintf("Answer(%s)", reply), text: reply, skips: true}
}

// AnswerAndClose is Answer followed by the end of the connection.
func AnswerAndClose(reply string) Action {
	a := Answer(reply).ThenClose()
	a.name = fmt.Sprintf("AnswerAndClose(%s)", reply)
	return a
}

// AnswerAndKeep is Answer for PointEndOfData, with the mail transaction left
// open as some servers do: the next MAIL is nested, and RCPT adds to the old
// envelope.
func AnswerAndKeep(reply string) Action {
	return Action{name: fmt.Sprintf("AnswerAndKeep(%s)", reply), text: reply, skips: true, keeps: true}
}

// AnswerUnread is Answer for PointBDAT, without reading the chunk: what was
// sent as mail data will be read as commands, as Exim does with a chunk that
// is too large.
func AnswerUnread(reply string) Action {
	return Action{name: fmt.Sprintf("AnswerUnread(%s)", reply), text: reply, skips: true, unread: true}
}

// Omit does the command, but sends no reply.
func Omit() Action { return Action{name: "Omit", shape: shapeNone} }

// AcceptAndClose does the command, which at PointEndOfData is to take the
// message, and closes the connection instead of replying.
func AcceptAndClose() Action {
	return Action{name: "AcceptAndClose", shape: shapeNone, then: fateClose}
}

// CloseConn leaves the command undone and closes the connection without a
// word (FIN; no TLS close_notify).
func CloseConn() Action {
	return Action{name: "CloseConn", skips: true, shape: shapeNone, then: fateClose}
}

// ResetConn leaves the command undone and resets the connection (RST). Before
// the greeting the client may see that as a failure to connect. Replies sent
// just before may be lost, as on a network.
func ResetConn() Action {
	return Action{name: "ResetConn", skips: true, shape: shapeNone, then: fateReset}
}

// Stall leaves the command undone and never answers anything again. The
// server goes on reading.
func Stall() Action { return Action{name: "Stall", skips: true, shape: shapeNone, then: fateStall} }

// StopReading leaves the command undone and neither reads nor answers
// anything until the server closes the connection.
func StopReading() Action {
	return Action{name: "StopReading", skips: true, shape: shapeNone, then: fateDeaf}
}

// Raw sends data as they are instead of a reply and leaves the command
// undone.
func Raw(data string) Action {
	return Action{name: fmt.Sprintf("Raw(%q)", data), text: data, skips: true, shape: shapeRaw}
}

// Garbage is Raw with a line that is no SMTP reply by any reading: no code,
// NUL, control characters and octets beyond ASCII.
func Garbage() Action {
	a := Raw("\x00\x16\x03\xff\xfe nonsense \x7f\x80\r\n")
	a.name = "Garbage"
	return a
}

// MixedCodes sends a reply whose lines differ in their codes, first that of
// success and then 550, and leaves the command undone.
func MixedCodes() Action { return Action{name: "MixedCodes", skips: true, shape: shapeMixed} }

// EndlessReply sends lines of a reply that never ends, for as long as the
// client takes them, and leaves the command undone.
func EndlessReply() Action { return Action{name: "EndlessReply", skips: true, shape: shapeEndless} }

// Twice does the command and sends its reply two times.
func Twice() Action { return Action{name: "Twice", shape: shapeTwice} }

// Trailing does the command and sends data, as they are, right behind its
// reply in the same write: an unsolicited reply, or at PointSTARTTLS the
// plaintext of a response injection.
func Trailing(data string) Action {
	return Action{name: fmt.Sprintf("Trailing(%q)", data), text: data, shape: shapeTrailing}
}

// SplitReply does the command and writes its reply octet by octet.
func SplitReply() Action { return Action{name: "SplitReply", shape: shapeSplit} }

// OverLongLine does the command and sends its reply with the last line padded
// to size octets, CRLF included.
func OverLongLine(size int) Action {
	return Action{name: fmt.Sprintf("OverLongLine(%d)", size), shape: shapeLong, size: size}
}

// EarlyReply is for PointContent: the reply to the end of mail data, 250, is
// sent there and then, and none at the end. The message is taken. Elsewhere it
// is the same as Usual.
func EarlyReply() Action { return Action{name: "EarlyReply", shape: shapeEarly} }
