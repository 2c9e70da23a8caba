package sink

import (
	"bytes"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// A session is the server's side of one connection, I/O aside.
type session struct {
	check  Check
	counts *Counts
	seen   *numbers
	out    []byte // replies

	state      state
	mail       bool // within a mail transaction
	recipients int  // of it
	recipient  int  // the number of the last one
	start      bool // no mail data have been read yet
	chunk      int  // octets of the BDAT chunk to come
	last       bool // it is the last one
	kept       []byte

	begun bool // there was a MAIL
	over  bool // the connection is to be closed when out is written
}

type state uint8

const (
	atCommand state = iota
	inData
	inChunk
)

// feed handles input and returns how much of it is used up. The rest is to come
// again, with more behind it.
func (s *session) feed(b []byte) (used int) {
	for used < len(b) && !s.over {
		n := 0
		switch s.state {
		case inChunk:
			n = s.takeChunk(b[used:])
		case inData:
			n = s.takeData(b[used:])
		default:
			n = s.takeLine(b[used:])
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used
}

func (s *session) takeLine(b []byte) int {
	k := bytes.IndexByte(b, '\n')
	if k < 0 {
		return 0
	}
	s.command(bytes.TrimSuffix(b[:k], []byte("\r")))
	return k + 1
}

func (s *session) takeChunk(b []byte) int {
	n := min(len(b), s.chunk)
	s.keep(b[:n])
	if s.chunk -= n; s.chunk == 0 {
		s.state = atCommand
		s.endOfChunk()
	}
	return n
}

var endOfData = []byte("\r\n.\r\n")

func (s *session) takeData(b []byte) int {
	if s.start {
		if len(b) < 3 {
			return 0
		}
		s.start = false
		if string(b[:3]) == ".\r\n" { // no content at all
			s.endOfMail()
			return 3
		}
	}
	k := bytes.Index(b, endOfData)
	if k < 0 {
		k = max(0, len(b)-len(endOfData)+1)
		s.keep(b[:k])
		return k
	}
	s.keep(b[:k+2])
	if s.check.keeps() {
		s.unstuff()
	}
	s.endOfMail()
	return k + len(endOfData)
}

func (s *session) keep(b []byte) {
	s.counts.Octets += int64(len(b))
	if s.check.keeps() {
		s.kept = append(s.kept, b...)
	}
}

func (s *session) unstuff() {
	s.kept = bytes.ReplaceAll(s.kept, []byte("\r\n.."), []byte("\r\n."))
	if bytes.HasPrefix(s.kept, []byte("..")) {
		s.kept = s.kept[1:]
	}
}

func (s *session) endOfChunk() {
	switch {
	case s.recipients == 0:
		s.refuse("503 5.5.1 RCPT first\r\n")
		s.reset()
	case s.last:
		s.endOfMail()
	default:
		s.reply("250 2.0.0 Ok\r\n")
	}
}

func (s *session) endOfMail() {
	s.state = atCommand
	s.counts.Messages++
	if s.check != CheckNothing {
		s.judge()
	}
	s.reset()
	s.reply("250 2.0.0 Ok\r\n")
}

// judge holds a mail against its envelope.
func (s *session) judge() {
	if s.recipients != 1 || s.recipient < 0 {
		s.misplaced("a mail has not one numbered recipient")
		return
	}
	if !s.seen.add(s.recipient) {
		s.counts.Duplicates++
	}
	if err := s.check.of(s.kept, s.recipient); err != nil {
		s.misplaced(err.Error())
	}
}

func (s *session) misplaced(fault string) {
	if s.counts.Misplaced++; s.counts.Misplaced == 1 {
		s.counts.Fault = fault
	}
}

func (s *session) reset() {
	s.mail, s.recipients, s.recipient, s.kept = false, 0, -1, s.kept[:0]
}

func (s *session) reply(text string) { s.out = append(s.out, text...) }

func (s *session) refuse(text string) {
	s.counts.Refused++
	s.reply(text)
}

const ehlo = "250-sink.bench.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n" +
	"250-SIZE 52428800\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n"

func (s *session) command(line []byte) {
	if len(line) < 4 {
		s.refuse("500 5.5.2 What?\r\n")
		return
	}
	verb := [4]byte(line)
	for i := range verb {
		verb[i] &^= 0x20 // in upper case, of letters
	}
	switch string(verb[:]) {
	case "MAIL":
		s.commandMAIL()
	case "RCPT":
		s.commandRCPT(line)
	case "DATA":
		s.commandDATA()
	case "BDAT":
		s.commandBDAT(line[4:])
	case "RSET":
		s.reset()
		s.reply("250 2.0.0 Ok\r\n")
	case "NOOP":
		s.reply("250 2.0.0 Ok\r\n")
	case "EHLO":
		s.reset()
		s.reply(ehlo)
	case "HELO":
		s.reset()
		s.reply("250 sink.bench.example\r\n")
	case "QUIT":
		s.over = true
		s.reply("221 2.0.0 Bye\r\n")
	default:
		s.refuse("500 5.5.2 What?\r\n")
	}
}

func (s *session) commandMAIL() {
	s.begun = true
	if s.mail {
		s.refuse("503 5.5.1 nested MAIL\r\n")
		return
	}
	s.mail = true
	s.reply("250 2.1.0 Ok\r\n")
}

func (s *session) commandRCPT(line []byte) {
	if !s.mail {
		s.refuse("503 5.5.1 MAIL first\r\n")
		return
	}
	s.recipients++
	s.recipient = content.RecipientNumber(line)
	s.reply("250 2.1.5 Ok\r\n")
}

func (s *session) commandDATA() {
	if s.recipients == 0 {
		s.refuse("503 5.5.1 RCPT first\r\n")
		return
	}
	s.state, s.start = inData, true
	s.reply("354 Go on\r\n")
}

// commandBDAT reads " n" and perhaps " LAST" (RFC 3030 2).
func (s *session) commandBDAT(args []byte) {
	size, last, _ := bytes.Cut(bytes.TrimLeft(args, " "), []byte(" "))
	n := 0
	for _, d := range size {
		if d < '0' || d > '9' || n > 1<<30 {
			size = nil
			break
		}
		n = n*10 + int(d-'0')
	}
	if len(size) == 0 {
		s.refuse("501 5.5.4 no size\r\n")
		return
	}
	s.chunk, s.last = n, bytes.EqualFold(last, []byte("LAST"))
	if n == 0 {
		s.endOfChunk()
		return
	}
	s.state = inChunk
}

// Numbers is a set of the numbers of mails.
type numbers []uint64

// add adds i and reports whether it is new.
func (s *numbers) add(i int) bool {
	word, bit := i/64, uint64(1)<<(i%64)
	for len(*s) <= word {
		*s = append(*s, make([]uint64, 4096)...)
	}
	if (*s)[word]&bit != 0 {
		return false
	}
	(*s)[word] |= bit
	return true
}
