package interop_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// TestAuth logs in with a password, by each mechanism that a server offers and by
// the one that is chosen among them: Postfix and Sendmail by Cyrus SASL, the others
// by what they have built in.
func TestAuth(t *testing.T) {
	cyrus := []string{smtpclient.SCRAMSHA256, "PLAIN", "LOGIN", smtpclient.CRAMMD5}
	for _, tt := range []struct {
		kind       interop.Kind
		mechanisms []string // the first is what is chosen
	}{
		{interop.Postfix, cyrus},
		{interop.Sendmail, cyrus},
		{interop.Exim, []string{"PLAIN", "LOGIN", smtpclient.CRAMMD5}},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			s := interop.Start(t, tt.kind)
			loginBy(t, s, tt.mechanisms[0])
			for _, mechanism := range tt.mechanisms {
				loginBy(t, s, mechanism, mechanism)
				refusedBy(t, s, mechanism)
			}
		})
	}
}

// loginBy logs in over TLS 1.2 and 1.3, and sends a message.
func loginBy(t *testing.T, s *interop.Server, want string, mechanisms ...string) {
	t.Helper()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var used []string
		c := submission(s, version)
		c.Auth = smtpclient.PasswordAuth(interop.User, interop.Password, mechanisms...)
		c.Trace = &smtpclient.Trace{Command: func(_ uint64, line string) {
			if by, found := strings.CutPrefix(line, "AUTH "); found {
				used = append(used, by)
			}
		}}
		session, err := smtpclient.Dial(t.Context(), c)
		if err != nil {
			t.Errorf("%s, %s: %v", want, tls.VersionName(version), err)
			continue
		}
		r, err := session.Send(t.Context(), &smtpclient.Mail{
			From: "list@o.example", To: smtpclient.Recipients("a@discard.test"), Content: []byte("Subject: " + want + "\r\n\r\nhello\r\n"),
		})
		if err != nil {
			t.Errorf("%s, %s: %+v %v", want, tls.VersionName(version), r, err)
		}
		if len(used) != 1 || used[0] != want+" …" {
			t.Errorf("authenticated by %q, want %s", used, want)
		}
		if err := session.Quit(t.Context()); err != nil {
			t.Errorf("%s, %s: QUIT: %v", want, tls.VersionName(version), err)
		}
	}
}

// refusedBy logs in with a wrong password.
func refusedBy(t *testing.T, s *interop.Server, mechanism string) {
	t.Helper()
	c := submission(s, tls.VersionTLS13)
	c.Auth = smtpclient.PasswordAuth(interop.User, "wrong", mechanism)
	session, err := smtpclient.Dial(t.Context(), c)
	var reply *smtpclient.ReplyError
	if !errors.As(err, &reply) || reply.Reply.Code != 535 {
		t.Errorf("%s, wrong password: %v", mechanism, err)
	}
	if session != nil {
		session.Close()
	}
}

func submission(s *interop.Server, version uint16) smtpclient.Config {
	config := s.TLS()
	config.MinVersion, config.MaxVersion = version, version
	return smtpclient.Config{Addr: s.Addr(interop.Submission), TLSConfig: config, LocalName: "client.example"}
}
