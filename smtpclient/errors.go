package smtpclient

import (
	"errors"
	"fmt"
)

// Sentinels for errors.Is. Those of the second group are found inside a
// RefusedError: they are known before a byte of the message is sent.
var (
	// ErrClosed: the session was closed by this side.
	ErrClosed = errors.New("session closed")
	// ErrProtocol: the server said something that is no SMTP reply, or not a
	// reply to what it was asked. The session is over: what follows on the
	// connection can no longer be told apart.
	ErrProtocol = errors.New("protocol error")
	// ErrNoSTARTTLS: TLS is required and the server does not offer STARTTLS.
	ErrNoSTARTTLS = errors.New("server does not offer STARTTLS")
	// ErrNoAuth: Config.Auth is set and the server does not offer AUTH, or no
	// mechanism that Config.Auth can use.
	ErrNoAuth = errors.New("server offers no usable AUTH mechanism")
	// ErrInsecureAuth: Config.Auth is set, and the connection is not protected
	// by TLS with a verified certificate. See Config.AllowInsecureAuth.
	ErrInsecureAuth = errors.New("credentials are not sent over an unprotected connection")
	// ErrUnproven: the server has accepted a login by SCRAM and not proven that
	// it knows the password, or what was made of it. It may be a server that
	// accepts anybody, to read the mail.
	ErrUnproven = errors.New("server has not proven that it knows the password")
	// ErrIterations: in SCRAM, the server asks for so few iterations that the
	// password could be guessed from the exchange, or for so many that the client
	// would compute for long: fewer than 4,096 or more than 1,000,000.
	ErrIterations = errors.New("bad SCRAM iteration count")
	// ErrSpent: the session has carried as many messages as the server takes in
	// one (LIMITS MAILMAX, RFC 9422).
	ErrSpent = errors.New("session has carried all the messages it may")

	// ErrNoRecipients: a message without a forward-path.
	ErrNoRecipients = errors.New("no recipients")
	// ErrBadPath: a reverse-path or forward-path that is no address.
	ErrBadPath = errors.New("bad path")
	// ErrBadParameter: a MAIL or RCPT parameter out of its grammar.
	ErrBadParameter = errors.New("bad parameter")
	// ErrEmptyContent: a message without a single octet of content.
	ErrEmptyContent = errors.New("empty content")
	// ErrBadLine: content with a line over 998 octets (RFC 5322 2.1.1) or,
	// under RefuseBareNewlines, with a bare CR, a bare LF or a NUL.
	ErrBadLine = errors.New("bad line in content")
	// ErrTooLarge: more octets than the server's SIZE limit (RFC 1870).
	ErrTooLarge = errors.New("message too large for the server")
	// ErrNeeds8BITMIME: 8-bit content, and the server does not offer 8BITMIME.
	ErrNeeds8BITMIME = errors.New("message needs 8BITMIME, which the server does not offer")
	// ErrNeedsSMTPUTF8: a non-ASCII local part, and the server does not offer SMTPUTF8.
	ErrNeedsSMTPUTF8 = errors.New("message needs SMTPUTF8, which the server does not offer")
	// ErrNeedsDSN: DSN parameters, and the server does not offer DSN.
	ErrNeedsDSN = errors.New("message needs DSN, which the server does not offer")
	// ErrNeedsREQUIRETLS: Mail.RequireTLS, and the server does not offer
	// REQUIRETLS or the session has no TLS with a verified certificate.
	ErrNeedsREQUIRETLS = errors.New("message needs REQUIRETLS, which this session does not have")
	// ErrNeedsXVERP: Mail.XVERP, and the server does not offer XVERP.
	ErrNeedsXVERP = errors.New("message needs XVERP, which the server does not offer")
)

// A ReplyError is a 4yz or 5yz reply to a command.
type ReplyError struct {
	// Verb is the command that was answered: "MAIL", "RCPT", "DATA", … It is
	// "end of data" for the reply to the mail data, and "greeting" or "idle"
	// for what the server says unasked.
	Verb  string
	Reply Reply
}

// Error implements error.
func (e *ReplyError) Error() string {
	return fmt.Sprintf("smtp: %s: %s", e.Verb, e.Reply)
}

// Temporary reports whether the reply is 4yz.
func (e *ReplyError) Temporary() bool { return e.Reply.Code/100 == 4 }

// A RecipientsError says that the recipients of one message fared differently.
type RecipientsError struct {
	// Recipients has an entry for each recipient, the accepted ones included.
	Recipients []RecipientResult
}

// Error counts the accepted, and gives the first failure.
func (e *RecipientsError) Error() string {
	accepted := 0
	var first error
	for i := range e.Recipients {
		r := &e.Recipients[i]
		if r.Outcome == Accepted {
			accepted++
		} else if first == nil {
			first = fmt.Errorf("%s: %s: %w", r.Address, r.Outcome, r.Err)
		}
	}
	return fmt.Sprintf("smtp: %d of %d recipients accepted; first failure: %v", accepted, len(e.Recipients), first)
}

// Unwrap returns the errors of the recipients that were not accepted.
func (e *RecipientsError) Unwrap() []error {
	var errs []error
	for i := range e.Recipients {
		if err := e.Recipients[i].Err; err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// A SessionError says that a session could not be built, or ended. It unwraps
// to its cause: a net.Error, a TLS error, a context's error, a *ReplyError
// (421, or a refusal during set-up) or one of the sentinels.
type SessionError struct {
	// Op is what the session was doing: "dial", "greeting", "EHLO", "STARTTLS",
	// "TLS handshake", "AUTH", "read", "write", or a command's verb.
	Op string
	// Addr is the server's address as configured.
	Addr string
	// Outcome is NotSent or Unknown, for the message the error was returned
	// for; NotSent while a session is being built.
	Outcome Outcome
	Err     error
}

// Error implements error.
func (e *SessionError) Error() string {
	s := fmt.Sprintf("smtp: %s: %s: %v", e.Addr, e.Op, e.Err)
	if e.Outcome == Unknown {
		s += " (the server may have the message)"
	}
	return s
}

// Unwrap returns Err.
func (e *SessionError) Unwrap() error { return e.Err }

// with returns the error for a message with outcome o.
func (e *SessionError) with(o Outcome) *SessionError {
	c := *e
	c.Outcome = o
	return &c
}

// A RefusedError says that a message was refused on this side, before a byte
// of it was sent. Sending it again over the same kind of session is of no use.
type RefusedError struct {
	// Reason is one of the sentinels: ErrBadPath, ErrTooLarge, …
	Reason error
	// Detail says where: the address, the line, the limit.
	Detail string
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Detail == "" {
		return "smtp: refused before sending: " + e.Reason.Error()
	}
	return "smtp: refused before sending: " + e.Reason.Error() + ": " + e.Detail
}

// Unwrap returns Reason.
func (e *RefusedError) Unwrap() error { return e.Reason }

func refuse(reason error, format string, args ...any) *RefusedError {
	return &RefusedError{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// SafeToRetry reports whether err rules out that the server has the message,
// so that sending it again cannot make a second copy. It says nothing of
// whether another attempt will fare better. Of a *RecipientsError it speaks for
// the recipients that were not accepted: only these may be sent to again.
// It is false for nil and for errors that are not of this package.
func SafeToRetry(err error) bool {
	var several *RecipientsError
	if errors.As(err, &several) {
		for i := range several.Recipients {
			if several.Recipients[i].Outcome == Unknown {
				return false
			}
		}
		return true
	}
	var session *SessionError
	if errors.As(err, &session) {
		return session.Outcome == NotSent
	}
	var refused *RefusedError
	var reply *ReplyError
	return errors.As(err, &refused) || errors.As(err, &reply)
}
