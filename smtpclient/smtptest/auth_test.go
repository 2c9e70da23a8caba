package smtptest_test

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestAuth uses the user "ada" with the password "s3cret".
func TestAuth(t *testing.T) {
	oauth := func(token string) string { return "host=h\x01port=25\x01auth=Bearer " + token + "\x01\x01" }
	for _, tc := range []struct{ name, transcript, user string }{
		{"PLAIN", "C: AUTH PLAIN " + b64("\x00ada\x00s3cret") + "\nS: 235 2.7.0", "ada"},
		{"PLAIN with authorization identity", "C: auth plain " + b64("ada\x00ada\x00s3cret") + "\nS: 235", "ada"},
		{"PLAIN without initial response", "C: AUTH PLAIN\nS: 334 \nC: " + b64("\x00ada\x00s3cret") + "\nS: 235", "ada"},
		{"PLAIN for somebody else", "C: AUTH PLAIN " + b64("bob\x00ada\x00s3cret") + "\nS: 535", ""},
		{"PLAIN with a wrong password", "C: AUTH PLAIN " + b64("\x00ada\x00secret") + "\nS: 535 5.7.8", ""},
		{"PLAIN of nobody", "C: AUTH PLAIN " + b64("\x00bob\x00") + "\nS: 535", ""},
		{"PLAIN, empty", "C: AUTH PLAIN =\nS: 535", ""},
		{"PLAIN, bad base64", "C: AUTH PLAIN ????\nS: 501 5.5.2", ""},
		{"PLAIN, bad base64 later", "C: AUTH PLAIN\nS: 334\nC: ????\nS: 501 5.5.2", ""},
		{"PLAIN, cancelled", "C: AUTH PLAIN\nS: 334\nC: *\nS: 501", ""},
		{"PLAIN, too long", "C: AUTH PLAIN\nS: 334\nC: " + strings.Repeat("A", 13000) + "\nS: 500 5.5.6", ""},
		{"LOGIN", "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: " + b64("ada") + "\nS: 334 UGFzc3dvcmQ6\nC: " + b64("s3cret") + "\nS: 235", "ada"},
		{"LOGIN with initial response", "C: AUTH LOGIN " + b64("ada") + "\nS: 334 UGFzc3dvcmQ6\nC: " + b64("s3cret") + "\nS: 235", "ada"},
		{"LOGIN, cancelled", "C: AUTH LOGIN\nS: 334\nC: " + b64("ada") + "\nS: 334\nC: *\nS: 501", ""},
		{"CRAM-MD5 with initial response", "C: AUTH CRAM-MD5 " + b64("ada") + "\nS: 535", ""},
		{"CRAM-MD5, wrong", "C: AUTH CRAM-MD5\nS: 334\nC: " + b64("ada 0123") + "\nS: 535", ""},
		{"CRAM-MD5, malformed", "C: AUTH CRAM-MD5\nS: 334\nC: " + b64("ada") + "\nS: 535", ""},
		{"OAUTHBEARER", "C: AUTH OAUTHBEARER " + b64("n,a=ada,\x01"+oauth("s3cret")) + "\nS: 235", "ada"},
		{"OAUTHBEARER without a user", "C: AUTH OAUTHBEARER " + b64("n,,\x01"+oauth("s3cret")) + "\nS: 235", "ada"},
		{"OAUTHBEARER, wrong", "C: AUTH OAUTHBEARER " + b64("n,a=ada,\x01"+oauth("x")) + "\nS: 334 ey\nC: " + b64("\x01") + "\nS: 535", ""},
		{"XOAUTH2", "C: AUTH XOAUTH2 " + b64("user=ada\x01auth=Bearer s3cret\x01\x01") + "\nS: 235", "ada"},
		{"XOAUTH2, wrong", "C: AUTH XOAUTH2 " + b64("user=ada\x01auth=Bearer x\x01\x01") + "\nS: 334 ey\nC:\nS: 535", ""},
		{"unknown", "C: AUTH GSSAPI\nS: 504 5.5.4", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := start(t, func(s *smtptest.Server) {
				s.Users = map[string]string{"ada": "s3cret"}
				s.RequireAuth = true
			})
			c := open(t, srv)
			c.talk("C: MAIL FROM:<a@x.example>\nS: 530 5.7.0\n" + tc.transcript)
			if tc.user == "" {
				c.talk("C: MAIL FROM:<a@x.example>\nS: 530 5.7.0")
				return
			}
			c.talk(`C: AUTH PLAIN
				S: 503 5.5.1
				C: MAIL FROM:<a@x.example> AUTH=<>
				S: 250
				C: RCPT TO:<b@x.example>
				S: 250
				C: BDAT 0 LAST
				S: 250`)
			if user := srv.Messages()[0].User; user != tc.user {
				t.Errorf("message of %q, want %q", user, tc.user)
			}
		})
	}
}

func TestAuthCRAMMD5(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) {
		s.Users = map[string]string{"ada": "s3cret"}
		s.Mechanisms = []string{"CRAM-MD5"}
	})
	c := open(t, srv)
	c.talk("C: AUTH PLAIN =\nS: 504\nC: AUTH CRAM-MD5")
	lines, err := c.reply()
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[0], "334 "))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(md5.New, []byte("s3cret"))
	mac.Write(challenge)
	c.talk("C: " + b64("ada "+hex.EncodeToString(mac.Sum(nil))) + "\nS: 235")
}

func TestNoPlaintextAuth(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) {
		s.Users = map[string]string{"ada": "s3cret"}
		s.NoPlaintextAuth = true
	})
	c := dial(t, srv)
	c.talk("S: 220\nC: EHLO x\nS: 250 STARTTLS\nC: AUTH PLAIN =\nS: 538 5.7.11\nC: STARTTLS\nS: 220")
	c = c.startTLS(srv)
	c.talk("C: EHLO x\nS: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5 OAUTHBEARER XOAUTH2\nC: AUTH PLAIN " + b64("\x00ada\x00s3cret") + "\nS: 235")
	if n := srv.Counters().Authenticated; n != 1 {
		t.Errorf("%d authenticated", n)
	}
}
