package smtpclient

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// An AuthFunc makes a SASL client for one session. It is given the mechanisms
// the server offers, in upper case and in the server's order, and the TLS state,
// nil on a plaintext connection. SASL clients carry state and cannot be used
// twice, hence a func. Return ErrNoAuth if no mechanism will do.
//
// It is called only where credentials may go out at all: see
// Config.AllowInsecureAuth.
type AuthFunc func(mechanisms []string, state *tls.ConnectionState) (sasl.Client, error)

// PasswordAuth authenticates with a user name and password by the first of
// PLAIN, LOGIN and CRAM-MD5 that the server offers. Without TLS it tries
// CRAM-MD5 first, which does not send the password itself.
func PasswordAuth(username, password string) AuthFunc {
	return func(mechanisms []string, state *tls.ConnectionState) (sasl.Client, error) {
		order := []string{sasl.Plain, sasl.Login, CRAMMD5}
		if state == nil {
			order = []string{CRAMMD5, sasl.Plain, sasl.Login}
		}
		for _, m := range order {
			if !slices.Contains(mechanisms, m) {
				continue
			}
			switch m {
			case sasl.Plain:
				return sasl.NewPlainClient("", username, password), nil
			case sasl.Login:
				return NewLoginClient(username, password), nil
			default:
				return NewCRAMMD5Client(username, password), nil
			}
		}
		return nil, fmt.Errorf("%w for a password (offered: %s)", ErrNoAuth, strings.Join(mechanisms, " "))
	}
}

// TokenAuth authenticates with an OAuth 2.0 bearer token by OAUTHBEARER or
// XOAUTH2, whichever the server offers first in this order. token is called
// for each new session.
func TokenAuth(username string, token func() (string, error)) AuthFunc {
	return func(mechanisms []string, _ *tls.ConnectionState) (sasl.Client, error) {
		bearer := slices.Contains(mechanisms, sasl.OAuthBearer)
		if !bearer && !slices.Contains(mechanisms, XOAUTH2) {
			return nil, fmt.Errorf("%w for a token (offered: %s)", ErrNoAuth, strings.Join(mechanisms, " "))
		}
		t, err := token()
		if err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
		if bearer {
			return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: username, Token: t}), nil
		}
		return NewXOAUTH2Client(username, t), nil
	}
}

// maxChallenges bounds the 334 replies of one AUTH exchange; no mechanism in
// use needs more than three.
const maxChallenges = 12

// maxInitial is the longest AUTH line with an initial response: a longer one
// waits for a 334, as RFC 4954 4 has it.
const maxInitial = 510

// authenticate runs the AUTH exchange of RFC 4954 4.
func (h *handshake) authenticate(client sasl.Client) error {
	mechanism, initial, err := client.Start()
	if err != nil {
		return err
	}
	line := "AUTH " + mechanism
	pending := initial != nil
	if encoded := encodeInitial(initial); pending && len(line)+1+len(encoded) <= maxInitial {
		line += " " + encoded
		pending = false
	}
	r, err := h.secret("AUTH", line, "AUTH "+mechanism+" …")
	for n := 0; ; n++ {
		if err != nil {
			return err
		}
		if r.Code != 334 {
			return authVerdict(r)
		}
		if n == maxChallenges {
			return h.cancelAuth(fmt.Errorf("%w: more than %d AUTH challenges", ErrProtocol, maxChallenges))
		}
		response := initial
		if !pending {
			response, err = challenge(client, r.Text)
		}
		pending = false
		if err != nil {
			return h.cancelAuth(err)
		}
		r, err = h.secret("AUTH", base64.StdEncoding.EncodeToString(response), "…")
	}
}

func encodeInitial(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// challenge lets the client answer a 334.
func challenge(client sasl.Client, text string) ([]byte, error) {
	c, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%w: AUTH challenge is not base64", ErrProtocol)
	}
	response, err := client.Next(c)
	if err != nil {
		return nil, fmt.Errorf("AUTH: %w", err)
	}
	return response, nil
}

// cancelAuth gives the exchange up with "*" and returns why: the server's
// reply too, since only it says what was wrong with a token.
func (h *handshake) cancelAuth(why error) error {
	r, err := h.secret("AUTH", "*", "*")
	if err == nil && r.Code/100 >= 4 {
		return errors.Join(why, &ReplyError{Verb: "AUTH", Reply: r})
	}
	return why
}

func authVerdict(r Reply) error {
	switch {
	case r.Code == 235:
		return nil
	case r.Code/100 == 4 || r.Code/100 == 5:
		return &ReplyError{Verb: "AUTH", Reply: r}
	}
	return fmt.Errorf("%w: %d in answer to AUTH", ErrProtocol, r.Code)
}
