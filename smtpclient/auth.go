package smtpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// An AuthFunc makes a SASL client for one session. It is given the mechanisms
// the server offers, in upper case and in the server's order, and the TLS state,
// nil on a plaintext connection. SASL clients carry state and cannot be used
// twice, hence a func. Return ErrNoAuth if no mechanism will do. ctx ends with
// Dial's, or after Timeouts.Command.
//
// It is called only where credentials may go out at all: see
// Config.AllowInsecureAuth.
//
// A client of a mechanism in which the server proves itself, too, has a method
// Complete() error. It is asked when the server says that the client is
// authenticated; an error ends the session. A type that wraps such a client has
// to pass the method on.
type AuthFunc func(ctx context.Context, mechanisms []string, state *tls.ConnectionState) (sasl.Client, error)

// The mechanisms for a password, the strongest first. Over TLS a password is
// safe from everybody but the server, and CRAM-MD5 comes last: it is offered by
// many servers that cannot do it, as they keep no password that it would work
// with. In the clear, whatever does not show the password comes first.
var (
	orderTLS   = []string{SCRAMSHA256Plus, SCRAMSHA256, sasl.Plain, sasl.Login, CRAMMD5}
	orderClear = []string{SCRAMSHA256, CRAMMD5, sasl.Plain, sasl.Login}
)

// PasswordAuth authenticates with a user name and password by the first of
// SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN and CRAM-MD5 that the server
// offers. Without TLS it prefers CRAM-MD5 to PLAIN and LOGIN.
//
// If mechanisms are given, those alone are used, the first that is offered. Give
// SCRAMSHA256Plus and SCRAMSHA256 where the password must never be told to
// anybody, be it a server with a certificate that it should not have: a list
// that the server makes cannot be shortened to PLAIN then. Give PLAIN for a
// server that offers SCRAM and cannot do it for its users.
//
// A mechanism that the server offers and then does not know (504) is followed by
// the next, but not SCRAM-SHA-256-PLUS: the 504 may be a forged one. A refused password (535, 534) is not: it may be wrong, and servers
// lock accounts after a number of failures; nor is a stronger mechanism's
// failure a reason to show the password.
//
// SCRAM (RFC 5802, RFC 7677) shows the password to nobody, and the server has to
// prove that it knows it, or what it was made into: see ErrUnproven. PLUS binds
// that proof to the TLS connection, by tls-exporter (RFC 9266) in TLS 1.3, and
// by tls-unique (RFC 5929) in TLS 1.2 with an extended master secret (RFC 7627):
// nobody in between can pass the exchange on. It takes three round trips, where
// PLAIN takes one. A user name or password that SASLprep (RFC 4013) does not
// allow, such as one with an emoji, goes by the other mechanisms.
//
// The func keeps keys that it derived from the password, for sessions to come.
func PasswordAuth(username, password string, mechanisms ...string) AuthFunc {
	p := &passwordAuth{username: username, password: password, order: slices.Clone(mechanisms)}
	for _, m := range mechanisms {
		if !slices.Contains(orderTLS, m) {
			p.err = fmt.Errorf("%q is not a mechanism for a password", m)
		}
	}
	p.scram, p.unfit = newSCRAMLogin(username, password)
	return p.choose
}

type passwordAuth struct {
	username, password string
	order              []string // as asked for; none: by the TLS state
	err                error    // what is wrong with that
	scram              *scramLogin
	unfit              error // why there is no scram
}

func (p *passwordAuth) choose(_ context.Context, offered []string, state *tls.ConnectionState) (sasl.Client, error) {
	if p.err != nil {
		return nil, p.err
	}
	order := p.order
	switch {
	case len(order) == 0 && state != nil:
		order = orderTLS
	case len(order) == 0:
		order = orderClear
	}
	var clients alternatives
	why := ErrNoAuth
	b := newBinding(state, slices.Contains(order, SCRAMSHA256Plus), slices.Contains(offered, SCRAMSHA256Plus))
	for _, m := range order {
		if !slices.Contains(offered, m) {
			continue
		}
		client, err := p.client(m, b)
		if err != nil {
			why = fmt.Errorf("%w; %s: %w", why, m, err)
			continue
		}
		clients = append(clients, client)
		// Nothing comes behind it: a 504 may be the word of somebody in between,
		// who could pass on what comes next.
		if m == SCRAMSHA256Plus {
			break
		}
	}
	if len(clients) == 0 {
		return nil, fmt.Errorf("%w for a password (offered: %s)", why, strings.Join(offered, " "))
	}
	return clients, nil
}

// client returns a client for a mechanism, or why there can be none.
func (p *passwordAuth) client(mechanism string, b binding) (sasl.Client, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainClient("", p.username, p.password), nil
	case sasl.Login:
		return NewLoginClient(p.username, p.password), nil
	case CRAMMD5:
		return NewCRAMMD5Client(p.username, p.password), nil
	}
	switch {
	case p.unfit != nil:
		return nil, p.unfit
	case mechanism == SCRAMSHA256Plus && !b.possible():
		return nil, errNoBinding
	}
	return p.scram.client(mechanism, b), nil
}

// alternatives are clients to try in turn, each if the server does not know the
// mechanism of the one before.
type alternatives []sasl.Client

func (a alternatives) Start() (string, []byte, error) { return a[0].Start() }

func (a alternatives) Next(challenge []byte) ([]byte, error) { return a[0].Next(challenge) }

func (a alternatives) Complete() error { return complete(a[0]) }

// TokenAuth authenticates with an OAuth 2.0 bearer token by OAUTHBEARER (RFC
// 7628) or XOAUTH2, whichever the server offers first in this order. token is
// called for each new session, and must return when ctx is done; a source that
// keeps a token for as long as it is good is what to call there. With
// golang.org/x/oauth2:
//
//	source := config.TokenSource(ctx, saved)
//	auth := smtpclient.TokenAuth(user, func(context.Context) (string, error) {
//		t, err := source.Token()
//		if err != nil {
//			return "", err
//		}
//		return t.AccessToken, nil
//	})
func TokenAuth(username string, token func(ctx context.Context) (string, error)) AuthFunc {
	return func(ctx context.Context, mechanisms []string, _ *tls.ConnectionState) (sasl.Client, error) {
		bearer := slices.Contains(mechanisms, sasl.OAuthBearer)
		if !bearer && !slices.Contains(mechanisms, XOAUTH2) {
			return nil, fmt.Errorf("%w for a token (offered: %s)", ErrNoAuth, strings.Join(mechanisms, " "))
		}
		t, err := token(ctx)
		if err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
		if err := checkToken(username, t); err != nil {
			return nil, err
		}
		if bearer {
			name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(username) // RFC 5801 4
			return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: name, Token: t}), nil
		}
		return NewXOAUTH2Client(username, t), nil
	}
}

// checkToken keeps a token, or a user name, from ending the field that it is in.
func checkToken(username, token string) error {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case strings.ContainsFunc(username, control):
		return errors.New("token: control character in the user name")
	case token == "":
		return errors.New("token: empty")
	case strings.ContainsFunc(token, control):
		return errors.New("token: control character")
	}
	return nil
}
