// Package ledger holds what a sender says of its mail against what a server has:
// nothing lost, nothing sent twice, nobody gets somebody else's mail. It is for
// tests.
package ledger

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A Ledger makes jobs that can be told apart, and knows what was said of them
// and what arrived. Its methods are safe for concurrent use.
type Ledger struct {
	// Domain is that of the recipients, SenderDomain that of the senders.
	Domain, SenderDomain string
	// Liar: the server may say that it has taken mail, or a recipient, that it
	// has not. Then an Accepted message may be missing.
	Liar bool
	// Refuser: the server may refuse anybody, not only those whose address says
	// so.
	Refuser bool
	// Copies is how many copies there may be of what was sent again although its
	// outcome had been Unknown; 0 is 1: nothing was.
	Copies int

	mu      sync.Mutex // guards the following
	entries []*entry
	strays  []string // what arrived and is nobody's
}

// An entry is a job and its fate. A number, from 0 on, is in all that it has.
type entry struct {
	job     pool.Job
	results int
	fates   []smtpclient.RecipientResult
	err     error
	copies  map[string]int // that arrived, by recipient
}

// Job makes the next job. Its recipients' addresses begin with the prefixes
// given, behind which a server for tests tells whom to refuse; none is one that
// begins with "ok". fill says what is in its subject, of which the same is true.
func (l *Ledger) Job(fill string, prefixes ...string) pool.Job {
	return l.JobOfSize(0, fill, prefixes...)
}

// JobOfSize is Job with a content of at least size octets.
func (l *Ledger) JobOfSize(size int, fill string, prefixes ...string) pool.Job {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(prefixes) == 0 {
		prefixes = []string{"ok"}
	}
	n := len(l.entries)
	e := &entry{copies: map[string]int{}}
	e.job.Tag = n
	e.job.From = fmt.Sprintf("s%d@%s", n, l.SenderDomain)
	for k, prefix := range prefixes {
		to := fmt.Sprintf("%s-%d-%d@%s", prefix, k, n, l.Domain)
		e.job.To = append(e.job.To, smtpclient.Recipient{Address: to})
	}
	e.job.Content = content(n, size, fill)
	l.entries = append(l.entries, e)
	return e.job
}

const (
	field   = "X-Ledger: "
	padding = "padding to the size wanted\r\n"
)

// content is different for each number, in length too, has lines that begin with
// dots, and says whether it is whole.
func content(n, size int, fill string) []byte {
	b := fmt.Appendf(nil, "%s%d\r\nSubject: %s %d\r\n", field, n, fill, n)
	// Servers add these where they are missing.
	b = fmt.Appendf(b, "Message-ID: <%d@ledger.test>\r\nDate: Tue, 24 Nov 2026 00:00:00 +0000\r\n\r\n", n)
	for i := range n % 7 {
		b = fmt.Appendf(b, "%sline %d of %d\r\n", strings.Repeat(".", i%3), i, n)
	}
	if missing := size - len(b); missing > 0 {
		b = append(b, bytes.Repeat([]byte(padding), missing/len(padding)+1)...)
	}
	return fmt.Appendf(b, "%08x\r\n.\r\n", crc32.ChecksumIEEE(b))
}

// Enter notes a result.
func (l *Ledger) Enter(r pool.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[r.Tag.(int)]
	e.results++
	e.fates, e.err = slices.Clone(r.Recipients), r.Err
}

// Arrived notes what a server has: a message in the envelope that it came in.
func (l *Ledger) Arrived(from string, to []string, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.owner(data)
	if e == nil {
		l.strays = append(l.strays, fmt.Sprintf("from %s to %v, which is nobody's, or not whole: %.200q", from, to, data))
		return
	}
	if from != e.job.From {
		l.strays = append(l.strays, fmt.Sprintf("the content of %v is in the envelope of %s", e.job.Tag, from))
	}
	for _, address := range to {
		if !e.has(address) {
			l.strays = append(l.strays, fmt.Sprintf("%s has the content of %v", address, e.job.Tag))
			continue
		}
		e.copies[address]++
	}
}

// owner is the entry that a content belongs to, to the octet.
func (l *Ledger) owner(data []byte) *entry {
	rest, found := bytes.CutPrefix(data, []byte(field))
	if !found {
		return nil
	}
	line, _, _ := bytes.Cut(rest, []byte("\r\n"))
	n, err := strconv.Atoi(string(line))
	if err != nil || n < 0 || n >= len(l.entries) || !bytes.Equal(l.entries[n].job.Content, data) {
		return nil
	}
	return l.entries[n]
}

func (e *entry) has(address string) bool {
	return slices.ContainsFunc(e.job.To, func(r smtpclient.Recipient) bool { return r.Address == address })
}

// Outcomes counts the recipients by outcome.
func (l *Ledger) Outcomes() map[smtpclient.Outcome]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[smtpclient.Outcome]int{}
	for _, e := range l.entries {
		for i := range e.fates {
			n[e.fates[i].Outcome]++
		}
	}
	return n
}

// Violations lists what is not as it must be; all results and all mail must have
// been noted before.
func (l *Ledger) Violations() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.strays)
	for _, e := range l.entries {
		for _, v := range l.violations(e) {
			all = append(all, fmt.Sprintf("job %v: %s", e.job.Tag, v))
		}
	}
	return all
}

func (l *Ledger) violations(e *entry) (list []string) {
	if e.results != 1 {
		return []string{fmt.Sprintf("%d results", e.results)}
	}
	if len(e.fates) != len(e.job.To) {
		return []string{fmt.Sprintf("%d outcomes for %d recipients", len(e.fates), len(e.job.To))}
	}
	accepted := true
	for i := range e.fates {
		f := &e.fates[i]
		accepted = accepted && f.Outcome == smtpclient.Accepted
		if v := l.violation(f, e.copies[f.Address]); v != "" || f.Address != e.job.To[i].Address {
			list = append(list, fmt.Sprintf("%s: %s (%v), the server has %d copies: %s", f.Address, f.Outcome, f.Err, e.copies[f.Address], v))
		}
	}
	if (e.err == nil) != accepted {
		list = append(list, fmt.Sprintf("error %v", e.err))
	}
	return list
}

// violation says what is wrong with an outcome, given the copies that arrived.
func (l *Ledger) violation(f *smtpclient.RecipientResult, copies int) string {
	switch {
	case (f.Err == nil) != (f.Outcome == smtpclient.Accepted):
		return "the error does not go with the outcome"
	case copies > max(1, l.Copies):
		return "sent twice"
	case f.Outcome == smtpclient.Accepted && copies == 0 && !l.Liar:
		return "lost"
	case f.Outcome != smtpclient.Accepted && f.Outcome != smtpclient.Unknown && copies > 0:
		return "a caller would send it again"
	case f.Outcome == smtpclient.Rejected && strings.HasPrefix(f.Address, "ok") && !l.Refuser:
		return "rejected by a reply that was not its own"
	}
	return ""
}
