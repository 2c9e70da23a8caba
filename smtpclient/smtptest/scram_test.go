package smtptest_test

import (
	"crypto/tls"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// scramBinding says how a client begins.
type scramBinding int

const (
	unbound    scramBinding = iota // n
	advertised                     // y
	exporter                       // p
	wrong                          // p, of another connection
	unknown                        // p, of a type that the server does not have
)

// begin begins an exchange over a connection in TLS 1.3.
func (b scramBinding) begin(t *testing.T, c *scram.Client, state *tls.ConnectionState) *scram.ClientConversation {
	t.Helper()
	switch b {
	case unbound:
		return c.NewConversation()
	case advertised:
		return c.NewConversationAdvertisingChannelBinding()
	case unknown:
		return c.NewConversationWithChannelBinding(scram.NewTLSUniqueBinding([]byte("x")))
	}
	channel, err := scram.NewTLSExporterBinding(state)
	if err != nil {
		t.Fatal(err)
	}
	if b == wrong {
		channel.Data[0]++
	}
	return c.NewConversationWithChannelBinding(channel)
}

// TestSCRAM plays the client, as RFC 5802 has it and otherwise.
func TestSCRAM(t *testing.T) {
	for _, tt := range []struct {
		name, mechanism string
		user, password  string
		authzID         string
		binding         scramBinding
		offered         string
		want            string // the reply at the end
	}{
		{"n", "SCRAM-SHA-256", "ada", "s3cret", "", unbound, "SCRAM-SHA-256", "235 2.7.0"},
		{"n, PLUS is offered", "SCRAM-SHA-256", "ada", "s3cret", "", unbound, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "235 2.7.0"},
		{"y", "SCRAM-SHA-256", "ada", "s3cret", "", advertised, "SCRAM-SHA-256", "235 2.7.0"},
		{"y, PLUS is offered", "SCRAM-SHA-256", "ada", "s3cret", "", advertised, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"p without PLUS", "SCRAM-SHA-256", "ada", "s3cret", "", exporter, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"PLUS", "SCRAM-SHA-256-PLUS", "ada", "s3cret", "", exporter, "SCRAM-SHA-256-PLUS", "235 2.7.0"},
		{"PLUS with n", "SCRAM-SHA-256-PLUS", "ada", "s3cret", "", unbound, "SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"PLUS with y", "SCRAM-SHA-256-PLUS", "ada", "s3cret", "", advertised, "SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"PLUS of another connection", "SCRAM-SHA-256-PLUS", "ada", "s3cret", "", wrong, "SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"PLUS of another type", "SCRAM-SHA-256-PLUS", "ada", "s3cret", "", unknown, "SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"PLUS is not offered", "SCRAM-SHA-256-PLUS", "ada", "s3cret", "", exporter, "SCRAM-SHA-256", "504 5.5.4"},
		{"wrong password", "SCRAM-SHA-256", "ada", "secret", "", unbound, "SCRAM-SHA-256", "535 5.7.8"},
		{"PLUS, wrong password", "SCRAM-SHA-256-PLUS", "ada", "secret", "", exporter, "SCRAM-SHA-256-PLUS", "535 5.7.8"},
		{"nobody", "SCRAM-SHA-256", "bob", "s3cret", "", unbound, "SCRAM-SHA-256", "535 5.7.8"},
		{"for oneself", "SCRAM-SHA-256", "ada", "s3cret", "ada", unbound, "SCRAM-SHA-256", "235 2.7.0"},
		{"for somebody else", "SCRAM-SHA-256", "ada", "s3cret", "bob", unbound, "SCRAM-SHA-256", "535 5.7.8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, func(s *smtptest.Server) {
				s.Users = map[string]string{"ada": "s3cret"}
				s.Mechanisms, s.NoPlaintextAuth = strings.Fields(tt.offered), true
			})
			c := dial(t, srv)
			c.talk("S: 220\nC: EHLO x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220")
			c = c.startTLS(srv)
			c.talk("C: EHLO x\nS: 250 AUTH " + tt.offered)
			client, err := scram.SHA256.NewClient(tt.user, tt.password, tt.authzID)
			if err != nil {
				t.Fatal(err)
			}
			state := c.Conn.(*tls.Conn).ConnectionState()
			conversation := tt.binding.begin(t, client, &state)
			got := playSCRAM(t, c, tt.mechanism, conversation)
			if !strings.HasPrefix(got, tt.want) || conversation.Valid() != (tt.want[0] == '2') {
				t.Errorf("%q, want %q; the server has proven itself: %v", got, tt.want, conversation.Valid())
			}
			if n := srv.Counters().Authenticated; (n == 1) != (tt.want[0] == '2') {
				t.Errorf("%d authenticated", n)
			}
		})
	}
}

// playSCRAM runs an exchange and returns the reply at its end.
func playSCRAM(t *testing.T, c *client, mechanism string, conversation *scram.ClientConversation) string {
	t.Helper()
	line, challenge := "AUTH "+mechanism+" ", ""
	for {
		response, err := conversation.Step(challenge)
		if err != nil {
			t.Fatal(err)
		}
		c.send(line + b64(response))
		lines, err := c.reply()
		if err != nil {
			t.Fatal(err)
		}
		text, found := strings.CutPrefix(lines[0], "334 ")
		if !found {
			return lines[0]
		}
		plain, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		line, challenge = "", string(plain)
	}
}

// TestSCRAMMalformed says what is no message of SCRAM's, and gives up.
func TestSCRAMMalformed(t *testing.T) {
	for name, transcript := range map[string]string{
		"no initial response": "C: AUTH SCRAM-SHA-256\nS: 334 \nC: " + b64("n,,n=ada,r=abc") + "\nS: 334 cj1hYm\nC: *\nS: 501 5.7.0",
		"empty":               "C: AUTH SCRAM-SHA-256 =\nS: 535",
		"no fields":           "C: AUTH SCRAM-SHA-256 " + b64("n=ada") + "\nS: 535",
		"bad name":            "C: AUTH SCRAM-SHA-256 " + b64("n,,n=a=da,r=abc") + "\nS: 535",
		"extension":           "C: AUTH SCRAM-SHA-256 " + b64("n,,m=x,n=ada,r=abc") + "\nS: 535",
		"no proof":            "C: AUTH SCRAM-SHA-256 " + b64("n,,n=ada,r=abc") + "\nS: 334\nC: " + b64("c=biws,r=abc") + "\nS: 535",
		"empty proof":         "C: AUTH SCRAM-SHA-256 " + b64("n,,n=ada,r=abc") + "\nS: 334\nC:\nS: 535",
		"not base64":          "C: AUTH SCRAM-SHA-256 " + b64("n,,n=ada,r=abc") + "\nS: 334\nC: ???\nS: 501 5.5.2",
		"PLUS in the clear":   "C: AUTH SCRAM-SHA-256-PLUS " + b64("p=tls-unique,,n=ada,r=abc") + "\nS: 504",
		"p in the clear":      "C: AUTH SCRAM-SHA-256 " + b64("p=tls-unique,,n=ada,r=abc") + "\nS: 535",
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, func(s *smtptest.Server) { s.Users = map[string]string{"ada": "s3cret"} })
			open(t, srv).talk(transcript + "\nC: AUTH PLAIN " + b64("\x00ada\x00s3cret") + "\nS: 235")
		})
	}
}

// A server with nothing but PLUS offers no AUTH in the clear.
func TestSCRAMPlusAlone(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) {
		s.Users = map[string]string{"ada": "s3cret"}
		s.Mechanisms = []string{"SCRAM-SHA-256-PLUS"}
	})
	c := dial(t, srv)
	c.talk("S: 220\nC: EHLO x")
	lines, err := c.reply()
	if err != nil || strings.Contains(strings.Join(lines, " "), "AUTH") {
		t.Errorf("%q %v", lines, err)
	}
	c.talk("C: AUTH SCRAM-SHA-256-PLUS\nS: 538")
}
