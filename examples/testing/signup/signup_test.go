package signup_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/examples/testing/signup"
	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// start starts a server that will do what the faults say, and the application
// with a pool that leads there: configured as in earnest, TLS included, but for
// the pauses, for which no test should wait.
func start(t *testing.T, faults ...smtptest.Fault) (*smtptest.Server, *signup.Service) {
	t.Helper()
	server := smtptest.NewServer()
	t.Cleanup(server.Close)
	server.Script(faults...)
	p, err := pool.New(pool.Config{
		Relay:       smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()},
		Backoff:     noPause,
		DialBackoff: noPause,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() }) // before the server: the last cleanup goes first
	return server, &signup.Service{Mail: p, From: message.Address{Name: "Example", Addr: "hello@example.com"}}
}

func noPause() backoff.BackOff { return &backoff.ZeroBackOff{} }

// TestWelcome looks at the mail as the relay has it.
func TestWelcome(t *testing.T) {
	server, service := start(t)
	if err := service.SignUp(t.Context(), "Zoë", "zoe@example.net"); err != nil {
		t.Fatal(err)
	}
	// SignUp has returned, so the message is there. For an application that
	// sends in the background, wait with server.WaitMessages first.
	taken := server.Messages()
	if len(taken) != 1 {
		t.Fatalf("%d messages, want 1", len(taken))
	}
	m := taken[0]

	// The envelope.
	if m.From != "hello@example.com" || len(m.To) != 1 || m.To[0].Address != "zoe@example.net" || !m.TLS {
		t.Errorf("from %q to %v, TLS %t", m.From, m.To, m.TLS)
	}
	// The header and the body.
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != "Welcome, Zoë" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if to, err := parsed.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Name != "Zoë" {
		t.Errorf("to %v, %v", to, err)
	}
	if body, err := io.ReadAll(parsed.Body); err != nil || !strings.Contains(string(body), "good to have you here") {
		t.Errorf("body %q, %v", body, err)
	}
}

// TestFaults scripts what goes wrong, and looks at what the application makes of
// it and at how many mails the relay has in the end.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault smtptest.Fault
		want  error
		mails int
	}{
		{
			name:  "greylisted, then accepted",
			fault: smtptest.Fault{At: smtptest.PointRCPT, Nth: 1, Do: smtptest.Answer("451 4.7.1 Come back later")},
			want:  nil, mails: 1,
		},
		{
			name:  "deferred at every attempt",
			fault: smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.Answer("452 4.3.1 Disk full")},
			want:  signup.ErrTryLater, mails: 0,
		},
		{
			name:  "no such user",
			fault: smtptest.Fault{At: smtptest.PointRCPT, Match: "zoe@", Do: smtptest.Answer("550 5.1.1 No such user")},
			want:  signup.ErrBadAddress, mails: 0,
		},
		{
			// The relay cannot have the mail, so the pool sends it again.
			name:  "connection lost before the content",
			fault: smtptest.Fault{At: smtptest.PointDATA, Nth: 1, Do: smtptest.CloseConn()},
			want:  nil, mails: 1,
		},
		{
			// The relay has the mail, but there is no telling from here. Another
			// attempt could make a second mail.
			name:  "connection lost before the answer",
			fault: smtptest.Fault{At: smtptest.PointEndOfData, Nth: 1, Do: smtptest.AcceptAndClose()},
			want:  signup.ErrUnsure, mails: 1,
		},
		{
			// It looks the same where the relay does not have it.
			name:  "connection lost in the content",
			fault: smtptest.Fault{At: smtptest.PointContent, AfterBytes: 100, Nth: 1, Do: smtptest.CloseConn()},
			want:  signup.ErrUnsure, mails: 0,
		},
		{
			name:  "nobody home",
			fault: smtptest.Fault{At: smtptest.PointGreeting, Do: smtptest.AnswerAndClose("554 5.3.2 No service here")},
			want:  signup.ErrTryLater, mails: 0,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, service := start(t, test.fault)
			if err := service.SignUp(t.Context(), "Zoë", "zoe@example.net"); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if n := len(server.Messages()); n != test.mails {
				t.Errorf("the relay has %d mails, want %d", n, test.mails)
			}
			if server.Counters().Faults == 0 {
				t.Error("the fault did not take place") // or the test would prove nothing
			}
		})
	}
}

// TestSessionDiesBetweenMails: a relay hangs up on an idle session. The next
// mail goes over another, and nobody notices.
func TestSessionDiesBetweenMails(t *testing.T) {
	server, service := start(t)
	for range 3 {
		if err := service.SignUp(t.Context(), "Zoë", "zoe@example.net"); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
	}
	if n := len(server.Messages()); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}

// TestBadAddress: what cannot stand in a mail does not reach the relay.
func TestBadAddress(t *testing.T) {
	server, service := start(t)
	for name, address := range map[string]string{
		"Zoë":                     "zoe",
		"Eve\r\nBcc: all@example": "eve@example.net",
	} {
		if err := service.SignUp(t.Context(), name, address); !errors.Is(err, signup.ErrBadAddress) {
			t.Errorf("%q <%s>: error %v", name, address, err)
		}
	}
	if c := server.Counters(); c.Connections != 0 {
		t.Errorf("%d connections", c.Connections)
	}
}
