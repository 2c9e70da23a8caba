package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// A summary counts what was read.
type summary struct {
	mails      map[string]int // by kind
	recipients map[string]*tally
	unread     int
	suppressed int
}

// A tally is what one class has.
type tally struct{ total, hard, failed, delayed int }

func newSummary() *summary {
	return &summary{mails: map[string]int{}, recipients: map[string]*tally{}}
}

// add counts a mail.
func (s *summary) add(list []row) {
	if list[0].Error != "" {
		s.unread++
		return
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

// write writes the table.
func (s *summary) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "kind\tmails\t")
	for _, kind := range []string{"dsn", "bounce", "feedback", "auto-reply", "other"} {
		fmt.Fprintf(t, "%s\t%d\t\n", kind, s.mails[kind])
	}
	if s.unread > 0 {
		fmt.Fprintf(t, "not read\t%d\t\n", s.unread)
	}
	fmt.Fprintln(t, "\t\t\nclass\trecipients\thard\tfailed\tdelayed\t")
	for _, class := range s.classes() {
		c := s.recipients[class]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", class, c.total, c.hard, c.failed, c.delayed)
	}
	if s.suppressed > 0 {
		fmt.Fprintf(t, "\t\t\nsuppressed\t%d\t\n", s.suppressed)
	}
	return t.Flush()
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
