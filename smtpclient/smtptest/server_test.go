package smtptest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestServerOnOtherListeners(t *testing.T) {
	for _, network := range []string{"unix", "tcp6"} {
		t.Run(network, func(t *testing.T) {
			address := "[::1]:0"
			if network == "unix" {
				address = filepath.Join(t.TempDir(), "smtp")
			}
			l, err := net.Listen(network, address)
			if err != nil {
				t.Skip(err)
			}
			srv := start(t, func(s *smtptest.Server) {
				s.Listener.Close()
				s.Listener = l
			})
			if srv.Addr != l.Addr().String() {
				t.Errorf("Addr = %q", srv.Addr)
			}
			conn, err := net.Dial(network, srv.Addr)
			if err != nil {
				t.Fatal(err)
			}
			newClient(t, conn).talk("S: 220 mx.example.test\nC: QUIT\nS: 221\nS!")
		})
	}
}

func TestServerZeroValue(t *testing.T) {
	srv := &smtptest.Server{Hostname: "relay.example"}
	srv.Start()
	defer srv.Close()
	dial(t, srv).talk("S: 220 relay.example\nC: QUIT\nS: 221\nS!")
}

func TestCloseEndsEverything(t *testing.T) {
	srv := smtptest.NewServer()
	idle, amidst := open(t, srv), open(t, srv)
	amidst.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354\nC: half")
	srv.Close()
	srv.Close()
	for _, c := range []*client{idle, amidst} {
		if _, err := c.r.ReadByte(); err == nil {
			t.Error("connection still open")
		}
	}
	if _, err := net.Dial("tcp", srv.Addr); err == nil {
		t.Error("server still listens")
	}
	if n := srv.Counters().OpenConnections; n != 0 {
		t.Errorf("%d open connections", n)
	}
	smtptest.NewUnstartedServer().Close()
}

func TestCloseClientConnections(t *testing.T) {
	srv := start(t, nil)
	c := open(t, srv)
	open(t, srv)
	srv.CloseClientConnections()
	if _, err := c.r.ReadByte(); err == nil {
		t.Error("connection still open")
	}
	open(t, srv)
	got := srv.Counters()
	if got.Connections != 3 || got.OpenConnections != 1 || got.PeakConnections != 2 {
		t.Errorf("counters %+v", got)
	}
}

func TestStartTwicePanics(t *testing.T) {
	srv := start(t, nil)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	srv.Start()
}

func TestWaitMessages(t *testing.T) {
	srv := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := srv.WaitMessages(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	if err := srv.WaitMessages(ctx, 0); err != nil {
		t.Errorf("no messages wanted: %v", err)
	}
	done := make(chan error)
	go func() { done <- srv.WaitMessages(t.Context(), 2) }()
	c := open(t, srv)
	for range 2 {
		c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: BDAT 0 LAST\nS: 250\nS: 250\nS: 250")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	go func() { done <- srv.WaitMessages(t.Context(), 3) }()
	srv.Close()
	if err := <-done; err == nil {
		t.Error("no error after Close")
	}
}

func TestTLS(t *testing.T) {
	srv := smtptest.NewTLSServer()
	defer srv.Close()
	for _, name := range []string{"", "127.0.0.1", "::1", "localhost", "mx.example.test"} {
		config := srv.ClientTLSConfig()
		if name != "" {
			config.ServerName = name
		}
		conn, err := tls.Dial("tcp", srv.Addr, config)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		c := newClient(t, conn)
		c.talk("S: 220\nC: EHLO x")
		lines, _ := c.reply()
		if strings.Contains(strings.Join(lines, "\n"), "STARTTLS") {
			t.Error("STARTTLS offered under TLS")
		}
		c.talk("C: STARTTLS\nS: 503\nC: QUIT\nS: 221\nS!")
	}
	if _, err := tls.Dial("tcp", srv.Addr, nil); err == nil {
		t.Error("certificate trusted without the pool")
	}
	if c := srv.Counters(); c.TLSHandshakes != 5 {
		t.Errorf("%d handshakes", c.TLSHandshakes)
	}
}

func TestOwnTLSConfig(t *testing.T) {
	other := smtptest.NewUnstartedServer()
	other.Hostname = "other.example"
	other.Start()
	defer other.Close()
	// A configuration that is complete is used; one without certificate gets one.
	srv := start(t, func(s *smtptest.Server) { s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS13} })
	c := open(t, srv)
	c.talk("C: STARTTLS\nS: 220")
	c = c.startTLS(srv)
	c.talk("C: EHLO x\nS: 250\nC: QUIT\nS: 221\nS!")
}

func TestSTARTTLS(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) { s.RequireTLS = true })
	c := open(t, srv)
	c.talk("C: MAIL FROM:<a@x.example>\nS: 530 5.7.0\nC: STARTTLS\nS: 220")
	c = c.startTLS(srv)
	c.talk(`C: MAIL FROM:<a@x.example>
		S: 503 5.5.1
		C: EHLO client.example
		S: 250
		C: MAIL FROM:<a@x.example>
		C: RCPT TO:<b@x.example>
		C: BDAT 4 LAST
		C: Hi
		S: 250
		S: 250
		S: 250
		C: QUIT
		S: 221
		S!`)
	if m := wait(t, srv, 1)[0]; !m.TLS || m.HELO != "client.example" {
		t.Errorf("message %+v", m)
	}
}

func TestSTARTTLSInjection(t *testing.T) {
	srv := start(t, nil)
	c := open(t, srv)
	c.talk("C: STARTTLS\nC: EHLO evil.example\nC: MAIL FROM:<evil@x.example>\nS: 220")
	c = c.startTLS(srv)
	c.talk("C: RCPT TO:<b@x.example>\nS: 503\nC: EHLO x\nS: 250")
	if n := srv.Counters().InjectedBytes; n != int64(len("EHLO evil.example\r\nMAIL FROM:<evil@x.example>\r\n")) {
		t.Errorf("%d injected bytes", n)
	}
}

// TestLatency runs under a fake clock: replies take the latency exactly, and
// a group of them takes it once. The end of the bubble checks that Close
// leaves no goroutine behind.
func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		srv := &smtptest.Server{Listener: l, Latency: 80 * time.Millisecond}
		srv.Start()
		defer srv.Close()
		conn, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(t, conn)
		began := time.Now()
		elapsed := func(want time.Duration) {
			t.Helper()
			if got := time.Since(began); got != want {
				t.Errorf("took %v, want %v", got, want)
			}
			began = time.Now()
		}
		c.want("220")
		elapsed(80 * time.Millisecond)
		c.talk("C: EHLO x\nS: 250")
		elapsed(80 * time.Millisecond)
		c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354")
		elapsed(80 * time.Millisecond)
		// Two writes 30 ms apart: their replies arrive 30 ms apart.
		c.talk("C: Hi\nC: .")
		<-time.After(30 * time.Millisecond)
		c.send("MAIL FROM:<a@x.example>")
		c.want("250 2.0.0")
		elapsed(80 * time.Millisecond)
		c.want("250 2.1.0")
		elapsed(30 * time.Millisecond)
		c.talk("C: QUIT\nS: 221\nS!")
		elapsed(80 * time.Millisecond)
	})
}

// TestCloseCutsDelays checks that no pause outlasts Close.
func TestCloseCutsDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		srv := &smtptest.Server{Listener: l, Latency: time.Hour}
		srv.Script(smtptest.Fault{At: smtptest.PointConnect, Session: 1, Do: smtptest.Delay(time.Hour)})
		srv.Start()
		for range 2 {
			if _, err := l.dial(); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		began := time.Now()
		srv.Close()
		if d := time.Since(began); d != 0 {
			t.Errorf("Close took %v", d)
		}
	})
}
