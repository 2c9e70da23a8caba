package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Marks of the lines.
const (
	fromClient = "C:"
	fromServer = "S:"
	group      = "--"
	event      = "**"
)

// A wire writes what a session does, a line an event. The session calls it
// from two goroutines.
type wire struct {
	began time.Time

	mu      sync.Mutex // guards the following
	w       io.Writer
	ready   bool // the session is built: from now on commands come in groups
	inGroup bool // a group has begun, and not all replies to it are in
	groups  int
	octets  int // of the group
}

func newWire(w io.Writer) *wire { return &wire{w: w, began: time.Now()} }

// trace returns the hooks through which the wire sees the session.
func (w *wire) trace() *smtpclient.Trace {
	return &smtpclient.Trace{
		Dialed:    w.dialed,
		TLS:       w.tls,
		Ready:     w.built,
		Command:   func(_ uint64, line string) { w.sent(line) },
		Content:   func(_ uint64, octets int) { w.sentContent(octets) },
		Wrote:     func(_ uint64, n int) { w.wrote(n) },
		Reply:     func(_ uint64, verb string, r smtpclient.Reply) { w.read(verb, r) },
		RoundTrip: func(_ uint64, took time.Duration) { w.endGroup(took) },
		Closed:    w.closed,
	}
}

// line writes a line; mu is held.
func (w *wire) line(mark, format string, args ...any) {
	took := time.Since(w.began)
	fmt.Fprintf(w.w, "%8.1f ms  %s %s\n", float64(took)/float64(time.Millisecond), mark, fmt.Sprintf(format, args...))
}

// note writes an event that the session itself does not know of.
func (w *wire) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line(event, format, args...)
}

func (w *wire) dialed(_ uint64, network, addr string, _ time.Duration, err error) {
	if err == nil {
		w.note("connected to %s %s", network, addr)
	}
}

func (w *wire) tls(_ uint64, state tls.ConnectionState, verified bool) {
	trust := "certificate NOT verified"
	if verified {
		trust = "certificate verified"
	}
	w.note("%s, %s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), trust)
}

func (w *wire) built(_ uint64, _ smtpclient.Extensions, mode smtpclient.Mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready, w.octets = true, 0
	w.line(event, "ready for mail, mode %s", mode)
}

func (w *wire) closed(_ uint64, err error) {
	if err != nil {
		w.note("session over: %v", err)
		return
	}
	w.note("session over")
}

// sent shows a command that is about to be written.
func (w *wire) sent(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beginGroup()
	w.line(fromClient, "%s", line)
}

// sentContent shows that content is about to be written.
func (w *wire) sentContent(octets int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beginGroup()
	w.line(fromClient, "(%d octets of content, and the dot)", octets)
}

// beginGroup marks the first of what travels together; mu is held.
func (w *wire) beginGroup() {
	if !w.ready || w.inGroup {
		return
	}
	w.inGroup = true
	w.groups++
	w.line(group, "group %d", w.groups)
}

func (w *wire) wrote(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.octets += n
}

// read shows a reply, and what it answers.
func (w *wire) read(verb string, r smtpclient.Reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := r.Lines()
	last := len(lines) - 1
	for _, text := range lines[:last] {
		w.line(fromServer, "%d-%s", r.Code, text)
	}
	w.line(fromServer, "%d %s  (%s)", r.Code, lines[last], verb)
}

// endGroup shows what a group took, all its replies being in. It is not called
// while the session is being built.
func (w *wire) endGroup(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line(group, "group %d: %d octets, %.1f ms", w.groups, w.octets, float64(took)/float64(time.Millisecond))
	w.inGroup, w.octets = false, 0
}

// result shows what became of a message.
func (w *wire) result(message int, r *smtpclient.Result) {
	for _, to := range r.Recipients {
		var refused *smtpclient.RefusedError
		if errors.As(to.Err, &refused) {
			w.note("message %d: %s %s: %v", message, to.Outcome, to.Address, refused) // there is no reply that tells
			continue
		}
		w.note("message %d: %s %s", message, to.Outcome, to.Address)
	}
}

// summary shows what the session took, once it was built.
func (w *wire) summary(transactions int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line(event, "mail transactions: %d; groups, each a round trip, QUIT's included: %d", transactions, w.groups)
}
