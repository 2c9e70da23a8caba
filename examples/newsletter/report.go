package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/bulksmtp/bulksmtp/pool"
)

// writeReport says how the mailing went. Accepted is what the relay has taken:
// whether a mail arrives, nobody knows here.
func writeReport(out io.Writer, m *mailing, d dispatch) {
	w := bufio.NewWriter(out)
	defer func() { _ = w.Flush() }() // there is nobody to tell
	counts := m.ledger.counts()
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("recipients", "%8d", counts.total())
	for _, fate := range fates {
		line(fate, "%8d", counts[fate])
	}
	if m.suppress != nil {
		line("suppressed", "%8d of those not sent", m.ledger.suppressed)
	}
	done := counts[accepted]
	if m.options.dryRun != "" {
		done = counts[notSent] - m.ledger.suppressed
	}
	line("time", "%8.2f s, %.0f messages a second", d.took.Seconds(), float64(done)/max(d.took.Seconds(), 1e-6))
	if m.options.dryRun == "" {
		line("round trips", "%8.2f a message", float64(d.stats.RoundTrips)/float64(max(1, m.ledger.attempts)))
		line("sessions", "%8d built, %d attempts failed", d.stats.Dials-d.stats.DialFailures, d.stats.DialFailures)
		line("retries", "%8d", d.stats.Retries)
		for _, l := range relayLines(d) {
			line("relay", "%s", l)
		}
		for _, l := range slowedLines(d) {
			line("slowed", "%s", l)
		}
	}
	if d.sunk >= 0 {
		line("sink", "%8d messages counted by the built-in sink", d.sunk)
	}
	if n := m.ledger.nameless.Load(); n > 0 {
		line("return paths", "%8d plain ones, because the recipient cannot be written into it", n)
	}
	if m.interrupted {
		fmt.Fprintln(w, "\nInterrupted: there are more recipients.")
	}
	writeFailures(w, m.ledger, counts)
}

// relayLines say what each relay has done, if there are several.
func relayLines(d dispatch) (lines []string) {
	if len(d.stats.Relays) < 2 {
		return nil
	}
	for i := range d.stats.Relays {
		r := &d.stats.Relays[i]
		l := fmt.Sprintf("%s: %d accepted, %d rejected, %d deferred; %d sessions built, %d attempts failed, %d lost", r.Name,
			r.RecipientsAccepted, r.RecipientsRejected, r.RecipientsDeferred, r.Dials-r.DialFailures, r.DialFailures, r.Lost)
		if r.Down {
			l += "; down"
		}
		lines = append(lines, l)
	}
	return lines
}

// slowedLines say what was slowed down by replies, and held back by -domain-rate.
func slowedLines(d dispatch) (lines []string) {
	for _, s := range d.slowdowns.list() {
		lines = append(lines, fmt.Sprintf("%s, %d times by replies%s", s.what, s.times, limit(", last to ", s.rate)))
	}
	held := 0
	for _, k := range slices.SortedStableFunc(slices.Values(d.stats.Keys), func(a, b pool.KeyStats) int {
		return cmp.Compare(b.Held, a.Held)
	}) {
		if k.Kind != "domain" || k.Held == 0 {
			continue
		}
		if held++; held > maxSlowdowns {
			break
		}
		lines = append(lines, fmt.Sprintf("%s %s, %d mails held back%s", k.Kind, k.Name, k.Held, limit(" at ", k.Rate)))
	}
	return lines
}

// writeFailures shows the first failures of each kind.
func writeFailures(w io.Writer, l *ledger, counts tally) {
	for _, fate := range fates {
		shown := l.failures[fate]
		if len(shown) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", fate)
		for _, s := range shown {
			fmt.Fprintf(w, "  %s\n", s)
		}
		more := counts[fate] - int64(len(shown))
		if fate == notSent {
			more -= l.suppressed
		}
		if more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
}
