package smtpclient

import (
	"errors"
	"slices"
)

// hold keeps the verdict on t back until it is proven that every reply so far was
// its own command's. Most replies look like others; but 354 answers nothing but
// DATA, and where DATA was refused, 250 comes next for nothing but RSET.
func (s *Session) hold(t *transaction) {
	s.held, s.next = append(s.held, t), Reply{}
}

// letGo finishes the first n of the transactions that are held.
func (s *Session) letGo(n int, ready []*submission) []*submission {
	for _, t := range s.held[:n] {
		ready = s.finishLocked(t, ready)
	}
	s.held = slices.Delete(s.held, 0, n)
	s.proven -= min(s.proven, n)
	return ready
}

// handOut hands out what is proven. s.mu is held, but not meanwhile.
func (s *Session) handOut() {
	s.doubtful = s.proven < len(s.held)
	ready := s.letGo(s.proven, s.ready[:0])
	if len(ready) == 0 {
		return
	}
	s.mu.Unlock()
	publish(ready)
	clear(ready)
	s.ready = ready
	s.mu.Lock()
}

// prove has the last verdicts handed out, for which there is no next message to
// prove them by. Behind a DATA that was refused RSET is due in any case. After the
// end of mail data nothing is: it has come alone, behind a 354.
func (s *Session) prove() {
	s.mu.Lock()
	reset := s.refusedDATA && s.proven < len(s.held) && s.leaving == nil
	s.mu.Unlock()
	if reset {
		s.stage(expectation{kind: kindRSET})
		s.out = append(s.out, "RSET\r\n"...)
		s.trace("RSET")
		s.exchange()
	}
	s.mu.Lock()
	var ready []*submission
	if s.leaving == nil {
		ready = s.letGo(len(s.held), nil)
		s.doubtful = false
	}
	s.mu.Unlock()
	publish(ready)
}

// outOfStep ends the session on a reply that cannot answer its command: one
// too many or too few came, at a place that cannot be known.
func (s *Session) outOfStep(err error) {
	s.leaveLocked("read", err)
	s.stop = true
	s.takeBack()
}

// takeBack undoes what the current group's replies said.
func (s *Session) takeBack() {
	for _, t := range s.unsettled {
		held := slices.Index(s.held, t)
		if !t.sure && held >= s.proven || held < 0 && (t.dotAt == 0 || t.streamed) {
			t.doubt(s.handed, s.leaving)
		}
	}
}

// cutShort takes back what one reply too many would have made false, when the session
// ends before it is proven that there was none. Where 421 ended it, or the refusal of
// a chunk that was not read, the server is taken at its word.
func (s *Session) cutShort() {
	var said *ReplyError
	switch {
	case s.notReset: // and no reply to DATA has come to tell
		s.doubtNotReset()
		return
	case s.unread, errors.As(s.leaving.Err, &said) && said.Reply.Code == 421, s.mode != ModeStream:
		return
	}
	for _, t := range s.unsettled {
		held := slices.Index(s.held, t)
		switch {
		case t.streamed && s.written < t.dotAt: // nobody can have it
		case held < 0 && t.streamed:
			s.cutOpen(t)
		case held >= s.proven:
			s.cutOff(t, held == len(s.held)-1 && s.next.Code == 0)
		}
	}
}

// doubtNotReset takes back verdicts on what was sent, in front of a RSET that was
// refused. Where each message is answered before the next is sent, that is the last
// one only: the others have had a RSET of their own.
func (s *Session) doubtNotReset() {
	for i, t := range s.held {
		last := i == len(s.held)-1
		if i >= s.proven && t.dotAt > 0 && (t.streamed || last) {
			t.doubt(s.handed, s.leaving)
		}
	}
}

// cutOpen takes back what there is to doubt of t, which has no verdict yet.
func (s *Session) cutOpen(t *transaction) {
	switch {
	case t.contrary:
		t.doubt(s.handed, s.leaving)
	case !t.mailRefused && len(t.to) > 1:
		t.doubtSome(s.leaving)
	}
}

// cutOff takes back what there is to doubt of the verdict on t. An acceptance
// stands: behind the message comes RSET, where a reply that is one place off is
// noticed unless it is 250. So does what was heard last, as nothing tells it from
// what it seems to be, unless it can be seen to be RCPT's.
func (s *Session) cutOff(t *transaction, last bool) {
	switch {
	case !t.streamed && (last || t.accepted()): // 354 has proven its recipients
	case len(t.took) == 0:
		if t.contrary {
			t.doubt(s.handed, s.leaving)
		}
	case last && t.judgedByRCPT(), !last && !t.accepted():
		t.doubt(s.handed, s.leaving)
	case t.accepted():
		t.doubtSome(s.leaving)
	}
}

// tooSoon reports that a message was accepted whose end was never sent: its last
// write was under way at the time, and has failed since. So the reply was that to
// another command.
func (s *Session) tooSoon() bool {
	return slices.ContainsFunc(s.held, func(t *transaction) bool {
		return s.written < t.dotAt && t.accepted()
	})
}
