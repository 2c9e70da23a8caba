package smtpclient

import (
	"context"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// Noop sends NOOP and returns the reply. As a check of whether the session is
// alive it is of no use: watch Done. Some servers end a session that says NOOP
// too often.
func (s *Session) Noop(ctx context.Context) (Reply, error) {
	return s.beside(ctx, kindNOOP, "NOOP")
}

// Reset sends RSET and returns the reply. The session resets a transaction
// itself where that is needed.
func (s *Session) Reset(ctx context.Context) (Reply, error) {
	return s.beside(ctx, kindRSET, "RSET")
}

// Verify sends VRFY (RFC 5321 3.5.1). Most servers answer 252, which says
// nothing.
func (s *Session) Verify(ctx context.Context, who string) (Reply, error) {
	return s.beside(ctx, kindVRFY, "VRFY "+who)
}

// Help sends HELP, with a topic if it is not empty.
func (s *Session) Help(ctx context.Context, topic string) (Reply, error) {
	return s.beside(ctx, kindHELP, strings.TrimSuffix("HELP "+topic, " "))
}

// Quit sends what Start left to be sent, says QUIT, waits for the reply
// within Timeouts.Quit and closes the session. The error only says that the
// farewell went wrong; no message is affected by it. A session that was over
// before returns the reason.
func (s *Session) Quit(ctx context.Context) error {
	s.Flush()
	s.mu.Lock()
	over := s.leaving != nil
	s.quitting = !over
	s.mu.Unlock()
	if over {
		s.await()
		return s.Err()
	}
	_, err := s.beside(ctx, kindQUIT, "QUIT")
	if err == nil {
		s.conn.Close() // with TLS's close_notify
	}
	s.kill("QUIT", ErrClosed)
	<-s.over
	return err
}

// beside sends a command that is not part of a mail transaction, alone, and
// waits for its reply. A 4yz or 5yz comes back as the Reply and a *ReplyError.
func (s *Session) beside(ctx context.Context, k kind, line string) (Reply, error) {
	for i := range len(line) {
		if line[i] < ' ' || line[i] == 0x7f {
			return Reply{}, refuse(ErrBadParameter, "%q: control character", line)
		}
	}
	if !address.IsASCII(line) && !s.ext.SMTPUTF8 {
		return Reply{}, refuse(ErrNeedsSMTPUTF8, "%q", line)
	}
	s.Flush()
	stop := context.AfterFunc(ctx, func() { s.kill(k.String(), ctx.Err()) })
	defer stop()
	var r Reply
	s.stage(expectation{kind: k, into: &r})
	s.out = append(append(s.out, line...), crlf...)
	s.trace(line)
	s.exchange()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Code == 0:
		return r, s.leaving.with(NotSent)
	case r.Code >= 400:
		return r, &ReplyError{Verb: k.String(), Reply: r}
	case r.Code/100 != 2:
		return r, fmt.Errorf("%w: %d in answer to %s", ErrProtocol, r.Code, k)
	}
	return r, nil
}
