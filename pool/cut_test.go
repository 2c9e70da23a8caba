package pool_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/ledger"
	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// A cutPlace is where a connection breaks, and for whom.
type cutPlace uint8

const (
	// The client has read so much; what the server said behind it is lost.
	cutClientRead cutPlace = iota
	// The client cannot write more, and is told so.
	cutClientWrite
	// The server has read so much. The client's socket took the rest, and what
	// the client wrote behind it is lost without a word.
	cutServerRead
)

var cutPlaces = [...]string{"client-reads", "client-writes", "server-reads"}

func (p cutPlace) String() string { return cutPlaces[p] }

// A cutCase is a run of three messages over a connection that breaks.
type cutCase struct {
	mode   smtpclient.Mode
	at     cutPlace
	octets int
	reset  bool // the break is an error, not an end
}

func (c *cutCase) String() string {
	end := "fin"
	if c.reset {
		end = "reset"
	}
	return fmt.Sprintf("%v/%v-%d-%s", c.mode, c.at, c.octets, end)
}

// TestCutAtEveryByte breaks the first connection of a run behind every octet of
// it, in each direction and mode, and holds the ledger against the server each
// time. The connections after it are whole, so nothing may be left undone but
// what is Unknown.
func TestCutAtEveryByte(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 17
	}
	began := time.Now()
	cases := 0
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for _, at := range []cutPlace{cutClientRead, cutClientWrite, cutServerRead} {
			whole := cutLength(t, mode, at)
			if whole < 400 {
				t.Errorf("%v: a run takes %d octets", mode, whole)
			}
			for octets := 0; octets <= whole; octets += step {
				for _, reset := range []bool{false, true} {
					cases++
					runCut(t, &cutCase{mode, at, octets, reset})
				}
			}
		}
	}
	t.Logf("cases %d, seconds %.1f", cases, time.Since(began).Seconds())
	if step == 1 && cases < 10_000 {
		t.Errorf("%d cases", cases)
	}
}

// cutLength is how many octets pass a place in a run that nothing disturbs.
func cutLength(t *testing.T, mode smtpclient.Mode, at cutPlace) (n int) {
	synctest.Test(t, func(t *testing.T) {
		r := newCutRig(t, &cutCase{mode: mode, at: at, octets: -1})
		r.send(t)
		n = len(r.first.passed)
	})
	return n
}

// endsInDot matches the end of a message, by DATA or BDAT: every content ends in
// a line with a dot. Once the dot is out, a server may act on it.
var endsInDot = regexp.MustCompile(`\r\n\.(\r|$)`)

func runCut(t *testing.T, c *cutCase) {
	synctest.Test(t, func(t *testing.T) {
		r := newCutRig(t, c)
		r.send(t)
		for _, v := range r.books.Violations() {
			t.Errorf("%v: %s", c, v)
		}
		n := r.books.Outcomes()
		if n[smtpclient.NotSent] > 0 || n[smtpclient.Deferred] > 0 {
			t.Errorf("%v: not tried again: %v", c, n)
		}
		left := len(endsInDot.FindAll(r.first.passed, -1))
		if c.at == cutClientWrite && n[smtpclient.Unknown] > []int{0, 1, 3, 4}[left] { // message 2 has two recipients
			t.Errorf("%v: %d are Unknown, though the ends of %d messages went out", c, n[smtpclient.Unknown], left)
		}
	})
}

// A cutRig is a rig whose first connection breaks.
type cutRig struct {
	*rig
	books ledger.Ledger
	first *cutConn
}

func newCutRig(t *testing.T, c *cutCase) *cutRig {
	l := pipenet.ListenBuffered(64 << 10)
	r := &cutRig{first: &cutConn{at: c.at, octets: c.octets, err: io.EOF}}
	if c.reset {
		r.first.err = syscall.ECONNRESET
	}
	r.books.Domain, r.books.SenderDomain = "a.test", "b.test"
	r.rig = newRigOn(t, l, func(s *smtptest.Server, config *pool.Config) {
		s.OnRcpt = refuseByName
		config.Relay.Mode, config.Relay.Window = c.mode, 2
		config.Relay.Timeouts = shortTimeouts
		config.MaxAttempts = 2
		config.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Second) }
		config.DialBackoff = config.Backoff
		if c.at == cutServerRead {
			s.Listener = &cutListener{Listener: l, first: r.first}
		} else {
			config.Relay.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := l.Dial(ctx, network, addr)
				return r.first.wrap(conn), err
			}
		}
	})
	return r
}

// send sends three messages, ends the pool and keeps the books.
func (r *cutRig) send(t *testing.T) {
	began := time.Now()
	for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
		for _, to := range [][]string{{"ok"}, {"ok", "bad"}, {"ok"}} {
			if !yield(r.books.Job("mail", to...)) {
				return
			}
		}
	}) {
		r.books.Enter(res)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	r.close()
	for _, m := range r.server.Messages() {
		var to []string
		for _, rcpt := range m.To {
			to = append(to, rcpt.Address)
		}
		r.books.Arrived(m.From, to, m.Data)
	}
}

// A cutListener has the server's end of its first connection break.
type cutListener struct {
	net.Listener
	first *cutConn
}

// Accept implements net.Listener.
func (l *cutListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.first.wrap(conn), nil
}

// A cutConn is a connection that breaks behind so many octets.
type cutConn struct {
	net.Conn
	at     cutPlace
	octets int   // -1: it does not
	err    error // io.EOF, or what Read and Write return

	mu     sync.Mutex // guards the following
	passed []byte
	reset  bool
}

// wrap makes conn c's connection if it is the first; others are left alone.
func (c *cutConn) wrap(conn net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn == nil || c.Conn != nil {
		return conn
	}
	c.Conn = conn
	return c
}

// Read implements net.Conn.
func (c *cutConn) Read(p []byte) (int, error) {
	if c.at == cutClientWrite {
		n, err := c.Conn.Read(p)
		if c.isReset() {
			return 0, c.err
		}
		return n, err
	}
	room := c.room(len(p))
	if room == 0 {
		c.Conn.Close() // what was written this way is lost
		return 0, c.err
	}
	n, err := c.Conn.Read(p[:room])
	c.pass(p[:n])
	return n, err
}

// Write implements net.Conn. Where the break is an end, what the other side has
// said, and goes on to say, can still be read.
func (c *cutConn) Write(p []byte) (int, error) {
	if c.at != cutClientWrite {
		return c.Conn.Write(p)
	}
	room := c.room(len(p))
	n, err := c.Conn.Write(p[:room])
	c.pass(p[:n])
	if err != nil || n == len(p) {
		return n, err
	}
	if c.err == io.EOF {
		return n, syscall.EPIPE
	}
	c.mu.Lock()
	c.reset = true
	c.mu.Unlock()
	c.Conn.Close()
	return n, c.err
}

// room is how many of n octets may pass.
func (c *cutConn) room(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.octets < 0 {
		return n
	}
	return min(n, c.octets-len(c.passed))
}

func (c *cutConn) pass(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed = append(c.passed, p...)
}

func (c *cutConn) isReset() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reset
}
