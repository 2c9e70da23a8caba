package bounce

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// A Suppressor knows to whom no more mail is to be sent, and why. It has to be
// safe for concurrent use.
type Suppressor interface {
	Suppressed(address string) (reason string, yes bool)
}

// Defaults of Rules.
const (
	DefaultSoftLimit  = 5
	DefaultSoftWindow = 30 * 24 * time.Hour
)

// Rules say when an address is suppressed. A hard bounce and a complaint do it at
// once, a number of soft bounces together.
type Rules struct {
	// SoftLimit is how many soft bounces within SoftWindow suppress an address, one
	// for each message that came back. 0 is DefaultSoftLimit; negative: none do.
	SoftLimit int
	// SoftWindow is over how long they are counted. 0 is DefaultSoftWindow.
	SoftWindow time.Duration
	// Counts tells which failures that are not hard are counted. Nil: those whose
	// class is about the recipient or its server: Full, Disabled, Undefined, Expired,
	// Network, DNS, Loop, System, Relaying. What is about the sender or the message
	// (Spam, Blocked, Auth, Policy, TooLarge and so on) is not: it would come back
	// from others, too.
	Counts func(*Recipient) bool
}

// Validate returns an error that names the field at fault.
func (r Rules) Validate() error {
	if r.SoftWindow < 0 {
		return fmt.Errorf("bounce: Rules.SoftWindow: %v is negative", r.SoftWindow)
	}
	return nil
}

func countsByClass(r *Recipient) bool {
	switch r.Class {
	case Full, Disabled, Undefined, Expired, Network, DNS, Loop, System, Relaying:
		return true
	}
	return false
}

// A Suppression is an address to which no more mail is to be sent.
type Suppression struct {
	Address string // as it was first seen
	Since   time.Time
	// Reason is the class, or a word of the one who added it; Detail is what the
	// server said.
	Reason, Detail string
}

// A Ledger makes suppressions of reports. It is a Suppressor, and safe for
// concurrent use. Addresses that differ in letter case only are one.
//
// What is recorded twice counts once: a mailbox may be read again and again.
type Ledger struct {
	rules Rules

	mu         sync.Mutex // guards the following
	suppressed map[string]Suppression
	soft       map[string][]softBounce
	released   map[string]time.Time // by Release: what was before that is forgotten
}

// A softBounce is one that counts.
type softBounce struct {
	at    time.Time
	id    string // of the report, or of the message it is about
	class Class
}

var _ Suppressor = (*Ledger)(nil)

// NewLedger returns an empty Ledger, or an error if the rules are not valid.
func NewLedger(rules Rules) (*Ledger, error) {
	if err := rules.Validate(); err != nil {
		return nil, err
	}
	if rules.SoftLimit == 0 {
		rules.SoftLimit = DefaultSoftLimit
	}
	if rules.SoftWindow == 0 {
		rules.SoftWindow = DefaultSoftWindow
	}
	if rules.Counts == nil {
		rules.Counts = countsByClass
	}
	return &Ledger{
		rules:      rules,
		suppressed: map[string]Suppression{},
		soft:       map[string][]softBounce{},
		released:   map[string]time.Time{},
	}, nil
}

// Record takes in what a report says and returns the addresses that are
// suppressed by it and were not before. They are the recipients as the sender
// knows them (Recipient.Who).
//
// now is when the report came; its own date counts instead if it has one that is
// not later than that. Reports of other kinds than DSN, Bounce and Feedback, and
// notices of a delay, change nothing. A notice of success takes back the soft
// bounces before it.
func (l *Ledger) Record(r *Report, now time.Time) (suppressed []string) {
	if !r.Kind.IsBounce() && r.Kind != Feedback {
		return nil
	}
	at := now
	if !r.Date.IsZero() && r.Date.Before(now) {
		at = r.Date
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Kind == Feedback && len(r.Recipients) == 0 && r.Who != "" && feedbackClass(r.Feedback.Type) == Complaint {
		if l.suppress(r.Who, at, string(Complaint), r.Feedback.Type) {
			suppressed = append(suppressed, r.Who)
		}
	}
	for i := range r.Recipients {
		if rcpt := &r.Recipients[i]; l.record(rcpt, at, reportID(r)) {
			suppressed = append(suppressed, rcpt.Who)
		}
	}
	return suppressed
}

// reportID is what makes a report the same one when it is read again.
func reportID(r *Report) string {
	if r.Original != nil && r.Original.MessageID != "" {
		return r.Original.MessageID
	}
	if r.MessageID != "" {
		return r.MessageID
	}
	return r.Date.UTC().Format(time.RFC3339)
}

// record reports whether the recipient is suppressed now and was not before. Its
// caller holds mu.
func (l *Ledger) record(r *Recipient, at time.Time, id string) bool {
	key := ledgerKey(r.Who)
	hard, _ := r.Hard()
	switch {
	case r.Who == "" || r.Class == OtherFeedback || r.Action == Delayed:
		return false
	case r.Class == Success:
		l.soft[key] = slices.DeleteFunc(l.soft[key], func(s softBounce) bool { return !s.at.After(at) })
		if len(l.soft[key]) == 0 {
			delete(l.soft, key)
		}
		return false
	case hard || r.Class == Complaint:
		return l.suppress(r.Who, at, string(r.Class), r.Diagnostic)
	case l.rules.SoftLimit < 0 || !l.rules.Counts(r) || !at.After(l.released[key]):
		return false
	}
	return l.addSoft(r, key, softBounce{at, id, r.Class})
}

// addSoft counts a soft bounce. Its caller holds mu.
func (l *Ledger) addSoft(r *Recipient, key string, s softBounce) bool {
	if _, ok := l.suppressed[key]; ok {
		return false
	}
	list := l.soft[key]
	for _, old := range list {
		if old.id == s.id {
			return false
		}
	}
	list = append(list, s)
	slices.SortFunc(list, func(a, b softBounce) int { return a.at.Compare(b.at) })
	newest := list[len(list)-1].at
	list = slices.DeleteFunc(list, func(s softBounce) bool { return newest.Sub(s.at) > l.rules.SoftWindow })
	l.soft[key] = list
	if len(list) < l.rules.SoftLimit {
		return false
	}
	return l.suppress(r.Who, newest, cmp.Or(string(r.Class), "soft bounces"), fmt.Sprintf("%d soft bounces, the last: %s", len(list), r.Diagnostic))
}

// suppress reports whether the address was not suppressed before. Its caller
// holds mu.
func (l *Ledger) suppress(addr string, at time.Time, reason, detail string) bool {
	key := ledgerKey(addr)
	if _, ok := l.suppressed[key]; ok || !at.After(l.released[key]) && !l.released[key].IsZero() {
		return false
	}
	delete(l.soft, key)
	l.suppressed[key] = Suppression{Address: addr, Since: at, Reason: reason, Detail: detail}
	return true
}

// Suppress adds an address for a reason of the caller's own. It reports false if
// the address was suppressed already.
func (l *Ledger) Suppress(addr string, at time.Time, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.released, ledgerKey(addr))
	return l.suppress(addr, at, reason, "")
}

// Release takes back the suppression of an address, and the soft bounces that
// were counted. What was reported up to the time at is not counted again, if it
// is read again. It reports false if the address was not suppressed.
func (l *Ledger) Release(addr string, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := ledgerKey(addr)
	_, ok := l.suppressed[key]
	delete(l.suppressed, key)
	delete(l.soft, key)
	l.released[key] = at
	return ok
}

// Suppressed implements Suppressor. The reason is a class, or what Suppress was
// given.
func (l *Ledger) Suppressed(addr string) (reason string, yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.suppressed[ledgerKey(addr)]
	return s.Reason, ok
}

// Suppressions returns all suppressions, by address.
func (l *Ledger) Suppressions() []Suppression {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Suppression, 0, len(l.suppressed))
	for _, s := range l.suppressed {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Suppression) int { return strings.Compare(ledgerKey(a.Address), ledgerKey(b.Address)) })
	return list
}

// ledgerKey is what the spellings of an address have in common: lower case, the
// domain in A-labels.
func ledgerKey(s string) string {
	s = strings.Trim(s, "<> \t")
	if m, err := address.Parse(s); err == nil {
		return strings.ToLower(m.Local + "@" + m.ASCII)
	}
	return strings.ToLower(s)
}
