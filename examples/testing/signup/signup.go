// Package signup is a part of an application that sends mail: who signs up gets
// a welcome. It stands here for its test, which plays through what a relay can
// do to it.
package signup

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// What SignUp's errors are, for errors.Is: what to tell the user depends on it.
var (
	// ErrBadAddress: the address is none, or the relay will not have it.
	ErrBadAddress = errors.New("signup: this address takes no mail")
	// ErrTryLater: no mail was sent; try again later.
	ErrTryLater = errors.New("signup: no mail can be sent now")
	// ErrUnsure: the mail was sent, perhaps. Have the user look for it before
	// another one is sent.
	ErrUnsure = errors.New("signup: it is not known whether the mail was sent")
)

// A Service signs users up. It is safe for concurrent use.
type Service struct {
	// Mail is where the mail goes. Who made the pool shuts it down.
	Mail *pool.Pool
	// From is the author of the mail.
	From message.Address
}

// SignUp sends the welcome mail and waits until the relay has taken it.
func (s *Service) SignUp(ctx context.Context, name, address string) error {
	mail, err := s.welcome(name, address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadAddress, err)
	}
	// The pool has tried again already, where that could do no harm.
	result, err := s.Mail.Send(ctx, pool.Job{Mail: mail})
	if err == nil {
		return nil
	}
	switch result.Recipients[0].Outcome {
	case smtpclient.Rejected:
		return fmt.Errorf("%w: %w", ErrBadAddress, err)
	case smtpclient.Unknown:
		return fmt.Errorf("%w: %w", ErrUnsure, err)
	default: // Deferred, NotSent
		return fmt.Errorf("%w: %w", ErrTryLater, err)
	}
}

// welcome makes the mail.
func (s *Service) welcome(name, address string) (smtpclient.Mail, error) {
	m := message.Message{
		From:    s.From,
		To:      []message.Address{{Name: name, Addr: address}},
		Subject: "Welcome, " + name,
		Text:    "Dear " + name + ",\n\nit is good to have you here.\n",
	}
	content, err := m.Bytes()
	if err != nil {
		return smtpclient.Mail{}, err
	}
	return smtpclient.Mail{
		From:     s.From.Addr,
		To:       smtpclient.Recipients(address),
		Content:  content,
		SMTPUTF8: m.NeedsSMTPUTF8(),
	}, nil
}
