package smtpclient

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// read is the session's own goroutine: it reads all replies, and is the only
// judge of what they mean, until the session is dead.
func (s *Session) read() {
	over := s.judgeBuffered()
	for !over {
		over = s.hear()
	}
	s.end()
}

// hear reads once and judges what came. It reports whether to stop reading.
func (s *Session) hear() (over bool) {
	if s.piecemeal {
		quickAck(s.raw)
	}
	n, err := s.parser.fill(s.conn)
	s.readAt = time.Now()
	if n == 0 && err != nil && !s.early(err) {
		s.lost(err)
		return true
	}
	return s.judgeBuffered()
}

// judgeBuffered judges the replies that are there and reports whether to stop
// reading.
func (s *Session) judgeBuffered() (over bool) {
	for {
		r, ok, err := s.parser.parse()
		if err != nil {
			s.mu.Lock()
			s.leaveLocked("read", err)
			s.mu.Unlock()
			return true
		}
		if !ok {
			return s.addUp()
		}
		if s.take(r) {
			return true
		}
	}
}

// addUp ends the writer's wait when every reply of the group is in, and nothing
// with them that was not due: only then were the replies surely those of their
// commands. It reports whether to stop reading; if not, it sees to it that the
// wait for the next reply is bounded.
func (s *Session) addUp() (over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Replies to what has not gone out whole are not to be believed before it has.
	for s.writing && s.expected.len() == 0 && s.leaving == nil {
		s.changed.Wait()
	}
	if s.expected.len() == 0 && s.leaving == nil {
		if s.parser.buffered() {
			s.leaveLocked("idle", errUnsolicited) // the rest of it may say why
		} else {
			s.handOut()
		}
	}
	if s.stop || s.leaving != nil && s.expected.len() == 0 && !s.intruded() && !s.tired {
		return true
	}
	s.armLocked()
	if s.tired && s.expected.len() == 0 {
		s.changed.Broadcast() // it is time for farewell
	}
	if s.waiting && s.expected.len() == 0 && s.leaving == nil {
		s.waiting = false
		s.changed.Broadcast()
	}
	return false
}

// take judges one reply and reports whether to read no further one.
func (s *Session) take(r Reply) (stop bool) {
	s.mu.Lock()
	verb := "idle"
	if s.expected.len() == 0 {
		s.unsolicited(r)
	} else {
		e := s.expected.pop()
		s.piecemeal = s.expected.len() > 0
		verb = e.kind.String()
		s.headSince = s.readAt
		s.judge(&e, r)
		if s.leaving != nil {
			s.lastWord = s.readAt.Add(s.cfg.Timeouts.LastWord)
		}
	}
	stop = s.stop
	s.mu.Unlock()
	if f := s.cfg.Trace.Reply; f != nil {
		f(s.id, verb, r)
	}
	return stop
}

var errUnsolicited = fmt.Errorf("%w: unsolicited reply", ErrProtocol)

// intruded reports that part of an unsolicited reply is in.
func (s *Session) intruded() bool { return s.leaving != nil && s.leaving.Err == errUnsolicited }

// unsolicited takes a reply that answers nothing: the session is over. Servers
// say so when they tire of an idle one, with 421 or a stray 4yz (rule 7). If it
// comes with a group's replies, these may be one place off.
func (s *Session) unsolicited(r Reply) {
	if s.intruded() {
		s.leaving = nil // now it is known what came
	}
	if r.Code/100 == 4 {
		s.leaveLocked("idle", &ReplyError{Verb: "idle", Reply: r})
	} else {
		s.leaveLocked("idle", fmt.Errorf("%w: %.80q", errUnsolicited, r.String()))
	}
	s.stop = true
	if r.Code == 421 {
		return // which belongs to no command: what came before it is in step
	}
	if len(s.held) == 1 {
		s.held[0].sure = s.held[0].surely(r, s.next)
	}
	s.takeBack()
}

// judge takes the reply to e.
func (s *Session) judge(e *expectation, r Reply) {
	if !e.kind.answers(r.Code) {
		s.outOfStep(fmt.Errorf("%w: %d in answer to %s", ErrProtocol, r.Code, e.kind))
		return
	}
	if r.Code == 421 {
		// The session is over, but what follows still counts: some servers go
		// on and answer the rest of the group (rule 8).
		s.leaveLocked(e.kind.String(), &ReplyError{Verb: e.kind.String(), Reply: r})
		s.tired = s.tired || e.kind != kindQUIT
		s.notReset = false
	}
	s.doubtful = s.doubtful || r.Code >= 400
	if len(s.held) > 0 && s.next.Code == 0 {
		s.next = r
	}
	refusedDATA := s.refusedDATA
	s.refusedDATA = e.kind == kindDATA && r.Code != 354
	switch e.kind {
	case kindRSET:
		if refusedDATA && r.Code == 250 {
			s.proven = len(s.held)
		}
		s.judgeRSET(e, r)
	case kindMAIL:
		s.judgeMAIL(e.t, r)
	case kindRCPT:
		s.judgeRCPT(e, r)
	case kindDATA:
		s.judgeDATA(e.t, r)
	case kindEnd:
		s.judgeEnd(e.t, r)
	case kindBDAT:
		s.judgeBDAT(e.t, r)
	case kindQUIT:
		if s.leaving != nil && r.Code != 221 && r.Code != 421 {
			s.outOfStep(fmt.Errorf("%w: %d in answer to QUIT", ErrProtocol, r.Code))
		}
	}
	if e.into != nil {
		*e.into = r
	}
}

// judgeRSET: a transaction may only follow a reset that worked (rule 4). What is
// on its way behind one that did not may end up anywhere: nothing that is said
// of it can be believed.
func (s *Session) judgeRSET(e *expectation, r Reply) {
	switch {
	case r.Code == 250:
		s.clean = e.t == nil
	case e.t == nil && s.proven == len(s.held):
		s.clean = false
	default:
		s.notReset = r.Code != 421 && !s.tired
		s.leaveLocked("RSET", &ReplyError{Verb: "RSET", Reply: r})
		if e.t != nil && !e.t.streamed {
			return // the reply to DATA will tell
		}
		s.stop = true
		if r.Code != 421 {
			s.takeBack() // servers refuse RSET only when tired of it: this was likely meant for another command
		}
	}
}

func (s *Session) judgeMAIL(t *transaction, r Reply) {
	switch {
	case r.positive():
		t.mailOK = true
		return
	case r.Code == 503, t.first && r.Code/100 == 4:
		// Not about this message: the server is out of step with us (rule 4),
		// or tired of a session that has waited (rule 7).
		s.leaveLocked("MAIL", &ReplyError{Verb: "MAIL", Reply: r})
	default:
		t.refuse(t.to, "MAIL", r)
	}
	t.mailRefused = true
}

func (s *Session) judgeRCPT(e *expectation, r Reply) {
	if r.Code == 503 && e.t.mailOK {
		// The server has lost the transaction that it opened.
		why := &ReplyError{Verb: "RCPT", Reply: r}
		s.leaveLocked("RCPT", why)
		e.t.sub.settle(e.rcpt, NotSent, r, why)
		return
	}
	e.t.judgeRCPT(e.rcpt, r)
}

func (s *Session) judgeDATA(t *transaction, r Reply) {
	if r.Code == 354 {
		s.proven = len(s.held)
		s.tired = false // QUIT would be content now
	}
	switch {
	case r.Code == 354 && !t.mailOK:
		// A message opened over a MAIL that was refused is somebody else's
		// envelope. Nothing closes it but closing the connection (rule 4).
		s.leaveLocked("DATA", fmt.Errorf("%w: 354 to DATA after MAIL was refused", ErrProtocol))
		s.stop = true
	case r.Code == 354 && len(t.took) == 0:
		t.phase = isVoid
	case r.Code == 354:
		t.phase = inData
	case r.Code == 503 && len(t.took) > 0:
		s.leaveLocked("DATA", &ReplyError{Verb: "DATA", Reply: r})
	default:
		t.refuse(t.took, "DATA", r)
		if s.notReset {
			s.takeBack() // RSET was not answered 250, and nothing proves that this was the reply to it
		}
	}
}

func (s *Session) judgeEnd(t *transaction, r Reply) {
	early := t.dotAt == 0 || s.handed < t.dotAt
	switch {
	case r.positive() && early:
		s.outOfStep(fmt.Errorf("%w: %d before the end of data", ErrProtocol, r.Code))
		return
	case r.positive():
		t.accept(r)
		// With commands behind it already on their way, t is not the last
		// transaction any more.
		s.clean = s.expected.len() == 0
	default:
		t.refuse(t.took, endOfData, r)
		if early {
			// RFC 5321 would have the server wait for the dot. What it makes of
			// the rest is anybody's guess (rule 9).
			s.leaveLocked(endOfData, &ReplyError{Verb: endOfData, Reply: r})
			s.stop = true
		}
	}
	s.hold(t)
}

// errWrongEnvelope: the server took content that no envelope of ours was open
// for, or that it cannot have read yet.
func errWrongEnvelope(r Reply) error {
	return fmt.Errorf("%w: %d in answer to BDAT without a recipient, or before its end", ErrProtocol, r.Code)
}

// finishLocked takes t off the books. It appends its submission to ready if
// that was its last transaction.
func (s *Session) finishLocked(t *transaction, ready []*submission) []*submission {
	for i, u := range s.unsettled {
		if u == t {
			s.unsettled = append(s.unsettled[:i], s.unsettled[i+1:]...)
			break
		}
	}
	if len(t.took) == 0 {
		s.refused++
	}
	t.sub.open--
	if t.sub.finished() {
		ready = append(ready, t.sub)
	}
	return ready
}

// publish hands out results, with no lock held.
func publish(ready []*submission) {
	for _, sub := range ready {
		sub.publish()
	}
}

// due is when the wait for the next reply must end; zero: it need not.
func (s *Session) due() time.Time {
	switch {
	case s.leaving != nil:
		return s.lastWord
	case s.expected.len() == 0 || s.writing:
		// While a write is under way, its own deadline bounds it.
		return time.Time{}
	}
	return s.headSince.Add(s.expected.first().kind.timeout(&s.cfg.Timeouts))
}

// armLocked sets the read deadline so that it goes off no later than due. One
// that goes off sooner does no harm (see early), so most messages need not
// touch it.
func (s *Session) armLocked() {
	due := s.due()
	if !due.IsZero() && (s.alarm.IsZero() || due.Before(s.alarm)) {
		s.alarm = due
		s.conn.SetReadDeadline(due)
	}
}

// early reports whether err is only an alarm that went off before its time, and
// sets it anew.
func (s *Session) early(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.due()
	if s.stop || !due.IsZero() && !time.Now().Before(due) {
		return false
	}
	s.alarm = due
	s.conn.SetReadDeadline(due)
	return true
}

// lost notes that nothing more can be read.
func (s *Session) lost(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := "read"
	switch {
	case s.expected.len() > 0:
		op = s.expected.first().kind.String()
	case err == io.EOF:
		op = "idle"
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	s.leaveLocked(op, err)
	missing := errors.Is(err, os.ErrDeadlineExceeded) && s.expected.len() > 0 && s.expected.first().kind != kindQUIT
	if s.intruded() || s.doubtful && missing {
		// There was part of a reply too many; or the last reply of the group is
		// missing, and one of those before it was a refusal. Either way they may
		// all have been one place off.
		s.takeBack()
	}
}

// end settles what is still open, by what can have reached the server, and
// lays the session to rest.
func (s *Session) end() {
	s.mu.Lock()
	s.stop = true
	s.mu.Unlock()
	s.raw.Close()

	s.mu.Lock()
	for s.writing {
		s.changed.Wait()
	}
	if s.tooSoon() {
		s.proven = 0 // nor is anything sure
		for _, t := range s.held {
			t.sure = false
		}
		s.takeBack()
	}
	s.cutShort()
	ready := s.letGo(len(s.held), nil)
	for _, t := range s.overflowed {
		t.sub.open-- // its crowded stay Deferred
		if t.sub.finished() {
			ready = append(ready, t.sub)
		}
	}
	s.overflowed = nil
	for len(s.unsettled) > 0 {
		t := s.unsettled[0]
		t.abort(s.written, s.leaving)
		ready = s.finishLocked(t, ready)
	}
	if !s.quitting {
		s.err = s.leaving
	}
	s.dead = true
	s.mu.Unlock()

	publish(ready)
	if f := s.cfg.Trace.Closed; f != nil {
		f(s.id, s.err)
	}
	close(s.over)
	s.mu.Lock()
	s.changed.Broadcast()
	s.mu.Unlock()
}
