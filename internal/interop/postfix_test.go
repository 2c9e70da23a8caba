package interop_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// The harness itself, driven with net/smtp: what the ports do, and that the
// maildir tells what was sent.
func TestPostfix(t *testing.T) {
	s := interop.Start(t, interop.Postfix)
	t.Run("submission", func(t *testing.T) { testSubmission(t, s) })
	t.Run("submissions", func(t *testing.T) { testSubmissions(t, s) })
	t.Run("login required", func(t *testing.T) { testLoginRequired(t, s, 554) })
	t.Run("open", func(t *testing.T) { testOpen(t, s) })
	t.Run("limited", func(t *testing.T) { testLimited(t, s, 450) })
	t.Run("small", func(t *testing.T) { testSmall(t, s) })
	t.Run("bare", func(t *testing.T) { testBare(t, s) })
	t.Run("half a file", func(t *testing.T) { testHalfAFile(t, s) })
}

// testHalfAFile starts Postfix again over a file of its queue that was being
// written when it was killed.
func testHalfAFile(t *testing.T, s *interop.Server) {
	half := s.Path("/var/spool/postfix/incoming/90951.1161")
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Skipf("the queue is not ours to write: %v", err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testOpen(t, s)
}

func testSubmission(t *testing.T, s *interop.Server) {
	c := dial(t, s, interop.Submission)
	login(t, c, s)
	testFates(t, s, c, `"c d"@example.test`)
}

// testFates sends to one recipient of each kind, and to more.
func testFates(t *testing.T, s *interop.Server, c *smtp.Client, more ...string) {
	var want []interop.Mail
	for n, to := range append(more, "a@example.test", "b+tag@example.test") {
		m := mailTo(fmt.Sprintf("list-%d@o.example", n), to, "hello")
		want = append(want, m)
		wantCode(t, c, m, 0)
	}
	for to, code := range map[string]int{"bad1@example.test": 550, "tmp1@example.test": 450, "full1@example.test": 452} {
		wantCode(t, c, mailTo("list@o.example", to, "hello"), code)
	}
	wantCode(t, c, mailTo("list@o.example", "a@example.test", "REJECTME please"), 550)
	wantCode(t, c, mailTo("list@o.example", "a@discard.test", "dropped"), 0)
	wantMails(t, s, want)
}

func testSubmissions(t *testing.T, s *interop.Server) {
	conn, err := tls.Dial("tcp", s.Addr(interop.Submissions), s.TLS())
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, conn)
	if err := c.Auth(smtp.PlainAuth("", interop.User, interop.Password, interop.Host)); err != nil {
		t.Fatal(err)
	}
	m := mailTo("list@o.example", "a@example.test", "implicit TLS")
	wantCode(t, c, m, 0)
	wantMails(t, s, []interop.Mail{m})
}

// secured is the answer to mail after STARTTLS and before AUTH.
func testLoginRequired(t *testing.T, s *interop.Server, secured int) {
	m := mailTo("list@o.example", "a@example.test", "hello")
	c := dial(t, s, interop.Submission)
	wantCode(t, c, m, 530)
	c = dial(t, s, interop.Submission)
	if err := c.StartTLS(s.TLS()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c, m, secured)
	var reply *textproto.Error
	if err := c.Auth(smtp.PlainAuth("", interop.User, "wrong", interop.Host)); !errors.As(err, &reply) || reply.Code != 535 {
		t.Errorf("wrong password: %v; want 535", err)
	}
	wantMails(t, s, nil)
}

func testOpen(t *testing.T, s *interop.Server) {
	c := dial(t, s, interop.Open)
	m := mailTo("list@o.example", "a@example.test", "in the clear")
	wantCode(t, c, m, 0)
	wantCode(t, c, mailTo("badsender@o.example", "a@example.test", "hello"), 550)
	wantMails(t, s, []interop.Mail{m})
}

// sixth is the answer to one message too many.
func testLimited(t *testing.T, s *interop.Server, sixth int) {
	c := dial(t, s, interop.Limited)
	m := mailTo("list@o.example", "a@discard.test", "hello")
	for range 5 {
		wantCode(t, c, m, 0)
	}
	wantCode(t, c, m, sixth)
}

func testSmall(t *testing.T, s *interop.Server) {
	c := dial(t, s, interop.Small)
	if ok, size := c.Extension("SIZE"); !ok || size != "1000" {
		t.Errorf("SIZE %t, %q; want 1000", ok, size)
	}
	m := mailTo("list@o.example", "a@example.test", "hello")
	m.Content = append(m.Content, strings.Repeat("0123456789\r\n", 100)...)
	wantCode(t, c, m, 552)
}

func testBare(t *testing.T, s *interop.Server) {
	c := dial(t, s, interop.Bare)
	for _, keyword := range []string{"8BITMIME", "AUTH", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING", "SIZE", "SMTPUTF8", "STARTTLS", "VRFY", "XVERP"} {
		if ok, _ := c.Extension(keyword); ok {
			t.Errorf("offers %s", keyword)
		}
	}
	m := mailTo("list@o.example", "a@example.test", "hello")
	wantCode(t, c, m, 0)
	wantMails(t, s, []interop.Mail{m})
}

func mailTo(from, to, subject string) interop.Mail {
	content := "Subject: " + subject + "\r\nFrom: no domain\r\n\r\n.one for " + to + "\r\n\r\n"
	return interop.Mail{ReturnPath: from, OriginalTo: to, Content: []byte(content)}
}

func dial(t *testing.T, s *interop.Server, p interop.Port) *smtp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr(p))
	if err != nil {
		t.Fatal(err)
	}
	return client(t, conn)
}

func client(t *testing.T, conn net.Conn) *smtp.Client {
	t.Helper()
	c, err := smtp.NewClient(conn, interop.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func login(t *testing.T, c *smtp.Client, s *interop.Server) {
	t.Helper()
	if err := c.StartTLS(s.TLS()); err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", interop.User, interop.Password, interop.Host)); err != nil {
		t.Fatal(err)
	}
}

// wantCode sends a message and checks the reply that it failed with; 0 is
// success.
func wantCode(t *testing.T, c *smtp.Client, m interop.Mail, want int) {
	t.Helper()
	err := send(c, m)
	var reply *textproto.Error
	if want == 0 && err != nil || want != 0 && (!errors.As(err, &reply) || reply.Code != want) {
		t.Errorf("%s to %s: %v; want %d", m.ReturnPath, m.OriginalTo, err, want)
	}
	if err != nil {
		c.Reset()
	}
}

func send(c *smtp.Client, m interop.Mail) error {
	if err := c.Mail(m.ReturnPath); err != nil {
		return err
	}
	if err := c.Rcpt(m.OriginalTo); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.Content); err != nil {
		return err
	}
	return w.Close()
}

// wantMails checks what has arrived, octet by octet and in any order.
func wantMails(t *testing.T, s *interop.Server, want []interop.Mail) {
	t.Helper()
	got, err := s.Mails(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	surplus := map[string]int{}
	count := func(mails []interop.Mail, n int) {
		for _, m := range mails {
			surplus[fmt.Sprintf("%s -> %s: %q", m.ReturnPath, m.OriginalTo, m.Content)] += n
		}
	}
	count(got, 1)
	count(want, -1)
	for mail, n := range surplus {
		if n != 0 {
			t.Errorf("%+d copies of what should be there: %s", n, mail)
		}
	}
}
