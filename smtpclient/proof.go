package smtpclient

import "slices"

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

// cutShort takes back what one reply too many would have made false, in a group
// that is not answered whole and never will be: what was refused, and something
// was accepted behind it. What was heard last stands, unless it reads like the reply
// to a command before; nothing else tells it from what it seems to be.
func (s *Session) cutShort() {
	for _, t := range s.unsettled {
		held := slices.Index(s.held, t)
		last := held == len(s.held)-1
		switch {
		case held < 0 && s.cutOpen(t), held >= s.proven && s.cutOff(t, last):
			t.doubt(s.handed, s.leaving)
		case held >= s.proven && t.streamed && t.accepted() && !(last && s.next.Code == 0):
			t.doubtRefused(s.leaving)
		}
	}
}

// cutOpen reports that refusals of t, which has no verdict yet, are in doubt.
func (s *Session) cutOpen(t *transaction) bool {
	return t.streamed && s.written >= t.dotAt && (len(t.took) > 0 || t.contrary)
}

// cutOff reports that the verdict on t is in doubt. Behind a streamed message comes
// RSET, where a reply that is one place off is noticed unless it is 250.
func (s *Session) cutOff(t *transaction, last bool) bool {
	switch {
	case len(t.took) == 0:
		return t.contrary
	case t.streamed && last && s.next.Code == 0:
		return s.likeRCPT(t)
	case !t.accepted():
		return !last || s.next.positive()
	}
	return false
}

// likeRCPT reports that the verdict on t may have been the reply to its last RCPT:
// it speaks of an address (RFC 3463 3.2), or is what the first accepted one got.
func (s *Session) likeRCPT(t *transaction) bool {
	r := t.sub.result.Recipients[t.took[0]].Reply
	return r.Enhanced[1] == 1 || r.Text == s.rcptText
}

// tooSoon reports that a message was accepted whose end was never sent: its last
// write was under way at the time, and has failed since. So the reply was that to
// another command.
func (s *Session) tooSoon() bool {
	return slices.ContainsFunc(s.held, func(t *transaction) bool {
		return s.written < t.dotAt && t.accepted()
	})
}
