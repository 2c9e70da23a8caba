package smtptest

import (
	"fmt"
	"io"
	"strings"
)

// A step is something that a session does at a point and that a fault can
// disturb.
type step struct {
	occasion
	perform func() (string, error) // does it and returns the reply; nil: there is none
	skip    func(Action) error     // clears up if it is not done; may be nil
}

func (s *Session) occasion(p Point, line string) occasion {
	return occasion{point: p, session: s.number, line: line}
}

// at does a step, the way a fault wants it if one is due. The reply returned
// is yet to be sent; it is "" if a fault has sent it.
func (s *Session) at(st step) (string, error) {
	a := s.srv.script.pick(st.occasion)
	if a == nil {
		return st.perform()
	}
	return "", s.act(*a, st)
}

// reach passes a point at which the server has nothing to say of its own.
func (s *Session) reach(p Point, line string) error {
	if a := s.srv.script.pick(s.occasion(p, line)); a != nil {
		return s.act(*a, step{occasion: s.occasion(p, line)})
	}
	return nil
}

// act performs an action. It returns an error if the session is over.
func (s *Session) act(a Action, st step) error {
	s.srv.count.faults.Add(1)
	if a.delay > 0 {
		if err := s.flush(); err != nil {
			return err
		}
		if err := pause(a.delay, s.wire.cut); err != nil {
			return err
		}
	}
	text, err := s.outcome(a, st)
	if err != nil {
		return err
	}
	if err := s.express(a, st.point, text); err != nil {
		return err
	}
	if !st.point.isReply() {
		if err := s.flush(); err != nil {
			return err
		}
	}
	return s.meet(a.then)
}

// outcome does or skips the step and returns what is to be said about it.
func (s *Session) outcome(a Action, st step) (string, error) {
	var text string
	var err error
	switch {
	case a.skips:
		text = a.text
		if st.skip != nil {
			err = st.skip(a)
		}
	case st.perform != nil:
		text, err = st.perform()
	}
	if st.point == PointRCPT && a.skips && negative(text) {
		s.srv.count.rejectedRecipients.Add(1)
	}
	return text, err
}

// negative reports whether a reply is 4yz or 5yz.
func negative(text string) bool { return text != "" && (text[0] == '4' || text[0] == '5') }

// express writes a reply in the shape that the action wants.
func (s *Session) express(a Action, p Point, text string) error {
	if a.skips && a.shape == shapeUsual {
		s.write(appendReply(nil, text, true)) // as given
		return nil
	}
	switch a.shape {
	case shapeUsual, shapeEarly:
		s.reply(text)
	case shapeTwice:
		s.reply(text)
		s.reply(text)
	case shapeTrailing:
		s.reply(text)
		s.write([]byte(a.text))
	case shapeRaw:
		s.write([]byte(text))
	case shapeMixed:
		s.write(fmt.Appendf(nil, "%03d-so far so good\r\n550 5.0.0 but then not\r\n", p.code()))
	case shapeLong:
		s.reply(padded(text, a.size))
	case shapeSplit:
		return s.dribble(text)
	case shapeEndless:
		return s.babble(fmt.Sprintf("%03d-and so on\r\n", p.code()))
	}
	return nil
}

// padded lengthens the last line of a reply to size octets with its CRLF.
func padded(text string, size int) string {
	last := text[strings.LastIndexByte(text, '\n')+1:]
	if n := size - len("\r\n") - len(last); n > 0 && text != "" {
		return text + strings.Repeat("x", n)
	}
	return text
}

// dribble writes a reply octet by octet.
func (s *Session) dribble(text string) error {
	if err := s.flush(); err != nil {
		return err
	}
	s.reply(text)
	octets := s.out
	s.out = nil
	for i := range octets {
		s.srv.count.writes.Add(1)
		if _, err := s.conn.Write(octets[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// babble writes a line over and over until that fails.
func (s *Session) babble(line string) error {
	block := []byte(strings.Repeat(line, 256))
	for {
		s.write(block)
		if err := s.flush(); err != nil {
			return err
		}
	}
}

// meet leads the session to its fate.
func (s *Session) meet(then fate) error {
	switch then {
	case fateGoOn:
		return nil
	case fateClose, fateReset:
		s.left()
	}
	if err := s.flush(); err != nil {
		return err
	}
	switch then {
	case fateReset:
		return errReset
	case fateStall:
		io.Copy(io.Discard, s.conn)
	case fateDeaf:
		<-s.wire.cut
	}
	return errClose
}
