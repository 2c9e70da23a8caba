package smtpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// A Session is an SMTP session that is ready for mail. See the package comment
// for which method may be called from where.
type Session struct {
	// fixed when the session is built
	id       uint64
	cfg      *Config
	raw      net.Conn // as dialed
	conn     net.Conn // raw, or TLS over it
	ext      Extensions
	mode     Mode
	state    *tls.ConnectionState
	verified bool
	over     chan struct{} // closed when the session is dead and every Result is out

	// owned by the reader
	parser *replyParser
	readAt time.Time     // when bytes last came in
	ready  []*submission // addUp's, to be used again
	// piecemeal: the replies that came last were not all that are due
	piecemeal bool

	// owned by the writer, the goroutine that calls the methods
	out        []byte        // the group that is being made
	staged     []expectation // the replies it will have
	commands   int           // octets of out that are commands
	offset     int64         // stream offset of out's first octet
	open       *transaction  // 354 seen, content not yet written
	last       *transaction  // in ModeStream: begun, and not yet queued
	begun      int           // transactions, last included
	rcptMax    int           // recipients a transaction, as far as is known
	writeAlarm time.Time     // the connection's write deadline
	lines      lineMemory    // of the contents so far

	mu          sync.Mutex // guards the following; never held across I/O
	changed     sync.Cond  // on mu: what await or end waits for may have come about
	expected    fifo
	unsettled   []*transaction // in the order of their MAIL
	held        []*transaction // judged, until it is proven that the replies were theirs
	proven      int            // how many of held are
	refusedDATA bool           // the last reply was a refusal of DATA
	notReset    bool           // RSET was refused, by what may have been the reply to content in front of it
	unread      bool           // a chunk was refused, of which the rest is read as commands
	next        Reply          // the reply counted behind held's
	doubtful    bool           // a refusal was counted in the current group
	clean       bool           // no transaction can be open at the server
	overflowed  []*transaction // streamed, with recipients to be tried again
	waiting     bool           // replies are due, or in and not known to be all
	writing     bool           // a Write is under way
	written     int64          // octets that the connection took for certain
	handed      int64          // octets that it may have taken
	headSince   time.Time      // since when the first of expected is waited for
	alarm       time.Time      // the connection's read deadline; zero: none
	leaving     *SessionError  // why nothing more will be sent
	lastWord    time.Time      // when to stop reading, if leaving
	stop        bool           // stop reading now
	tired       bool           // the server has said 421 in answer to a command
	refused     int            // transactions that came to no content
	quitting    bool
	dead        bool
	err         error // why it is dead
}

func newSession(h *handshake) *Session {
	s := &Session{
		id: h.id, cfg: h.cfg, raw: h.raw, conn: h.conn, ext: h.ext, mode: h.cfg.Mode.effective(&h.ext),
		state: h.state, verified: h.verified, over: make(chan struct{}), parser: h.parser,
		rcptMax: h.cfg.MaxRecipients, clean: true,
	}
	if m := h.ext.Limits.RcptMax; m > 0 && m < s.rcptMax {
		s.rcptMax = m
	}
	s.changed.L = &s.mu
	if f := h.cfg.Trace.Ready; f != nil {
		f(s.id, s.ext, s.mode)
	}
	go s.read()
	return s
}

// ID returns the session's number, unique in the process; Trace's hooks have it.
func (s *Session) ID() uint64 { return s.id }

// Extensions returns what the server offered in its last EHLO reply.
func (s *Session) Extensions() Extensions { return s.ext }

// Mode returns the mode in use; never ModeAuto.
func (s *Session) Mode() Mode { return s.mode }

// TLS returns the TLS state, nil on a plaintext connection.
func (s *Session) TLS() *tls.ConnectionState { return s.state }

// Begun returns the number of mail transactions begun, be it that one of them is
// still to be sent.
func (s *Session) Begun() int { return s.begun }

// Spent reports whether the server's LIMITS MAILMAX allows no further mail
// transaction in this session (RFC 9422 4.1).
func (s *Session) Spent() bool {
	return s.ext.Limits.MailMax > 0 && s.begun >= s.ext.Limits.MailMax
}

// Refused returns the number of mail transactions that were refused before their
// content: MAIL, or every RCPT. Servers tire of a session for that, Exim with the
// tenth RSET behind such a one, Postfix at ten to twenty, chasquid at three. A
// list with many bad addresses wants fresh sessions.
func (s *Session) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Done returns a channel that is closed when the session is over, be it while
// idle: the server has closed it or said something unasked. By then every
// Result has been handed out, but those that a Start or Flush under way hands out
// before it returns.
func (s *Session) Done() <-chan struct{} { return s.over }

// Err returns why the session is over: nil while it is not, and after Quit.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		return nil
	}
	return s.err
}

// Close ends the session at once, without QUIT. A message on its way comes
// back as NotSent or Unknown. Close waits until the session's goroutine has
// ended; it returns nil.
func (s *Session) Close() error {
	s.kill("close", ErrClosed)
	<-s.over
	return nil
}

// kill ends the session; the reader finds its connection closed.
func (s *Session) kill(op string, err error) {
	s.mu.Lock()
	if !s.dead {
		s.leaveLocked(op, err)
		s.stop = true
	}
	s.mu.Unlock()
	s.raw.Close()
}

// leaveLocked decides that nothing more will be sent. The first reason stands,
// unless it is a failed write and the server now says why (rule 9).
func (s *Session) leaveLocked(op string, err error) {
	var said *ReplyError
	if s.leaving == nil {
		s.lastWord = time.Now().Add(s.cfg.Timeouts.LastWord)
	} else if s.leaving.Op != "write" || !errors.As(err, &said) {
		return
	}
	s.leaving = &SessionError{Op: op, Addr: s.cfg.Addr, Outcome: NotSent, Err: err}
}

// Send sends one message and waits for its result. The error is Result.Err.
//
// If ctx ends before the result is in, the session is closed: nothing else
// would keep the replies apart. The message then is NotSent or Unknown.
func (s *Session) Send(ctx context.Context, m *Mail) (Result, error) {
	stop := context.AfterFunc(ctx, func() { s.kill("send", ctx.Err()) })
	defer stop()
	var result Result
	s.Start(m, func(r *Result) { result = *r })
	s.Flush()
	return result, result.Err
}

// Start begins to send m. done is called exactly once, with the result, from
// this goroutine or the session's own; it must not block and not call the
// session. Apart from ModeStream the results of messages started before are out
// when Start returns, unless m is refused before it is sent.
//
// In ModeOverlap Start returns as soon as the server is ready for the content,
// which goes out together with the envelope of the next message, or with
// Flush: call one of them soon. In ModeStream Start waits, and results come, only
// when more than Config.Window messages have been started; call Flush soon where
// there is no next. In the other modes the result is out when Start returns.
func (s *Session) Start(m *Mail, done func(*Result)) {
	sub := newSubmission(m, done)
	if err := s.prepare(sub, m); err != nil {
		sub.refuse(err)
		s.awaitEnd() // or the caller would offer message after message
		return
	}
	rest := make([]int, len(m.To))
	for i := range rest {
		rest[i] = i
	}
	if s.mode == ModeStream && len(m.To) <= streamRecipients {
		rest = s.transactions(sub, rest, s.stream)
	} else {
		if s.mode == ModeStream {
			s.Flush() // transact has the line to itself
		}
		rest = s.transactions(sub, rest, s.transact)
	}
	s.close(sub, rest)
	s.awaitEnd()
}

// transactions runs as many transactions as it takes to offer sub to the
// recipients in rest, and returns those who had none.
func (s *Session) transactions(sub *submission, rest []int, run func(*transaction) []int) []int {
	limits := s.ext.Limits
	for len(rest) > 0 && s.usable() == nil {
		t := sub.transaction()
		limits.RcptMax = s.rcptMax
		rest = sub.mail.batch(t, rest, limits)
		rest = append(rest, run(t)...)
	}
	return rest
}

// prepare checks m and finds out whether this session can carry it.
func (s *Session) prepare(sub *submission, m *Mail) error {
	if err := sub.mail.check(m, s.cfg.BareNewlines, &s.lines); err != nil {
		return err
	}
	if err := sub.mail.fits(&s.ext, s.verified); err != nil {
		return err
	}
	return s.usable()
}

// usable returns why no further transaction can begin.
func (s *Session) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving != nil {
		return s.leaving.with(NotSent)
	}
	if s.Spent() {
		return &SessionError{Op: "MAIL", Addr: s.cfg.Addr, Outcome: NotSent, Err: ErrSpent}
	}
	return nil
}

// close notes that sub will have no further transactions, so that the
// recipients in rest have had none.
func (s *Session) close(sub *submission, rest []int) {
	var err error
	if len(rest) > 0 {
		err = s.usable()
	}
	s.mu.Lock()
	for _, i := range rest {
		if sub.pending(i) {
			sub.settle(i, NotSent, Reply{}, err)
		}
	}
	sub.starting = false
	finished := sub.finished()
	s.mu.Unlock()
	if finished {
		sub.publish()
	}
}

// awaitEnd waits for the session to be dead if it is going to be, so that its
// last results are out.
func (s *Session) awaitEnd() {
	s.mu.Lock()
	leaving := s.leaving != nil
	s.mu.Unlock()
	if leaving {
		s.await()
	}
}

// Flush sends the content that Start left to be sent and waits for the
// results. It does nothing where there is none.
func (s *Session) Flush() {
	switch {
	case s.mode == ModeStream:
		s.flushStream()
		return
	case s.open != nil:
		// Of large content all but the last block is written already, and with
		// it the expectation staged, but it is not over before the dot is.
		s.stageContent()
	case len(s.staged) == 0:
		s.prove()
		return
	}
	s.exchange()
	s.prove()
}
