package smtptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A Message is one that the server has taken: mail data that it answered, or
// would have answered, with 250, and the envelope they came in.
type Message struct {
	Session     int         // number of the connection it came over, from 1 on
	Transaction int         // number of the MAIL accepted in that session, from 1 on
	From        string      // the reverse-path without angle brackets; "" is the null reverse-path
	FromParams  string      // the parameters of MAIL, as sent
	To          []Recipient // the recipients accepted, in order
	Data        []byte      // the mail data as received, dot-unstuffed, with their CRLFs; not to be modified
	Via         string      // "DATA" or "BDAT"
	Chunks      int         // how many BDAT commands it came in; 0 via DATA
	TLS         bool        // the session was under TLS
	User        string      // the user authenticated, if any
	HELO        string      // the argument of EHLO or HELO
}

// A Recipient is a forward-path of an envelope.
type Recipient struct {
	Address string // without angle brackets
	Params  string // the parameters of RCPT, as sent
}

var errClosed = errors.New("server closed")

// mailbox holds the messages taken.
type mailbox struct {
	mu       sync.Mutex // guards the following
	taken    int        // also those that CountOnly does not store
	messages []Message
	waiters  map[*waiter]struct{}
	closed   bool
}

// A waiter's channel is closed when n messages have been taken, or none will
// be any more.
type waiter struct {
	n    int
	done chan struct{}
}

// put records a message, or only its arrival if m is nil.
func (b *mailbox) put(m *Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken++
	if m != nil {
		b.messages = append(b.messages, *m)
	}
	for w := range b.waiters {
		if w.n <= b.taken {
			close(w.done)
			delete(b.waiters, w)
		}
	}
}

func (b *mailbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for w := range b.waiters {
		close(w.done)
		delete(b.waiters, w)
	}
}

// await returns a channel that is closed at the nth message.
func (b *mailbox) await(n int) *waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := &waiter{n: n, done: make(chan struct{})}
	if b.taken >= n || b.closed {
		close(w.done)
		return w
	}
	if b.waiters == nil {
		b.waiters = make(map[*waiter]struct{})
	}
	b.waiters[w] = struct{}{}
	return w
}

func (b *mailbox) abandon(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiters, w)
}

func (b *mailbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

// Messages returns the messages taken so far, in the order in which they were
// taken. The slice is the caller's, the mail data are shared.
func (s *Server) Messages() []Message {
	s.mailbox.mu.Lock()
	defer s.mailbox.mu.Unlock()
	return slices.Clone(s.mailbox.messages)
}

// WaitMessages waits until the server has taken n messages in all, those not
// stored because of CountOnly included. It returns an error if ctx ends or
// the server is closed before.
func (s *Server) WaitMessages(ctx context.Context, n int) error {
	w := s.mailbox.await(n)
	err := errClosed
	select {
	case <-w.done:
	case <-ctx.Done():
		s.mailbox.abandon(w)
		err = ctx.Err()
	}
	if taken := s.mailbox.count(); taken < n {
		return fmt.Errorf("smtptest: %d of %d messages taken: %w", taken, n, err)
	}
	return nil
}
