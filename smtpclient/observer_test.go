package smtpclient_test

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// An eavesdropper is a client's connection that keeps what was written and read, in
// the order in which the client did it: what it knew when it wrote.
type eavesdropper struct {
	net.Conn
	mu     sync.Mutex // guards the following
	events []event
}

// An event is one Write, or one Read, of a client.
type event struct {
	wrote bool
	at    time.Time // of the fake clock
	data  []byte
	lost  []byte // what Write was given and could not write
}

// Write implements net.Conn.
func (c *eavesdropper) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.events = append(c.events, event{wrote: true, at: time.Now(), data: bytes.Clone(p)})
	at := len(c.events) - 1
	c.mu.Unlock()
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	e := &c.events[at]
	e.data, e.lost = e.data[:n], e.data[n:]
	c.mu.Unlock()
	return n, err
}

// Read implements net.Conn.
func (c *eavesdropper) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, event{at: time.Now(), data: bytes.Clone(p[:n])})
	return n, err
}

// contentMark begins every content that an observer is to see, followed by the
// message's number. No command begins so.
const contentMark = "X-Content: "

// An observer reads a session's octets with no other knowledge than RFC 5321,
// 2920 and 3030, and holds them against the mails that were to be sent. Replies
// are told apart by counting, as the client must do it; so what it says is true
// whatever the server is.
type observer struct {
	mode  smtpclient.Mode
	mails []*smtpclient.Mail
	where map[string]int // sender to its number in mails

	replies []int       // the codes of those read; 0: no reply, nor is what follows
	heard   []time.Time // when
	now     time.Time   // when what is looked at was written or read
	said    []byte
	code    int // of the reply that is being read

	due     int // commands, and ends of data, that were written
	pending []byte
	expect  byte // what pending is: 'c' a command line, 'd' what follows DATA, 'm' mail data, 'b' a chunk
	chunk   int
	lost    bool // what is read now could not be written
	reset   bool // RSET has been written since the last transaction
	all     []*observed
	wrong   []string
}

// An observed is a mail transaction as it was written. The numbers are those of
// the replies; -1: there is none.
type observed struct {
	mail                  int
	rset, from, data, end int
	rcpts                 map[int]int // by recipient
	ended                 bool        // the end of data is out
	dot                   bool        // or its dot, at least
	void                  bool        // the end is a lone dot
	early                 bool        // its reply was there before it
}

// observe looks at a whole session.
func observe(events []event, mode smtpclient.Mode, mails []*smtpclient.Mail) *observer {
	o := &observer{mode: mode, mails: mails, where: map[string]int{}, expect: 'c', due: 1} // the greeting
	for i, m := range mails {
		o.where[m.From] = i
	}
	for _, e := range events {
		o.now = e.at
		if !e.wrote {
			o.hear(e.data)
			continue
		}
		o.pending = append(o.pending, e.data...)
		for o.step() {
		}
		if len(e.lost) > 0 { // which the client may not have known when it judged
			o.lost = true
			o.pending = append(o.pending, e.lost...)
			for o.step() {
			}
		}
	}
	if t := o.last(); t != nil && o.expect == 'm' {
		t.dot = bytes.HasSuffix(o.pending, []byte("\r\n.")) || bytes.HasSuffix(o.pending, []byte("\r\n.\r"))
	}
	return o
}

func (o *observer) blame(format string, args ...any) {
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

func (o *observer) last() *observed {
	if len(o.all) == 0 {
		return nil
	}
	return o.all[len(o.all)-1]
}

// hear counts the replies in what was read.
func (o *observer) hear(data []byte) {
	o.said = append(o.said, data...)
	for {
		line, rest, found := bytes.Cut(o.said, []byte{'\n'})
		if !found || len(o.replies) > 0 && o.replies[len(o.replies)-1] == 0 {
			return
		}
		o.said = rest
		line = bytes.TrimSuffix(line, []byte{'\r'})
		code, err := strconv.Atoi(string(line[:min(3, len(line))]))
		if err != nil || code < 200 || code > 599 || len(line) > 3 && line[3] != ' ' && line[3] != '-' || o.code != 0 && o.code != code {
			o.replies, o.heard = append(o.replies, 0), append(o.heard, o.now)
			return
		}
		if o.code = code; len(line) == 3 || line[3] == ' ' {
			o.replies, o.heard, o.code = append(o.replies, code), append(o.heard, o.now), 0
		}
	}
}

// reply is the code of reply i, 0 if there was none.
func (o *observer) reply(i int) int {
	if i < 0 || i >= len(o.replies) {
		return 0
	}
	return o.replies[i]
}

// judged reports that the client has made up its mind about reply i by now. What
// it has read it may not have judged yet; but the clock of a bubble does not go
// on before everybody waits.
func (o *observer) judged(i int) bool { return i < len(o.heard) && o.heard[i].Before(o.now) }

func (o *observer) positive(i int) bool { return o.reply(i)/100 == 2 }

// next numbers a reply that is due.
func (o *observer) next() int {
	o.due++
	return o.due - 1
}

// step reads one element of what was written.
func (o *observer) step() bool {
	if len(o.pending) == 0 {
		return false
	}
	switch o.expect {
	case 'd':
		return o.behindDATA()
	case 'm':
		return o.mailData()
	case 'b':
		return o.chunkData()
	}
	line, rest, found := bytes.Cut(o.pending, []byte("\r\n"))
	if bytes.ContainsAny(line, "\r\n\x00") && found {
		o.blame("control characters in a command: %q", line)
	}
	if found {
		o.pending = rest
		o.command(string(line))
	}
	return found
}

// behindDATA tells content from a command: either way DATA must have been
// answered (rule 2).
func (o *observer) behindDATA() bool {
	t := o.last()
	if len(o.replies) <= t.data {
		o.blame("something follows DATA before its reply: %.40q", o.pending)
	}
	if len(o.pending) < len(contentMark) && !bytes.Contains(o.pending, []byte("\r\n")) {
		return false
	}
	o.expect = 'c'
	switch {
	case bytes.HasPrefix(o.pending, []byte(".\r\n")):
		o.pending = o.pending[len(".\r\n"):]
		t.void, t.end = true, o.next()
		// It ends a message of nobody's only if the envelope was ours (rules 4 and 5).
		if o.reply(t.data) != 354 || !o.positive(t.from) || slices.ContainsFunc(o.tookOf(t), o.positive) {
			o.blame("mail %d: a lone dot behind %d, MAIL answered %d", t.mail, o.reply(t.data), o.reply(t.from))
		}
	case bytes.HasPrefix(o.pending, []byte(contentMark)):
		o.mayFollow(t)
		o.expect = 'm'
		t.end = o.next()
	}
	return true
}

// tookOf lists the numbers of the replies to t's RCPTs.
func (o *observer) tookOf(t *observed) (list []int) {
	for _, i := range t.rcpts {
		list = append(list, i)
	}
	return list
}

// mayFollow checks that the content of t may be sent: its own envelope is open
// (rule 4), as far as replies tell.
func (o *observer) mayFollow(t *observed) {
	o.over(o.due, true)
	switch {
	case o.reply(t.data) != 354:
		o.blame("mail %d: content behind %d to DATA", t.mail, o.reply(t.data))
	case t.rset >= 0 && o.reply(t.rset) != 250:
		o.blame("mail %d: content, though RSET was answered %d", t.mail, o.reply(t.rset))
	case !o.positive(t.from):
		o.blame("mail %d: content, though MAIL was answered %d", t.mail, o.reply(t.from))
	case !slices.ContainsFunc(o.tookOf(t), o.positive):
		o.blame("mail %d: content without a recipient", t.mail)
	}
	if o.mode == smtpclient.ModeLockstep && len(o.replies) < o.due {
		o.blame("mail %d: content before all was answered", t.mail)
	}
}

// mailData reads up to the end of data.
func (o *observer) mailData() bool {
	i := bytes.Index(o.pending, []byte("\r\n.\r\n"))
	if i < 0 {
		return false
	}
	t := o.last()
	stuffed := o.pending[:i+2]
	o.pending = o.pending[i+5:]
	o.expect = 'c'
	o.hasEnded(t)
	o.compare(t, bytes.TrimPrefix(bytes.ReplaceAll(append([]byte("\r\n"), stuffed...), []byte("\r\n."), []byte("\r\n")), []byte("\r\n")))
	return true
}

// chunkData reads the octets that BDAT has announced.
func (o *observer) chunkData() bool {
	if len(o.pending) < o.chunk {
		return false
	}
	t := o.last()
	o.hasEnded(t)
	o.compare(t, o.pending[:o.chunk])
	o.pending = o.pending[o.chunk:]
	o.expect = 'c'
	return true
}

func (o *observer) hasEnded(t *observed) {
	t.ended, t.dot, t.early = !o.lost, true, o.judged(t.end)
}

func (o *observer) compare(t *observed, content []byte) {
	if !bytes.Equal(content, o.mails[t.mail].Content) {
		o.blame("mail %d has the content %.60q, want %.60q", t.mail, content, o.mails[t.mail].Content)
	}
}

// command reads a command line.
func (o *observer) command(line string) {
	verb, args, _ := strings.Cut(line, " ")
	number := o.next()
	switch verb {
	case "EHLO", "HELO", "QUIT":
		return
	case "RSET":
		o.reset = true
		o.over(number, o.mode < smtpclient.ModeOverlap)
		o.ahead(verb, number)
	case "MAIL":
		o.mailCommand(args, number)
	case "RCPT":
		o.rcptCommand(args, number)
	case "DATA":
		o.last().data = number
		o.expect = 'd'
	case "BDAT":
		o.bdatCommand(args, number)
	default:
		o.blame("command %.60q", line)
	}
	if o.mode == smtpclient.ModeLockstep && len(o.replies) < number {
		o.blame("%s before all was answered", verb)
	}
}

// ahead checks how far the client is ahead of the server at the beginning of an
// envelope: in ModeEnvelope not at all, in ModeOverlap by an end of data.
func (o *observer) ahead(verb string, number int) {
	unanswered := number - len(o.replies)
	switch {
	case o.mode == smtpclient.ModeEnvelope && unanswered > 0,
		o.mode == smtpclient.ModeOverlap && unanswered > 1:
		o.blame("%s with %d replies outstanding", verb, unanswered)
	}
}

// over checks that no transaction begins, and no content goes out, when the server
// has said that the session is over, or that it is out of step (rules 4 and 8).
// waited: the client has waited for all replies before it wrote this.
func (o *observer) over(number int, waited bool) {
	if len(o.replies) != number {
		return
	}
	for i, code := range o.replies {
		if !waited && !o.judged(i) {
			continue
		}
		if code == 421 || code == 503 && slices.ContainsFunc(o.all, func(t *observed) bool { return t.from == i }) {
			o.blame("it goes on, though reply %d was %d", i, code)
		}
	}
}

func (o *observer) mailCommand(args string, number int) {
	o.over(number, o.mode < smtpclient.ModeOverlap)
	sender, _, ok := between(args, "FROM:<")
	n, known := o.where[sender]
	if !ok || !known {
		o.blame("MAIL %s", args)
	}
	t := &observed{mail: n, rset: -1, from: number, data: -1, end: -1, rcpts: map[int]int{}}
	if before := o.last(); before != nil && !o.reset {
		if !before.ended || before.void || !o.positive(before.end) {
			o.blame("MAIL of %d without RSET behind mail %d, whose end was answered %d", n, before.mail, o.reply(before.end))
		}
		o.ahead("MAIL", number)
	}
	if o.reset {
		t.rset = number - 1
	}
	o.reset = false
	o.all = append(o.all, t)
}

func (o *observer) rcptCommand(args string, number int) {
	to, _, ok := between(args, "TO:<")
	t := o.last()
	i := -1
	if t != nil {
		i = slices.IndexFunc(o.mails[t.mail].To, func(r smtpclient.Recipient) bool { return r.Address == to })
	}
	if !ok || i < 0 || t.ended {
		o.blame("RCPT %s", args)
		return
	}
	t.rcpts[i] = number
}

func (o *observer) bdatCommand(args string, number int) {
	t := o.last()
	n, ok := strings.CutSuffix(args, " LAST")
	octets, err := strconv.Atoi(n)
	if !ok || err != nil || t == nil || t.ended || octets != len(o.mails[t.mail].Content) {
		o.blame("BDAT %s", args)
		return
	}
	t.end, o.chunk, o.expect = number, octets, 'b'
}

// between cuts s behind prefix and before the last angle bracket.
func between(s, prefix string) (path, params string, ok bool) {
	s, ok = strings.CutPrefix(s, prefix)
	i := strings.LastIndexByte(s, '>')
	if !ok || i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// judge holds the result of mail n against what was written and read.
func (o *observer) judge(n int, r *smtpclient.Result) {
	if len(r.Recipients) != len(o.mails[n].To) {
		o.blame("mail %d: %d outcomes for %d recipients", n, len(r.Recipients), len(o.mails[n].To))
		return
	}
	for i := range r.Recipients {
		rcpt := &r.Recipients[i]
		taken, open, out := o.fate(n, i)
		switch {
		case (rcpt.Err == nil) != (rcpt.Outcome == smtpclient.Accepted):
			o.blame("mail %d, recipient %d: %s with error %v", n, i, rcpt.Outcome, rcpt.Err)
		case !goesWith(rcpt.Reply.Code, rcpt.Outcome):
			o.blame("mail %d, recipient %d: %s by %d", n, i, rcpt.Outcome, rcpt.Reply.Code)
		case rcpt.Outcome == smtpclient.Accepted && !taken:
			o.blame("mail %d, recipient %d: accepted, and the replies do not say so", n, i)
		case rcpt.Outcome == smtpclient.Unknown && !out:
			o.blame("mail %d, recipient %d: unknown (%v), and its end was not sent", n, i, rcpt.Err)
		case rcpt.Outcome != smtpclient.Accepted && rcpt.Outcome != smtpclient.Unknown && (taken || open):
			o.blame("mail %d, recipient %d: %s (%v), and the server may have it", n, i, rcpt.Outcome, rcpt.Err)
		}
	}
}

// goesWith reports whether a reply can decide an outcome. 552 to RCPT is 452.
func goesWith(code int, o smtpclient.Outcome) bool {
	switch o {
	case smtpclient.Accepted:
		return code/100 == 2
	case smtpclient.Rejected:
		return code/100 == 5
	case smtpclient.Deferred:
		return code/100 == 4 || code == 552
	}
	return true
}

// fate is what the replies say of a recipient: that the message was taken, that
// it may have been for all that is known, and whether its end was sent.
func (o *observer) fate(n, rcpt int) (taken, open, out bool) {
	for _, t := range o.all {
		number, ok := t.rcpts[rcpt]
		if t.mail != n || !ok || t.void {
			continue
		}
		out = out || t.ended || t.dot
		if !t.ended || !o.positive(t.from) || !o.positive(number) || t.data >= 0 && o.reply(t.data) != 354 {
			continue
		}
		taken = taken || o.positive(t.end) && !t.early
		open = open || len(o.replies) <= t.end
	}
	return taken, open, out
}
