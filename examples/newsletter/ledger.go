package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Fates of a row, in the order of the report.
const (
	accepted = "accepted"
	rejected = "rejected"
	deferred = "deferred"
	notSent  = "not-sent"
	unknown  = "unknown"
	invalid  = "invalid"
)

var fates = []string{accepted, rejected, deferred, notSent, unknown, invalid}

// shownFailures is how many failures of each kind the report shows.
const shownFailures = 5

// An outcome is what became of a row: a line of -outcomes.
type outcome struct {
	Email        string `json:"email"`
	MessageID    string `json:"message_id"`
	ReturnPath   string `json:"return_path"`
	Outcome      string `json:"outcome"`
	Code         int    `json:"code"`
	EnhancedCode string `json:"enhanced_code"`
	Reply        string `json:"reply"`
	Attempts     int    `json:"attempts"`
	Error        string `json:"error"`

	suppressed bool // it is not sent on purpose
}

// failed reports an outcome that somebody should look at.
func (o *outcome) failed() bool {
	return o.Outcome != accepted && !o.suppressed && o.Error != errDryRun.Error()
}

// outcome returns what became of a letter that the pool does not have.
func (l *letter) outcome(fate string, err error) outcome {
	return outcome{
		Email: l.email, MessageID: l.messageID, ReturnPath: l.returnPath,
		Outcome: fate, Error: err.Error(),
	}
}

// resultOutcome returns what became of a letter that the pool has had.
func resultOutcome(l *letter, r *pool.Result) outcome {
	to := &r.Recipients[0]
	o := outcome{
		Email: l.email, MessageID: l.messageID, ReturnPath: l.returnPath,
		Outcome: fateOf(to.Outcome), Code: to.Reply.Code, EnhancedCode: to.Reply.Enhanced.String(),
		Reply: to.Reply.Text, Attempts: r.Attempts,
	}
	if to.Err != nil {
		o.Error = to.Err.Error()
	}
	if isInterrupt(to.Err) {
		switch o.Outcome {
		case notSent:
			o.Error = errInterrupted.Error()
		case unknown:
			o.Error = "interrupted before the relay answered; it may have the mail"
		}
	}
	return o
}

// isInterrupt reports whether it was this program that gave a letter up, by
// heed's means: it ends the context, and the pool closes its sessions.
func isInterrupt(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, pool.ErrClosed) || errors.Is(err, smtpclient.ErrClosed)
}

func fateOf(o smtpclient.Outcome) string {
	switch o {
	case smtpclient.Accepted:
		return accepted
	case smtpclient.Rejected:
		return rejected
	case smtpclient.Deferred:
		return deferred
	case smtpclient.NotSent:
		return notSent
	default:
		return unknown
	}
}

// A tally counts rows by their fate.
type tally map[string]int64

func (t tally) total() (n int64) {
	for _, count := range t {
		n += count
	}
	return n
}

// flushInterval bounds how long an entry may be missing from the file.
const flushInterval = 200 * time.Millisecond

// A ledger has one entry for each row taken. It is safe for concurrent use, but
// for writeTo, which comes first, and close, which comes last.
type ledger struct {
	file     io.Closer
	stop     chan struct{} // ends keep
	kept     chan struct{} // closed when it has ended
	failed   atomic.Bool   // err is set: nothing more should be sent
	nameless atomic.Int64  // return paths that should name the recipient, and do not

	mu    sync.Mutex // guards the following
	buf   *bufio.Writer
	json  *json.Encoder // nil: entries are counted only
	err   error         // the first of the file
	tally tally
	// suppressed is how many of those not sent were not to be.
	suppressed int64
	attempts   int64
	failures   map[string][]string // the first of each fate
}

func newLedger() *ledger {
	return &ledger{tally: tally{}, failures: map[string][]string{}}
}

// writeTo has entries written to a file, which the ledger then owns until close.
func (l *ledger) writeTo(f io.WriteCloser) {
	l.file, l.buf = f, bufio.NewWriterSize(f, 64<<10)
	l.json = json.NewEncoder(l.buf)
	l.json.SetEscapeHTML(false)
	l.stop, l.kept = make(chan struct{}), make(chan struct{})
	go l.keep()
}

// keep keeps the file up to date, so that little is missing from it if the
// process is killed.
func (l *ledger) keep() {
	defer close(l.kept)
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
			l.flush()
		}
	}
}

// unnamed counts a letter whose return path cannot name the recipient.
func (l *ledger) unnamed() { l.nameless.Add(1) }

// enter makes an entry.
func (l *ledger) enter(o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally[o.Outcome]++
	l.attempts += int64(o.Attempts)
	if o.suppressed {
		l.suppressed++
	}
	if o.failed() && len(l.failures[o.Outcome]) < shownFailures {
		l.failures[o.Outcome] = append(l.failures[o.Outcome], failureLine(o))
	}
	if l.json != nil {
		l.note(l.json.Encode(&o))
	}
}

func failureLine(o outcome) string {
	if o.Email == "" {
		return o.Error
	}
	return o.Email + ": " + o.Error
}

// note keeps the first error of the file. l.mu is held, or l no longer shared.
func (l *ledger) note(err error) {
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("-outcomes: %w", err)
		l.failed.Store(true)
	}
}

// failing reports that entries are being lost.
func (l *ledger) failing() bool { return l.failed.Load() }

// failure returns why entries were lost.
func (l *ledger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// flush writes what is in the buffer.
func (l *ledger) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(l.buf.Flush())
}

// close writes and closes the file. Further calls do nothing.
func (l *ledger) close() {
	if l.json == nil {
		return
	}
	close(l.stop)
	<-l.kept
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(l.file.Close())
	l.json = nil
}

// counts returns a copy of the counts.
func (l *ledger) counts() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := tally{}
	for _, fate := range fates {
		t[fate] = l.tally[fate]
	}
	return t
}
