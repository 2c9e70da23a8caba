package smtpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func replyError(code int) *smtpclient.ReplyError {
	return &smtpclient.ReplyError{Verb: "RCPT", Reply: smtpclient.Reply{Code: code, Text: "5.1.1 no"}}
}

func sessionError(o smtpclient.Outcome, cause error) *smtpclient.SessionError {
	return &smtpclient.SessionError{Op: "read", Addr: "mx:25", Outcome: o, Err: cause}
}

func recipientsError(outcomes ...smtpclient.Outcome) *smtpclient.RecipientsError {
	e := &smtpclient.RecipientsError{}
	for _, o := range outcomes {
		r := smtpclient.RecipientResult{Address: "a@b.test", Outcome: o}
		switch o {
		case smtpclient.Accepted:
		case smtpclient.Rejected:
			r.Err = replyError(550)
		case smtpclient.Deferred:
			r.Err = replyError(450)
		default:
			r.Err = sessionError(o, io.ErrUnexpectedEOF)
		}
		e.Recipients = append(e.Recipients, r)
	}
	return e
}

func TestSafeToRetry(t *testing.T) {
	const (
		unknown, accepted  = smtpclient.Unknown, smtpclient.Accepted
		rejected, deferred = smtpclient.Rejected, smtpclient.Deferred
		notSent            = smtpclient.NotSent
	)
	refused := &smtpclient.RefusedError{Reason: smtpclient.ErrBadPath}
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"foreign", io.EOF, false},
		{"context", context.Canceled, false},
		{"sentinel alone", smtpclient.ErrClosed, false},
		{"4yz", replyError(450), true},
		{"5yz", replyError(550), true},
		{"refused here", refused, true},
		{"not sent", sessionError(notSent, io.EOF), true},
		{"unknown", sessionError(unknown, io.EOF), false},
		{"zero SessionError", &smtpclient.SessionError{}, false},
		{"not sent by 421", sessionError(notSent, replyError(421)), true},
		{"unknown, though by a reply", sessionError(unknown, replyError(421)), false},
		{"wrapped not sent", fmt.Errorf("message 7: %w", sessionError(notSent, io.EOF)), true},
		{"wrapped unknown", fmt.Errorf("message 7: %w", sessionError(unknown, io.EOF)), false},
		{"accepted and rejected", recipientsError(accepted, rejected), true},
		{"rejected, deferred, not sent", recipientsError(rejected, deferred, notSent), true},
		{"one unknown", recipientsError(accepted, rejected, unknown), false},
		{"wrapped, one unknown", fmt.Errorf("x: %w", recipientsError(notSent, unknown)), false},
	} {
		if got := smtpclient.SafeToRetry(tt.err); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestErrorsUnwrap(t *testing.T) {
	err := error(sessionError(smtpclient.Unknown, os.ErrDeadlineExceeded))
	var session *smtpclient.SessionError
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &session) || session.Outcome != smtpclient.Unknown {
		t.Errorf("SessionError: %v", err)
	}
	err = sessionError(smtpclient.NotSent, replyError(421))
	var reply *smtpclient.ReplyError
	if !errors.As(err, &reply) || reply.Reply.Code != 421 || !reply.Temporary() {
		t.Errorf("ReplyError in SessionError: %v", err)
	}
	if replyError(550).Temporary() {
		t.Error("550 is temporary")
	}
	err = &smtpclient.RefusedError{Reason: smtpclient.ErrTooLarge, Detail: "5 octets"}
	var refused *smtpclient.RefusedError
	if !errors.Is(err, smtpclient.ErrTooLarge) || !errors.As(err, &refused) {
		t.Errorf("RefusedError: %v", err)
	}
	err = recipientsError(smtpclient.Accepted, smtpclient.Rejected, smtpclient.NotSent)
	var several *smtpclient.RecipientsError
	if !errors.As(err, &several) || !errors.As(err, &reply) || reply.Reply.Code != 550 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("RecipientsError: %v", err)
	}
	if n := len(several.Unwrap()); n != 2 {
		t.Errorf("RecipientsError unwraps to %d errors, want 2", n)
	}
}

func TestErrorTexts(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&smtpclient.ReplyError{Verb: "MAIL", Reply: smtpclient.Reply{Code: 550, Text: "a\nb"}}, "smtp: MAIL: 550 a / b"},
		{&smtpclient.ReplyError{Verb: "MAIL", Reply: smtpclient.Reply{Code: 550}}, "smtp: MAIL: 550"},
		{sessionError(smtpclient.NotSent, io.EOF), "smtp: mx:25: read: EOF"},
		{sessionError(smtpclient.Unknown, io.EOF), "smtp: mx:25: read: EOF (the server may have the message)"},
		{&smtpclient.RefusedError{Reason: smtpclient.ErrNoRecipients}, "smtp: refused before sending: no recipients"},
		{&smtpclient.RefusedError{Reason: smtpclient.ErrTooLarge, Detail: "3"}, "smtp: refused before sending: message too large for the server: 3"},
		{recipientsError(smtpclient.Accepted, smtpclient.Rejected), "smtp: 1 of 2 recipients accepted; first failure: a@b.test: rejected: smtp: RCPT: 550 5.1.1 no"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if strings.Contains(tt.err.Error(), "\n") {
			t.Errorf("%q has several lines", tt.err)
		}
	}
}

func TestReplyLines(t *testing.T) {
	r := smtpclient.Reply{Code: 250, Text: "a\nb", Enhanced: smtpclient.EnhancedCode{2, 1, 5}}
	if got := r.Lines(); len(got) != 2 || got[1] != "b" {
		t.Errorf("%q", got)
	}
	if r.Enhanced.String() != "2.1.5" || (smtpclient.EnhancedCode{}).String() != "" {
		t.Error(r.Enhanced)
	}
}
