package smtpclient_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-sasl"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

const (
	testUser     = "grün@example.test"
	testPassword = "s3cret pässword"
)

// newAuthServer returns a server on the loopback interface that offers AUTH
// under TLS, started, and a Config to reach it with.
func newAuthServer(t *testing.T, mechanisms ...string) (*smtptest.Server, smtpclient.Config) {
	srv := smtptest.NewUnstartedServer()
	srv.Users = map[string]string{testUser: testPassword}
	srv.Mechanisms = mechanisms
	srv.RequireAuth = true
	srv.Start()
	t.Cleanup(srv.Close)
	return srv, smtpclient.Config{Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig(), LocalName: "client.test"}
}

func testToken(context.Context) (string, error) { return testPassword, nil }

func TestAuthMechanisms(t *testing.T) {
	for name, auth := range map[string]smtpclient.AuthFunc{
		"PLAIN": smtpclient.PasswordAuth(testUser, testPassword), "LOGIN": smtpclient.PasswordAuth(testUser, testPassword),
		"CRAM-MD5": smtpclient.PasswordAuth(testUser, testPassword), "OAUTHBEARER": smtpclient.TokenAuth(testUser, testToken),
		"XOAUTH2":       smtpclient.TokenAuth(testUser, testToken),
		"SCRAM-SHA-256": smtpclient.PasswordAuth(testUser, testPassword), "SCRAM-SHA-256-PLUS": smtpclient.PasswordAuth(testUser, testPassword),
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			srv, c := newAuthServer(t, name)
			c.Auth = auth
			s := dial(t, c)
			if r, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
				t.Fatal(r, err)
			}
			if m := srv.Messages(); len(m) != 1 || m[0].User != testUser || !m[0].TLS {
				t.Errorf("%+v", m)
			}
		})
	}
}

// A wrong password is a 535, typed, with nothing of the credentials in the
// error nor in the wire log.
func TestAuthRefused(t *testing.T) {
	for name, auth := range map[string]smtpclient.AuthFunc{
		"PLAIN": smtpclient.PasswordAuth(testUser, "wrong-pw"), "LOGIN": smtpclient.PasswordAuth(testUser, "wrong-pw"),
		"CRAM-MD5":      smtpclient.PasswordAuth(testUser, "wrong-pw"),
		"SCRAM-SHA-256": smtpclient.PasswordAuth(testUser, "wrong-pw"), "SCRAM-SHA-256-PLUS": smtpclient.PasswordAuth(testUser, "wrong-pw"),
		"OAUTHBEARER": smtpclient.TokenAuth(testUser, func(context.Context) (string, error) { return "wrong-pw", nil }),
		"XOAUTH2":     smtpclient.TokenAuth(testUser, func(context.Context) (string, error) { return "wrong-pw", nil }),
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			var wire log
			_, c := newAuthServer(t, name)
			c.Auth, c.Trace = auth, wire.trace()
			s, err := smtpclient.Dial(t.Context(), c)
			var reply *smtpclient.ReplyError
			if s != nil || !errors.As(err, &reply) || reply.Verb != "AUTH" || reply.Reply.Code/100 != 5 {
				t.Fatalf("%v, %v", s, err)
			}
			if e := asSession(t, err); e.Op != "AUTH" || e.Outcome != smtpclient.NotSent {
				t.Errorf("%+v", e)
			}
			for _, secret := range []string{"wrong-pw", "grün", base64.StdEncoding.EncodeToString([]byte("wrong-pw"))} {
				if strings.Contains(err.Error()+wire.String(), secret) {
					t.Errorf("%q shows in the error or in the log:\n%v\n%v", secret, err, &wire)
				}
			}
		})
	}
}

// authDialogue runs AUTH over plaintext against a script that follows the reply
// to EHLO, and returns what the client wrote from AUTH on.
func authDialogue(t *testing.T, client sasl.Client, replies ...string) (lines []string, wire *log, err error) {
	wire = &log{}
	synctest.Test(t, func(t *testing.T) {
		conn, server := net.Pipe()
		played := make(chan []string)
		go func() {
			all := append([]string{"220 mx\r\n", "250-mx\r\n250 AUTH TEST PLAIN\r\n"}, replies...)
			played <- script(server, all...)
		}()
		var s *smtpclient.Session
		s, err = smtpclient.NewSession(context.Background(), conn, smtpclient.Config{
			Security: smtpclient.Plaintext, AllowInsecureAuth: true, LocalName: "client.test", Trace: wire.trace(),
			Auth: func(context.Context, []string, *tls.ConnectionState) (sasl.Client, error) { return client, nil },
		})
		if err == nil {
			s.Close()
		}
		lines = <-played
		server.Close()
	})
	return lines[1:], wire, err
}

// A saslClient answers every challenge with the next response.
type saslClient struct {
	initial   []byte
	responses []string
	forever   bool
}

func (c *saslClient) Start() (string, []byte, error) { return "TEST", c.initial, nil }

func (c *saslClient) Next([]byte) ([]byte, error) {
	if len(c.responses) == 0 {
		return nil, errors.New("that was not agreed upon")
	}
	r := c.responses[0]
	if !c.forever {
		c.responses = c.responses[1:]
	}
	return []byte(r), nil
}

func TestAuthDialogue(t *testing.T) {
	long := []byte(strings.Repeat("x", 400)) // over 510 octets in base64, with "AUTH TEST "
	encoded := base64.StdEncoding.EncodeToString(long)
	for _, tt := range []struct {
		name    string
		client  *saslClient
		replies []string
		want    []string
		err     string // "": none
	}{
		{"no initial response", &saslClient{responses: []string{"ab", ""}},
			[]string{"334 YQ==\r\n", "334 \r\n", "235 ok\r\n"}, []string{"AUTH TEST", "YWI=", ""}, ""},
		{"bare 334", &saslClient{responses: []string{"ab"}},
			[]string{"334\r\n", "235 ok\r\n"}, []string{"AUTH TEST", "YWI="}, ""},
		{"initial response", &saslClient{initial: []byte("ab")},
			[]string{"235 ok\r\n"}, []string{"AUTH TEST YWI="}, ""},
		{"empty initial response", &saslClient{initial: []byte{}},
			[]string{"235 ok\r\n"}, []string{"AUTH TEST ="}, ""},
		{"too long initial response", &saslClient{initial: long},
			[]string{"334 \r\n", "235 ok\r\n"}, []string{"AUTH TEST", encoded}, ""},
		{"refused", &saslClient{initial: []byte("ab")},
			[]string{"535 5.7.8 no\r\n"}, []string{"AUTH TEST YWI=", "QUIT"}, "535 5.7.8 no"},
		{"deferred", &saslClient{initial: []byte("ab")},
			[]string{"454 4.7.0 later\r\n"}, []string{"AUTH TEST YWI=", "QUIT"}, "454 4.7.0 later"},
		{"250 is no 235", &saslClient{initial: []byte("ab")},
			[]string{"250 fine\r\n"}, []string{"AUTH TEST YWI=", "QUIT"}, "protocol error: 250 in answer to AUTH"},
		{"challenge not base64", &saslClient{responses: []string{"ab"}},
			[]string{"334 ???\r\n", "501 cancelled\r\n"}, []string{"AUTH TEST", "*", "QUIT"}, "AUTH challenge is not base64"},
		{"client gives up", &saslClient{},
			[]string{"334 YQ==\r\n", "501 cancelled\r\n"}, []string{"AUTH TEST", "*", "QUIT"}, "that was not agreed upon"},
		{"and learns why", &saslClient{},
			[]string{"334 YQ==\r\n", "535 5.7.8 token expired\r\n"}, []string{"AUTH TEST", "*", "QUIT"}, "token expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, wire, err := authDialogue(t, tt.client, tt.replies...)
			if !slices.Equal(lines, tt.want) {
				t.Errorf("client wrote %q, want %q", lines, tt.want)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if strings.Contains(wire.String(), "YWI") || strings.Contains(wire.String(), "eHh4") {
				t.Errorf("credentials in the log:\n%v", wire)
			}
		})
	}
}

// A server that never has enough is left after a while.
func TestAuthEndlessChallenges(t *testing.T) {
	replies := slices.Repeat([]string{"334 YQ==\r\n"}, 100)
	lines, _, err := authDialogue(t, &saslClient{responses: []string{"ab"}, forever: true}, replies...)
	if !errors.Is(err, smtpclient.ErrProtocol) || !strings.Contains(err.Error(), "challenges") {
		t.Error(err)
	}
	if len(lines) > 20 || !slices.Contains(lines, "*") {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

// No credentials over plaintext, whatever is offered, unless the config says so.
func TestAuthInsecure(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Users = map[string]string{testUser: testPassword}
	srv.Start()
	called := 0
	password := smtpclient.PasswordAuth(testUser, testPassword)
	c.Auth = func(ctx context.Context, mechanisms []string, state *tls.ConnectionState) (sasl.Client, error) {
		called++
		return password(ctx, mechanisms, state)
	}
	if _, err := smtpclient.Dial(t.Context(), c); !errors.Is(err, smtpclient.ErrInsecureAuth) || called != 0 {
		t.Errorf("%v, Auth called %d times", err, called)
	}
	if n := srv.Counters().Commands["AUTH"]; n != 0 {
		t.Errorf("%d AUTH commands", n)
	}
	c.AllowInsecureAuth = true
	dial(t, c)
	if n := srv.Counters().Authenticated; n != 1 || called != 1 {
		t.Errorf("%d sessions authenticated, Auth called %d times", n, called)
	}
}

// AUTH is wanted and not offered.
func TestAuthNotOffered(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	c.Auth, c.AllowInsecureAuth = smtpclient.PasswordAuth("u", "p"), true
	if _, err := smtpclient.Dial(t.Context(), c); !errors.Is(err, smtpclient.ErrNoAuth) {
		t.Error(err)
	}
}

// An AuthFunc that fails ends the session before AUTH, with its error.
func TestAuthFuncFails(t *testing.T) {
	srv, c := newAuthServer(t)
	broken := errors.New("vault is closed")
	c.Auth = func(ctx context.Context, mechanisms []string, state *tls.ConnectionState) (sasl.Client, error) {
		if state == nil || len(mechanisms) != 7 {
			t.Errorf("mechanisms %q, TLS %v", mechanisms, state != nil)
		}
		return nil, broken
	}
	if _, err := smtpclient.Dial(t.Context(), c); !errors.Is(err, broken) {
		t.Error(err)
	}
	if n := srv.Counters().Commands["AUTH"]; n != 0 {
		t.Errorf("%d AUTH commands", n)
	}
}

// A LOGIN server that does not take an initial response asks for both parts, in
// words of its own.
func TestAuthLOGINChallenges(t *testing.T) {
	prompt := func(s string) string { return "334 " + base64.StdEncoding.EncodeToString([]byte(s)) + "\r\n" }
	for name, prompts := range map[string][]string{
		"name and password": {prompt("Username:"), prompt("Password:")},
		"other words":       {prompt("User Name\x00"), prompt("Password\x00")},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := smtpclient.PasswordAuth("user", "pass")(t.Context(), []string{"LOGIN"}, &tls.ConnectionState{})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := authDialogue(t, client, append(prompts, "235 ok\r\n")...); err != nil {
				t.Error(err)
			}
		})
	}
}

// A server that does not know AUTH may quote the line it does not understand.
func TestAuthQuotedSecret(t *testing.T) {
	prompt := "334 " + base64.StdEncoding.EncodeToString([]byte("Username:")) + "\r\n"
	name := base64.StdEncoding.EncodeToString([]byte("somebody"))
	client := smtpclient.NewLoginClient("somebody", "pass")
	_, _, err := authDialogue(t, client, prompt, "500 5.5.2 unrecognized command: "+name+"\r\n")
	if err == nil || strings.Contains(err.Error(), name) {
		t.Errorf("error %v", err)
	}
}
