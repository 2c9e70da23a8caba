package sink_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// A client writes what it is told and reads replies.
type client struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func dial(t *testing.T, s *sink.Sink) *client {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &client{conn, t, bufio.NewReader(conn)}
	c.read("220")
	return c
}

// read expects replies with these codes.
func (c *client) read(codes ...string) {
	c.t.Helper()
	for _, code := range codes {
		line, err := c.in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, code+" ") {
			c.t.Fatalf("reply %q, %v, want %s", line, err, code)
		}
	}
}

func (c *client) write(s string) {
	c.t.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		c.t.Fatal(err)
	}
}

func listen(t *testing.T, cfg sink.Config) *sink.Sink {
	t.Helper()
	s, err := sink.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCounts(t *testing.T) {
	s := listen(t, sink.Config{Check: sink.CheckExact})
	for i := range 3 {
		c := dial(t, s)
		c.write("HELO me\r\n")
		c.read("250")
		c.write("MAIL FROM:<a@b.example>\r\n")
		c.read("250")
		c.write("RCPT TO:<" + content.Recipient(i) + ">\r\nDATA\r\n")
		c.read("250", "354")
		c.write(string(content.AppendStuffed(nil, i)))
		c.read("250")
		c.write("QUIT\r\n")
		c.read("221")
		if _, err := c.in.ReadByte(); err == nil {
			t.Error("the connection is open after QUIT")
		}
	}
	got, err := s.Stop()
	if err != nil {
		t.Fatal(err)
	}
	want := sink.Counts{Connections: 3, Messages: 3, Octets: int64(3 * len(content.AppendStuffed(nil, 0))), Reads: 9, Writes: 9, RoundTrips: 9}
	want.Octets -= 3 * 3 // the lone dots
	if got.Span <= 0 {
		t.Errorf("span %v", got.Span)
	}
	if got.Span = 0; got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// TestRoundTrip: a reply takes its time, but the replies to commands that were
// written one after the other do not add up.
func TestRoundTrip(t *testing.T) {
	const roundTrip, commands = 30 * time.Millisecond, 40
	s := listen(t, sink.Config{RoundTrip: roundTrip})
	begin := time.Now()
	c := dial(t, s)
	if took := time.Since(begin); took < 2*roundTrip {
		t.Errorf("the greeting took %v", took)
	}
	begin = time.Now()
	c.write("MAIL FROM:<>\r\n")
	for range commands {
		c.write("NOOP\r\n")
	}
	c.read("250")
	if took := time.Since(begin); took < roundTrip {
		t.Errorf("a reply took %v", took)
	}
	for range commands {
		c.read("250")
	}
	if took := time.Since(begin); took > commands*roundTrip/2 {
		t.Errorf("%d replies took %v", commands, took)
	}
	got, err := s.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if got.RoundTrips != 1 {
		t.Errorf("%d round trips, want 1", got.RoundTrips)
	}
}

// TestSlowReader: replies that a client does not read for a while are not lost.
func TestSlowReader(t *testing.T) {
	s := listen(t, sink.Config{})
	c := dial(t, s)
	const lines = 500_000
	c.write(strings.Repeat("NOOP\r\n", lines)) // the sink reads on, whatever becomes of its replies
	for range lines {
		c.read("250")
	}
	c.write("QUIT\r\n")
	c.read("221")
	if _, err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestStop closes what is open.
func TestStop(t *testing.T) {
	s := listen(t, sink.Config{})
	c := dial(t, s)
	if _, err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if line, err := c.in.ReadString('\n'); err == nil {
		t.Errorf("read %q of a sink that was stopped", line)
	}
	if _, err := net.Dial("tcp", s.Addr()); err == nil {
		t.Error("a sink that was stopped accepts connections")
	}
}

func ExampleListen() {
	s, err := sink.Listen(sink.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if conn, err := net.Dial("tcp", s.Addr()); err == nil {
		line, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Println(strings.TrimSpace(line))
		conn.Close()
	}
	counts, err := s.Stop()
	fmt.Println(counts.Connections, err)
	// Output:
	// 220 sink.bench.example ESMTP
	// 1 <nil>
}
