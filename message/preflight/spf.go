package preflight

import (
	"fmt"
	"strings"
)

// maxSPFLookups is how many terms of an SPF record may need the DNS (RFC 7208
// 4.6.4).
const maxSPFLookups = 10

// checkSPF checks the record of the return path's domain, as far as that goes
// without the relay's address.
func (m *mail) checkSPF(l *lookups) {
	records, err := l.starting(m.pathDomain, "v=spf1")
	switch {
	case err != nil:
		return
	case len(records) == 0:
		m.find(NoSPF, m.pathDomain, "there is no SPF record for the return path")
		return
	case len(records) > 1:
		m.find(BadSPF, m.pathDomain, "%d SPF records: receivers take that for an error", len(records))
		return
	}
	c := &spfCounter{lookups: l}
	if err := c.count(m.pathDomain, records[0], nil); err != nil {
		m.find(BadSPF, m.pathDomain, "%v", err)
	}
	for term := range strings.FieldsSeq(records[0]) {
		if strings.EqualFold(term, "all") || strings.EqualFold(term, "+all") {
			m.find(BadSPF, m.pathDomain, "%s: everybody may send in its name", term)
		}
	}
}

// An spfCounter counts the terms that need the DNS, in a record and in those it
// includes.
type spfCounter struct {
	*lookups
	n int
}

// count goes through a record. Above are the domains whose records have led to it.
func (c *spfCounter) count(domain, record string, above []string) error {
	above = append(above[:len(above):len(above)], domain)
	for term := range strings.FieldsSeq(strings.ToLower(record)) {
		term = strings.TrimLeft(term, "+-~?")
		mechanism, target, _ := strings.Cut(term, ":")
		if name, value, ok := strings.Cut(term, "="); ok && name == "redirect" {
			mechanism, target = name, value
		}
		mechanism, _, _ = strings.Cut(mechanism, "/")
		switch mechanism {
		case "a", "mx", "ptr", "exists", "include", "redirect":
			if c.n++; c.n > maxSPFLookups {
				return fmt.Errorf("more than %d terms that need the DNS: receivers take that for an error", maxSPFLookups)
			}
		}
		if mechanism != "include" && mechanism != "redirect" || strings.Contains(target, "%") {
			continue // a macro stands for what only the receiver knows
		}
		if err := c.follow(strings.TrimSuffix(target, "."), above); err != nil {
			return err
		}
	}
	return nil
}

func (c *spfCounter) follow(target string, above []string) error {
	for _, d := range above {
		if d == target {
			return fmt.Errorf("the record of %s includes itself", clip(target))
		}
	}
	records, err := c.starting(target, "v=spf1")
	if err != nil {
		return nil // has its finding
	}
	if len(records) != 1 {
		return fmt.Errorf("%s, which is included, has %d SPF records", clip(target), len(records))
	}
	return c.count(target, records[0], above)
}
