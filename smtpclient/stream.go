package smtpclient

// streamRecipients is the most recipients of a transaction that is streamed:
// as many as RFC 5321 4.5.3.1.8 has every server take. The replies to RCPT come
// when the content is on its way already; for a message to more recipients they
// are waited for, as in ModeEnvelope.
const streamRecipients = 100

// stream queues the whole of t behind what is queued already: RSET, MAIL, RCPT
// and the content by BDAT (RFC 3030), and waits only where the window is full.
// RSET is the one lock that keeps a message out of another's envelope here: it
// stands before every MAIL but the first (rule 4).
func (s *Session) stream(t *transaction) (again []int) {
	t.streamed = true
	reset, ok := s.begin(t)
	if !ok {
		return t.to
	}
	s.begun++
	if reset {
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
	s.chunk(t)
	s.keepWindow()
	return nil
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

// keepWindow writes what is queued when that is a block, and waits for all
// replies when the window is full. Only when they are all in, and none too many,
// is it certain that each was the reply to its own command: every 250 looks like
// every other. Till then no result goes out.
func (s *Session) keepWindow() {
	s.mu.Lock()
	full := len(s.unsettled) >= s.cfg.Window
	s.mu.Unlock()
	switch {
	case full:
		s.exchange()
		s.overflow()
	case len(s.out) >= blockSize:
		s.write()
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
		s.stop = true
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
		s.transactions(t.sub, t.crowded, s.transact)
		s.mu.Lock()
		t.sub.open--
		finished := t.sub.finished()
		s.mu.Unlock()
		if finished {
			t.sub.publish()
		}
	}
	return len(overflowed) > 0
}
