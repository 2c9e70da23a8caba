package interop_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A result is a line of the table of TestServers.
type result struct {
	server     interop.Kind
	run        string
	messages   int
	outcomes   map[smtpclient.Outcome]int // of recipients
	sessions   int
	roundTrips int
	violations int
}

// A resultTable collects results; it is safe for concurrent use.
type resultTable struct {
	mu      sync.Mutex // guards the following
	results []result
}

func (t *resultTable) add(r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.results = append(t.results, r)
}

// String returns the table in Markdown, by server.
func (t *resultTable) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(t.results, func(a, b result) int { return strings.Compare(string(a.server), string(b.server)) })
	var b strings.Builder
	b.WriteString("| server | run | messages | accepted | rejected | deferred | not sent | unknown | sessions | round trips a message | violations |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.results {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %.2f | %d |\n", r.server, r.run, r.messages,
			r.outcomes[smtpclient.Accepted], r.outcomes[smtpclient.Rejected], r.outcomes[smtpclient.Deferred],
			r.outcomes[smtpclient.NotSent], r.outcomes[smtpclient.Unknown],
			r.sessions, float64(r.roundTrips)/float64(max(1, r.messages)), r.violations)
	}
	return b.String()
}
