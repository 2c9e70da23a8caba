package smtptest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// rejectBob is a hook that refuses one recipient.
func rejectBob(s *smtptest.Server) {
	s.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		if strings.HasPrefix(path, "bob@") {
			return &smtptest.Reply{Code: 550, Text: "5.1.1 No such user"}
		}
		return nil
	}
}

// TestWrongEnvelope shows what a client without RSET does to a mail that
// follows one whose recipients were all refused, and that RSET prevents it.
func TestWrongEnvelope(t *testing.T) {
	for _, tc := range []struct{ name, transcript, want string }{
		{"DATA without RSET", `C: MAIL FROM:<one@x.example>
			C: RCPT TO:<bob@x.example>
			C: DATA
			S: 250
			S: 550
			S: 554
			C: MAIL FROM:<two@x.example>
			C: RCPT TO:<eve@x.example>
			C: DATA
			S: 503
			S: 250
			S: 354
			C: Two
			C: .
			S: 250`, "one@x.example>eve@x.example:Two;"},
		{"DATA with RSET", `C: MAIL FROM:<one@x.example>
			C: RCPT TO:<bob@x.example>
			C: DATA
			S: 250
			S: 550
			S: 554
			C: RSET
			C: MAIL FROM:<two@x.example>
			C: RCPT TO:<eve@x.example>
			C: DATA
			S: 250
			S: 250
			S: 250
			S: 354
			C: Two
			C: .
			S: 250`, "two@x.example>eve@x.example:Two;"},
		{"BDAT without RSET", `C: MAIL FROM:<one@x.example>
			C: RCPT TO:<bob@x.example>
			C: BDAT 5 LAST
			C: One
			C: MAIL FROM:<two@x.example>
			C: RCPT TO:<eve@x.example>
			C: BDAT 5 LAST
			C: Two
			S: 250
			S: 550
			S: 554
			S: 503
			S: 250
			S: 250`, "one@x.example>eve@x.example:Two;"},
		{"BDAT with RSET", `C: MAIL FROM:<one@x.example>
			C: RCPT TO:<bob@x.example>
			C: BDAT 5 LAST
			C: One
			C: RSET
			C: MAIL FROM:<two@x.example>
			C: RCPT TO:<eve@x.example>
			C: BDAT 5 LAST
			C: Two
			S: 250
			S: 550
			S: 554
			S: 250
			S: 250
			S: 250
			S: 250`, "two@x.example>eve@x.example:Two;"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := start(t, rejectBob)
			open(t, srv).talk(tc.transcript)
			if got := envelopes(srv.Messages()); got != tc.want {
				t.Errorf("took %q, want %q", got, tc.want)
			}
		})
	}
}

func TestBDAT(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) { rejectBob(s); s.MaxSize = 20 })
	for _, tc := range []struct{ name, transcript, want string }{
		{"chunks", `C: MAIL FROM:<a@x.example>
			C: RCPT TO:<b@x.example>
			C: BDAT 5
			C: One
			C: bdat 3
			C: .
			C: BDAT 0 last
			S: 250
			S: 250
			S: 250 2.0.0
			S: 250
			S: 250`, "a@x.example>b@x.example:One\r\n.;"},
		{"no MAIL", `C: BDAT 6 LAST
			C: RSET
			C: NOOP
			S: 503 5.5.1
			S: 250`, ""},
		{"no recipients, not last", `C: MAIL FROM:<a@x.example>
			C: RCPT TO:<bob@x.example>
			C: BDAT 6
			C: RSET
			C: RCPT TO:<b@x.example>
			C: BDAT 6 LAST
			C: RSET
			C: MAIL FROM:<a@x.example>
			C: RSET
			C: MAIL FROM:<a@x.example>
			S: 250
			S: 550
			S: 554 5.5.1
			S: 503
			S: 503 5.5.1
			S: 503
			S: 250
			S: 250`, ""},
		{"mixed with others", `C: MAIL FROM:<a@x.example>
			C: RCPT TO:<b@x.example>
			C: BDAT 0
			C: RCPT TO:<c@x.example>
			C: DATA
			C: MAIL FROM:<a@x.example>
			C: RSET
			S: 250
			S: 250
			S: 250
			S: 503
			S: 503
			S: 503
			S: 250`, ""},
		{"syntax", `C: BDAT
			C: BDAT x
			C: BDAT -1
			C: BDAT 1 FIRST
			C: BDAT 99999999999999999999
			S: 501
			S: 501
			S: 501
			S: 501
			S: 501`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(srv.Messages())
			open(t, srv).talk(tc.transcript)
			if got := envelopes(srv.Messages()[before:]); got != tc.want {
				t.Errorf("took %q, want %q", got, tc.want)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		c := open(t, srv)
		c.raw("MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nBDAT 14\r\nFourteen it isBDAT 8\r\nRSET\r\n\r\nBDAT 2 LAST\r\nx\nNOOP\r\nRSET\r\nMAIL FROM:<c@x.example>\r\n")
		c.want("250", "250", "250", "552 5.3.4", "503", "250", "250", "250")
	})
}

// TestContentSplits sends mail data in two pieces, cut at every place there
// is, and then octet by octet.
func TestContentSplits(t *testing.T) {
	const wire = "..one\r\n...\r\n.\rx\r\n\r\r\n\n.\n\r\n..\r\n.\n\r\n\r\n.\r\n"
	const data = ".one\r\n..\r\n\rx\r\n\r\r\n\n.\n\r\n.\r\n\n\r\n\r\n"
	srv := start(t, nil)
	c := open(t, srv)
	envelope := func() {
		c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354")
	}
	for i := range len(wire) {
		envelope()
		c.raw(wire[:i])
		c.raw(wire[i:])
		c.want("250")
	}
	envelope()
	for i := range len(wire) {
		c.raw(wire[i : i+1])
	}
	c.want("250")
	envelope()
	c.talk("C: .\nS: 250")
	messages := srv.Messages()
	for i, m := range messages[:len(messages)-1] {
		if string(m.Data) != data || m.Via != "DATA" || m.Transaction != i+1 {
			t.Errorf("cut at %d: got %q via %s, number %d; want %q", i, m.Data, m.Via, m.Transaction, data)
		}
	}
	if m := messages[len(messages)-1]; len(m.Data) != 0 {
		t.Errorf("empty message has data %q", m.Data)
	}
}

// TestContentAcrossBuffers has dots and ends of lines at the borders of the
// server's input buffer.
func TestContentAcrossBuffers(t *testing.T) {
	srv := start(t, nil)
	c := open(t, srv)
	for shift := range 8 {
		var wire, data strings.Builder
		wire.WriteString(strings.Repeat("x", 65530+shift))
		data.WriteString(strings.Repeat("x", 65530+shift))
		for range 30_000 {
			wire.WriteString("\r\n..a")
			data.WriteString("\r\n.a")
		}
		wire.WriteString("\r\n.\r\n")
		data.WriteString("\r\n")
		c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354")
		c.raw(wire.String())
		c.want("250")
		if m := srv.Messages()[shift]; string(m.Data) != data.String() {
			t.Errorf("shift %d: %d octets differ from the %d wanted", shift, len(m.Data), data.Len())
		}
	}
}

func TestMessageFields(t *testing.T) {
	srv := start(t, nil)
	open(t, srv)
	open(t, srv).talk(`C: MAIL FROM:<a@x.example> SIZE=5 RET=FULL
		C: RCPT TO:<b@x.example> NOTIFY=NEVER
		C: RCPT TO:<c@x.example>
		C: BDAT 0
		C: BDAT 5 LAST
		C: One
		S: 250
		S: 250
		S: 250
		S: 250
		S: 250 2.0.0 Ok: queued as 2.1`)
	got := fmt.Sprintf("%+v", srv.Messages())
	want := "[{Session:2 Transaction:1 From:a@x.example FromParams:SIZE=5 RET=FULL " +
		"To:[{Address:b@x.example Params:NOTIFY=NEVER} {Address:c@x.example Params:}] Data:[79 110 101 13 10] " +
		"Via:BDAT Chunks:2 TLS:false User: HELO:client.example}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestHookKeepsMessages keeps what the hook is given, beyond the call and the
// next message.
func TestHookKeepsMessages(t *testing.T) {
	var got []smtptest.Message
	srv := start(t, func(s *smtptest.Server) {
		s.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
			got = append(got, *m)
			if len(got) == 2 {
				return &smtptest.Reply{Code: 550, Text: "5.7.1 No"}
			}
			return nil
		}
	})
	c := open(t, srv)
	for i := range 3 {
		c.talk(fmt.Sprintf(`C: MAIL FROM:<a%d@x.example>
			C: RCPT TO:<b%[1]d@x.example>
			C: DATA
			S: 250
			S: 250
			S: 354`, i))
		c.raw(fmt.Sprintf("%d\r\n.\r\n", i))
		c.want([]string{"250", "550", "250"}[i])
	}
	const first, last = "a0@x.example>b0@x.example:0;", "a2@x.example>b2@x.example:2;"
	if got := envelopes(got); got != first+"a1@x.example>b1@x.example:1;"+last {
		t.Errorf("the hook kept %q", got)
	}
	if got := envelopes(srv.Messages()); got != first+last {
		t.Errorf("the server kept %q", got)
	}
}

func TestCountOnly(t *testing.T) {
	var seen []string
	for _, hook := range []bool{false, true} {
		srv := start(t, func(s *smtptest.Server) {
			s.CountOnly = true
			if hook {
				s.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
					seen = append(seen, string(m.Data))
					return nil
				}
			}
		})
		c := open(t, srv)
		for range 50 {
			c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354\nC: ..Hi\nC: .\nS: 250")
		}
		if m := wait(t, srv, 50); len(m) != 0 {
			t.Errorf("%d messages stored", len(m))
		}
		if got := srv.Counters(); got.Messages != 50 || got.Recipients != 50 || got.Bytes != 50*int64(len(".Hi\r\n")) {
			t.Errorf("counters %+v", got)
		}
	}
	if len(seen) != 50 || seen[49] != ".Hi\r\n" {
		t.Errorf("hook saw %q", seen)
	}
}

// BenchmarkSink measures the server with one session that sends the next
// envelope along with each message of 2 KiB.
func BenchmarkSink(b *testing.B) {
	srv := smtptest.NewUnstartedServer()
	srv.CountOnly = true
	srv.Start()
	defer srv.Close()
	c := open(b, srv)
	c.SetDeadline(time.Time{})
	body := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 30)
	envelope := "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n"
	group := body + ".\r\nRSET\r\n" + envelope
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	c.raw(envelope)
	c.want("250", "250", "354")
	for b.Loop() {
		c.raw(group)
		c.want("250", "250", "250", "250", "354")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
}
