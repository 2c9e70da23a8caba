package smtpclient_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// dial builds a session that is closed at the end of the test.
func dial(t *testing.T, c smtpclient.Config) *smtpclient.Session {
	t.Helper()
	s, err := smtpclient.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// mailTo makes a message with content of its own.
func mailTo(n int, to ...string) *smtpclient.Mail {
	return &smtpclient.Mail{
		From: fmt.Sprintf("s%d@a.test", n), To: smtpclient.Recipients(to...),
		Content: fmt.Appendf(nil, "Subject: mail %d\r\n\r\nHello.\r\n", n),
	}
}

// wantOutcome checks that all recipients share an outcome.
func wantOutcome(t *testing.T, r smtpclient.Result, want smtpclient.Outcome) {
	t.Helper()
	if len(r.Recipients) == 0 {
		t.Errorf("result without recipients, error %v", r.Err)
	}
	for _, rcpt := range r.Recipients {
		if rcpt.Outcome != want {
			t.Errorf("%s: %s (%v), want %s", rcpt.Address, rcpt.Outcome, rcpt.Err, want)
		}
	}
}

// asSession returns err as a *SessionError.
func asSession(t *testing.T, err error) *smtpclient.SessionError {
	t.Helper()
	var e *smtpclient.SessionError
	if !errors.As(err, &e) {
		t.Fatalf("%T %v is no *SessionError", err, err)
	}
	return e
}

// A tap is a connection that keeps what the client wrote.
type tap struct {
	net.Conn
	mu    sync.Mutex // guards the following
	wrote bytes.Buffer
}

func (c *tap) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote.Write(p[:n])
	return n, err
}

func (c *tap) sent() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrote.String()
}

// A log is a wire log made with Trace's hooks.
type log struct {
	mu    sync.Mutex // guards the following
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *log) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *log) String() string { return strings.Join(l.all(), "\n") }

// trace has commands, content, replies and the end logged.
func (l *log) trace() *smtpclient.Trace {
	return &smtpclient.Trace{
		Command: func(_ uint64, line string) { l.add("> %s", line) },
		Content: func(_ uint64, octets int) { l.add("> (%d octets)", octets) },
		Reply:   func(_ uint64, verb string, r smtpclient.Reply) { l.add("< %s: %s", verb, r) },
		Closed:  func(_ uint64, err error) { l.add("closed: %v", err) },
	}
}

// script plays a server on a connection: it writes the first reply and then,
// for each line it reads, the next; "" is no reply. It returns the lines.
func script(conn net.Conn, replies ...string) (lines []string) {
	io.WriteString(conn, replies[0])
	buf := make([]byte, 64<<10)
	rest := ""
	for _, reply := range replies[1:] {
		for !strings.Contains(rest, "\n") {
			n, err := conn.Read(buf)
			if err != nil {
				return lines
			}
			rest += string(buf[:n])
		}
		var line string
		line, rest, _ = strings.Cut(rest, "\r\n")
		lines = append(lines, line)
		io.WriteString(conn, reply)
	}
	for {
		n, err := conn.Read(buf)
		rest += string(buf[:n])
		if err != nil {
			return append(lines, strings.FieldsFunc(rest, func(r rune) bool { return r == '\r' || r == '\n' })...)
		}
	}
}

// elapse lets fake time go by, unless the session ends before.
func elapse(t *testing.T, s *smtpclient.Session, duration string) {
	t.Helper()
	d, err := time.ParseDuration(duration)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
		t.Fatal("session ended:", s.Err())
	case <-time.After(d):
	}
}
