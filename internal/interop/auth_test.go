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
// the one that is chosen among them. Postfix and Sendmail have Cyrus SASL, Exim what
// is built in, and aiosmtpd, in TLS 1.2, the PLUS of servers/aiosmtpd/scram.py.
func TestAuth(t *testing.T) {
	cyrus := []string{smtpclient.SCRAMSHA256, "PLAIN", "LOGIN", smtpclient.CRAMMD5}
	for _, tt := range []struct {
		kind       interop.Kind
		versions   []uint16
		mechanisms []string // the first is what is chosen
	}{
		{interop.Postfix, tls12And13, cyrus},
		{interop.Sendmail, tls12And13, cyrus},
		{interop.Exim, tls12And13, []string{"PLAIN", "LOGIN", smtpclient.CRAMMD5}},
		{interop.Aiosmtpd, tls12And13[:1], []string{smtpclient.SCRAMSHA256Plus, "PLAIN", "LOGIN"}},
		{interop.Aiosmtpd, tls12And13[1:], []string{"PLAIN", "LOGIN"}},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			s := interop.Start(t, tt.kind)
			for _, version := range tt.versions {
				loginBy(t, s, version, tt.mechanisms[0])
				for _, mechanism := range tt.mechanisms {
					loginBy(t, s, version, mechanism, mechanism)
					refusedBy(t, s, version, mechanism)
				}
			}
		})
	}
}

var tls12And13 = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// loginBy logs in and sends a message, in a TLS session and in the same resumed.
func loginBy(t *testing.T, s *interop.Server, version uint16, want string, mechanisms ...string) {
	t.Helper()
	c := submission(s, version)
	c.TLSConfig.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	c.Auth = smtpclient.PasswordAuth(interop.User, interop.Password, mechanisms...)
	for n := range 2 {
		used, resumed, err := oneSession(t, c)
		if err != nil || used != want+" …" {
			t.Errorf("%s, %s: authenticated by %q: %v", want, tls.VersionName(version), used, err)
		}
		if want == smtpclient.SCRAMSHA256Plus && resumed != (n == 1) { // the others need not be able to
			t.Errorf("%s, session %d: resumed %v", want, n, resumed)
		}
	}
}

// oneSession runs a session with one message and tells how it authenticated.
func oneSession(t *testing.T, c smtpclient.Config) (used string, resumed bool, err error) {
	c.Trace = &smtpclient.Trace{
		Command: func(_ uint64, line string) {
			if by, found := strings.CutPrefix(line, "AUTH "); found {
				used += by
			}
		},
		TLS: func(_ uint64, state tls.ConnectionState, _ bool) { resumed = state.DidResume },
	}
	session, err := smtpclient.Dial(t.Context(), c)
	if err != nil {
		return used, resumed, err
	}
	_, err = session.Send(t.Context(), &smtpclient.Mail{
		From: "list@o.example", To: smtpclient.Recipients("a@discard.test"), Content: []byte("Subject: in\r\n\r\nhello\r\n"),
	})
	return used, resumed, errors.Join(err, session.Quit(t.Context()))
}

// refusedBy logs in with a wrong password.
func refusedBy(t *testing.T, s *interop.Server, version uint16, mechanism string) {
	t.Helper()
	c := submission(s, version)
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
