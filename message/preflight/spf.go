package preflight

import (
	"fmt"
	"slices"
	"strings"
)

const spfVersion = "v=spf1"

// maxSPFLookups is how many terms of an SPF record may need the DNS (RFC 7208
// 4.6.4).
const maxSPFLookups = 10

// checkSPF checks the record of the return path's domain, as far as that goes
// without the relay's address.
func (m *mail) checkSPF(l *lookups) {
	records, err := l.starting(m.pathDomain, spfVersion)
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
	for _, found := range c.open {
		m.find(BadSPF, m.pathDomain, "%s: everybody may send in its name", found)
	}
}

// An spfCounter counts the terms that need the DNS, in a record and in those it
// includes.
type spfCounter struct {
	*lookups
	n    int
	open []string // the terms that let everybody send
}

// count goes through a record. Above are the domains whose records have led to it.
func (c *spfCounter) count(domain, record string, above []string) error {
	above = append(above[:len(above):len(above)], domain)
	_, terms, _ := strings.Cut(strings.ToLower(record), " ") // behind the version
	all := false                                             // behind it, nothing is reached
	redirects := !slices.ContainsFunc(strings.Fields(terms), func(t string) bool { return strings.TrimLeft(t, "+-~?") == "all" })
	for term := range strings.FieldsSeq(terms) {
		if sign := strings.TrimPrefix(term, "+"); sign == "all" {
			note := term
			if len(above) > 1 {
				note += " in the record of " + clip(domain)
			}
			c.open = append(c.open, note)
		}
		term = strings.TrimLeft(term, "+-~?")
		mechanism, target, _ := strings.Cut(term, ":")
		if name, value, ok := strings.Cut(term, "="); ok && name == "redirect" {
			mechanism, target = name, value
		}
		mechanism, _, _ = strings.Cut(mechanism, "/")
		if all || mechanism == "redirect" && !redirects {
			continue // RFC 7208 5.1
		}
		switch mechanism {
		case "all":
			all = true
			continue
		case "redirect", "ip4", "ip6", "a", "mx", "ptr", "exists", "include":
		default:
			if !strings.Contains(mechanism, "=") { // a modifier is for others to know
				return fmt.Errorf("%s: %q is no mechanism: receivers take that for an error", clip(domain), clip(term))
			}
		}
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
	records, err := c.starting(target, spfVersion)
	if err != nil {
		return nil // has its finding
	}
	if len(records) != 1 {
		return fmt.Errorf("%s, which is included, has %d SPF records", clip(target), len(records))
	}
	return c.count(target, records[0], above)
}
