package pool_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A thriftySink takes all mail, keeps none, and allocates nothing for it, so that
// what a message costs is the client's.
type thriftySink struct {
	net.Listener
	conns sync.WaitGroup
}

func newThriftySink(t testing.TB) *thriftySink {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &thriftySink{Listener: l}
	s.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.conns.Wait()
	})
	return s
}

// serve answers each group in one write.
func (s *thriftySink) serve(c net.Conn) {
	defer c.Close()
	in, out := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	_, _ = out.WriteString("220 sink\r\n")
	for data := false; ; {
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return
		case data:
			if data = string(line) != ".\r\n"; !data {
				_, _ = out.WriteString("250 queued\r\n")
			}
		case bytes.HasPrefix(line, []byte("EHLO")):
			_, _ = out.WriteString("250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 SIZE\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			data = true
			_, _ = out.WriteString("354 go on\r\n")
		case bytes.HasPrefix(line, []byte("BDAT")):
			n := 0
			for _, b := range line[len("BDAT "):bytes.LastIndexByte(line, ' ')] {
				n = 10*n + int(b-'0')
			}
			if _, err := in.Discard(n); err != nil {
				return
			}
			_, _ = out.WriteString("250 queued\r\n")
		default:
			_, _ = out.WriteString("250 ok\r\n")
		}
	}
}

// A cost is what a message has cost.
type cost struct{ allocs, roundTrips, writes, reads float64 }

// A callCounter is a connection that counts the calls that become system calls.
type callCounter struct {
	net.Conn
	writes, reads *atomic.Int64
}

func (c callCounter) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

func (c callCounter) Read(p []byte) (int, error) {
	c.reads.Add(1)
	return c.Conn.Read(p)
}

// costOf sends n messages through a pool.
func costOf(t *testing.T, mode smtpclient.Mode, sessions, n int) cost {
	sink := newThriftySink(t)
	var writes, reads atomic.Int64
	p, err := pool.New(pool.Config{
		Sessions: sessions,
		Relay: smtpclient.Config{
			Addr: sink.Addr().String(), Security: smtpclient.Plaintext, Mode: mode, Window: 64,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, addr)
				return callCounter{c, &writes, &reads}, err
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	content := bytes.Repeat([]byte("A line of some seventy octets, as a letter to many readers has them.\r\n"), 36)
	to := smtpclient.Recipients("reader@example.org")
	var before, after runtime.MemStats
	results := 0
	runtime.ReadMemStats(&before)
	for r := range p.SendAll(t.Context(), func(yield func(pool.Job) bool) {
		for range n {
			if !yield(pool.Job{Mail: smtpclient.Mail{From: "news@example.com", To: to, Content: content}}) {
				return
			}
		}
	}) {
		if results++; r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	runtime.ReadMemStats(&after)
	if results != n {
		t.Errorf("%d results for %d messages", results, n)
	}
	each := func(total int64) float64 { return float64(total) / float64(n) }
	return cost{
		allocs: each(int64(after.Mallocs - before.Mallocs)), roundTrips: each(p.Stats().RoundTrips),
		writes: each(writes.Load()), reads: each(reads.Load()),
	}
}

// A message costs four allocations: the task, the submission, the callback that
// joins them, and the result. It costs one write and one read, or the share of
// its window. What the building of sessions and a queue that runs empty cost is
// in the figures too; with many sessions on a busy machine the latter is a matter
// of luck.
func TestCostOfMessage(t *testing.T) {
	for _, tt := range []struct {
		mode smtpclient.Mode
		most cost
	}{
		{smtpclient.ModeOverlap, cost{allocs: 4.8, roundTrips: 1.05, writes: 1.05, reads: 1.1}},
		{smtpclient.ModeStream, cost{allocs: 4.8, roundTrips: 0.06, writes: 0.1, reads: 0.1}},
	} {
		for _, sessions := range []int{1, 4, 64} {
			t.Run(fmt.Sprintf("%v-%d", tt.mode, sessions), func(t *testing.T) {
				c := costOf(t, tt.mode, sessions, 20_000)
				t.Logf("%+.3f", c)
				if sessions > 4 {
					c = cost{allocs: c.allocs}
				}
				if c.allocs > tt.most.allocs || c.roundTrips > tt.most.roundTrips || c.writes > tt.most.writes || c.reads > tt.most.reads {
					t.Errorf("a message costs %+.3f; %+.3f at most", c, tt.most)
				}
			})
		}
	}
}
