package smtpclient_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A writeLog is a connection that keeps each write apart.
type writeLog struct {
	net.Conn
	writes [][]byte
}

func (c *writeLog) Write(p []byte) (int, error) {
	c.writes = append(c.writes, bytes.Clone(p))
	return c.Conn.Write(p)
}

// A command group stays under 100 commands and 4 KiB or so: some servers choke
// on more, and unanswered commands must fit into the buffers on their way.
func TestGroupBounds(t *testing.T) {
	for name, local := range map[string]string{"many": "r", "long": strings.Repeat("r", 60)} {
		t.Run(name, func(t *testing.T) {
			srv, c := newPipeServer(t)
			srv.Start()
			conn := &writeLog{}
			inner := c.Dial
			c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				raw, err := inner(ctx, network, addr)
				conn.Conn = raw
				return conn, err
			}
			var to []string
			for i := range 500 {
				to = append(to, fmt.Sprintf("%s%d@b.test", local, i))
			}
			s := dial(t, c)
			for i := range 2 {
				s.Start(mailTo(i, to...), func(r *smtpclient.Result) {
					if r.Err != nil {
						t.Error(r.Err)
					}
				})
			}
			s.Flush()
			commands := 0
			for _, w := range conn.writes {
				n := bytes.Count(w, []byte("\r\n"))
				commands += n
				if n > 100+3 || len(w) > 4096+512 {
					t.Errorf("%d commands, %d octets in one write", n, len(w))
				}
				if i := bytes.Index(w, []byte("DATA\r\n")); i >= 0 && i+6 != len(w) {
					t.Error("something follows DATA")
				}
			}
			// Nor are they needlessly small.
			if most := 2 * 500 * (len(local) + 25) / 4096; len(conn.writes) > 2*500/90+most+8 {
				t.Errorf("%d writes for %d commands", len(conn.writes), commands)
			}
		})
	}
}

// Content goes out in blocks, none of them over 64 KiB and what rides with it.
func TestBlockBounds(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	conn := &writeLog{}
	inner := c.Dial
	c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := inner(ctx, network, addr)
		conn.Conn = raw
		return conn, err
	}
	m := mailTo(1, "b@b.test")
	m.Content = bytes.Repeat([]byte(".\r\n"), 100_000) // a third more, stuffed
	if _, err := dial(t, c).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, w := range conn.writes {
		if len(w) > 64<<10+5 {
			t.Errorf("a write of %d octets", len(w))
		}
	}
	if n := len(conn.writes); n > 12 {
		t.Errorf("%d writes", n)
	}
}
