package smtpclient

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"

	"github.com/emersion/go-sasl"
)

// NewLoginClient returns a client for LOGIN. It differs from go-sasl's in what
// LOGIN, which no RFC defines, is in the field: servers ask in words of their
// own, and some do not take the user name before they have asked for it.
func NewLoginClient(username, password string) sasl.Client {
	return &login{answers: []string{username, password}}
}

type login struct{ answers []string }

func (l *login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, errors.New("LOGIN: third challenge")
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(answer), nil
}

// Names of the mechanisms that go-sasl does not name.
const (
	CRAMMD5 = "CRAM-MD5"
	XOAUTH2 = "XOAUTH2"
)

// NewCRAMMD5Client returns a client for CRAM-MD5 (RFC 2195), which proves
// knowledge of the password without sending it.
func NewCRAMMD5Client(username, password string) sasl.Client {
	return &cramMD5{username, password}
}

type cramMD5 struct{ username, password string }

func (c *cramMD5) Start() (string, []byte, error) { return CRAMMD5, nil, nil }

func (c *cramMD5) Next(challenge []byte) ([]byte, error) {
	mac := hmac.New(md5.New, []byte(c.password))
	mac.Write(challenge)
	return []byte(c.username + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

// NewXOAUTH2Client returns a client for XOAUTH2, the bearer-token mechanism of
// Google and Microsoft that came before OAUTHBEARER.
func NewXOAUTH2Client(username, token string) sasl.Client {
	return &xoauth2{username: username, token: token}
}

type xoauth2 struct {
	username, token string
	asked           bool
}

func (x *xoauth2) Start() (string, []byte, error) {
	return XOAUTH2, []byte("user=" + x.username + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the one challenge there can be: a refused token is explained in
// a 334, and an empty response fetches the 535.
func (x *xoauth2) Next([]byte) ([]byte, error) {
	if x.asked {
		return nil, errors.New("XOAUTH2: second challenge")
	}
	x.asked = true
	return []byte{}, nil
}
