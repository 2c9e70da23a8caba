package main

import (
	"bytes"
	"errors"
	"io"
	"net/mail"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// rules are what a port has of its own.
type rules struct {
	login    bool  // STARTTLS and AUTH are required
	messages int   // a connection; 0: without limit
	size     int64 // of a message; 0 is what all ports have
}

type backend struct {
	rules rules
	box   *maildir
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{backend: b}, nil
}

// A session is used by the goroutine of its connection only.
type session struct {
	*backend
	user  bool // logged in
	taken int  // messages
	from  string
	to    []string
}

func (s *session) Reset()                   { s.from, s.to = "", nil }
func (s *session) Logout() error            { return nil }
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "user" || password != "secret" {
			return reply(535, smtp.EnhancedCode{5, 7, 8}, "bad credentials")
		}
		s.user = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	switch {
	case s.rules.login && !s.user:
		return reply(530, smtp.EnhancedCode{5, 7, 0}, "authentication required")
	case s.rules.messages > 0 && s.taken >= s.rules.messages:
		return reply(421, smtp.EnhancedCode{4, 7, 0}, "too many messages in this connection")
	case strings.HasPrefix(from, "badsender@"):
		return reply(550, smtp.EnhancedCode{5, 7, 1}, "sender refused")
	case strings.HasPrefix(from, "tmpsender@"):
		return reply(451, smtp.EnhancedCode{4, 7, 1}, "sender deferred")
	case strings.HasPrefix(from, "close@"):
		return reply(421, smtp.EnhancedCode{4, 7, 0}, "closing on this sender")
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasSuffix(to, "@discard.test"):
	case strings.HasPrefix(to, "bad"):
		return reply(550, smtp.EnhancedCode{5, 1, 1}, "no such user")
	case strings.HasPrefix(to, "tmp"):
		return reply(450, smtp.EnhancedCode{4, 2, 1}, "mailbox busy")
	case strings.HasPrefix(to, "full"):
		return reply(452, smtp.EnhancedCode{4, 2, 2}, "mailbox full")
	case strings.HasPrefix(to, "close"):
		return reply(421, smtp.EnhancedCode{4, 3, 2}, "closing on this recipient")
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if m, err := mail.ReadMessage(bytes.NewReader(content)); err == nil &&
		strings.HasPrefix(m.Header.Get("Subject"), "REJECTME") {
		return reply(550, smtp.EnhancedCode{5, 7, 1}, "content refused")
	}
	var kept []string
	for _, to := range s.to {
		if !strings.HasSuffix(to, "@discard.test") {
			kept = append(kept, to)
		}
	}
	if err := s.box.deliver(s.from, kept, content); err != nil {
		return errors.Join(reply(451, smtp.EnhancedCode{4, 3, 0}, "not stored"), err)
	}
	s.taken++
	return nil
}

func reply(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}
