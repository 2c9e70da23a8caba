package smtpclient

import (
	"time"
)

// Bounds on a command group. Servers are known that choke on more commands in
// one go, and unanswered commands must fit into the buffers between here and
// the server.
const (
	maxGroupCommands = 96
	maxGroupOctets   = 4096
)

// blockSize is the most content that goes into one write.
const blockSize = 64 << 10

// transact runs the envelope of t, behind the content that is still to be
// sent if there is any, and returns the recipients to try in a further
// transaction. Below ModeOverlap it sends the content of t too.
func (s *Session) transact(t *transaction) (again []int) {
	if !s.begin(t) {
		return t.to
	}
	if s.open != nil {
		s.stageContent()
	}
	s.envelope(t)
	return s.resolve(t)
}

// begin puts t on the books and finds out whether RSET must go before its MAIL:
// that is so where the fate of the last transaction is open or was not
// acceptance (rule 4). It reports false if the session is over.
func (s *Session) begin(t *transaction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving != nil {
		return false
	}
	t.reset = !s.clean || s.open != nil || len(s.unsettled) > 0
	t.first = s.begun > 0 && !t.reset
	s.begun++
	s.clean = false
	t.sub.reopen(t.to)
	t.sub.open++
	s.unsettled = append(s.unsettled, t)
	return true
}

// envelope writes RSET if it is due, MAIL, RCPT and DATA, in one group or one
// by one, as the mode has it. When it returns, all of it has been answered or
// the session is over.
func (s *Session) envelope(t *transaction) {
	m := &t.sub.mail
	if t.reset {
		s.stage(expectation{kind: kindRSET, t: t})
		s.out = append(s.out, "RSET\r\n"...)
		if !s.step(t, "RSET") {
			return
		}
	}
	at := len(s.out)
	s.stage(expectation{kind: kindMAIL, t: t})
	s.out = m.appendMAIL(s.out, &s.ext)
	if !s.step(t, s.traced(at)) {
		return
	}
	for _, i := range t.to {
		at := len(s.out)
		s.stage(expectation{kind: kindRCPT, t: t, rcpt: i})
		s.out = m.appendRCPT(s.out, i)
		if !s.step(t, s.traced(at)) {
			return
		}
	}
	if s.pointless(t) {
		return
	}
	s.stage(expectation{kind: kindDATA, t: t})
	s.out = append(s.out, "DATA\r\n"...)
	s.trace("DATA")
	s.exchange() // DATA is last in its group, always (rule 2)
}

// step ends a command. It waits for the reply in ModeLockstep and when the
// group is full, and reports whether to go on with the envelope of t.
func (s *Session) step(t *transaction, line string) bool {
	s.trace(line)
	if s.mode != ModeLockstep && len(s.staged) < maxGroupCommands && s.commands < maxGroupOctets {
		return true
	}
	if !s.exchange() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !t.mailRefused
}

// pointless reports that every recipient has been answered and none accepted:
// DATA would only be refused, or open an empty message.
func (s *Session) pointless(t *transaction) bool {
	if len(s.staged) > 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(t.took) == 0
}

// resolve acts on what the envelope of t has come to.
func (s *Session) resolve(t *transaction) (again []int) {
	s.mu.Lock()
	if s.leaving != nil {
		s.mu.Unlock()
		return nil // end settles t
	}
	phase := t.phase
	if len(t.took) > 0 && len(t.crowded) > 0 {
		again = t.crowded
		s.learnLimit(t)
	}
	var ready []*submission
	switch phase {
	case inEnvelope:
		s.hold(t)
	case isVoid:
		ready = s.finishLocked(t, nil) // the 354 has proved it
	}
	s.mu.Unlock()
	publish(ready)

	switch phase {
	case inData:
		s.open = t
	case isVoid:
		// The lone dot rides at the head of the next group, if there is one.
		s.stage(expectation{kind: kindVoid})
		s.out = append(s.out, ".\r\n"...)
		s.trace(".")
	}
	if s.mode < ModeOverlap {
		s.Flush()
	}
	return again
}

// learnLimit takes it for the server's limit that it accepted so many of t's
// recipients, if those that were too many are all behind them.
func (s *Session) learnLimit(t *transaction) {
	if t.crowded[0] > t.took[len(t.took)-1] {
		s.rcptMax = len(t.took)
	}
}

// stageContent appends the open transaction's content and its end to the
// group, writing whole blocks as they fill.
func (s *Session) stageContent() {
	t := s.open
	s.open = nil
	content := &t.sub.mail.content
	if f := s.cfg.Trace.Content; f != nil {
		f(s.id, len(content.data))
	}
	s.stage(expectation{kind: kindEnd, t: t})
	for stuffed, all := newStuffer(content), false; ; {
		s.out, all = stuffed.append(s.out, blockSize)
		if all {
			break
		}
		if !s.write() {
			return
		}
	}
	s.out = append(s.out, ".\r\n"...)
	s.commands = 0
	s.mu.Lock()
	t.dotAt = s.offset + int64(len(s.out)) - int64(len("\r\n"))
	s.mu.Unlock()
}

// stage adds a reply to be expected for what is about to be appended to out.
func (s *Session) stage(e expectation) { s.staged = append(s.staged, e) }

// traced returns the command that was appended to out at offset at, if
// anybody wants to know, and counts it.
func (s *Session) traced(at int) string {
	s.commands += len(s.out) - at
	if s.cfg.Trace.Command == nil {
		return ""
	}
	return string(s.out[at : len(s.out)-len(crlf)])
}

func (s *Session) trace(line string) {
	if f := s.cfg.Trace.Command; f != nil {
		f(s.id, line)
	}
}

// exchange writes what is staged and waits for every reply that is due. It
// reports whether the session can go on.
func (s *Session) exchange() bool {
	f := s.cfg.Trace.RoundTrip
	if f == nil {
		s.write()
		return s.await()
	}
	began := time.Now()
	wrote := s.write()
	ok := s.await()
	if wrote && s.answered() {
		f(s.id, time.Since(began))
	}
	return ok
}

// answered reports whether no reply is due.
func (s *Session) answered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expected.len() == 0
}

// write hands the group to the connection.
func (s *Session) write() bool {
	if len(s.out) == 0 {
		return s.usable() == nil
	}
	out := s.out
	s.out, s.commands = s.out[:0], 0
	return s.send(out)
}

// send writes b. The replies that are staged are made known to the reader
// first, so that an early one finds its place.
func (s *Session) send(out []byte) bool {
	s.mu.Lock()
	if s.leaving != nil {
		s.staged = s.staged[:0]
		s.mu.Unlock()
		return false
	}
	s.waiting = s.waiting || len(s.staged) > 0
	s.expected.push(s.staged)
	s.staged = s.staged[:0]
	s.offset += int64(len(out))
	s.handed = s.offset
	s.writing = true
	s.mu.Unlock()

	s.armWrite()
	n, err := s.conn.Write(out)
	if f := s.cfg.Trace.Wrote; f != nil {
		f(s.id, n)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = false
	s.written += int64(n)
	s.headSince = time.Now()
	if err != nil {
		// Not the end yet: the server's last word may say why (rule 9).
		s.handed = s.written
		s.leaveLocked("write", err)
	}
	s.armLocked()
	s.changed.Broadcast()
	return s.leaving == nil
}

// armWrite keeps the connection's write deadline at least Timeouts.Block away
// without touching it for every message.
func (s *Session) armWrite() {
	d := s.cfg.Timeouts.Block
	now := time.Now()
	if s.writeAlarm.Sub(now) < d {
		s.writeAlarm = now.Add(d + d/4)
		s.conn.SetWriteDeadline(s.writeAlarm)
	}
}

// await waits until all replies are in and their results are out, or the
// session is dead.
func (s *Session) await() bool {
	s.mu.Lock()
	for (s.waiting || s.leaving != nil) && !s.dead {
		if s.tired && s.expected.len() == 0 && !s.stop {
			s.farewell()
		} else {
			s.changed.Wait()
		}
	}
	dead := s.dead
	s.mu.Unlock()
	if dead {
		<-s.over
	}
	return !dead
}

// farewell says QUIT to a server that has said 421 and keeps the connection
// open. It may have said so of its own accord, and owe one more reply: then what
// it said before is one place off, and the reply to QUIT will not be 221. s.mu is
// held, but not meanwhile.
func (s *Session) farewell() {
	s.tired = false
	s.expected.push([]expectation{{kind: kindQUIT}})
	s.writing = true
	s.mu.Unlock()
	s.trace("QUIT")
	s.conn.SetWriteDeadline(time.Now().Add(s.cfg.Timeouts.LastWord))
	n, _ := s.conn.Write([]byte("QUIT\r\n")) // that it is gone, Read says
	if f := s.cfg.Trace.Wrote; f != nil {
		f(s.id, n)
	}
	s.mu.Lock()
	s.writing = false
	s.lastWord = time.Now().Add(s.cfg.Timeouts.LastWord)
	s.armLocked()
	s.changed.Broadcast() // end may wait for it
}
