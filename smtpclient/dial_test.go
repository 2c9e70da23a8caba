package smtpclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A server that is not there is an error at once, typed.
func TestDialRefused(t *testing.T) {
	checkLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s, err := smtpclient.Dial(t.Context(), smtpclient.Config{Addr: addr, Security: smtpclient.Plaintext})
	var netErr net.Error
	if e := asSession(t, err); s != nil || e.Op != "dial" || e.Addr != addr || e.Outcome != smtpclient.NotSent || !errors.As(err, &netErr) {
		t.Errorf("%v, %v", s, err)
	}
	if !smtpclient.SafeToRetry(err) {
		t.Error("not safe to retry")
	}
}

func TestDialUnix(t *testing.T) {
	checkLeaks(t)
	path := filepath.Join(t.TempDir(), "smtp")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := smtptest.NewUnstartedServer()
	srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	defer srv.Close()
	s := dial(t, smtpclient.Config{Network: "unix", Addr: path, Security: smtpclient.Plaintext})
	if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
		t.Error(err)
	}
	if m := srv.Messages(); len(m) != 1 || m[0].HELO == "" {
		t.Errorf("%+v", m)
	}
	s.Close()
}

// The Dial hook is given what the config has, and a ctx that ends.
func TestDialHook(t *testing.T) {
	broken := errors.New("no route today")
	_, err := smtpclient.Dial(t.Context(), smtpclient.Config{
		Addr: "mx.example.test:25",
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if _, ok := ctx.Deadline(); network != "tcp" || addr != "mx.example.test:25" || !ok {
				t.Errorf("%s %s, deadline %v", network, addr, ok)
			}
			return nil, broken
		},
	})
	if e := asSession(t, err); !errors.Is(err, broken) || e.Op != "dial" {
		t.Error(err)
	}
}

// Timeouts.Connect bounds a hook that hangs.
func TestDialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := smtpclient.Dial(t.Context(), smtpclient.Config{
			Addr: "mx.example.test:25",
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Error(err, time.Since(began))
		}
	})
}

// ctx ends Dial in every phase of it.
func TestDialContext(t *testing.T) {
	for _, at := range []smtptest.Point{
		smtptest.PointGreeting, smtptest.PointEHLO, smtptest.PointSTARTTLS, smtptest.PointHandshake, smtptest.PointAUTH,
	} {
		t.Run(at.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, c := newPipeServer(t)
				srv.Users = map[string]string{"u": "p"}
				srv.Script(smtptest.Fault{At: at, Do: smtptest.Stall()})
				srv.Start()
				c.Security, c.TLSConfig, c.Auth = smtpclient.StartTLS, srv.ClientTLSConfig(), smtpclient.PasswordAuth("u", "p")
				ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
				defer cancel()
				began := time.Now()
				s, err := smtpclient.Dial(ctx, c)
				if e := asSession(t, err); s != nil || !errors.Is(err, context.DeadlineExceeded) || e.Outcome != smtpclient.NotSent {
					t.Errorf("%v, %v", s, err)
				}
				if took := time.Since(began); took != 7*time.Second {
					t.Errorf("took %v", took)
				}
				srv.Close()
			})
		})
	}
}

// Without a ctx that ends, each phase has its own timeout.
func TestDialPhaseTimeouts(t *testing.T) {
	for at, want := range map[smtptest.Point]time.Duration{
		smtptest.PointGreeting: time.Second, smtptest.PointHandshake: 2 * time.Second, smtptest.PointEHLO: 3 * time.Second,
		smtptest.PointSTARTTLS: 3 * time.Second, smtptest.PointAUTH: 3 * time.Second,
	} {
		t.Run(at.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, c := newPipeServer(t)
				srv.Users = map[string]string{"u": "p"}
				srv.Script(smtptest.Fault{At: at, Do: smtptest.Stall()})
				srv.Start()
				c.Security, c.TLSConfig, c.Auth = smtpclient.StartTLS, srv.ClientTLSConfig(), smtpclient.PasswordAuth("u", "p")
				c.Timeouts = smtpclient.Timeouts{Greeting: time.Second, Handshake: 2 * time.Second, Command: 3 * time.Second, Quit: time.Nanosecond}
				began := time.Now()
				_, err := smtpclient.Dial(t.Context(), c)
				var netErr net.Error
				if !errors.As(err, &netErr) || !netErr.Timeout() {
					t.Error(err)
				}
				if took := time.Since(began); took < want || took > want+time.Second/2 {
					t.Errorf("took %v, want %v", took, want)
				}
				srv.Close()
			})
		})
	}
}

// A session outlives the ctx that it was built with.
func TestSessionOutlivesDialContext(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := smtpclient.Dial(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.Send(context.Background(), mailTo(1, "b@b.test")); err != nil {
		t.Error(err)
	}
	s.Close()
}

// NewSession closes the connection when it fails, also for a bad config.
func TestNewSessionOwnsConnection(t *testing.T) {
	for name, c := range map[string]smtpclient.Config{
		"bad config":  {MaxRecipients: -1},
		"bad greeter": {Security: smtpclient.Plaintext},
	} {
		conn, server := net.Pipe()
		go io.WriteString(server, "554 no\r\n")
		c.Timeouts.Quit = time.Millisecond
		if _, err := smtpclient.NewSession(t.Context(), conn, c); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := conn.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: connection is open: %v", name, err)
		}
		server.Close()
	}
}

// The name in EHLO: the configured one, or one that means something to others.
func TestLocalName(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	for _, name := range []string{"a.example.test", "[192.0.2.7]", "[IPv6:2001:db8::7]"} {
		c.LocalName = name
		if _, err := dial(t, c).Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
			t.Fatal(err)
		}
		if m := srv.Messages(); m[len(m)-1].HELO != name {
			t.Errorf("%s: %s", name, m[len(m)-1].HELO)
		}
	}
	tcp := smtptest.NewServer()
	defer tcp.Close()
	s := dial(t, smtpclient.Config{Addr: tcp.Addr, Security: smtpclient.Plaintext})
	if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
		t.Fatal(err)
	}
	if helo := tcp.Messages()[0].HELO; helo == "localhost" || strings.HasPrefix(helo, "localhost.") || !strings.ContainsAny(helo, ".:") {
		t.Errorf("EHLO %s", helo)
	}
}

// The connection's own error, where the server closes in set-up.
func TestDialServerCloses(t *testing.T) {
	for at, op := range map[smtptest.Point]string{
		smtptest.PointConnect: "greeting", smtptest.PointGreeting: "greeting", smtptest.PointEHLO: "EHLO",
	} {
		srv, c := newPipeServer(t)
		srv.Script(smtptest.Fault{At: at, Do: smtptest.CloseConn()})
		srv.Start()
		_, err := smtpclient.Dial(t.Context(), c)
		if e := asSession(t, err); e.Op != op || !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// Endless and over-long replies in set-up are cut short.
func TestDialHostileReplies(t *testing.T) {
	for _, do := range []smtptest.Action{
		smtptest.EndlessReply(), smtptest.OverLongLine(100_000), smtptest.Garbage(), smtptest.MixedCodes(), smtptest.Raw("\r\n"),
	} {
		for _, at := range []smtptest.Point{smtptest.PointGreeting, smtptest.PointEHLO} {
			srv := smtptest.NewUnstartedServer()
			srv.Script(smtptest.Fault{At: at, Do: do})
			srv.Start()
			_, err := smtpclient.Dial(t.Context(), smtpclient.Config{Addr: srv.Addr, Security: smtpclient.Plaintext})
			if !errors.Is(err, smtpclient.ErrProtocol) {
				t.Errorf("%s at %s: %v", do, at, err)
			}
			srv.Close()
		}
	}
}
