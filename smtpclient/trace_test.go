package smtpclient_test

import (
	"crypto/tls"
	"encoding/base64"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// The wire log has every command and every reply, in order, without content.
func TestTraceWireLog(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Extensions = []string{"DSN"} // lockstep, for an order without doubt
	srv.OnRcpt = refuseByName
	srv.Start()
	var wire log
	c.Trace = wire.trace()
	s := dial(t, c)
	m := mailTo(1, "ok@b.test", "bad@b.test")
	m.Content = []byte("Subject: hidden\r\n\r\nvery secret\r\n")
	s.Send(t.Context(), m)
	if err := s.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range wire.all() {
		got = append(got, strings.Join(strings.Fields(line)[:min(3, len(strings.Fields(line)))], " "))
	}
	want := []string{
		"< greeting: 220", "> EHLO client.test", "< EHLO: 250",
		"> MAIL FROM:<s1@a.test>", "< MAIL: 250", "> RCPT TO:<ok@b.test>", "< RCPT: 250", "> RCPT TO:<bad@b.test>", "< RCPT: 550",
		"> DATA", "< DATA: 354", "> (32 octets)", "< end of", "> QUIT", "< QUIT: 221", "closed: <nil>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("log:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(wire.String(), "secret") || strings.Contains(wire.String(), "Subject") {
		t.Errorf("content in the log:\n%s", &wire)
	}
}

// No credentials in the wire log, by any mechanism, in any form.
func TestTraceHidesCredentials(t *testing.T) {
	for _, mechanism := range []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2"} {
		_, c := newAuthServer(t, mechanism)
		c.Auth = smtpclient.PasswordAuth(testUser, testPassword)
		if strings.Contains(mechanism, "OAUTH") {
			c.Auth = smtpclient.TokenAuth(testUser, testToken)
		}
		var wire log
		c.Trace = wire.trace()
		dial(t, c)
		if !strings.Contains(wire.String(), "> AUTH "+mechanism+" …") {
			t.Errorf("%s: no AUTH in the log:\n%s", mechanism, &wire)
		}
		for _, line := range wire.all() {
			if strings.Contains(line, testPassword) || strings.Contains(line, testUser) {
				t.Errorf("%s: %s", mechanism, line)
			}
			for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ':' }) {
				plain, err := base64.StdEncoding.DecodeString(word)
				if err == nil && (strings.Contains(string(plain), "s3cret") || strings.Contains(string(plain), "grün") || strings.Contains(string(plain), "=")) {
					t.Errorf("%s: %s is %q", mechanism, line, plain)
				}
			}
		}
	}
}

// The hooks for metrics: one session from Dialed to Closed.
func TestTraceMetrics(t *testing.T) {
	srv := smtptest.NewServer()
	defer srv.Close()
	var dialed, secured, ready, closed, wrote, trips atomic.Int64
	var session atomic.Uint64
	s := dial(t, smtpclient.Config{
		Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig(),
		Trace: &smtpclient.Trace{
			Dialed: func(id uint64, network, addr string, took time.Duration, err error) {
				session.Store(id)
				if dialed.Add(1); network != "tcp" || addr != srv.Addr || took < 0 || err != nil {
					t.Errorf("Dialed: %s %s %v %v", network, addr, took, err)
				}
			},
			TLS: func(uint64, tls.ConnectionState, bool) { secured.Add(1) },
			Ready: func(_ uint64, e smtpclient.Extensions, m smtpclient.Mode) {
				if ready.Add(1); !e.Pipelining || m != smtpclient.ModeOverlap {
					t.Errorf("Ready: %+v %s", e, m)
				}
			},
			Wrote:     func(_ uint64, n int) { wrote.Add(int64(n)) },
			RoundTrip: func(_ uint64, took time.Duration) { trips.Add(1) },
			Closed:    func(uint64, error) { closed.Add(1) },
		},
	})
	for i := range 10 {
		s.Start(mailTo(i, "b@b.test"), func(*smtpclient.Result) {})
	}
	s.Flush()
	if got := trips.Load(); got != 11 {
		t.Errorf("%d round trips for 10 messages, want 11", got)
	}
	s.Close()
	for name, n := range map[string]int64{"Dialed": dialed.Load(), "TLS": secured.Load(), "Ready": ready.Load(), "Closed": closed.Load()} {
		if n != 1 {
			t.Errorf("%s called %d times", name, n)
		}
	}
	if wrote.Load() < 10*90 || session.Load() != s.ID() {
		t.Errorf("wrote %d, session %d", wrote.Load(), session.Load())
	}
}

// A dial that fails, and a set-up that fails.
func TestTraceFailures(t *testing.T) {
	var wire log
	trace := wire.trace()
	trace.Dialed = func(_ uint64, _, _ string, _ time.Duration, err error) { wire.add("dialed: %v", err != nil) }
	l := pipenet.Listen()
	l.Close()
	c := smtpclient.Config{Network: "unix", Addr: "pipe", Dial: l.Dial, Trace: trace}
	smtpclient.Dial(t.Context(), c)
	if got := wire.String(); got != "dialed: true" {
		t.Errorf("log:\n%s", got)
	}
	srv, config := newPipeServer(t)
	srv.Script(smtptest.Fault{At: smtptest.PointGreeting, Do: smtptest.Answer("421 busy")})
	srv.Start()
	config.Trace = trace
	smtpclient.Dial(t.Context(), config)
	if got := wire.String(); !strings.Contains(got, "dialed: false\n< greeting: 421 busy") || !strings.Contains(got, "\nclosed: ") || strings.HasSuffix(got, "<nil>") {
		t.Errorf("log:\n%s", got)
	}
}
