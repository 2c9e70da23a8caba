package smtptest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// dialogues are transcripts as client.talk plays them.
var dialogues = []struct {
	name       string
	set        func(*smtptest.Server)
	transcript string
}{
	{"order", nil, `S: 220 mx.example.test
		C: MAIL FROM:<a@x.example>
		S: 503 5.5.1
		C: EHLO
		S: 501 5.5.4
		C: HELO
		S: 501 5.5.4
		C: EHLO c
		S: 250 STARTTLS
		C: RCPT TO:<b@x.example>
		S: 503 5.5.1
		C: DATA
		S: 503 5.5.1
		C: MAIL FROM:<a@x.example>
		S: 250 2.1.0
		C: MAIL FROM:<a@x.example>
		S: 503 5.5.1 Nested
		C: DATA
		S: 554 5.5.1
		C: RCPT TO:<b@x.example>
		S: 250 2.1.5
		C: DATA now
		S: 501 5.5.4
		C: EHLO c
		S: 250
		C: DATA
		S: 503 5.5.1
		C: QUIT
		S: 221 2.0.0
		S!`},
	{"small talk", nil, `S: 220
		C: NOOP whatever
		S: 250 2.0.0
		C: RSET
		S: 250 2.0.0
		C: RSET x
		S: 501
		C: VRFY
		S: 501
		C: vrfy ada
		S: 252 2.0.0
		C: HELP
		S: 214
		C: EXPN list
		S: 500 5.5.2
		C:
		S: 500 5.5.2
		C: QUIT now
		S: 501
		C: quit
		S: 221
		S!`},
	{"paths", nil, `S: 220
		C: EHLO c
		S: 250
		C: MAIL FROM:a@x.example
		S: 501 5.1.7
		C: MAIL TO:<a@x.example>
		S: 501 5.1.7
		C: MAIL
		S: 501 5.1.7
		C: MAIL FROM:<a@x.example
		S: 501 5.1.7
		C: MAIL FROM:<a@x.example>SIZE=1
		S: 501 5.1.7
		C: MAIL FROM: <a@x.example>
		S: 501 5.1.7
		C: MAIL FROM:<postmaster>
		S: 501 5.1.7
		C: mail from:<>
		S: 250
		C: RCPT TO:<>
		S: 501 5.1.3
		C: RCPT TO: <b@x.example>
		S: 501 5.1.3
		C: RCPT TO:<"a > \" b"@x.example> NOTIFY=NEVER
		S: 250
		C: RCPT TO:<Postmaster>
		S: 250
		C: RCPT TO:<b@x.example>
		S: 250`},
	{"parameters", nil, `S: 220
		C: EHLO c
		S: 250
		C: MAIL FROM:<a@x.example> SIZE=x
		S: 501 5.5.4
		C: MAIL FROM:<a@x.example> SIZE=52428801
		S: 552 5.3.4
		C: MAIL FROM:<a@x.example> BODY=9BIT
		S: 501 5.5.4
		C: MAIL FROM:<a@x.example> BODY=BINARYMIME
		S: 501 5.5.4
		C: MAIL FROM:<a@x.example> RET=ALL
		S: 501 5.5.4
		C: MAIL FROM:<a@x.example> NOTIFY=NEVER
		S: 555 5.5.4
		C: MAIL FROM:<a@x.example> XVERP
		S: 555 5.5.4
		C: MAIL FROM:<a@x.example> REQUIRETLS
		S: 555 5.5.4
		C: MAIL FROM:<ä@x.example>
		S: 553 5.6.7
		C: MAIL FROM:<a@x.example> SIZE=52428800 body=8bitmime RET=HDRS ENVID=1
		S: 250
		C: RCPT TO:<ö@x.example>
		S: 553 5.6.7
		C: RCPT TO:<b@x.example> NOTIFY=SUCCESS,NEVER
		S: 501 5.5.4
		C: RCPT TO:<b@x.example> SIZE=1
		S: 555 5.5.4
		C: RCPT TO:<b@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@x.example
		S: 250
		C: RSET
		S: 250
		C: MAIL FROM:<ä@x.example> SMTPUTF8
		S: 250
		C: RCPT TO:<ö@x.example>
		S: 250`},
	{"no extensions", func(s *smtptest.Server) { s.Extensions, s.NoSTARTTLS = []string{}, true }, `S: 220
		C: EHLO c
		S: 250 mx.example.test greets c
		C: MAIL FROM:<a@x.example> SIZE=1
		S: 555 Param
		C: MAIL FROM:<a@x.example> BODY=8BITMIME
		S: 555
		C: MAIL FROM:<a@x.example> SMTPUTF8
		S: 555
		C: BDAT 10 LAST
		S: 500 Command
		C: STARTTLS
		S: 502
		C: AUTH PLAIN
		S: 503
		C: MAIL FROM:<a@x.example>
		S: 250 Ok`},
	{"HELO offers nothing", nil, `S: 220
		C: HELO c
		S: 250 mx.example.test
		C: MAIL FROM:<a@x.example> SIZE=1
		S: 555
		C: STARTTLS
		S: 502
		C: BDAT 10 LAST
		S: 500`},
	{"own extensions", func(s *smtptest.Server) {
		s.Extensions = []string{"size 100", "XVERP", "REQUIRETLS", "CHUNKING", "8BITMIME", "BINARYMIME"}
		s.NoSTARTTLS = true
	}, `S: 220
		C: EHLO c
		S: 250 BINARYMIME
		C: MAIL FROM:<a@x.example> SIZE=101
		S: 552
		C: MAIL FROM:<a@x.example> XVERP=+= REQUIRETLS BODY=BINARYMIME
		S: 250
		C: RCPT TO:<b@x.example>
		S: 250
		C: DATA
		S: 503`},
	{"limits", func(s *smtptest.Server) { s.MaxSize, s.MaxRecipients, s.MaxMessages = 10, 1, 1 }, `S: 220
		C: EHLO c
		S: 250
		C: MAIL FROM:<a@x.example> SIZE=11
		S: 552 5.3.4
		C: MAIL FROM:<a@x.example>
		S: 250
		C: RCPT TO:<b@x.example>
		S: 250
		C: RCPT TO:<c@x.example>
		S: 452 4.5.3
		C: DATA
		S: 354
		C: 123456789
		C: .
		S: 552 5.3.4
		C: MAIL FROM:<a@x.example>
		S: 250
		C: RCPT TO:<b@x.example>
		S: 250
		C: DATA
		S: 354
		C: 12345678
		C: .
		S: 250
		C: RSET
		C: MAIL FROM:<a@x.example>
		C: RCPT TO:<b@x.example>
		S: 250
		S: 421 4.7.0
		S!`},
	{"EHLO in a group", nil, `S: 220
		C: EHLO c
		C: MAIL FROM:<a@x.example>
		C: NOOP
		S: 250
		S: 250
		S: 250`},
}

func TestDialogues(t *testing.T) {
	for _, tc := range dialogues {
		t.Run(tc.name, func(t *testing.T) {
			dial(t, start(t, tc.set)).talk(tc.transcript)
		})
	}
}

func TestOffers(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) {
		s.MaxSize = 1234
		s.Users = map[string]string{"u": "p"}
	})
	c := dial(t, srv)
	c.talk("S: 220\nC: EHLO me")
	got, err := c.reply()
	want := []string{
		"250-mx.example.test greets me", "250-PIPELINING", "250-CHUNKING", "250-8BITMIME", "250-SMTPUTF8", "250-SIZE 1234",
		"250-DSN", "250-ENHANCEDSTATUSCODES", "250-STARTTLS", "250 AUTH SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5 OAUTHBEARER XOAUTH2",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if !slices.Contains(smtptest.DefaultExtensions(), "SIZE 52428800") {
		t.Errorf("default extensions %q", smtptest.DefaultExtensions())
	}
}

func TestLines(t *testing.T) {
	c := open(t, start(t, nil))
	c.send("NOOP "+strings.Repeat("x", 5000), "NOOP "+strings.Repeat("x", 200_000), "NOOP")
	c.want("500 5.5.2", "500 5.5.2", "250")
	c.raw("NOOP\nNOOP\r\n")
	c.want("500 5.5.2", "250")
}

// TestRoundTrips plays clients whose round trips are known (RFC 2920).
func TestRoundTrips(t *testing.T) {
	const n = 20
	srv := start(t, nil)
	count := func(t *testing.T, want int64, run func(c *client)) {
		t.Helper()
		c := open(t, srv)
		before := srv.Counters().RoundTrips
		run(c)
		c.talk("C: QUIT\nS: 221\nS!")
		if got := srv.Counters().RoundTrips - before; got != want {
			t.Errorf("%d round trips, want %d", got, want)
		}
	}
	t.Run("lockstep", func(t *testing.T) {
		count(t, 4*n, func(c *client) {
			for range n {
				c.talk("C: MAIL FROM:<a@x.example>\nS: 250\nC: RCPT TO:<b@x.example>\nS: 250\nC: DATA\nS: 354\nC: Hi\nC: .\nS: 250")
			}
		})
	})
	t.Run("envelope", func(t *testing.T) {
		count(t, 2*n, func(c *client) {
			for range n {
				c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354\nC: Hi\nC: .\nS: 250")
			}
		})
	})
	t.Run("overlap", func(t *testing.T) {
		count(t, n+1, func(c *client) {
			c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354")
			for range n - 1 {
				c.talk("C: Hi\nC: .\nC: RSET\nC: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 250\nS: 250\nS: 354")
			}
			c.talk("C: Hi\nC: .\nS: 250")
		})
	})
	t.Run("stream", func(t *testing.T) {
		count(t, 1, func(c *client) {
			one := "C: RSET\nC: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: BDAT 4 LAST\nC: Hi\n"
			c.talk(strings.Repeat(one, n) + strings.Repeat("S: 250\nS: 250\nS: 250\nS: 250\n", n))
		})
	})
	if got := srv.Counters(); got.Messages != 4*n || got.Commands["MAIL"] != 4*n || got.AfterDATA != 0 || got.PipelinedUnasked != 0 {
		t.Errorf("counters %+v", got)
	}
}

func TestSetUpIsNoRoundTrip(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) { s.Users = map[string]string{"u": "p"} })
	c := open(t, srv)
	c.talk("C: STARTTLS\nS: 220")
	c = c.startTLS(srv)
	c.talk("C: EHLO x\nS: 250\nC: AUTH LOGIN\nS: 334\nC: dQ==\nS: 334\nC: cA==\nS: 235\nC: QUIT\nS: 221\nS!")
	if got := srv.Counters(); got.RoundTrips != 0 || got.Authenticated != 1 {
		t.Errorf("counters %+v", got)
	}
}

func TestPipeliningViolations(t *testing.T) {
	mail := "C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: NOOP\nS: 250\nS: 250\nS: 250\nC: DATA\nC: Hi\nC: .\nC: NOOP\nS: 354\nS: 250\nS: 250"
	chunked := "C: MAIL FROM:<a@x.example>\nS: 250\nC: RCPT TO:<b@x.example>\nS: 250\nC: BDAT 4 LAST\nC: Hi\nS: 250"
	for _, tc := range []struct {
		name               string
		extensions         []string
		transcript         string
		unasked, afterDATA int64
	}{
		{"offered", []string{"PIPELINING"}, mail, 0, 1},
		{"not offered", []string{}, mail, 4, 1},
		{"chunk", []string{"CHUNKING"}, chunked, 0, 0},
		{"behind chunk", []string{"CHUNKING"}, strings.Replace(chunked, "Hi", "Hi\nC: NOOP\nS: 250", 1), 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := start(t, func(s *smtptest.Server) { s.Extensions = tc.extensions })
			open(t, srv).talk(tc.transcript)
			if c := srv.Counters(); c.PipelinedUnasked != tc.unasked || c.AfterDATA != tc.afterDATA {
				t.Errorf("PipelinedUnasked %d, AfterDATA %d; want %d, %d", c.PipelinedUnasked, c.AfterDATA, tc.unasked, tc.afterDATA)
			}
		})
	}
}

// TestHooks refuses and accepts at each hook.
func TestHooks(t *testing.T) {
	judge := func(what string) *smtptest.Reply {
		switch {
		case strings.Contains(what, "bad"):
			return &smtptest.Reply{Code: 550, Text: "5.7.1 Not\n5.7.1 wanted"}
		case strings.Contains(what, "odd"):
			return &smtptest.Reply{Code: 251, Text: "2.1.5 Will do"}
		}
		return nil
	}
	srv := start(t, func(s *smtptest.Server) {
		s.OnMail = func(s *smtptest.Session, path, params string) *smtptest.Reply { return judge(path + params) }
		s.OnRcpt = func(s *smtptest.Session, path, params string) *smtptest.Reply { return judge(path + params) }
		s.OnMessage = func(s *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
			return judge(fmt.Sprint(string(m.Data), s.Number(), s.HELO(), s.User(), s.TLS() == nil, s.RemoteAddr()))
		}
	})
	open(t, srv).talk(`C: MAIL FROM:<bad@x.example>
		C: RCPT TO:<b@x.example>
		C: MAIL FROM:<odd@x.example> ENVID=1
		C: RCPT TO:<bad@x.example>
		C: RCPT TO:<odd@x.example>
		C: DATA
		S: 550 5.7.1 wanted
		S: 503
		S: 251
		S: 550
		S: 251
		S: 354
		C: bad
		C: .
		S: 550
		C: MAIL FROM:<a@x.example>
		C: RCPT TO:<b@x.example>
		C: DATA
		S: 250
		S: 250
		S: 354
		C: odd
		C: .
		S: 251`)
	if got := envelopes(srv.Messages()); got != "a@x.example>b@x.example:odd;" {
		t.Errorf("took %q", got)
	}
	if c := srv.Counters(); c.RefusedMessages != 1 || c.RejectedRecipients != 2 || c.Messages != 1 || c.Recipients != 1 {
		t.Errorf("counters %+v", c)
	}
}
