package pool

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// A DomainLimit bounds the mail for a provider: for all of its domains together.
type DomainLimit struct {
	// Name is what Stats and Trace call it; "" is the first of Domains.
	Name string
	// Domains are host names. Each speaks for its subdomains too; of several that
	// fit, the longest counts. "*" is every domain that no other entry speaks for,
	// each by itself.
	Domains []string
	Limit
}

// EveryOther stands for all domains, in DomainLimit.Domains, or all keys, in
// Config.Keys, that have no entry of their own: each has a limit by itself.
const EveryOther = "*"

func validateDomains(limits []DomainLimit) error {
	seen, names := map[string]bool{}, map[string]bool{}
	for i := range limits {
		l := &limits[i]
		field := fmt.Sprintf("Domains[%d]", i)
		if err := l.validate(field); err != nil {
			return err
		}
		if len(l.Domains) == 0 {
			return &FieldError{field + ".Domains", "empty"}
		}
		for k, d := range l.Domains {
			at := fmt.Sprintf("%s.Domains[%d]", field, k)
			name, ok := canonicalDomain(d)
			switch {
			case !ok:
				return &FieldError{at, fmt.Sprintf("%q is no host name", d)}
			case seen[name]:
				return &FieldError{at, fmt.Sprintf("%q is there twice", d)}
			}
			seen[name] = true
		}
		name := cmp.Or(l.Name, l.Domains[0])
		if names[name] {
			return &FieldError{field + ".Name", fmt.Sprintf("%q is there twice", name)}
		}
		names[name] = true
	}
	return nil
}

// canonicalDomain returns a domain as domains are compared: A-labels in lower
// case.
func canonicalDomain(s string) (string, bool) {
	if s == EveryOther {
		return s, true
	}
	m, err := address.Parse("x@" + s)
	return strings.ToLower(m.ASCII), err == nil
}

// A domainTable finds the limit for a domain.
type domainTable struct {
	named map[string]*DomainLimit // by suffix
	other *DomainLimit            // for those that have none
}

func newDomainTable(limits []DomainLimit) domainTable {
	t := domainTable{named: map[string]*DomainLimit{}}
	for i := range limits {
		l := limits[i]
		l.Name = cmp.Or(l.Name, l.Domains[0])
		for _, d := range l.Domains {
			name, _ := canonicalDomain(d)
			if name == EveryOther {
				t.other = &l
			} else {
				t.named[name] = &l
			}
		}
	}
	return t
}

// find returns the limit for a domain in canonical form that names it, nil if none
// does.
func (t *domainTable) find(domain string) *DomainLimit {
	for suffix := domain; ; {
		if l := t.named[suffix]; l != nil {
			return l
		}
		_, parent, more := strings.Cut(suffix, ".")
		if !more {
			return nil
		}
		suffix = parent
	}
}

// KnownProviders returns limits to start from for pools that send to the mail
// exchangers of large providers themselves, to be put into Config.Domains; a new
// copy each time. They are caps on messages a session and on sessions that
// senders have met in the field, not promises of the providers, and say nothing
// of rates: these depend on a sender's reputation. A pool in front of a relay
// that has queues of its own does not need them.
func KnownProviders() []DomainLimit {
	capped := func(name string, messages, sessions int, domains ...string) DomainLimit {
		return DomainLimit{Name: name, Domains: domains, Limit: Limit{MaxMessages: messages, Sessions: sessions}}
	}
	return []DomainLimit{
		capped("google", 50, 5, "gmail.com", "googlemail.com"),
		capped("outlook", 50, 5, "outlook.com", "hotmail.com", "live.com", "msn.com"),
		capped("yahoo", 20, 0, "yahoo.com", "ymail.com", "rocketmail.com", "aol.com"),
		capped("apple", 5, 10, "icloud.com", "me.com", "mac.com"),
		capped("gmx and web.de", 20, 4, "gmx.net", "gmx.de", "gmx.at", "gmx.ch", "web.de"),
		capped("comcast", 1000, 25, "comcast.net"),
		capped("orange", 100, 2, "orange.fr", "wanadoo.fr"),
	}
}
