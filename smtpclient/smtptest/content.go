package smtptest

import (
	"bytes"
	"strings"
)

// readContent reads mail data up to the line with a lone dot and removes the
// dots stuffed in (RFC 5321 section 4.5.2). Only CRLF.CRLF ends them. They are
// scanned by the block, whatever pieces they come in.
func (s *Session) readContent() error {
	if err := s.beginContent(); err != nil {
		return err
	}
	lineStart := true
	for {
		b, err := s.peek()
		if err != nil {
			return err
		}
		if lineStart && b[0] == '.' {
			if b, err = s.in.Peek(len(".\r\n")); err != nil {
				return err
			}
			if string(b) == ".\r\n" {
				s.in.Discard(len(b))
				return nil
			}
			s.in.Discard(len("."))
			lineStart = false
			continue
		}
		n, crlf := span(b)
		if n == 0 { // a lone CR: what it means depends on the next octet
			if _, err := s.in.Peek(2); err != nil {
				return err
			}
			continue
		}
		if err := s.absorb(b[:n]); err != nil {
			return err
		}
		s.in.Discard(n)
		lineStart = crlf
	}
}

// span returns how many octets of b are mail data whatever follows b, at most
// up to a line that begins with a dot, and whether they end in CRLF.
func span(b []byte) (n int, crlf bool) {
	if i := bytes.Index(b, []byte("\r\n.")); i >= 0 {
		return i + 2, true
	}
	switch {
	case bytes.HasSuffix(b, []byte("\r\n")):
		return len(b), true
	case b[len(b)-1] == '\r':
		return len(b) - 1, false
	}
	return len(b), false
}

// peek returns all the input that is there, waiting for it if there is none.
func (s *Session) peek() ([]byte, error) {
	if _, err := s.in.Peek(1); err != nil {
		return nil, err
	}
	return s.in.Peek(s.in.Buffered())
}

// beginContent prepares for the mail data of a transaction.
func (s *Session) beginContent() error {
	s.tx.stop = -1
	if s.srv.script.some.Load() {
		s.tx.stop = s.srv.script.nextOffset(s.occasion(PointContent, s.envelope()), 0)
	}
	return s.absorb(nil)
}

// absorb takes in mail data, and has faults take place where they are due.
func (s *Session) absorb(p []byte) error {
	for s.tx.stop >= 0 && s.tx.size+int64(len(p)) >= s.tx.stop {
		n := s.tx.stop - s.tx.size
		s.keep(p[:n])
		p = p[n:]
		o := s.occasion(PointContent, s.envelope())
		o.offset = s.tx.stop
		s.tx.stop = s.srv.script.nextOffset(o, o.offset+1)
		if err := s.disturb(o); err != nil {
			return err
		}
	}
	s.keep(p)
	return nil
}

// keep counts mail data, and stores them while they are wanted.
func (s *Session) keep(p []byte) {
	s.tx.size += int64(len(p))
	s.srv.count.bytes.Add(int64(len(p)))
	if !s.tx.binary {
		s.tx.violations.read(p)
	}
	limit := s.srv.set.maxSize
	if s.srv.set.keepData && (limit <= 0 || s.tx.size <= limit) {
		s.tx.data = append(s.tx.data, p...)
	}
}

// disturb has a fault take place amidst the mail data. One that changes the
// usual reply sends it now instead of at the end.
func (s *Session) disturb(o occasion) error {
	a := s.srv.script.pick(o)
	if a == nil {
		return nil
	}
	st := step{occasion: o}
	if a.shape != shapeUsual {
		st.perform = func() (string, error) {
			s.tx.silent = true
			return s.accepted(), nil
		}
	}
	st.skip = func(Action) error {
		s.tx.refused = true
		return nil
	}
	return s.act(*a, st)
}

// envelope is the line that Match of a fault refers to for mail data.
func (s *Session) envelope() string {
	var b strings.Builder
	b.WriteString("FROM:<" + s.tx.from + ">")
	for _, to := range s.tx.to {
		b.WriteString(" TO:<" + to.Address + ">")
	}
	return b.String()
}
