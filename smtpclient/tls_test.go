package smtpclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-sasl"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// newTLSServer returns a started server on the loopback interface that offers
// STARTTLS, or has TLS from the first byte on, and a Config that trusts it.
func newTLSServer(t *testing.T, implicit bool, alter func(*smtptest.Server)) (*smtptest.Server, smtpclient.Config) {
	srv := smtptest.NewUnstartedServer()
	t.Cleanup(srv.Close)
	if alter != nil {
		alter(srv)
	}
	c := smtpclient.Config{
		Addr: "mx.example.test:25", LocalName: "client.test",
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", srv.Addr)
		},
	}
	if implicit {
		srv.StartTLS()
		c.Security = smtpclient.ImplicitTLS
	} else {
		srv.Start()
	}
	c.TLSConfig = srv.ClientTLSConfig()
	return srv, c
}

func TestTLS(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "implicit": true} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			srv, c := newTLSServer(t, implicit, nil)
			var verified []bool
			c.Trace = &smtpclient.Trace{TLS: func(_ uint64, _ tls.ConnectionState, v bool) { verified = append(verified, v) }}
			s := dial(t, c)
			if s.TLS() == nil || !s.TLS().HandshakeComplete || len(verified) != 1 || !verified[0] {
				t.Errorf("state %v, verified %v", s.TLS(), verified)
			}
			if s.Extensions().StartTLS {
				t.Error("STARTTLS is offered under TLS")
			}
			if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
				t.Error(err)
			}
			if err := s.Quit(t.Context()); err != nil {
				t.Error(err)
			}
			if m := srv.Messages(); len(m) != 1 || !m[0].TLS {
				t.Errorf("%+v", m)
			}
		})
	}
}

// The zero value of Security requires STARTTLS: a server that does not offer it
// gets no mail.
func TestSTARTTLSNotOffered(t *testing.T) {
	srv, c := newTLSServer(t, false, func(srv *smtptest.Server) { srv.NoSTARTTLS = true })
	var zero smtpclient.Security
	c.Security = zero
	_, err := smtpclient.Dial(t.Context(), c)
	if e := asSession(t, err); !errors.Is(err, smtpclient.ErrNoSTARTTLS) || e.Op != "STARTTLS" {
		t.Error(err)
	}
	if n := srv.Counters().Commands["MAIL"]; n != 0 {
		t.Error("mail over plaintext")
	}
}

// HELO servers have no extensions, and so no STARTTLS.
func TestSTARTTLSAfterHELO(t *testing.T) {
	srv, c := newTLSServer(t, false, nil)
	srv.Script(smtptest.Fault{At: smtptest.PointEHLO, Do: smtptest.Answer("502 what")})
	if _, err := smtpclient.Dial(t.Context(), c); !errors.Is(err, smtpclient.ErrNoSTARTTLS) {
		t.Error(err)
	}
}

func TestSTARTTLSRefused(t *testing.T) {
	for code, want := range map[string]string{"454 4.7.0 not now": "454", "421 bye": "421", "250 ok": "protocol error", "354 go": "protocol error"} {
		srv, c := newTLSServer(t, false, nil)
		srv.Script(smtptest.Fault{At: smtptest.PointSTARTTLS, Do: smtptest.Answer(code)})
		if _, err := smtpclient.Dial(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// Plaintext behind the 220 may have been put there by somebody else (rule 14).
func TestSTARTTLSInjection(t *testing.T) {
	for _, injected := range []string{"250 ok\r\n", "250-mx\r\n250 AUTH PLAIN\r\n", "2", "\r\n"} {
		srv, c := newTLSServer(t, false, nil)
		srv.Script(smtptest.Fault{At: smtptest.PointSTARTTLS, Do: smtptest.Trailing(injected)})
		_, err := smtpclient.Dial(t.Context(), c)
		if !errors.Is(err, smtpclient.ErrProtocol) {
			t.Errorf("%q: %v", injected, err)
		}
		if n := srv.Counters().TLSHandshakes; n != 0 {
			t.Errorf("%q: %d handshakes", injected, n)
		}
	}
}

// What the server offered before TLS is forgotten: it may have been altered.
func TestSTARTTLSForgetsExtensions(t *testing.T) {
	srv, c := newTLSServer(t, false, nil)
	inner := c.Dial
	c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := inner(ctx, network, addr)
		return &forger{Conn: conn}, err
	}
	s := dial(t, c)
	e := s.Extensions()
	if _, ok := e.Keyword("XEVIL"); ok || e.MaxSize == 1 || e.Limits.RcptMax != 0 || len(e.Auth) != 0 || e.Domain != "mx.example.test" {
		t.Errorf("%+v", e)
	}
	// Nor does a second EHLO that is refused fall back on the first.
	srv.Script(smtptest.Fault{At: smtptest.PointEHLO, Nth: 2, Do: smtptest.Answer("550 not any more")})
	if _, err := smtpclient.Dial(t.Context(), c); err == nil || !strings.Contains(err.Error(), "550 not any more") {
		t.Error(err)
	}
}

// A forger adds lines to the plaintext reply to EHLO.
type forger struct {
	net.Conn
	done bool
}

func (f *forger) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	const forged = "250-evil.test\r\n250-SIZE 1\r\n250-AUTH PLAIN\r\n250-LIMITS RCPTMAX=1\r\n250-XEVIL\r\n"
	if bytes.HasPrefix(p[:n], []byte("250-")) && !f.done {
		f.done = true
		n = copy(p, append([]byte(forged), p[:n]...))
	}
	return n, err
}

// Certificates that do not verify, where they must.
func TestBadCertificate(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "implicit": true} {
		srv, c := newTLSServer(t, implicit, nil)
		c.TLSConfig = &tls.Config{ServerName: "mx.example.test", RootCAs: x509.NewCertPool()}
		_, err := smtpclient.Dial(t.Context(), c)
		var unknown x509.UnknownAuthorityError
		if e := asSession(t, err); !errors.As(err, &unknown) || e.Op != "TLS handshake" {
			t.Errorf("%s: %v", name, err)
		}
		c.TLSConfig = srv.ClientTLSConfig()
		c.TLSConfig.ServerName = "other.example.test"
		_, err = smtpclient.Dial(t.Context(), c)
		var wrong x509.HostnameError
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
		if n := srv.Counters().Commands["MAIL"]; n != 0 {
			t.Errorf("%s: mail went out", name)
		}
	}
}

// The name that the certificate must be for is the host of Addr.
func TestServerNameFromAddr(t *testing.T) {
	srv, c := newTLSServer(t, false, nil)
	for addr, good := range map[string]bool{"mx.example.test:25": true, "localhost:25": true, "[::1]:25": true, "other.test:25": false} {
		c.Addr, c.TLSConfig = addr, &tls.Config{RootCAs: srv.CertPool()}
		s, err := smtpclient.Dial(t.Context(), c)
		if (err == nil) != good {
			t.Errorf("%s: %v", addr, err)
		}
		if s != nil {
			s.Close()
		}
		if c.TLSConfig.ServerName != "" {
			t.Error("the caller's TLSConfig was altered")
		}
	}
}

func TestOpportunisticTLS(t *testing.T) {
	other := x509.NewCertPool()
	for _, tt := range []struct {
		name          string
		alter         func(*smtptest.Server)
		config        func(*smtptest.Server) *tls.Config
		tls, verified bool
	}{
		{"not offered", func(srv *smtptest.Server) { srv.NoSTARTTLS = true }, (*smtptest.Server).ClientTLSConfig, false, false},
		{"good certificate", nil, (*smtptest.Server).ClientTLSConfig, true, true},
		{"unknown authority", nil, func(*smtptest.Server) *tls.Config {
			return &tls.Config{RootCAs: other, ServerName: "mx.example.test"}
		}, true, false},
		{"wrong name", nil, func(srv *smtptest.Server) *tls.Config {
			return &tls.Config{RootCAs: srv.CertPool(), ServerName: "other.test"}
		}, true, false},
		{"not verified by choice", nil, func(srv *smtptest.Server) *tls.Config {
			return &tls.Config{RootCAs: srv.CertPool(), InsecureSkipVerify: true}
		}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, c := newTLSServer(t, false, func(srv *smtptest.Server) {
				srv.Users = map[string]string{"u": "p"}
				if tt.alter != nil {
					tt.alter(srv)
				}
			})
			c.Security, c.TLSConfig = smtpclient.OpportunisticTLS, tt.config(srv)
			verified := false
			c.Trace = &smtpclient.Trace{TLS: func(_ uint64, _ tls.ConnectionState, v bool) { verified = v }}
			s := dial(t, c)
			if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
				t.Error(err)
			}
			if (s.TLS() != nil) != tt.tls || verified != tt.verified {
				t.Errorf("TLS %v, verified %v", s.TLS() != nil, verified)
			}
			// Credentials go out only if the certificate verified.
			asked := false
			c.Auth = func(context.Context, []string, *tls.ConnectionState) (sasl.Client, error) {
				asked = true
				return sasl.NewPlainClient("", "u", "p"), nil
			}
			second, err := smtpclient.Dial(t.Context(), c)
			if asked != tt.verified || (err == nil) != tt.verified || err != nil && !errors.Is(err, smtpclient.ErrInsecureAuth) {
				t.Errorf("AUTH over this: asked %v, %v", asked, err)
			}
			if second != nil {
				second.Close()
			}
		})
	}
}

// Over a Unix socket there is no host name to check the certificate against
// unless TLSConfig has one: any certificate by a trusted authority would do, so
// none does.
func TestOpportunisticWithoutName(t *testing.T) {
	srv, c := newTLSServer(t, false, func(srv *smtptest.Server) { srv.Users = map[string]string{"u": "p"} })
	c.Security, c.Network, c.Addr = smtpclient.OpportunisticTLS, "unix", "/run/smtp"
	c.TLSConfig = &tls.Config{RootCAs: srv.CertPool()}
	c.Auth = smtpclient.PasswordAuth("u", "p")
	if s, err := smtpclient.Dial(t.Context(), c); !errors.Is(err, smtpclient.ErrInsecureAuth) {
		s.Close()
		t.Errorf("credentials went out: %v", err)
	}
}

// STARTTLS offered and then refused: opportunistic goes on in plaintext.
func TestOpportunisticRefused(t *testing.T) {
	srv, c := newTLSServer(t, false, nil)
	srv.Script(smtptest.Fault{At: smtptest.PointSTARTTLS, Do: smtptest.Answer("454 4.7.0 no certificate today")})
	c.Security = smtpclient.OpportunisticTLS
	s := dial(t, c)
	if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil || s.TLS() != nil {
		t.Error(err, s.TLS())
	}
}

// REQUIRETLS needs a verified certificate.
func TestRequireTLS(t *testing.T) {
	srv, c := newTLSServer(t, false, func(srv *smtptest.Server) { srv.Extensions = []string{"REQUIRETLS"} })
	m := mailTo(1, "b@b.test")
	m.RequireTLS = true
	var wire log
	c.Trace = wire.trace()
	dial(t, c).Send(t.Context(), m)
	if !strings.Contains(wire.String(), "> MAIL FROM:<s1@a.test> REQUIRETLS") {
		t.Errorf("log:\n%s", &wire)
	}
	c.Security, c.TLSConfig = smtpclient.OpportunisticTLS, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "mx.example.test"}
	if _, err := dial(t, c).Send(t.Context(), m); !errors.Is(err, smtpclient.ErrNeedsREQUIRETLS) {
		t.Error(err)
	}
	if n := srv.Counters().TLSHandshakes; n != 2 {
		t.Errorf("%d handshakes", n)
	}
}

// An idle session outlives the deadlines of earlier waits, under TLS too, where
// a read that timed out might have spoilt the connection.
func TestIdleUnderTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, c := newPipeServer(t)
		srv.Start()
		c.Security, c.TLSConfig = smtpclient.StartTLS, srv.ClientTLSConfig()
		s := dial(t, c)
		for i := range 5 {
			if _, err := s.Send(t.Context(), mailTo(i, "b@b.test")); err != nil {
				t.Fatal(i, err)
			}
			elapse(t, s, "37m")
		}
		if n := len(srv.Messages()); n != 5 || s.Err() != nil {
			t.Errorf("%d messages, %v", n, s.Err())
		}
		s.Close()
		srv.Close()
	})
}

// A server that closes without close_notify is no error of a message (rule 17).
func TestNoCloseNotify(t *testing.T) {
	srv, c := newTLSServer(t, false, nil)
	srv.Script(smtptest.Fault{At: smtptest.PointQUIT, Do: smtptest.Usual().ThenClose()})
	s := dial(t, c)
	r, err := s.Send(t.Context(), mailTo(1, "b@b.test"))
	if err != nil {
		t.Error(err)
	}
	wantOutcome(t, r, smtpclient.Accepted)
	if err := s.Quit(t.Context()); err != nil || s.Err() != nil {
		t.Error(err, s.Err())
	}
}

// Nothing of a message can be seen on the wire under TLS.
func TestTLSHidesMail(t *testing.T) {
	_, c := newTLSServer(t, false, nil)
	inner := c.Dial
	var conn *tap
	c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := inner(ctx, network, addr)
		conn = &tap{Conn: raw}
		return conn, err
	}
	if _, err := dial(t, c).Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
		t.Fatal(err)
	}
	if sent := conn.sent(); strings.Contains(sent, "MAIL") || strings.Contains(sent, "Hello") || !strings.HasPrefix(sent, "EHLO client.test\r\nSTARTTLS\r\n") {
		t.Errorf("%q", sent)
	}
}

// Large content is cut into TLS records and back.
func TestLargeUnderTLS(t *testing.T) {
	srv, c := newTLSServer(t, true, nil)
	m := mailTo(1, "b@b.test")
	m.Content = bytes.Repeat([]byte(".0123456789\r\n"), 50_000)
	if _, err := dial(t, c).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := srv.Messages(); len(got) != 1 || !bytes.Equal(got[0].Data, m.Content) {
		t.Error("not what was sent")
	}
}
