package pool

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// ErrHeldBack is found by errors.Is in the error of a job that was not sent
// because more jobs wait for its limit than Limit.MaxWaiting has room for.
var ErrHeldBack = errors.New("too many jobs wait for the limit")

// A Limit bounds the mail for a destination domain or of a key. The zero value
// bounds nothing; each field that is not zero holds, whatever the others say.
//
// A job that a limit holds back waits aside and keeps nobody else waiting, as
// long as there is room aside: Config.MaxWaiting jobs. When that is full, those
// who hand jobs over wait.
type Limit struct {
	// Rates are bounds of the messages, each of which holds: 14 a second and
	// 50,000 a day, say.
	Rates []Rate
	// Sessions is how many sessions may carry its mail at a time; 0: any number.
	// A session that has carried some counts until it ends.
	Sessions int
	// Connections is how many sessions may take its mail up per time. The zero
	// Rate: any number.
	Connections Rate
	// MaxMessages is how many of its messages a session carries at most. One that
	// has, and meets another, is replaced; 0: any number.
	MaxMessages int
	// MaxWaiting is how many of its jobs may wait aside. One more comes back as
	// NotSent with ErrHeldBack, and so does not keep others waiting when there is
	// more of it than memory. 0: any number, within Config.MaxWaiting.
	MaxWaiting int
}

func (l *Limit) validate(field string) error {
	if err := validateRates(field+".Rates", l.Rates); err != nil {
		return err
	}
	if err := validateRate(field+".Connections", l.Connections); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"Sessions", l.Sessions}, {"MaxMessages", l.MaxMessages}, {"MaxWaiting", l.MaxWaiting}} {
		if f.value < 0 {
			return &FieldError{field + "." + f.name, "negative"}
		}
	}
	if len(l.Rates) == 0 && l.Connections == (Rate{}) && l.Sessions == 0 && l.MaxMessages == 0 {
		return &FieldError{field, "a limit that bounds nothing"}
	}
	return nil
}

func validateRates(field string, rates []Rate) error {
	for i, r := range rates {
		if bad := r.validate(); bad != nil {
			return &FieldError{fmt.Sprintf("%s[%d].%s", field, i, bad.Field), bad.Reason}
		}
	}
	return nil
}

// validateRate is for a Rate that may be left out.
func validateRate(field string, r Rate) error {
	if r == (Rate{}) {
		return nil
	}
	if bad := r.validate(); bad != nil {
		return &FieldError{field + "." + bad.Field, bad.Reason}
	}
	return nil
}

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
	seen := map[string]bool{}
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

// find returns the limit for a domain in canonical form, and the name it goes
// by; nil if there is none.
func (t *domainTable) find(domain string) (name string, l *Limit) {
	for suffix := domain; ; {
		if l := t.named[suffix]; l != nil {
			return l.Name, &l.Limit
		}
		_, parent, more := strings.Cut(suffix, ".")
		if !more {
			break
		}
		suffix = parent
	}
	if t.other != nil {
		return domain, &t.other.Limit
	}
	return "", nil
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

// pace is when the next message of a relay or a key may go: what is configured,
// and what has been learned.
type pace struct {
	configured []bucket
	learned    *learned // nil: nothing
}

func newPace(rates []Rate) pace {
	var c pace
	for _, r := range rates {
		c.configured = append(c.configured, newBucket(r))
	}
	return c
}

// next is when the next message may go: now, if it is past.
func (c *pace) next() int64 {
	next := past
	for i := range c.configured {
		next = max(next, c.configured[i].next())
	}
	if c.learned != nil {
		next = max(next, c.learned.next())
	}
	return next
}

// past is a time before all others.
const past int64 = -1 << 62

// take notes that a message goes.
func (c *pace) take(now int64) {
	for i := range c.configured {
		c.configured[i].take(now)
	}
	if c.learned != nil && c.learned.rate > 0 {
		c.learned.take(now)
	}
}

// ready is how many messages may go now, most at most.
func (c *pace) ready(now int64, most int) int {
	for i := range c.configured {
		most = min(most, c.configured[i].ready(now))
	}
	if l := c.learned; l != nil && (l.rate > 0 || l.next() > now) {
		most = min(most, l.ready(now))
	}
	return most
}

// interval is the time between two messages at the least of the rates, in
// nanoseconds; recheck if there is none.
func (c *pace) interval() int64 {
	if r := c.perSecond(); r > 0 {
		return int64(float64(time.Second) / r)
	}
	return int64(recheck)
}

// perSecond is the least of the rates, 0 if there is none.
func (c *pace) perSecond() float64 {
	least := 0.0
	for i := range c.configured {
		if r := float64(time.Second) / float64(c.configured[i].interval); least == 0 || r < least {
			least = r
		}
	}
	if l := c.learned; l != nil && l.rate > 0 && (least == 0 || l.rate < least) {
		least = l.rate
	}
	return least
}
