package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Outcomes counts recipients by outcome.
type outcomes [5]int64

// order is that of the report.
var order = []smtpclient.Outcome{
	smtpclient.Accepted, smtpclient.Rejected, smtpclient.Deferred, smtpclient.NotSent, smtpclient.Unknown,
}

func (o *outcomes) total() (n int64) {
	for _, k := range o {
		n += k
	}
	return n
}

// MarshalJSON implements json.Marshaler: an object of all outcomes by name.
func (o outcomes) MarshalJSON() ([]byte, error) {
	names := make(map[string]int64, len(order))
	for _, outcome := range order {
		names[outcome.String()] = o[outcome]
	}
	return json.Marshal(names)
}

// A report is how the run went.
type report struct {
	octets      int   // of each message
	messages    int64 // that had a result
	outcomes    outcomes
	first       [len(outcomes{})]string // failure of each kind
	used        usage
	maxRSS      float64 // MiB
	stats       pool.Stats
	mode        atomic.Uint32 // smtpclient.Mode of the last session built
	interrupted bool
	sink        bool  // the built-in one was used
	miscount    error // says that it has not counted what was accepted
}

func (r *report) exitCode() int {
	if r.outcomes[smtpclient.Accepted] < r.outcomes.total() || r.interrupted || r.miscount != nil {
		return exitSome
	}
	return exitAccepted
}

// write writes the report, or one line of JSON. Accepted is what the relay has
// taken: what becomes of it, nobody knows here.
func (r *report) write(stdout, stderr io.Writer, asJSON bool) error {
	failures := stdout
	var err error
	if asJSON {
		err = r.writeJSON(stdout)
		failures = stderr
	} else {
		r.writeText(stdout)
	}
	r.writeFailures(failures)
	return errors.Join(err, r.miscount)
}

func (r *report) writeJSON(w io.Writer) error {
	n := float64(max(1, r.messages))
	return json.NewEncoder(w).Encode(struct {
		Messages     int64    `json:"messages"`
		Seconds      float64  `json:"seconds"`
		MsgsPerS     float64  `json:"msgs_per_s"`
		CPU          float64  `json:"cpu_s"`
		AllocsPerMsg float64  `json:"allocs_per_msg"`
		BytesPerMsg  float64  `json:"bytes_per_msg"`
		MaxRSS       float64  `json:"max_rss_mb"`
		Outcomes     outcomes `json:"outcomes"`
	}{
		r.messages, round(r.used.time.Seconds()), round(r.rate()), round(r.used.cpu.Seconds()),
		round(float64(r.used.allocs) / n), round(float64(r.used.bytes) / n), round(r.maxRSS), r.outcomes,
	})
}

// round leaves the digits that mean something.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// rate returns the messages in a second.
func (r *report) rate() float64 { return float64(r.messages) / max(r.used.time.Seconds(), 1e-6) }

func (r *report) writeText(w io.Writer) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", label, fmt.Sprintf(format, args...))
	}
	n := float64(max(1, r.messages))
	line("messages", "%10d of %d octets, to %d recipients", r.messages, r.octets, r.outcomes.total())
	for _, outcome := range order {
		line(outcome.String(), "%10d", r.outcomes[outcome])
	}
	line("time", "%10.2f s, %.0f messages a second", r.used.time.Seconds(), r.rate())
	line("round trips", "%10.2f a message, in mode %s", float64(r.stats.RoundTrips)/n, smtpclient.Mode(r.mode.Load()))
	line("sessions", "%10d built, %d attempts failed", r.stats.Dials-r.stats.DialFailures, r.stats.DialFailures)
	line("retries", "%10d", r.stats.Retries)
	line("CPU", "%10.2f s, %.4f s for 1,000 messages", r.used.cpu.Seconds(), 1000*r.used.cpu.Seconds()/n)
	line("allocations", "%10.1f a message, of %.0f octets", float64(r.used.allocs)/n, float64(r.used.bytes)/n)
	line("memory", "%10.1f MiB at most", r.maxRSS)
	if r.sink {
		fmt.Fprintln(w, "\nThe built-in sink is part of this process: its CPU time, allocations and memory are included.")
	}
	if r.interrupted {
		fmt.Fprintln(w, "\nInterrupted: there are more messages.")
	}
}

// writeFailures shows the first failure of each kind.
func (r *report) writeFailures(w io.Writer) {
	for _, outcome := range order {
		if r.first[outcome] != "" {
			fmt.Fprintf(w, "%s, the first of %d: %s\n", outcome, r.outcomes[outcome], r.first[outcome])
		}
	}
}
