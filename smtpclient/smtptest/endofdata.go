package smtptest

import (
	"bytes"
	"slices"
	"strconv"
)

// endOfData decides on mail data that have been read whole, and ends the
// transaction.
func (s *Session) endOfData() (string, error) {
	s.judge()
	if s.tx.refused {
		s.drop()
		return "", nil
	}
	silent := s.tx.silent
	st := step{occasion: s.occasion(PointEndOfData, ""), perform: s.finish, skip: s.abandon}
	if s.srv.script.some.Load() {
		st.line = s.envelope()
	}
	text, err := s.at(st)
	if silent {
		text = ""
	}
	return text, err
}

// finish takes or refuses the message.
func (s *Session) finish() (string, error) {
	if limit := s.srv.set.maxSize; limit > 0 && s.tx.size > limit {
		s.drop()
		return "552 5.3.4 Message too big", nil
	}
	m := s.message()
	if !s.srv.CountOnly { // the next message is read into the same memory
		m.To, m.Data = slices.Clone(m.To), bytes.Clone(m.Data)
	}
	reply := s.accepted()
	if hook := s.srv.OnMessage; hook != nil {
		if r := hook(s, &m); r != nil {
			reply = r.String()
			if !r.positive() {
				s.drop()
				return reply, nil
			}
		}
	}
	s.take(&m)
	return reply, nil
}

// accepted is the reply to a message that is taken.
func (s *Session) accepted() string {
	b := append(make([]byte, 0, 48), "250 2.0.0 Ok: queued as "...)
	b = strconv.AppendInt(b, int64(s.number), 10)
	b = append(b, '.')
	return string(strconv.AppendInt(b, int64(s.envelopes), 10))
}

// message returns the message of the transaction, sharing its memory.
func (s *Session) message() Message {
	via := "DATA"
	if s.tx.chunks > 0 {
		via = "BDAT"
	}
	return Message{
		Session:     s.number,
		Transaction: s.envelopes,
		From:        s.tx.from,
		FromParams:  s.tx.params,
		To:          s.tx.to,
		Data:        s.tx.data,
		Via:         via,
		Chunks:      s.tx.chunks,
		TLS:         s.underTLS,
		User:        s.user,
		HELO:        s.helo,
	}
}

// take records a message, which it keeps unless CountOnly, and ends its
// transaction.
func (s *Session) take(m *Message) {
	s.taken++
	s.srv.count.messages.Add(1)
	s.srv.count.recipients.Add(int64(len(m.To)))
	if s.srv.CountOnly {
		m = nil
	}
	s.srv.mailbox.put(m)
	s.reset()
}

// drop ends the transaction without taking its message.
func (s *Session) drop() {
	s.srv.count.refusedMessages.Add(1)
	s.reset()
}

// abandon drops a message because of a fault.
func (s *Session) abandon(a Action) error {
	if a.keeps {
		s.srv.count.refusedMessages.Add(1)
		s.tx.data, s.tx.size, s.tx.chunks = s.tx.data[:0], 0, 0
		s.tx.violations = violations{}
		return nil
	}
	s.drop()
	return nil
}
