package smtptest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// start starts a server with some of its fields set, and closes it at the end
// of the test.
func start(t *testing.T, set func(*smtptest.Server)) *smtptest.Server {
	t.Helper()
	srv := smtptest.NewUnstartedServer()
	if set != nil {
		set(srv)
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// A client is the test's end of a connection.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func newClient(t testing.TB, conn net.Conn) *client {
	conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func dial(t testing.TB, srv *smtptest.Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}

// open dials and gets through the greeting and EHLO.
func open(t testing.TB, srv *smtptest.Server) *client {
	t.Helper()
	c := dial(t, srv)
	c.talk("S: 220\nC: EHLO client.example\nS: 250")
	return c
}

// send writes lines at once.
func (c *client) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		c.t.Fatalf("sending %q: %v", lines, err)
	}
}

// raw writes s as it is.
func (c *client) raw(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatalf("sending %q: %v", s, err)
	}
}

// reply reads a whole reply and returns its lines.
func (c *client) reply() ([]string, error) {
	var lines []string
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return lines, err
		}
		lines = append(lines, strings.TrimSuffix(line, "\r\n"))
		if len(line) < 4 || line[3] != '-' {
			return lines, nil
		}
	}
}

// want reads one reply for each of some prefixes of their last lines.
func (c *client) want(prefixes ...string) {
	c.t.Helper()
	for _, prefix := range prefixes {
		lines, err := c.reply()
		if err != nil || !strings.HasPrefix(lines[len(lines)-1], prefix) {
			c.t.Fatalf("got reply %q, %v; want %q", lines, err, prefix)
		}
	}
}

// wantEOF checks that the server closes the connection without another word.
func (c *client) wantEOF() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		c.t.Fatalf("got %q, %v; want the end of the connection", rest, err)
	}
}

// talk plays a transcript: lines to send begin with "C: ", those in succession
// are sent in one write; "S: " begins a prefix of the last line of a reply;
// "S!" is the end of the connection.
func (c *client) talk(transcript string) {
	c.t.Helper()
	var group []string
	for line := range strings.SplitSeq(strings.TrimSpace(transcript), "\n") {
		line = strings.TrimLeft(line, "\t")
		if line == "C:" {
			line = "C: "
		}
		if text, ok := strings.CutPrefix(line, "C: "); ok {
			group = append(group, text)
			continue
		}
		if len(group) > 0 {
			c.send(group...)
			group = nil
		}
		switch text, ok := strings.CutPrefix(line, "S: "); {
		case ok:
			c.want(text)
		case line == "S!":
			c.wantEOF()
		default:
			c.t.Fatalf("bad line in transcript: %q", line)
		}
	}
	if len(group) > 0 {
		c.send(group...)
	}
}

// startTLS puts the connection under TLS.
func (c *client) startTLS(srv *smtptest.Server) *client {
	c.t.Helper()
	if err := c.startTLSError(srv); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// startTLSError is startTLS for a handshake that is expected to fail.
func (c *client) startTLSError(srv *smtptest.Server) error {
	conn := tls.Client(c.Conn, srv.ClientTLSConfig())
	c.Conn, c.r = conn, bufio.NewReader(conn)
	return conn.Handshake()
}

// wait waits for messages.
func wait(t *testing.T, srv *smtptest.Server, n int) []smtptest.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := srv.WaitMessages(ctx, n); err != nil {
		t.Fatal(err)
	}
	return srv.Messages()
}

// envelopes renders messages as "from>to,to:data".
func envelopes(messages []smtptest.Message) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(m.From + ">")
		for i, to := range m.To {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(to.Address)
		}
		b.WriteString(":" + strings.TrimSpace(string(m.Data)) + ";")
	}
	return b.String()
}

// A pipeListener listens without a network, for tests under a fake clock.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (l *pipeListener) dial() (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.done:
		return nil, errors.New("closed")
	}
}
