package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// A countingSource counts the rows taken, and how many of them were in hand at
// most.
type countingSource struct {
	source
	ledger *ledger
	taken  atomic.Int64
	most   atomic.Int64
}

func (s *countingSource) next() (row, error) {
	r, err := s.source.next()
	if err == nil {
		inHand := s.taken.Add(1) - s.ledger.counts().total()
		s.most.Store(max(s.most.Load(), inHand)) // one reader
	}
	return r, err
}

// count has the trial's source counted.
func (tr *trial) count() *countingSource {
	c := &countingSource{}
	tr.wrap = func(s source, l *ledger) source {
		c.source, c.ledger = s, l
		return c
	}
	return c
}

// checkLedger: every row taken has one outcome. The row that was looked at when
// the interrupt came is not taken.
func checkLedger(t *testing.T, c *countingSource, list []outcome) {
	t.Helper()
	fatesOf(t, list)
	if n := int64(len(list)); n != c.taken.Load()-1 {
		t.Errorf("%d outcomes of %d rows", n, c.taken.Load()-1)
	}
}

// TestInterrupt: what is in hand when the first interrupt comes is settled.
func TestInterrupt(t *testing.T) {
	server := newServer(t)
	stop, interrupt := context.WithCancel(t.Context())
	var seen atomic.Int64
	server.OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
		if seen.Add(1) == 300 {
			interrupt()
		}
		return nil
	}
	server.Start()
	tr := newTrial(t)
	tr.grace = time.Hour
	c := tr.count()
	list := tr.run(stop, "-addr", server.Addr, "-tls", "none", "-n", "1000000")
	tr.want(exitSome)
	checkLedger(t, c, list)
	if n := tallyOf(list)[accepted]; n != int64(len(list)) || n < 300 {
		t.Errorf("%d accepted of %d in hand", n, len(list))
	}
	if !strings.Contains(tr.stdout.String(), "Interrupted") {
		t.Errorf("report:\n%s", tr.stdout.String())
	}
}

// TestInterruptEndsRetries: who waits for another attempt keeps what the last
// one made of it.
func TestInterruptEndsRetries(t *testing.T) {
	server := newServer(t)
	stop, interrupt := context.WithCancel(t.Context())
	var seen atomic.Int64
	server.OnRcpt = func(*smtptest.Session, string, string) *smtptest.Reply {
		if seen.Add(1) == 50 {
			interrupt()
		}
		return &smtptest.Reply{Code: 450, Text: "4.2.0 Later"}
	}
	server.Start()
	tr := newTrial(t)
	tr.grace = 0
	tr.tune = func(c *pool.Config) {
		c.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Hour) }
	}
	c := tr.count()
	list := tr.run(stop, "-addr", server.Addr, "-tls", "none", "-n", "1000000")
	tr.want(exitSome)
	checkLedger(t, c, list)
	n := tallyOf(list)
	if n[deferred] < 50-4 || n[deferred]+n[notSent] != int64(len(list)) {
		t.Errorf("outcomes %v", n)
	}
}

// TestSecondInterrupt: a relay that never answers does not keep the program.
func TestSecondInterrupt(t *testing.T) {
	server := newServer(t)
	stop, interrupt := context.WithCancel(t.Context())
	abort, again := context.WithCancel(t.Context())
	server.Script(smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.Stall()})
	server.OnRcpt = func(*smtptest.Session, string, string) *smtptest.Reply {
		interrupt()
		again()
		return nil
	}
	server.Start()
	tr := newTrial(t)
	tr.grace, tr.abort = time.Hour, abort
	c := tr.count()
	list := tr.run(stop, "-addr", server.Addr, "-tls", "none", "-n", "1000000", "-sessions", "2")
	tr.want(exitSome)
	checkLedger(t, c, list)
	n := tallyOf(list)
	if len(list) == 0 || n[unknown]+n[notSent] != int64(len(list)) || n[unknown] > 4 {
		t.Errorf("outcomes %v", n)
	}
}

// TestInterruptWhileRelayHangs: one interrupt is enough for a relay that never
// answers, if it takes a while.
func TestInterruptWhileRelayHangs(t *testing.T) {
	server := newServer(t)
	stop, interrupt := context.WithCancel(t.Context())
	server.Script(smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.Stall()})
	server.OnRcpt = func(*smtptest.Session, string, string) *smtptest.Reply {
		interrupt()
		return nil
	}
	server.Start()
	tr := newTrial(t)
	tr.grace = time.Millisecond
	tr.tune = func(c *pool.Config) {
		if c.SettleTimeout != settleTimeout {
			t.Errorf("what is in hand may take %v", c.SettleTimeout)
		}
		c.SettleTimeout = 50 * time.Millisecond
	}
	c := tr.count()
	list := tr.run(stop, "-addr", server.Addr, "-tls", "none", "-n", "1000000", "-sessions", "2")
	tr.want(exitSome)
	checkLedger(t, c, list)
	if n := tallyOf(list); n[unknown] == 0 || n[unknown]+n[notSent] != int64(len(list)) {
		t.Errorf("outcomes %v", n)
	}
	for _, o := range list {
		if !strings.HasPrefix(o.Error, "interrupted before") {
			t.Errorf("%+v", o)
		}
	}
}

// TestInterruptWhileInputStalls: a pipe into which nobody writes does not keep
// the program.
func TestInterruptWhileInputStalls(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.WriteString(w, "email\nzoe@example.org\n"); err != nil {
		t.Fatal(err)
	}
	server := newServer(t)
	stop, interrupt := context.WithCancel(t.Context())
	server.OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
		interrupt()
		return nil
	}
	server.Start()
	tr := newTrial(t)
	tr.wrap = func(source, *ledger) source {
		s, err := newCSVSource(r, r)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	list := tr.run(stop, "-addr", server.Addr, "-tls", "none", "-n", "1", "-text", tr.file("t", "x"))
	tr.want(exitSome)
	if len(list) != 1 || list[0].Outcome != accepted {
		t.Errorf("%+v", list)
	}
}

// TestConstantMemory: the number of rows in hand depends on the pool alone, also
// where many wait for another attempt.
func TestConstantMemory(t *testing.T) {
	server := newServer(t)
	server.CountOnly = true
	var seen atomic.Int64
	server.OnRcpt = func(*smtptest.Session, string, string) *smtptest.Reply {
		if seen.Add(1)%10 == 0 {
			return &smtptest.Reply{Code: 451, Text: "4.7.1 Later"}
		}
		return nil
	}
	server.Start()
	tr := newTrial(t)
	tune := tr.tune
	tr.tune = func(c *pool.Config) {
		tune(c)
		c.Queue, c.MaxWaiting = 20, 30
	}
	c := tr.count()
	list := tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-n", "5000", "-max-attempts", "100")
	tr.want(exitAccepted)
	if len(list) != 5000 || c.most.Load() > 20+30+100 {
		t.Errorf("%d outcomes, %d rows in hand", len(list), c.most.Load())
	}
}

// A fullDisk takes no more than some octets.
type fullDisk struct{ left int }

var errFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func (d *fullDisk) Close() error { return nil }

// TestOutcomesCannotBeWritten: without a record nothing more is sent.
func TestOutcomesCannotBeWritten(t *testing.T) {
	tr := newTrial(t)
	tr.wrap = func(s source, l *ledger) source {
		l.writeTo(&fullDisk{left: 100_000})
		return s
	}
	tr.code = tr.program.run(t.Context(), []string{"-n", "1000000"})
	tr.want(exitUsage)
	if !strings.Contains(tr.stderr.String(), errFull.Error()) {
		t.Errorf("says %q", tr.stderr.String())
	}
}

// TestRecipientsCannotBeRead: what was read before is sent.
func TestRecipientsCannotBeRead(t *testing.T) {
	tr := newTrial(t)
	tr.wrap = func(s source, _ *ledger) source { return &brokenSource{s, 20} }
	list := tr.run(t.Context(), "-n", "1000000")
	tr.want(exitUsage)
	if len(list) != 20 || tallyOf(list)[accepted] != 20 || !strings.Contains(tr.stderr.String(), "-recipients") {
		t.Errorf("%d outcomes; says %q", len(list), tr.stderr.String())
	}
}

type brokenSource struct {
	source
	left int
}

func (s *brokenSource) next() (row, error) {
	if s.left--; s.left < 0 {
		return row{}, io.ErrUnexpectedEOF
	}
	return s.source.next()
}
