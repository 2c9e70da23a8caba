package smtpclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// Attacks on a client by what it is given to send, and by who answers it, are
// tested here and where the part that fends them off has its tests:
//
//	commands through paths            TestCommandInjectionThroughMail, TestCheckAddress, FuzzPath
//	commands through MAIL and RCPT    TestCommandInjectionThroughMail, TestCheckParameters, FuzzParameters
//	commands through VRFY and HELP    TestCommandInjection
//	commands through EHLO's argument  TestConfigValidate
//	RCPT parameters by quoted paths   TestParameterSmuggling
//	SMTP smuggling                    TestSMTPSmuggling, FuzzDotStuffing, FuzzStream
//	someone else's envelope           FuzzServer, TestFaultMatrix, TestStreamWrongEnvelope
//	STARTTLS response injection       TestSTARTTLSInjection
//	STARTTLS stripping                TestSTARTTLSStripping, TestSTARTTLSNotOffered, TestSTARTTLSAfterHELO
//	forged plaintext EHLO             TestSTARTTLSForgetsExtensions, TestAUTHDowngrade
//	credentials over plaintext        TestAuthInsecure, TestSTARTTLSStripping, TestOpportunisticTLS
//	forged certificates               TestCertificateAttacks, TestBadCertificate, TestOpportunisticWithoutName
//	secrets in errors and logs        TestSecretsQuotedBack, TestAuthRefused, TestTraceHidesCredentials, TestAuthQuotedSecret
//	memory exhaustion by replies      TestReplyFlood, TestDialHostileReplies, TestReplyParserCaps
//	endless AUTH                      TestAuthEndlessChallenges
//	a server that knows no password   TestSCRAMServers, FuzzSCRAM
//	SCRAM that takes for ever         TestSCRAMServers
//	SCRAM without its binding         TestSCRAMDowngrade, TestSCRAMPlusUnknown, TestSCRAMRelayed
//	passwords tried on a log          TestSCRAMServers, TestTraceHidesCredentials
//	a token that ends its field       TestTokenAuthFails
//	control characters in replies     TestReplyTextIsHarmless
//
// Header fields, file names and templates are package message's, and have a
// table of their own there.

// smuggled is what an attacker wants the server to see.
const smuggled = "evil@smuggled.test"

// TestCommandInjectionThroughMail: an envelope with a line break, a NUL or an
// angle bracket anywhere in it is refused, and not an octet of it is sent. The
// session is none the worse for it.
func TestCommandInjectionThroughMail(t *testing.T) {
	fields := map[string]func(m *smtpclient.Mail, poison string){
		"sender":            func(m *smtpclient.Mail, p string) { m.From = "a@a.test" + p },
		"sender, local":     func(m *smtpclient.Mail, p string) { m.From = "a" + p + "@a.test" },
		"sender, quoted":    func(m *smtpclient.Mail, p string) { m.From = `"a` + p + `"@a.test` },
		"sender, literal":   func(m *smtpclient.Mail, p string) { m.From = "a@[192.0.2.1" + p + "]" },
		"recipient":         func(m *smtpclient.Mail, p string) { m.To[0].Address = "b@b.test" + p },
		"recipient, local":  func(m *smtpclient.Mail, p string) { m.To[0].Address = "b" + p + "@b.test" },
		"recipient, quoted": func(m *smtpclient.Mail, p string) { m.To[0].Address = `"b` + p + `"@b.test` },
		"recipient, pair":   func(m *smtpclient.Mail, p string) { m.To[0].Address = `"b\` + p + `"@b.test` },
		"last recipient":    func(m *smtpclient.Mail, p string) { m.To = append(m.To, smtpclient.Recipient{Address: "c@c.test" + p}) },
		"RET":               func(m *smtpclient.Mail, p string) { m.Return = smtpclient.ReturnFull + smtpclient.DSNReturn(p) },
		"ENVID":             func(m *smtpclient.Mail, p string) { m.EnvelopeID = "id" + p },
		"ORCPT":             func(m *smtpclient.Mail, p string) { m.To[0].OriginalRecipient = "o@o.test" + p },
	}
	poisons := []string{
		"\r\nRCPT TO:<" + smuggled + ">", "\nRCPT TO:<" + smuggled + ">", "\rRCPT TO:<" + smuggled + ">", "\r\n.\r\nMAIL FROM:<" + smuggled + ">",
		"\x00" + smuggled, "\r", "\n", "\x00", "\x0b" + smuggled, "\u0085" + smuggled, "\u2028" + smuggled,
	}
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		srv, c := newPipeServer(t)
		srv.Start()
		s, conn := tapped(t, c, mode)
		if _, err := s.Send(t.Context(), mailTo(0, "first@b.test")); err != nil {
			t.Fatal(err)
		}
		before := conn.sent()
		cases := 0
		for name, set := range fields {
			for _, poison := range poisons {
				m := mailTo(1, "b@b.test")
				set(m, poison)
				// Above ASCII, ENVID is refused and ORCPT is written in ASCII.
				if name == "ORCPT" && poison[0] >= 0x80 {
					continue
				}
				cases++
				r, err := s.Send(t.Context(), m)
				var refused *smtpclient.RefusedError
				if !errors.As(err, &refused) {
					t.Errorf("%s with %q: %v", name, poison, err)
				}
				wantOutcome(t, r, smtpclient.NotSent)
				if strings.ContainsAny(err.Error(), "\r\n\x00") {
					t.Errorf("%s with %q: the error has it as it is", name, poison)
				}
			}
		}
		if after := conn.sent(); after != before || cases < 100 {
			t.Errorf("%v: %d cases; the client wrote %q", mode, cases, strings.TrimPrefix(after, before))
		}
		if _, err := s.Send(t.Context(), mailTo(2, "last@b.test")); err != nil {
			t.Error(err)
		}
	}
}

// tapped builds a session that keeps what it wrote.
func tapped(t *testing.T, c smtpclient.Config, mode smtpclient.Mode) (*smtpclient.Session, *tap) {
	inner := c.Dial
	var conn *tap
	c.Mode = mode
	c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := inner(ctx, network, addr)
		conn = &tap{Conn: raw}
		return conn, err
	}
	return dial(t, c), conn
}

// TestParameterSmuggling: a quoted local part may hold nearly anything, so it is
// where parameters or a second path are smuggled in. Either it is refused, or the
// server reads it as the one path that it is, with no parameter.
func TestParameterSmuggling(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	s := dial(t, c)
	taken := 0
	for _, local := range []string{
		`a@b> SIZE=1`, `a@b> NOTIFY=NEVER`, `x> ORCPT=rfc822;` + smuggled, `x>,<` + smuggled, `x> <` + smuggled + `>`, `a b>`, `>`, `<`, `a\> SIZE=1`,
		`a\"> NOTIFY=NEVER`, `"> NOTIFY=NEVER "`, `a" NOTIFY=NEVER "`, `a\\" NOTIFY=NEVER`,
		`a@b SIZE=1`, `a NOTIFY=NEVER`, `a\" NOTIFY=NEVER`, `a\\\" NOTIFY=NEVER`, `a,` + smuggled, `a:` + smuggled, `@x,@y:a`, `a@b`, ` `, `a%b@c`, `a!b`, `\a\@\b`,
	} {
		address := `"` + local + `"@b.test`
		m := mailTo(1, address)
		m.From = address
		_, err := s.Send(t.Context(), m)
		if errors.Is(err, smtpclient.ErrBadPath) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		messages := srv.Messages()
		got := messages[len(messages)-1]
		want := strings.NewReplacer(`\a\@\b`, `a@b`).Replace(address)
		if len(got.To) != 1 || got.To[0].Address != want || got.To[0].Params != "" || got.From != want || strings.Contains(got.FromParams, "SIZE=1 ") {
			t.Errorf("%s: the server reads %+v from %s %s", address, got.To, got.From, got.FromParams)
		}
		taken++
	}
	if taken < 10 || taken != len(srv.Messages()) {
		t.Errorf("%d of the addresses are good ones, %d messages", taken, len(srv.Messages()))
	}
}

// lenientEnd matches whatever some server takes for the end of mail data.
var lenientEnd = regexp.MustCompile("(\r\n|\n|\r)\\.(\r\n|\n|\r)")

// TestSMTPSmuggling: content that ends, in the eyes of some server, before its
// end, and goes on with commands. A server that takes CR, LF and CRLF for a line
// end alike must see the one message that was sent.
func TestSMTPSmuggling(t *testing.T) {
	const forged = "MAIL FROM:<" + smuggled + ">\r\nRCPT TO:<b@b.test>\r\nDATA\r\nSubject: forged\r\n\r\nx\r\n"
	cases := 0
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		srv, c := newPipeServer(t)
		srv.Start()
		s, conn := tapped(t, c, mode)
		for _, before := range []string{"\r\n", "\n", "\r", "\n\r", "\r\r\n", "\r\n\x00", "\x00\n", "\r\x00\n"} {
			for _, dots := range []string{".", "..", "\x00.", ".\x00"} {
				for _, after := range []string{"\r\n", "\n", "\r", "\n\r", "\r\r\n", "\r\x00\n", "\x00\r\n", ""} {
					cases++
					m := mailTo(cases, "b@b.test")
					m.Content = []byte("Subject: x\r\n\r\nbody" + before + dots + after + forged)
					if _, err := s.Send(t.Context(), m); err != nil {
						t.Fatalf("%q: %v", m.Content, err)
					}
				}
			}
		}
		if err := s.Quit(t.Context()); err != nil {
			t.Error(err)
		}
		messages := srv.Messages()
		if len(messages) != 8*4*8 {
			t.Errorf("%v: %d messages", mode, len(messages))
		}
		for _, m := range messages {
			if len(m.To) != 1 || m.From == smuggled || bytes.ContainsAny(bytes.ReplaceAll(m.Data, []byte("\r\n"), nil), "\r\n\x00") {
				t.Errorf("%v: %+v %q", mode, m, m.Data)
			}
		}
		if n := srv.Counters(); n.BareNewlines != 0 {
			t.Errorf("%v: %+v", mode, n)
		}
		if mode != smtpclient.ModeStream { // by BDAT the octets are counted, and nothing else ends them
			checkLenient(t, conn.sent(), len(messages))
		}
	}
	if cases < 1000 {
		t.Errorf("%d cases", cases)
	}
}

// checkLenient reads what a client wrote as the most lenient server would.
func checkLenient(t *testing.T, wire string, want int) {
	t.Helper()
	mails := 0
	for {
		envelope, rest, found := strings.Cut(wire, "\r\nDATA\r\n")
		if !found {
			break
		}
		if strings.Contains(envelope, smuggled) {
			t.Errorf("commands: %q", envelope)
		}
		end := lenientEnd.FindStringIndex(rest)
		if end == nil {
			t.Fatalf("content without an end: %.200q", rest)
		}
		mails++
		wire = rest[end[1]-len("\r\n"):]
	}
	if mails != want {
		t.Errorf("a lenient server sees %d mails, %d were sent", mails, want)
	}
}

// TestSTARTTLSStripping: somebody in between takes STARTTLS out of the reply to
// EHLO and puts AUTH in. Neither credentials nor mail leave.
func TestSTARTTLSStripping(t *testing.T) {
	for _, security := range []smtpclient.Security{smtpclient.StartTLS, smtpclient.OpportunisticTLS} {
		lines, err := playPlain(t, smtpclient.Config{Security: security, Auth: smtpclient.PasswordAuth(testUser, testPassword)},
			"220 mx\r\n", "250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n")
		want := smtpclient.ErrNoSTARTTLS
		if security == smtpclient.OpportunisticTLS {
			want = smtpclient.ErrInsecureAuth
		}
		if !errors.Is(err, want) {
			t.Errorf("%v: %v", security, err)
		}
		if got := strings.Join(lines, " "); got != "EHLO client.test QUIT" {
			t.Errorf("%v: the client wrote %q", security, got)
		}
	}
}

// playPlain builds a session against a script and returns what the client wrote.
func playPlain(t *testing.T, c smtpclient.Config, replies ...string) (lines []string, err error) {
	c.LocalName = "client.test"
	synctest.Test(t, func(t *testing.T) {
		conn, server := net.Pipe()
		played := make(chan []string)
		go func() { played <- script(server, replies...) }()
		var s *smtpclient.Session
		if s, err = smtpclient.NewSession(context.Background(), conn, c); err == nil {
			s.Close()
		}
		lines = <-played
		server.Close()
	})
	return lines, err
}

// TestAUTHDowngrade: the plaintext EHLO lists mechanisms of the attacker's
// liking. What counts is the list under TLS, be it empty.
func TestAUTHDowngrade(t *testing.T) {
	for name, tt := range map[string]struct {
		users map[string]string
		want  string // the mechanisms that Auth is shown
		err   error
	}{
		"to a weaker one":    {map[string]string{testUser: testPassword}, "CRAM-MD5", nil},
		"to one at any rate": {nil, "", smtpclient.ErrNoAuth},
	} {
		t.Run(name, func(t *testing.T) {
			srv, c := newTLSServer(t, false, func(srv *smtptest.Server) { srv.Users, srv.Mechanisms = tt.users, []string{"CRAM-MD5"} })
			inner := c.Dial
			c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := inner(ctx, network, addr)
				return &forger{Conn: conn}, err // which offers PLAIN
			}
			shown := ""
			password := smtpclient.PasswordAuth(testUser, testPassword)
			c.Auth = func(ctx context.Context, mechanisms []string, state *tls.ConnectionState) (client sasl.Client, err error) {
				shown = strings.Join(mechanisms, " ")
				return password(ctx, mechanisms, state)
			}
			s, err := smtpclient.Dial(t.Context(), c)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || shown != tt.want {
				t.Errorf("%v, mechanisms %q", err, shown)
			}
			if s != nil {
				s.Close()
			}
			if n := srv.Counters().Commands["AUTH"]; tt.err != nil && n != 0 {
				t.Errorf("%d AUTH commands", n)
			}
		})
	}
}

// TestCertificateAttacks: who has no certificate that is good for the name, now,
// and by an authority that is trusted gets no credentials; nor does anybody by
// InsecureSkipVerify alone, which leaves the question open.
func TestCertificateAttacks(t *testing.T) {
	at := func(year int) func() time.Time {
		return func() time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	for name, tt := range map[string]struct {
		alter func(c *tls.Config)
		good  func(err error) bool // handshake
		auth  bool                 // credentials go out
	}{
		"good":             {func(*tls.Config) {}, nil, true},
		"wrong name":       {func(c *tls.Config) { c.ServerName = "mx.example.test.evil.test" }, isError[x509.HostnameError], false},
		"parent's name":    {func(c *tls.Config) { c.ServerName = "example.test" }, isError[x509.HostnameError], false},
		"child's name":     {func(c *tls.Config) { c.ServerName = "a.mx.example.test" }, isError[x509.HostnameError], false},
		"wrong address":    {func(c *tls.Config) { c.ServerName = "127.0.0.2" }, isError[x509.HostnameError], false},
		"expired":          {func(c *tls.Config) { c.Time = at(2090) }, isError[x509.CertificateInvalidError], false},
		"not yet valid":    {func(c *tls.Config) { c.Time = at(1960) }, isError[x509.CertificateInvalidError], false},
		"self-signed":      {func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, isError[x509.UnknownAuthorityError], false},
		"system's roots":   {func(c *tls.Config) { c.RootCAs = nil }, isError[x509.UnknownAuthorityError], false},
		"not verified":     {func(c *tls.Config) { c.InsecureSkipVerify = true }, nil, false},
		"verified by hand": {func(c *tls.Config) { c.InsecureSkipVerify = true; c.VerifyConnection = pinned(true) }, nil, true},
		"refused by hand":  {func(c *tls.Config) { c.VerifyConnection = pinned(false) }, func(err error) bool { return errors.Is(err, errPin) }, false},
	} {
		for kind, implicit := range map[string]bool{"STARTTLS": false, "implicit": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				srv, c := newTLSServer(t, implicit, func(srv *smtptest.Server) { srv.Users = map[string]string{testUser: testPassword} })
				tt.alter(c.TLSConfig)
				c.Auth = smtpclient.PasswordAuth(testUser, testPassword)
				s, err := smtpclient.Dial(t.Context(), c)
				switch {
				case s != nil:
					s.Close()
				case tt.good != nil && (!tt.good(err) || asSession(t, err).Op != "TLS handshake"),
					tt.good == nil && !errors.Is(err, smtpclient.ErrInsecureAuth):
					t.Errorf("%v", err)
				}
				if n := srv.Counters(); (s != nil) != tt.auth || n.Authenticated != 0 != tt.auth || n.Commands["AUTH"] != 0 && !tt.auth {
					t.Errorf("session %v, counters %+v", s != nil, n)
				}
			})
		}
	}
}

func isError[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

var errPin = errors.New("not the key that was pinned")

func pinned(right bool) func(tls.ConnectionState) error {
	return func(tls.ConnectionState) error {
		if right {
			return nil
		}
		return errPin
	}
}

// TestSecretsQuotedBack: a server quotes what it was told, as it was said or as
// it was meant, in one line or several. Errors and logs do not.
func TestSecretsQuotedBack(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	const user, secret = "somebody", "correct horse"
	plain := encode([]byte("\x00" + user + "\x00" + secret))
	ask := "334 " + encode([]byte("Password:")) + "\r\n"
	for name, tt := range map[string]struct {
		mechanism string
		replies   []string
	}{
		"PLAIN, the line":             {"PLAIN", []string{"500 5.5.2 what is AUTH PLAIN " + plain + "\r\n"}},
		"PLAIN, several lines":        {"PLAIN", []string{"535-5.7.8 no\r\n535 5.7.8 " + plain + "\r\n"}},
		"PLAIN, decoded":              {"PLAIN", []string{"535 5.7.8 bad password '" + secret + "'\r\n"}},
		"PLAIN, an odd code":          {"PLAIN", []string{"250 ok " + plain + " " + secret + "\r\n"}},
		"PLAIN, welcome":              {"PLAIN", []string{"235 2.7.0 welcome, " + secret + " " + plain + "\r\n"}},
		"LOGIN":                       {"LOGIN", []string{ask, ask, "535 5.7.8 no " + encode([]byte(secret)) + "\r\n"}},
		"LOGIN, decoded":              {"LOGIN", []string{ask, ask, "454 4.7.0 cannot look up " + secret + "\r\n"}},
		"OAUTHBEARER":                 {"OAUTHBEARER", []string{"535 5.7.8 token " + secret + " has expired\r\n"}},
		"XOAUTH2, behind a challenge": {"XOAUTH2", []string{"334 e30=\r\n", "535 5.7.8 token " + secret + " has expired\r\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			auth := smtpclient.PasswordAuth(user, secret)
			if strings.Contains(name, "OAUTH") {
				auth = smtpclient.TokenAuth(user, func(context.Context) (string, error) { return secret, nil })
			}
			var wire log
			replies := append([]string{"220 mx\r\n", "250-mx\r\n250 AUTH " + tt.mechanism + "\r\n"}, tt.replies...)
			_, err := playPlain(t, smtpclient.Config{
				Security: smtpclient.Plaintext, AllowInsecureAuth: true, Auth: auth, Trace: wire.trace(),
			}, replies...)
			said := fmt.Sprintf("%v %+v %s", err, err, &wire)
			for _, s := range []string{secret, encode([]byte(secret)), plain} {
				if strings.Contains(said, s) {
					t.Errorf("%q shows: %s", s, said)
				}
			}
			if !strings.Contains(said, "…") {
				t.Errorf("nothing was hidden: %s", said)
			}
		})
	}
}

// A flood is a server that is never done with what it has to say.
type flood struct {
	net.Conn // one that nobody reads from
	first    string
	forever  string
	read     int64
}

// Read implements net.Conn.
func (f *flood) Read(p []byte) (int, error) {
	n := copy(p, f.first)
	f.first = f.first[n:]
	for n < len(p) {
		n += copy(p[n:], f.forever)
	}
	f.read += int64(n)
	return n, nil
}

// Write implements net.Conn.
func (f *flood) Write(p []byte) (int, error) { return len(p), nil }

// TestReplyFlood: whatever a server goes on to say for ever, little of it is
// read and less is kept.
func TestReplyFlood(t *testing.T) {
	for name, forever := range map[string]string{
		"a line":          "x",
		"a reply's line":  "2",
		"zeros":           "\x00",
		"empty lines":     "\r\n",
		"lines":           "250-x\r\n",
		"long lines":      "250-" + strings.Repeat("x", 4000) + "\r\n",
		"lines of spaces": "250-" + strings.Repeat(" ", 4000) + "\r\n",
		"replies":         "250 x\r\n",
		"greetings":       "220 x\r\n",
	} {
		for _, first := range []string{"", "220-", "220 mx\r\n", "220 mx\r\n250-mx\r\n", "220 mx\r\n250 mx\r\n"} {
			idle, other := net.Pipe()
			conn := &flood{Conn: idle, first: first, forever: forever}
			before := heap()
			s, err := smtpclient.NewSession(t.Context(), conn, smtpclient.Config{Security: smtpclient.Plaintext, LocalName: "client.test"})
			if err == nil {
				<-s.Done()
				err = s.Err()
			}
			grown := heap() - before
			if !errors.Is(err, smtpclient.ErrProtocol) {
				t.Errorf("%s behind %q: %v", name, first, err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("%s behind %q: an error of %d octets", name, first, len(err.Error()))
			}
			if conn.read > 200<<10 || grown > 1<<20 {
				t.Errorf("%s behind %q: %d octets read, %d kept", name, first, conn.read, grown)
			}
			other.Close()
		}
	}
}

// heap is how much memory is in use, or is garbage that nobody has collected.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestReplyMemory: a session that is given the longest replies there may be, all
// different, does not grow with their number.
func TestReplyMemory(t *testing.T) {
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		long := strings.Repeat("250-"+strings.Repeat("x", 4000)+"\r\n", 15)
		buf := make([]byte, 4096)
		for n := 0; ; n++ {
			reply := fmt.Sprintf("250-%d\r\n%s250 y\r\n", n, long)
			if n == 0 {
				reply = "220 mx\r\n"
			}
			if _, err := io.WriteString(there, reply); err != nil {
				return
			}
			if _, err := there.Read(buf); err != nil {
				return
			}
		}
	}()
	s, err := smtpclient.NewSession(t.Context(), here, smtpclient.Config{Security: smtpclient.Plaintext, LocalName: "client.test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := heap()
	for range 1000 { // of 60 KiB each
		if _, err := s.Noop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("%d octets kept", grown)
	}
}

// TestReplyTextIsHarmless: what a server says cannot forge a line of a log, nor
// move a terminal's cursor.
func TestReplyTextIsHarmless(t *testing.T) {
	var wire log
	_, err := playPlain(t, smtpclient.Config{Security: smtpclient.Plaintext, Trace: wire.trace()},
		"554-no \x1b[2J\x00\r\r\n554 time=now level=info\x7f msg=\x08accepted\r\n")
	if said := err.Error() + strings.Join(wire.all(), ""); strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("%q", said)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("an error of several lines: %q", err)
	}
}
