package smtpclient

import "time"

// A kind is what a reply answers.
type kind uint8

const (
	kindRSET kind = iota
	kindMAIL
	kindRCPT
	kindDATA
	kindEnd  // the dot behind content
	kindVoid // the lone dot behind a 354 that nobody is to have mail by
	kindBDAT // the only, and so last, chunk
	kindNOOP
	kindVRFY
	kindHELP
	kindQUIT
)

var verbs = [...]string{"RSET", "MAIL", "RCPT", "DATA", endOfData, endOfData, "BDAT", "NOOP", "VRFY", "HELP", "QUIT"}

func (k kind) String() string { return verbs[k] }

// timeout is how long to wait for a reply of kind k.
func (k kind) timeout(t *Timeouts) time.Duration {
	switch k {
	case kindMAIL:
		return t.Mail
	case kindRCPT:
		return t.Rcpt
	case kindDATA:
		return t.Data
	case kindEnd, kindVoid, kindBDAT:
		return t.EndOfData
	case kindQUIT:
		return t.Quit
	}
	return t.Command
}

// answers reports whether a reply with this code can be one to a command of
// kind k. If it cannot, replies and commands are out of step. A server is free
// in the second and third digit (RFC 5321 4.3.2), apart from the codes that
// belong to one command alone.
func (k kind) answers(code int) bool {
	switch code {
	case 220, 235, 334:
		return false
	case 221:
		return k == kindQUIT
	}
	switch code / 100 {
	case 2:
		return k != kindDATA
	case 3:
		return k == kindDATA && code == 354
	}
	return true
}

// An expectation is a reply that is due.
type expectation struct {
	kind kind
	rcpt int          // recipient, with kindRCPT
	t    *transaction // nil for a command beside mail, and with kindVoid
	into *Reply       // where the caller of a command beside mail wants the reply
}

// A fifo holds expectations in the order of their commands.
type fifo struct {
	queue []expectation
	head  int
}

func (f *fifo) len() int { return len(f.queue) - f.head }

func (f *fifo) push(es []expectation) {
	if f.head == len(f.queue) {
		f.queue, f.head = f.queue[:0], 0
	}
	f.queue = append(f.queue, es...)
}

func (f *fifo) pop() expectation {
	e := f.queue[f.head]
	f.queue[f.head] = expectation{}
	f.head++
	return e
}

func (f *fifo) first() *expectation { return &f.queue[f.head] }
