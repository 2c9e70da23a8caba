package smtpclient_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// tlsState returns the state of a connection, as an AuthFunc is given it.
func tlsState(t *testing.T, alter func(c *tls.Config)) *tls.ConnectionState {
	t.Helper()
	var state *tls.ConnectionState
	_, c := newAuthServer(t)
	alter(c.TLSConfig)
	c.Auth = func(ctx context.Context, _ []string, s *tls.ConnectionState) (sasl.Client, error) {
		state = s
		return smtpclient.PasswordAuth(testUser, testPassword)(ctx, []string{"PLAIN"}, s)
	}
	dial(t, c)
	return state
}

// The order of preference: by what is offered, by whether there is TLS that can
// be bound to, and by what was asked for.
func TestPasswordAuthChooses(t *testing.T) {
	bare := &tls.ConnectionState{} // has nothing to bind to
	tls12 := tlsState(t, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	tls13 := tlsState(t, func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 })
	renegotiable := tlsState(t, func(c *tls.Config) { c.MaxVersion, c.Renegotiation = tls.VersionTLS12, tls.RenegotiateOnceAsClient })
	const all = "LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS"
	for _, tt := range []struct {
		offered string
		state   *tls.ConnectionState
		only    string
		want    string // mechanism and the start of its initial response
	}{
		{"PLAIN LOGIN CRAM-MD5", bare, "", "PLAIN"}, {"CRAM-MD5 LOGIN", bare, "", "LOGIN"}, {"CRAM-MD5 GSSAPI", bare, "", "CRAM-MD5"},
		{"PLAIN LOGIN CRAM-MD5", nil, "", "CRAM-MD5"}, {"LOGIN PLAIN", nil, "", "PLAIN"}, {"XOAUTH2 GSSAPI", bare, "", ""}, {"", bare, "", ""},
		{all, nil, "", "SCRAM-SHA-256 n,,n=u,r="}, {all, bare, "", "SCRAM-SHA-256 n,,n=u,r="},
		{all, tls12, "", "SCRAM-SHA-256-PLUS p=tls-unique,,n=u,r="}, {all, tls13, "", "SCRAM-SHA-256-PLUS p=tls-exporter,,n=u,r="},
		{all, renegotiable, "", "SCRAM-SHA-256 n,,n=u,r="},
		{"PLAIN SCRAM-SHA-256", tls12, "", "SCRAM-SHA-256 y,,n=u,r="}, {"PLAIN SCRAM-SHA-256", tls13, "", "SCRAM-SHA-256 y,,n=u,r="},
		{"PLAIN SCRAM-SHA-256", renegotiable, "", "SCRAM-SHA-256 n,,n=u,r="}, {"PLAIN SCRAM-SHA-256", nil, "", "SCRAM-SHA-256 n,,n=u,r="},
		{"SCRAM-SHA-256-PLUS", tls13, "", "SCRAM-SHA-256-PLUS p=tls-exporter"}, {"SCRAM-SHA-256-PLUS", nil, "", ""}, {"SCRAM-SHA-256-PLUS", renegotiable, "", ""},
		{"SCRAM-SHA-1 DIGEST-MD5", tls13, "", ""},
		{all, tls13, "PLAIN LOGIN", "PLAIN"}, {all, tls13, "LOGIN PLAIN", "LOGIN"}, {all, nil, "PLAIN", "PLAIN"},
		{all, tls13, "SCRAM-SHA-256", "SCRAM-SHA-256 n,,"},             // y would be a lie: PLUS was seen
		{"SCRAM-SHA-256", tls13, "SCRAM-SHA-256", "SCRAM-SHA-256 n,,"}, // PLUS is not wanted
		{all, tls13, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "SCRAM-SHA-256 n,,"},
		{"PLAIN LOGIN", tls13, "SCRAM-SHA-256-PLUS SCRAM-SHA-256", ""}, {"SCRAM-SHA-256", tls13, "SCRAM-SHA-256-PLUS", ""},
	} {
		client, err := smtpclient.PasswordAuth("u", "p", strings.Fields(tt.only)...)(t.Context(), strings.Fields(tt.offered), tt.state)
		if tt.want == "" {
			if !errors.Is(err, smtpclient.ErrNoAuth) {
				t.Errorf("%q: %v", tt.offered, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.offered, err)
			continue
		}
		mechanism, initial, _ := client.Start()
		if got := mechanism + " " + string(initial); !strings.HasPrefix(got, tt.want) || strings.HasPrefix(got, tt.want+"-") {
			t.Errorf("%q, TLS %v, only %q: %q, want %q", tt.offered, tt.state != nil, tt.only, got, tt.want)
		}
	}
}

// A mechanism that PasswordAuth does not have is a mistake of the caller's, not
// one to pass over.
func TestPasswordAuthUnknown(t *testing.T) {
	for _, name := range []string{"XOAUTH2", "SCRAM-SHA-1", "plain", ""} {
		_, err := smtpclient.PasswordAuth("u", "p", "PLAIN", name)(t.Context(), []string{"PLAIN", name}, nil)
		if err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What SASLprep does not allow goes by another mechanism, as it is.
func TestPasswordAuthUnfit(t *testing.T) {
	offered := []string{"SCRAM-SHA-256", "PLAIN"}
	for _, tt := range [][2]string{
		{"u", "pass\U0001F511word"}, {"u", "\x07"}, {"u", "a\u0627"}, {"u", "\xff"}, {"u", ""}, {"u", "\u00AD"}, {"\u00AD", "p"}, {"u\uE000", "p"}, {"", "p"},
	} {
		client, err := smtpclient.PasswordAuth(tt[0], tt[1])(t.Context(), offered, nil)
		if err != nil {
			t.Errorf("%q: %v", tt, err)
			continue
		}
		if mechanism, initial, _ := client.Start(); mechanism != "PLAIN" || string(initial) != "\x00"+tt[0]+"\x00"+tt[1] {
			t.Errorf("%q: %s %q", tt, mechanism, initial)
		}
		_, err = smtpclient.PasswordAuth(tt[0], tt[1], smtpclient.SCRAMSHA256)(t.Context(), offered, nil)
		if !errors.Is(err, smtpclient.ErrNoAuth) || !strings.Contains(err.Error(), "SASLprep") || tt[1] != "" && tt[1] != "p" && strings.Contains(err.Error(), tt[1]) {
			t.Errorf("%q: %v", tt, err)
		}
	}
}

func TestTokenAuthChooses(t *testing.T) {
	calls := 0
	auth := smtpclient.TokenAuth("u", func(context.Context) (string, error) { calls++; return "t", nil })
	for offered, want := range map[string]string{"XOAUTH2 OAUTHBEARER": "OAUTHBEARER", "PLAIN XOAUTH2": "XOAUTH2"} {
		client, err := auth(t.Context(), strings.Fields(offered), nil)
		if err != nil {
			t.Fatal(err)
		}
		if mechanism, _, _ := client.Start(); mechanism != want {
			t.Errorf("%q: %s, want %s", offered, mechanism, want)
		}
	}
	if _, err := auth(t.Context(), []string{"PLAIN"}, nil); !errors.Is(err, smtpclient.ErrNoAuth) || calls != 2 {
		t.Errorf("%v, %d tokens", err, calls)
	}
}

// A token that cannot be had, or is none, ends the session before AUTH, and is
// not in the error.
func TestTokenAuthFails(t *testing.T) {
	broken := errors.New("no token today")
	for _, tt := range []struct {
		user, token string
		err         error
		want        string
	}{
		{"u", "", broken, "no token today"}, {"u", "", nil, "empty"}, {"u", "ab\x01cd", nil, "control"}, {"u", "abcd\r\n", nil, "control"},
		{"u\x01auth=Bearer x", "abcd", nil, "control"},
	} {
		for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
			auth := smtpclient.TokenAuth(tt.user, func(context.Context) (string, error) { return tt.token, tt.err })
			_, err := auth(t.Context(), []string{mechanism}, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "cd") || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("%q, %q: %v", tt.user, tt.token, err)
			}
		}
	}
}

// Every session has a token of its own: one may have expired since the last.
func TestTokenAuthFresh(t *testing.T) {
	srv, c := newAuthServer(t, "XOAUTH2")
	tokens := []string{"stale", testPassword, testPassword}
	calls := 0
	c.Auth = smtpclient.TokenAuth(testUser, func(ctx context.Context) (string, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the source of tokens may take for ever")
		}
		calls++
		return tokens[calls-1], nil
	})
	var reply *smtpclient.ReplyError
	if _, err := smtpclient.Dial(t.Context(), c); !errors.As(err, &reply) {
		t.Error(err)
	}
	dial(t, c)
	dial(t, c)
	if n := srv.Counters().Authenticated; n != 2 || calls != 3 {
		t.Errorf("%d sessions, %d tokens", n, calls)
	}
}

// A source of tokens that does not answer is given up with Dial's context, and
// after Timeouts.Command.
func TestTokenAuthBounded(t *testing.T) {
	for name, want := range map[string]time.Duration{"context": time.Minute, "timeout": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, c := newPipeServer(t)
				srv.Users = map[string]string{testUser: testPassword}
				srv.Start()
				c.AllowInsecureAuth = true
				c.Auth = smtpclient.TokenAuth(testUser, func(ctx context.Context) (string, error) {
					<-ctx.Done()
					return "", context.Cause(ctx)
				})
				ctx := t.Context()
				if name == "context" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, want)
					defer cancel()
				}
				began := time.Now()
				_, err := smtpclient.Dial(ctx, c)
				if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != want {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

// A user name with the separators of RFC 5801 arrives as it is.
func TestTokenAuthUserName(t *testing.T) {
	const user = "a=2C,b=,=3D"
	srv, c := newAuthServer(t, "OAUTHBEARER")
	srv.Users[user] = "a token"
	c.Auth = smtpclient.TokenAuth(user, func(context.Context) (string, error) { return "a token", nil })
	s := dial(t, c)
	if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
		t.Fatal(err)
	}
	if m := srv.Messages(); len(m) != 1 || m[0].User != user {
		t.Errorf("%+v", m)
	}
}

// A server that offers what it does not know is offered the next. Refused
// credentials are not offered again.
func TestPasswordAuthAlternatives(t *testing.T) {
	const offer = "250-mx\r\n250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n"
	for _, tt := range []struct {
		name    string
		replies []string
		want    string // mechanisms of the AUTH commands
		err     string // "": none
	}{
		{"unknown", []string{"504 5.5.4 unknown\r\n", "504 5.7.4 unrecognized\r\n", "235 ok\r\n"}, "SCRAM-SHA-256 CRAM-MD5 PLAIN", ""},
		{"all unknown", []string{"504 a\r\n", "504 b\r\n", "504 c\r\n", "504 d\r\n"}, "SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN",
			"SCRAM-SHA-256: smtp: AUTH: 504 a; CRAM-MD5: smtp: AUTH: 504 b; PLAIN: smtp: AUTH: 504 c; LOGIN: smtp: AUTH: 504 d"},
		{"refused", []string{"535 5.7.8 no\r\n"}, "SCRAM-SHA-256", "SCRAM-SHA-256: smtp: AUTH: 535 5.7.8 no"},
		{"too weak", []string{"534 5.7.9 no\r\n"}, "SCRAM-SHA-256", "534 5.7.9 no"},
		{"later", []string{"454 4.7.0 no\r\n"}, "SCRAM-SHA-256", "454 4.7.0 no"},
		{"unknown, refused", []string{"504 5.5.4 unknown\r\n", "535 5.7.8 no\r\n"}, "SCRAM-SHA-256 CRAM-MD5", "535 5.7.8 no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := playPlain(t, smtpclient.Config{
				Security: smtpclient.Plaintext, AllowInsecureAuth: true, Auth: smtpclient.PasswordAuth("u", "p"),
			}, append([]string{"220 mx\r\n", offer}, tt.replies...)...)
			var used []string
			for _, line := range lines {
				if f := strings.Fields(line); f[0] == "AUTH" {
					used = append(used, f[1])
				}
			}
			if got := strings.Join(used, " "); got != tt.want {
				t.Errorf("tried %q, want %q", got, tt.want)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.HasSuffix(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}
