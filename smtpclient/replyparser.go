package smtpclient

import (
	"bytes"
	"fmt"
	"io"
)

// Caps on what a server may say. RFC 5321 4.5.3.1.5 allows 512 octets a reply
// line; real servers go beyond it, hostile ones without end.
const (
	maxReplyLine  = 4096
	maxReplyLines = 256
	maxReplyBytes = 64 << 10
)

// A replyParser cuts replies out of a byte stream. It allocates nothing for a
// reply whose text it has seen lately.
type replyParser struct {
	buf  []byte // bytes read and not yet parsed are buf[r:w]
	r, w int

	// the reply that is being assembled
	code  int
	lines int
	text  []byte

	recent [64]string // texts returned before, to be returned again; see intern
}

func newReplyParser() *replyParser {
	return &replyParser{buf: make([]byte, 2*maxReplyLine)}
}

// buffered reports whether bytes were read that no reply has used up.
func (p *replyParser) buffered() bool { return p.r < p.w || p.lines > 0 }

// fill reads once from src.
func (p *replyParser) fill(src io.Reader) (int, error) {
	if p.r == p.w {
		p.r, p.w = 0, 0
	} else if p.w == len(p.buf) {
		// Parse leaves less than a line behind, so this makes room.
		p.w = copy(p.buf, p.buf[p.r:p.w])
		p.r = 0
	}
	n, err := src.Read(p.buf[p.w:])
	p.w += n
	return n, err
}

// parse returns the next complete reply. ok is false if more bytes are needed.
// Any error is final: the stream cannot be trusted any more.
func (p *replyParser) parse() (reply Reply, ok bool, err error) {
	for {
		line, ok, err := p.line()
		if !ok || err != nil {
			return Reply{}, false, err
		}
		last, err := p.add(line)
		if err != nil {
			return Reply{}, false, err
		}
		if last {
			return p.finish(), true, nil
		}
	}
}

// line cuts one line, without its CRLF or LF.
func (p *replyParser) line() ([]byte, bool, error) {
	b := p.buf[p.r:p.w]
	i := bytes.IndexByte(b, '\n')
	if i > maxReplyLine || i < 0 && len(b) > maxReplyLine {
		return nil, false, fmt.Errorf("%w: reply line over %d octets", ErrProtocol, maxReplyLine)
	}
	if i < 0 {
		return nil, false, nil
	}
	p.r += i + 1
	line := b[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, true, nil
}

// add appends one line to the reply. A bare code without text is a legal last
// line (RFC 5321 4.2.1 asks clients to cope with it).
func (p *replyParser) add(line []byte) (last bool, err error) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]) ||
		len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return false, fmt.Errorf("%w: not a reply line: %.60q", ErrProtocol, line)
	}
	code := int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	if p.lines > 0 && code != p.code {
		return false, fmt.Errorf("%w: codes %d and %d in one reply", ErrProtocol, p.code, code)
	}
	if p.lines > 0 {
		p.text = append(p.text, '\n')
	}
	p.code = code
	p.lines++
	if len(line) > 4 {
		p.text = append(p.text, line[4:]...)
	}
	if p.lines > maxReplyLines || len(p.text) > maxReplyBytes {
		return false, fmt.Errorf("%w: reply over %d lines or %d octets", ErrProtocol, maxReplyLines, maxReplyBytes)
	}
	return len(line) == 3 || line[3] == ' ', nil
}

func (p *replyParser) finish() Reply {
	text := p.intern()
	r := Reply{Code: p.code, Text: text, Enhanced: parseEnhanced(p.code, text)}
	p.code, p.lines, p.text = 0, 0, p.text[:0]
	return r
}

// intern returns p.text as a string, an old one where it can.
func (p *replyParser) intern() string {
	if len(p.text) == 0 {
		return ""
	}
	for i, b := range p.text {
		if b < ' ' && b != '\n' || b == 0x7f {
			p.text[i] = '?'
		}
	}
	// A text's place follows from its length and its beginning. So texts that
	// differ in a queue id, and never come again, share one place, and do not
	// push the others out.
	place := len(p.text)
	for _, b := range p.text[:min(len(p.text), 12)] {
		place = place*31 + int(b)
	}
	recent := &p.recent[uint(place)%uint(len(p.recent))]
	if *recent != string(p.text) {
		*recent = string(p.text)
	}
	return *recent
}

func digit(b byte) bool { return b >= '0' && b <= '9' }
