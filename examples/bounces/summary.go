package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
)

// A summary counts what was read.
type summary struct {
	mails      map[string]int // by kind
	recipients map[string]*tally
	unread     int
	doubtful   int // came back to a token that names nobody
	unproven   int // suppress nobody, since they bring no genuine token
	suppressed int
	fates      map[string]int // of the logs' recipients
	damaged    int            // lines of logs
}

// A tally is what one class has.
type tally struct{ total, hard, failed, delayed int }

func newSummary() *summary {
	return &summary{mails: map[string]int{}, recipients: map[string]*tally{}, fates: map[string]int{}}
}

// add counts a mail.
func (s *summary) add(list []row) {
	if list[0].Kind == "" {
		s.unread++
		return
	}
	if list[0].Error != "" {
		s.doubtful++
	}
	s.mails[list[0].Kind]++
	for _, r := range list {
		if r.Recipient == "" {
			continue
		}
		class := r.Class
		if class == "" {
			class = "(no reason given)"
		}
		t := s.recipients[class]
		if t == nil {
			t = &tally{}
			s.recipients[class] = t
		}
		t.total++
		if r.Hard != nil && *r.Hard {
			t.hard++
		}
		switch r.Action {
		case "failed":
			t.failed++
		case "delayed":
			t.delayed++
		}
	}
}

// write writes the tables, of what there was.
func (s *summary) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(s.mails) > 0 || s.unread > 0 {
		s.writeMails(t)
	}
	if len(s.fates) > 0 {
		fmt.Fprintln(t, "fate\trecipients\t")
		for _, final := range []maillog.Final{maillog.Sent, maillog.Bounced, maillog.Deferred, maillog.Expired} {
			fmt.Fprintf(t, "%s\t%d\t\n", final, s.fates[string(final)])
		}
	}
	if s.damaged > 0 {
		fmt.Fprintf(t, "damaged lines\t%d\t\n", s.damaged)
	}
	return t.Flush()
}

func (s *summary) writeMails(w io.Writer) {
	fmt.Fprintln(w, "kind\tmails\t")
	for _, kind := range []string{"dsn", "bounce", "feedback", "auto-reply", "other"} {
		fmt.Fprintf(w, "%s\t%d\t\n", kind, s.mails[kind])
	}
	for _, line := range []struct {
		name string
		n    int
	}{{"not read", s.unread}, {"bad token", s.doubtful}} {
		if line.n > 0 {
			fmt.Fprintf(w, "%s\t%d\t\n", line.name, line.n)
		}
	}
	fmt.Fprintln(w, "\t\t\nclass\trecipients\thard\tfailed\tdelayed\t")
	for _, class := range s.classes() {
		c := s.recipients[class]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t\n", class, c.total, c.hard, c.failed, c.delayed)
	}
	if s.suppressed > 0 {
		fmt.Fprintf(w, "\t\t\nsuppressed\t%d\t\n", s.suppressed)
	}
	if s.unproven > 0 {
		fmt.Fprintf(w, "suppress nobody for lack of a token\t%d\t\n", s.unproven)
	}
	fmt.Fprintln(w, "\t\t")
}

// classes returns the classes, the most frequent first.
func (s *summary) classes() []string {
	var list []string
	for class := range s.recipients {
		list = append(list, class)
	}
	slices.SortFunc(list, func(a, b string) int {
		if d := s.recipients[b].total - s.recipients[a].total; d != 0 {
			return d
		}
		if a < b {
			return -1
		}
		return 1
	})
	return list
}
