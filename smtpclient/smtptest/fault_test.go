package smtptest_test

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

const (
	greeting = "220 mx.example.test ESMTP smtptest\r\n"
	group    = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n"
	chunked  = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nBDAT 4 LAST\r\nHi\r\n"
	queued   = "250 2.0.0 Ok: queued as 1.1\r\n"
	go354    = "354 End data with <CR><LF>.<CR><LF>\r\n"
	okMail   = "250 2.1.0 Ok\r\n"
	okRcpt   = "250 2.1.5 Ok\r\n"
	bye      = "221 2.0.0 Bye\r\n"
)

// scripted starts a server whose reply to EHLO is one line, with one fault.
func scripted(t *testing.T, f smtptest.Fault) *smtptest.Server {
	t.Helper()
	srv := start(t, func(s *smtptest.Server) {
		s.Extensions = []string{"CHUNKING", "PIPELINING", "ENHANCEDSTATUSCODES"}
		s.NoSTARTTLS = true
	})
	srv.Script(f)
	return srv
}

const offers = "250-mx.example.test greets c\r\n250-CHUNKING\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n"

// TestFaults sends everything a client might at once, with mail data behind
// DATA though it must not, and checks every octet that comes back before the
// end of the connection.
func TestFaults(t *testing.T) {
	const ehlo, quit = "EHLO c\r\n", "QUIT\r\n"
	const mail = ehlo + group + "Hi\r\n.\r\n" + quit
	const bdat = ehlo + chunked + quit
	for _, tc := range []struct {
		name  string
		at    smtptest.Point
		do    smtptest.Action
		send  string
		want  string
		taken int
	}{
		{"no fault", smtptest.PointVRFY, smtptest.CloseConn(), mail, greeting + offers + okMail + okRcpt + go354 + queued + bye, 1},
		{"connect closed", smtptest.PointConnect, smtptest.CloseConn(), mail, "", 0},
		{"words before the greeting", smtptest.PointConnect, smtptest.Answer("220-wait"), quit, "220-wait\r\n" + greeting + bye, 0},
		{"greeting refused", smtptest.PointGreeting, smtptest.AnswerAndClose("554 5.3.2 no"), "", "554 5.3.2 no\r\n", 0},
		{"greeting omitted", smtptest.PointGreeting, smtptest.Omit(), quit, bye, 0},
		{"EHLO refused", smtptest.PointEHLO, smtptest.Answer("502 no"), ehlo + "HELO c\r\n" + quit, greeting + "502 no\r\n250 mx.example.test\r\n" + bye, 0},
		{"HELO refused", smtptest.PointHELO, smtptest.Answer("502 no"), "HELO c\r\n" + quit, greeting + "502 no\r\n" + bye, 0},
		{"EHLO twice", smtptest.PointEHLO, smtptest.Twice(), ehlo + quit, greeting + offers + offers + bye, 0},
		{"MAIL refused", smtptest.PointMAIL, smtptest.Answer("450-4.0.0 not\n450 4.0.0 now"), ehlo + "MAIL FROM:<>\r\nRCPT TO:<b>\r\n" + quit,
			greeting + offers + "450-4.0.0 not\r\n450 4.0.0 now\r\n503 5.5.1 Need MAIL command\r\n" + bye, 0},
		{"MAIL pretended", smtptest.PointMAIL, smtptest.Answer("250 2.1.0 Ok"), ehlo + "MAIL FROM:<>\r\nRCPT TO:<b>\r\n" + quit,
			greeting + offers + okMail + "503 5.5.1 Need MAIL command\r\n" + bye, 0},
		{"RCPT omitted", smtptest.PointRCPT, smtptest.Omit(), mail, greeting + offers + okMail + go354 + queued + bye, 1},
		{"RCPT closed", smtptest.PointRCPT, smtptest.CloseConn(), mail, greeting + offers + okMail, 0},
		{"RCPT 421", smtptest.PointRCPT, smtptest.AnswerAndClose("421 4.3.2 bye"), mail, greeting + offers + okMail + "421 4.3.2 bye\r\n", 0},
		{"RCPT 421, going on", smtptest.PointRCPT, smtptest.Answer("421 4.3.2 bye"), ehlo + "MAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\n" + quit,
			greeting + offers + okMail + "421 4.3.2 bye\r\n554 5.5.1 No valid recipients\r\n" + bye, 0},
		{"RCPT raw", smtptest.PointRCPT, smtptest.Raw("25"), ehlo + "MAIL FROM:<>\r\nRCPT TO:<b>\r\n" + quit, greeting + offers + okMail + "25" + bye, 0},
		{"RCPT garbage", smtptest.PointRCPT, smtptest.Garbage().ThenClose(), mail, greeting + offers + okMail + "\x00\x16\x03\xff\xfe nonsense \x7f\x80\r\n", 0},
		{"RCPT mixed", smtptest.PointRCPT, smtptest.MixedCodes(), ehlo + "MAIL FROM:<>\r\nRCPT TO:<b>\r\n" + quit,
			greeting + offers + okMail + "250-so far so good\r\n550 5.0.0 but then not\r\n" + bye, 0},
		{"RCPT split", smtptest.PointRCPT, smtptest.SplitReply(), mail, greeting + offers + okMail + okRcpt + go354 + queued + bye, 1},
		{"RCPT long", smtptest.PointRCPT, smtptest.OverLongLine(2000), mail,
			greeting + offers + okMail + "250 2.1.5 Ok" + strings.Repeat("x", 2000-14) + "\r\n" + go354 + queued + bye, 1},
		{"DATA refused", smtptest.PointDATA, smtptest.Answer("451 4.3.0 no"), ehlo + group + quit, greeting + offers + okMail + okRcpt + "451 4.3.0 no\r\n" + bye, 0},
		{"content closed", smtptest.PointContent, smtptest.CloseConn(), mail, greeting + offers + okMail + okRcpt + go354, 0},
		{"content refused early", smtptest.PointContent, smtptest.Answer("552 5.3.4 big"), mail, greeting + offers + okMail + okRcpt + go354 + "552 5.3.4 big\r\n" + bye, 0},
		{"content refused early, closed", smtptest.PointContent, smtptest.AnswerAndClose("552 5.3.4 big"), mail, greeting + offers + okMail + okRcpt + go354 + "552 5.3.4 big\r\n", 0},
		{"early reply", smtptest.PointContent, smtptest.EarlyReply(), mail, greeting + offers + okMail + okRcpt + go354 + queued + bye, 1},
		{"content omitted", smtptest.PointContent, smtptest.Omit(), mail, greeting + offers + okMail + okRcpt + go354 + bye, 1},
		{"content delayed", smtptest.PointContent, smtptest.Delay(time.Millisecond), mail, greeting + offers + okMail + okRcpt + go354 + queued + bye, 1},
		{"message refused", smtptest.PointEndOfData, smtptest.Answer("550 5.7.1 spam"), mail, greeting + offers + okMail + okRcpt + go354 + "550 5.7.1 spam\r\n" + bye, 0},
		{"message refused, kept open", smtptest.PointEndOfData, smtptest.AnswerAndKeep("550 5.7.1 spam"),
			ehlo + group + "Hi\r\n.\r\nMAIL FROM:<>\r\n" + quit,
			greeting + offers + okMail + okRcpt + go354 + "550 5.7.1 spam\r\n503 5.5.1 Nested MAIL command\r\n" + bye, 0},
		{"message twice", smtptest.PointEndOfData, smtptest.Twice(), mail, greeting + offers + okMail + okRcpt + go354 + queued + queued + bye, 1},
		{"message, then an unsolicited reply", smtptest.PointEndOfData, smtptest.Trailing("421 bye\r\n"), mail,
			greeting + offers + okMail + okRcpt + go354 + queued + "421 bye\r\n" + bye, 1},
		{"message taken, no reply", smtptest.PointEndOfData, smtptest.AcceptAndClose(), mail, greeting + offers + okMail + okRcpt + go354, 1},
		{"message dropped, no reply", smtptest.PointEndOfData, smtptest.CloseConn(), mail, greeting + offers + okMail + okRcpt + go354, 0},
		{"message taken, then closed", smtptest.PointEndOfData, smtptest.Usual().ThenClose(), mail, greeting + offers + okMail + okRcpt + go354 + queued, 1},
		{"BDAT refused", smtptest.PointBDAT, smtptest.Answer("552 5.3.4 big"), bdat, greeting + offers + okMail + okRcpt + "552 5.3.4 big\r\n" + bye, 0},
		{"BDAT refused unread", smtptest.PointBDAT, smtptest.AnswerUnread("552 5.3.4 big"), bdat,
			greeting + offers + okMail + okRcpt + "552 5.3.4 big\r\n500 5.5.2 Command unrecognized\r\n" + bye, 0},
		{"BDAT closed", smtptest.PointBDAT, smtptest.CloseConn(), bdat, greeting + offers + okMail + okRcpt, 0},
		{"BDAT omitted", smtptest.PointBDAT, smtptest.Omit(), bdat, greeting + offers + okMail + okRcpt + bye, 1},
		{"BDAT content refused", smtptest.PointContent, smtptest.Answer("552 5.3.4 big"), bdat, greeting + offers + okMail + okRcpt + "552 5.3.4 big\r\n" + bye, 0},
		{"BDAT message refused", smtptest.PointEndOfData, smtptest.Answer("550 5.7.1 spam"), bdat, greeting + offers + okMail + okRcpt + "550 5.7.1 spam\r\n" + bye, 0},
		{"BDAT message taken, no reply", smtptest.PointEndOfData, smtptest.AcceptAndClose(), bdat, greeting + offers + okMail + okRcpt, 1},
		{"RSET refused", smtptest.PointRSET, smtptest.Answer("451 4.3.0 no"), ehlo + "MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\n" + quit,
			greeting + offers + okMail + "451 4.3.0 no\r\n503 5.5.1 Nested MAIL command\r\n" + bye, 0},
		{"NOOP refused", smtptest.PointNOOP, smtptest.Answer("451 no"), "NOOP\r\n" + quit, greeting + "451 no\r\n" + bye, 0},
		{"other answered", smtptest.PointOther, smtptest.Answer("250 fine"), "XYZ\r\n" + quit, greeting + "250 fine\r\n" + bye, 0},
		{"HELP split", smtptest.PointHELP, smtptest.SplitReply(), "HELP\r\n" + quit,
			greeting + "214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT\r\n" + bye, 0},
		{"QUIT unanswered", smtptest.PointQUIT, smtptest.Omit(), mail, greeting + offers + okMail + okRcpt + go354 + queued, 1},
		{"QUIT refused", smtptest.PointQUIT, smtptest.Answer("421 no"), quit, greeting + "421 no\r\n", 0},
		{"any command", smtptest.PointCommand, smtptest.Answer("421 no"), ehlo + "NOOP\r\n", greeting + "421 no\r\n421 no\r\n", 0},
		{"AUTH answered", smtptest.PointAUTH, smtptest.Answer("535 no"), ehlo + "AUTH PLAIN =\r\n" + quit, greeting + offers + "535 no\r\n" + bye, 0},
		{"STARTTLS answered", smtptest.PointSTARTTLS, smtptest.Answer("454 no"), ehlo + "STARTTLS\r\n" + quit, greeting + offers + "454 no\r\n" + bye, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := scripted(t, smtptest.Fault{At: tc.at, Do: tc.do})
			c := dial(t, srv)
			c.raw(tc.send)
			c.Conn.(interface{ CloseWrite() error }).CloseWrite()
			got, err := io.ReadAll(c.r)
			if err != nil || string(got) != tc.want {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
			srv.Close()
			if n := len(srv.Messages()); n != tc.taken {
				t.Errorf("%d messages taken, want %d", n, tc.taken)
			}
			if n := srv.Counters().Faults; (n > 0) != (tc.name != "no fault") {
				t.Errorf("%d faults", n)
			}
		})
	}
}

func TestReset(t *testing.T) {
	for _, do := range []smtptest.Action{smtptest.ResetConn(), smtptest.Omit().ThenReset()} {
		srv := scripted(t, smtptest.Fault{At: smtptest.PointRSET, Do: do})
		c := open(t, srv)
		c.send("RSET")
		if _, err := c.r.ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v: got error %v", do, err)
		}
	}
}

// TestStall checks that Stall takes whatever the client sends, that
// StopReading does not, and that Close ends both. It runs over a pipe, where a
// write waits for its reader.
func TestStall(t *testing.T) {
	for _, tc := range []struct {
		do    smtptest.Action
		taken bool
	}{
		{smtptest.Stall(), true},
		{smtptest.Usual().ThenStall(), true},
		{smtptest.StopReading(), false},
	} {
		t.Run(tc.do.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipeListener()
				srv := &smtptest.Server{Listener: l}
				srv.Script(smtptest.Fault{At: smtptest.PointConnect, Do: tc.do})
				srv.Start()
				conn, err := l.dial()
				if err != nil {
					t.Fatal(err)
				}
				wrote := false
				go func() {
					_, err := conn.Write(make([]byte, 1<<20))
					wrote = err == nil
				}()
				synctest.Wait()
				if wrote != tc.taken {
					t.Errorf("all taken: %v, want %v", wrote, tc.taken)
				}
				srv.Close()
			})
		})
	}
}

func TestEndlessReply(t *testing.T) {
	srv := scripted(t, smtptest.Fault{At: smtptest.PointRSET, Do: smtptest.EndlessReply()})
	c := open(t, srv)
	c.send("RSET")
	for range 10_000 {
		if line, err := c.r.ReadString('\n'); err != nil || line != "250-and so on\r\n" {
			t.Fatalf("got %q, %v", line, err)
		}
	}
}

// TestDelay runs under a fake clock.
func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		srv := &smtptest.Server{Listener: l}
		srv.Script(
			smtptest.Fault{At: smtptest.PointRCPT, Do: smtptest.Delay(time.Minute)},
			smtptest.Fault{At: smtptest.PointIdle, Match: "RSET", Do: smtptest.AnswerAndClose("421 4.4.2 Idle").After(time.Hour)},
		)
		srv.Start()
		defer srv.Close()
		conn, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(t, conn)
		c.SetDeadline(time.Time{})
		c.talk("S: 220\nC: EHLO x\nS: 250")
		began := time.Now()
		c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nS: 250")
		if d := time.Since(began); d != 0 {
			t.Errorf("the reply before the delay took %v", d)
		}
		c.want("250")
		if d := time.Since(began); d != time.Minute {
			t.Errorf("delayed by %v", d)
		}
		c.talk("C: RSET\nS: 250\nS: 421 4.4.2\nS!")
		if d := time.Since(began); d != time.Minute+time.Hour {
			t.Errorf("idle for %v", d)
		}
	})
}

func TestIdle(t *testing.T) {
	srv := scripted(t, smtptest.Fault{At: smtptest.PointIdle, Match: "DATA", Do: smtptest.AnswerAndClose("421 4.4.2 Idle")})
	c := open(t, srv)
	// Not idle: more is waiting, or a transaction is open.
	c.raw(group)
	c.want("250", "250", "354")
	c.raw("Hi\r\n.\r\nMAIL FROM:<a@x.example>\r\n")
	c.want("250", "250")
	c.raw("RCPT TO:<b@x.example>\r\nDATA\r\n")
	c.want("250", "354")
	c.raw("Hi\r\n.\r\n")
	c.want("250", "421")
	c.wantEOF()
}

func TestAfterBytes(t *testing.T) {
	srv := scripted(t, smtptest.Fault{At: smtptest.PointContent, AfterBytes: 3, Match: "TO:<b@x.example>", Do: smtptest.Answer("550 5.0.0 three")})
	srv.Script(
		smtptest.Fault{At: smtptest.PointContent, AfterBytes: 5, Do: smtptest.Raw("five\r\n")},
		smtptest.Fault{At: smtptest.PointContent, AfterBytes: 6, Do: smtptest.AnswerAndClose("421 six")},
	)
	c := open(t, srv)
	c.raw(group)
	c.want("250", "250", "354")
	c.raw("..a") // two octets of data
	c.raw("b")   // the third
	c.want("550 5.0.0 three")
	c.raw("\r\n.\r\nNOOP\r\n")
	c.want("five", "250")
	c.raw("MAIL FROM:<a@x.example>\r\nRCPT TO:<c@x.example>\r\nBDAT 3\r\nabcBDAT 4 LAST\r\ndefg")
	c.want("250", "250", "250", "five", "421 six")
	c.wantEOF()
	if n := len(srv.Messages()); n != 0 {
		t.Errorf("%d messages taken", n)
	}
}

// TestOccasions checks Session, Match, Nth and Times by the answers to NOOP.
func TestOccasions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault smtptest.Fault
		want  string // of the first session's five NOOPs and the second's two: x where the fault happened
	}{
		{"always", smtptest.Fault{}, "xxxxx xx"},
		{"nth", smtptest.Fault{Nth: 2}, ".x... .."},
		{"nth in all", smtptest.Fault{Nth: 6}, "..... x."},
		{"times", smtptest.Fault{Times: 3}, "xxx.. .."},
		{"nth and times", smtptest.Fault{Nth: 4, Times: 3}, "...xx x."},
		{"session", smtptest.Fault{Session: 2}, "..... xx"},
		{"nth in a session", smtptest.Fault{Session: 2, Nth: 2}, "..... .x"},
		{"match", smtptest.Fault{Match: "3"}, "..x.. .."},
		{"nth match", smtptest.Fault{Match: "1", Nth: 2}, "..... x."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.fault.At, tc.fault.Do = smtptest.PointNOOP, smtptest.Answer("450 fault")
			srv := scripted(t, tc.fault)
			var got strings.Builder
			for _, noops := range []string{"12345", " 12"} {
				c := open(t, srv)
				for _, i := range noops {
					if i == ' ' {
						got.WriteByte(' ')
						continue
					}
					c.send("NOOP " + string(i))
					lines, err := c.reply()
					if err != nil {
						t.Fatal(err)
					}
					got.WriteByte(map[bool]byte{true: 'x', false: '.'}[lines[0] == "450 fault"])
				}
			}
			if got.String() != tc.want {
				t.Errorf("got %s, want %s", got.String(), tc.want)
			}
		})
	}
}

// TestFirstScriptedHappens checks that faults due on one occasion do not add
// up, but count it.
func TestFirstScriptedHappens(t *testing.T) {
	srv := scripted(t, smtptest.Fault{At: smtptest.PointNOOP, Nth: 1, Do: smtptest.Answer("450 first")})
	srv.Script(smtptest.Fault{At: smtptest.PointCommand, Match: "NOOP", Times: 2, Do: smtptest.Answer("450 second")})
	open(t, srv).talk("C: NOOP\nC: NOOP\nC: NOOP\nS: 450 first\nS: 450 second\nS: 250")
}

func TestHandshakeFaults(t *testing.T) {
	for _, do := range []smtptest.Action{smtptest.CloseConn(), smtptest.Garbage()} {
		srv := smtptest.NewTLSServer()
		defer srv.Close()
		srv.Script(smtptest.Fault{At: smtptest.PointHandshake, Session: 1, Do: do})
		if dial(t, srv).startTLSError(srv) == nil {
			t.Errorf("%v: handshake succeeded", do)
		}
		dial(t, srv).startTLS(srv).talk("S: 220")
	}
}

func TestHandshakeReset(t *testing.T) {
	srv := start(t, nil)
	srv.Script(smtptest.Fault{At: smtptest.PointHandshake, Do: smtptest.ResetConn()})
	c := open(t, srv)
	c.talk("C: STARTTLS\nS: 220")
	if c.startTLSError(srv) == nil {
		t.Error("handshake succeeded")
	}
}

// TestResponseInjection checks that plaintext can be sent in one write with
// the reply to STARTTLS.
func TestResponseInjection(t *testing.T) {
	for _, f := range []smtptest.Fault{
		{At: smtptest.PointHandshake, Do: smtptest.Raw("250 evil\r\n")},
		{At: smtptest.PointSTARTTLS, Do: smtptest.Trailing("250 evil\r\n")},
	} {
		srv := start(t, nil)
		srv.Script(f)
		c := open(t, srv)
		c.talk("C: STARTTLS\nS: 220")
		if c.r.Buffered() != len("250 evil\r\n") {
			t.Errorf("%v: %d octets buffered", f.At, c.r.Buffered())
		}
	}
}

func TestNames(t *testing.T) {
	if got := smtptest.PointEndOfData.String() + smtptest.PointCommand.String() + smtptest.Point(99).String(); got != "EndOfDataCommandPoint?" {
		t.Error(got)
	}
	for action, want := range map[string]smtptest.Action{
		"Usual":                     {},
		"Answer(550 no)":            smtptest.Answer("550 no"),
		"AnswerAndClose(421 no)":    smtptest.AnswerAndClose("421 no"),
		"Usual.After(1s).ThenReset": smtptest.Usual().After(time.Second).ThenReset(),
		"AnswerAndKeep(550 no)":     smtptest.AnswerAndKeep("550 no"),
		"AnswerUnread(552 no)":      smtptest.AnswerUnread("552 no"),
		`Raw("x\n")`:                smtptest.Raw("x\n"),
		"OverLongLine(600)":         smtptest.OverLongLine(600),
		"AcceptAndClose":            smtptest.AcceptAndClose(),
		"Delay(1m0s).ThenStall":     smtptest.Delay(time.Minute).ThenStall(),
	} {
		if want.String() != action {
			t.Errorf("got %v, want %s", want, action)
		}
	}
}
