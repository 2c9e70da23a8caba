package smtpclient

// streamRecipients is the most recipients of a transaction that is streamed:
// as many as RFC 5321 4.5.3.1.8 has every server take. The replies to RCPT come
// when the content is on its way already; for a message to more recipients they
// are waited for, as in ModeOverlap.
const streamRecipients = 100

// stream adds t to the window: whole transactions, RSET, MAIL, RCPT and the
// content by BDAT (RFC 3030), back to back. RSET is the one lock that keeps a
// message out of another's envelope here: it stands before every MAIL but the
// first (rule 4).
//
// The last message of a window goes by DATA, and its content at the head of the
// next window, as in ModeOverlap. Every 250 looks like every other, but 354
// answers nothing else: when it comes in its place, every reply before it was the
// reply to its own command. So t waits in s.last until it is known whether it is
// the last.
func (s *Session) stream(t *transaction) (again []int) {
	if last := s.last; last != nil {
		s.last = nil
		s.queue(last)
	}
	if !s.begin(t) {
		return t.to
	}
	s.last = t
	s.mu.Lock()
	full := len(s.unsettled) > s.cfg.Window
	s.mu.Unlock()
	if full {
		again = s.closeWindow()
		s.overflow()
	}
	return again
}

// queue queues the whole of t, and writes what is queued when that is a block.
func (s *Session) queue(t *transaction) {
	s.mu.Lock()
	t.streamed = true
	s.mu.Unlock()
	s.queueEnvelope(t)
	s.chunk(t)
	if len(s.out) >= blockSize {
		s.write()
	}
}

// queueEnvelope queues RSET if it is due, MAIL and RCPT of t, behind the content
// that is still to be sent.
func (s *Session) queueEnvelope(t *transaction) {
	if s.open != nil {
		s.stageContent()
	}
	if t.reset {
		s.stage(expectation{kind: kindRSET, t: t})
		s.out = append(s.out, "RSET\r\n"...)
		s.trace("RSET")
	}
	m := &t.sub.mail
	at := len(s.out)
	s.stage(expectation{kind: kindMAIL, t: t})
	s.out = m.appendMAIL(s.out, &s.ext)
	s.trace(s.traced(at))
	for _, i := range t.to {
		at = len(s.out)
		s.stage(expectation{kind: kindRCPT, t: t, rcpt: i})
		s.out = m.appendRCPT(s.out, i)
		s.trace(s.traced(at))
	}
}

// closeWindow sends the window and waits for its replies. It returns the
// recipients of the last message to try in a further transaction.
func (s *Session) closeWindow() (again []int) {
	t := s.last
	s.last = nil
	s.queueEnvelope(t)
	s.stage(expectation{kind: kindDATA, t: t})
	s.out = append(s.out, "DATA\r\n"...)
	s.trace("DATA")
	s.exchange()
	return s.resolve(t)
}

// flushStream sends what there is of a window, up to the last content.
func (s *Session) flushStream() {
	for ok := true; ok; {
		switch {
		case s.last != nil:
			t := s.last
			s.further(t.sub, s.closeWindow())
		case s.open != nil:
			s.stageContent()
			ok = s.exchange()
		case len(s.staged) > 0 || !s.answered():
			ok = s.exchange()
		case !s.overflow():
			s.prove()
			return
		}
	}
}

// chunk queues the content of t as one chunk. Large content is not copied but
// written from where it is, in blocks.
func (s *Session) chunk(t *transaction) {
	data := t.sub.mail.content.data
	at := len(s.out)
	s.stage(expectation{kind: kindBDAT, t: t})
	s.out = appendBDAT(s.out, len(data))
	s.trace(s.traced(at))
	if f := s.cfg.Trace.Content; f != nil {
		f(s.id, len(data))
	}
	end := s.offset + int64(len(s.out)+len(data))
	s.mu.Lock()
	t.dotAt = end
	s.mu.Unlock()
	if len(s.out)+len(data) <= 2*blockSize {
		s.out = append(s.out, data...)
		return
	}
	for ok := s.write(); ok && len(data) > 0; {
		n := min(len(data), blockSize)
		ok = s.send(data[:n])
		data = data[n:]
	}
}

// judgeBDAT takes the reply to the chunk of a streamed transaction. It was on
// its way before MAIL and RCPT were answered.
func (s *Session) judgeBDAT(t *transaction, r Reply) {
	early := s.handed < t.dotAt
	switch {
	case r.positive() && (early || len(t.took) == 0):
		// Taken too soon, or without an envelope of ours.
		s.outOfStep(errWrongEnvelope(r))
		return
	case r.positive():
		t.accept(r)
	case len(t.took) == 0:
		// Refused for want of recipients: what refused these stands. Who has no
		// verdict has lost the session before (rules 7 and 8).
		if s.leaving != nil {
			t.notSent(s.leaving)
		}
	case r.Code == 503:
		// The server has lost the transaction that it opened.
		s.leaveLocked("BDAT", &ReplyError{Verb: "BDAT", Reply: r})
		t.notSent(s.leaving)
	default:
		t.refuse(t.took, "BDAT", r)
	}
	if early || r.Code == 552 {
		// Exim does not read a chunk that it finds too large, and then takes the
		// content for commands.
		s.leaveLocked("BDAT", &ReplyError{Verb: "BDAT", Reply: r})
		s.unread, s.stop = true, true
	}
	s.clean = r.positive() && s.expected.len() == 0
	s.hold(t)
	if len(t.took) > 0 && len(t.crowded) > 0 && s.leaving == nil {
		t.sub.open++ // until its crowded have had their turn, see overflow
		s.overflowed = append(s.overflowed, t)
	}
}

// overflow gives those recipients a transaction of their own that were refused
// for being too many, and reports whether there were any.
func (s *Session) overflow() bool {
	s.mu.Lock()
	overflowed := s.overflowed
	s.overflowed = nil
	s.mu.Unlock()
	for _, t := range overflowed {
		s.learnLimit(t)
		s.further(t.sub, t.crowded)
		s.release(t.sub)
	}
	return len(overflowed) > 0
}

// further gives recipients of a message further transactions, when its Start is
// over. Its result is not out before they are: what has no transaction any more
// stays as the last one left it.
func (s *Session) further(sub *submission, who []int) {
	s.mu.Lock()
	over := len(who) == 0 || s.dead // then the result is out
	if !over {
		sub.open++
	}
	s.mu.Unlock()
	if !over {
		s.transactions(sub, who, s.transact)
		s.release(sub)
	}
}

// release takes back what kept a result from being handed out.
func (s *Session) release(sub *submission) {
	s.mu.Lock()
	sub.open--
	finished := sub.finished()
	s.mu.Unlock()
	if finished {
		sub.publish()
	}
}
