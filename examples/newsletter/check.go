package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/bulksmtp/bulksmtp/message/preflight"
)

const (
	// sampleSize is how many mails -check looks at: those of the first recipients
	// who get one. Further ones differ from them by what is in their fields.
	sampleSize = 20
	// sampleRows is how many rows are read for that, at most. They are kept in
	// memory, to be sent afterwards.
	sampleRows = 1000
	// lookupTime bounds the look-ups of -check-dns.
	lookupTime = 30 * time.Second
)

// An inspection is what -check has found.
type inspection struct {
	mails       int
	first, last string // whose they are
	findings    []sighting
}

// A sighting is a finding in one mail or several.
type sighting struct {
	preflight.Finding
	mails int
	first string // whose
}

// check inspects the first mails and says what there is to say. Errors found there
// are an error.
func (p *program) check(stop context.Context, m *mailing) error {
	if !m.options.check {
		return nil
	}
	in, err := p.inspect(stop, m)
	if err != nil {
		return fmt.Errorf("-check: %w", err)
	}
	in.write(p.stdout, m)
	if n := in.count(preflight.Error); n > 0 {
		return fmt.Errorf("-check: %s in the first mails; nothing has been sent", number(n, "error"))
	}
	return nil
}

// inspect has the mails checked as they will go out. The DNS is asked for the first
// one: its answers are the same for all.
func (p *program) inspect(stop context.Context, m *mailing) (*inspection, error) {
	cfg := preflight.Config{SMTPUTF8: true, SignedLater: m.renderer.signer == nil}
	plain, err := preflight.New(cfg)
	if err != nil {
		return nil, err
	}
	checker := plain
	if m.options.checkDNS {
		cfg.Resolver = p.resolver
		if checker, err = preflight.New(cfg); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(stop, lookupTime)
	defer cancel()
	in := &inspection{}
	for l := range m.sample(stop) {
		in.add(l.email, checker.Check(ctx, l.content, l.returnPath))
		checker = plain
	}
	slices.SortStableFunc(in.findings, func(a, b sighting) int { return cmp.Compare(b.Severity, a.Severity) })
	return in, nil
}

// add adds what was found in a mail.
func (in *inspection) add(email string, findings []preflight.Finding) {
	if in.mails++; in.mails == 1 {
		in.first = email
	}
	in.last = email
	for _, f := range findings {
		i := slices.IndexFunc(in.findings, func(s sighting) bool { return s.Finding == f })
		if i < 0 {
			i = len(in.findings)
			in.findings = append(in.findings, sighting{Finding: f, first: email})
		}
		in.findings[i].mails++
	}
}

func (in *inspection) count(s preflight.Severity) (n int) {
	for i := range in.findings {
		if in.findings[i].Severity == s {
			n++
		}
	}
	return n
}

// write tells the findings. With -quiet it tells nothing else.
func (in *inspection) write(out io.Writer, m *mailing) {
	w := bufio.NewWriter(out)
	defer func() { _ = w.Flush() }() // there is nobody to tell
	if !m.options.quiet {
		fmt.Fprintln(w, "check        "+in.summary())
	}
	for _, s := range in.findings {
		where := ""
		switch {
		case s.mails < in.mails:
			where = fmt.Sprintf(", in %d of them, the first to %s", s.mails, s.first)
		case in.mails > 1:
			where = ", in all of them"
		}
		fmt.Fprintf(w, "  %v%s\n", s.Finding, where)
	}
	if m.options.quiet {
		return
	}
	if m.renderer.signer == nil {
		fmt.Fprintln(w, "  The mails are not signed here (-dkim-key): the relay has to do that.")
	}
	for _, k := range m.renderer.keys {
		if record, err := k.Record(); err == nil { // the key has been taken before
			fmt.Fprintf(w, "  This has to be in the DNS: %v\n", record)
		}
	}
	fmt.Fprintln(w)
}

// summary says what was looked at and how much was found.
func (in *inspection) summary() string {
	found := "nothing is to be held against"
	if len(in.findings) > 0 {
		found = number(in.count(preflight.Error), "error") + " and " + number(in.count(preflight.Warning), "warning") + " in"
	}
	switch in.mails {
	case 0:
		return "there is nobody to whom a mail would go"
	case 1:
		return fmt.Sprintf("%s the mail to %s", found, in.first)
	}
	return fmt.Sprintf("%s the first %d mails, to %s and so on up to %s", found, in.mails, in.first, in.last)
}

// number writes a count with its noun.
func number(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
