package bounce

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

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
	reports    map[string][]string // ids of the reports on those suppressed, the last ones
	soft       map[string][]softBounce
	succeeded  map[string]time.Time // the last notice of success: soft bounces before that are over
	released   map[string]release
}

// A release is what Release leaves behind: what was before that is forgotten, and
// so are the reports that were known then, whatever their date.
type release struct {
	at  time.Time
	ids []string
}

// maxReports is how many ids of reports are kept for an address.
const maxReports = 50

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
		reports:    map[string][]string{},
		soft:       map[string][]softBounce{},
		succeeded:  map[string]time.Time{},
		released:   map[string]release{},
	}, nil
}

// Record takes in what a report says and returns the addresses that are
// suppressed by it and were not before. They are the recipients as the sender
// knows them (Recipient.Who).
//
// now is when the report came. Its own date counts instead, or else that of its
// topmost Received field, if it is not later than now. Reports of other kinds than
// DSN, Bounce and Feedback, and notices of a delay, change nothing. A notice of
// success takes back the soft bounces before it, in whatever order they are read.
// What has no local part and domain is no address, and not recorded.
func (l *Ledger) Record(r *Report, now time.Time) (suppressed []string) {
	if !r.Kind.IsBounce() && r.Kind != Feedback {
		return nil
	}
	at, id := reportTime(r, now), reportID(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Kind == Feedback && len(r.Recipients) == 0 && r.Who != "" && feedbackClass(r.Feedback.Type) == Complaint {
		if l.suppress(Suppression{r.Who, at, string(Complaint), r.Feedback.Type}, id) {
			suppressed = append(suppressed, r.Who)
		}
	}
	for i := range r.Recipients {
		if rcpt := &r.Recipients[i]; l.record(rcpt, at, id) {
			suppressed = append(suppressed, rcpt.Who)
		}
	}
	return suppressed
}

func reportTime(r *Report, now time.Time) time.Time {
	for _, at := range [...]time.Time{r.Date, r.Received} {
		if !at.IsZero() && at.Before(now) {
			return at
		}
	}
	return now
}

// reportID is what makes a report the same one when it is read again.
func reportID(r *Report) string {
	if r.Original != nil {
		if id := cleanID(r.Original.MessageID); id != "" {
			return id
		}
	}
	if id := cleanID(r.MessageID); id != "" {
		return id
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d\n", r.From, r.Subject, r.Date.Unix())
	for i := range r.Recipients {
		fmt.Fprintf(h, "%s\n%s\n", r.Recipients[i].Address, r.Recipients[i].Diagnostic)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// cleanID makes one word line of an id, so that it is the same from a file.
func cleanID(s string) string { return strings.Join(strings.Fields(s), " ") }

// record reports whether the recipient is suppressed now and was not before. Its
// caller holds mu.
func (l *Ledger) record(r *Recipient, at time.Time, id string) bool {
	key := ledgerKey(r.Who)
	hard, _ := r.Hard()
	switch {
	case !isKey(key) || r.Class == OtherFeedback || r.Action == Delayed:
		return false
	case r.succeeded() || r.Class == Success && r.Action == "":
		l.succeed(key, at)
		return false
	case hard || r.Class == Complaint:
		return l.suppress(Suppression{r.Who, at, string(r.Class), r.Diagnostic}, id)
	case l.rules.SoftLimit < 0 || !l.rules.Counts(r) || l.isReleased(key, at, id) || !at.After(l.succeeded[key]):
		return false
	}
	return l.addSoft(r, key, softBounce{at, id, r.Class})
}

// isReleased reports whether Release has covered a report. Its caller holds mu.
func (l *Ledger) isReleased(key string, at time.Time, id string) bool {
	rel, ok := l.released[key]
	return ok && (!at.After(rel.at) || slices.Contains(rel.ids, id))
}

// succeed takes in a notice of success. Its caller holds mu.
func (l *Ledger) succeed(key string, at time.Time) {
	if at.After(l.succeeded[key]) {
		l.succeeded[key] = at
	}
	l.soft[key] = slices.DeleteFunc(l.soft[key], func(s softBounce) bool { return !s.at.After(at) })
	if len(l.soft[key]) == 0 {
		delete(l.soft, key)
	}
}

// addSoft counts a soft bounce. Its caller holds mu.
func (l *Ledger) addSoft(r *Recipient, key string, s softBounce) bool {
	if _, ok := l.suppressed[key]; ok {
		l.remember(key, s.id)
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
	detail := fmt.Sprintf("%d soft bounces, the last: %s", len(list), r.Diagnostic)
	return l.suppress(Suppression{r.Who, newest, cmp.Or(string(r.Class), "soft bounces"), detail}, s.id)
}

// suppress reports whether the address was not suppressed before. ids are of the
// reports that say so. Its caller holds mu.
func (l *Ledger) suppress(s Suppression, ids ...string) bool {
	key := ledgerKey(s.Address)
	if !isKey(key) {
		return false
	}
	if _, ok := l.suppressed[key]; ok {
		l.remember(key, ids...)
		return false
	}
	for _, id := range ids {
		if l.isReleased(key, s.Since, id) {
			return false
		}
	}
	for _, soft := range l.soft[key] {
		l.remember(key, soft.id)
	}
	l.remember(key, ids...)
	delete(l.soft, key)
	l.suppressed[key] = s
	return true
}

// remember keeps the ids of reports on an address that is suppressed, for its
// release. Its caller holds mu.
func (l *Ledger) remember(key string, ids ...string) {
	list := l.reports[key]
	for _, id := range ids {
		if id != "" && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	if len(list) > 0 {
		l.reports[key] = list[max(0, len(list)-maxReports):]
	}
}

// Suppress adds an address for a reason of the caller's own. It reports false if
// the address was suppressed already, or is none: it has no local part or no
// domain.
func (l *Ledger) Suppress(addr string, at time.Time, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key := ledgerKey(addr); isKey(key) {
		delete(l.released, key)
	}
	return l.suppress(Suppression{Address: addr, Since: at, Reason: reason})
}

// Release takes back the suppression of an address, and the soft bounces that
// were counted. What was reported up to the time at is not counted again, if it
// is read again; nor is what was recorded for the address before, though it has no
// date, or one in the future. It reports false if the address was not suppressed.
func (l *Ledger) Release(addr string, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := ledgerKey(addr)
	if !isKey(key) {
		return false
	}
	_, ok := l.suppressed[key]
	l.remember(key, l.released[key].ids...)
	for _, s := range l.soft[key] {
		l.remember(key, s.id)
	}
	l.released[key] = release{at, l.reports[key]}
	delete(l.reports, key)
	delete(l.suppressed, key)
	delete(l.soft, key)
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
	return l.list()
}

// list is Suppressions for a caller that holds mu.
func (l *Ledger) list() []Suppression {
	list := make([]Suppression, 0, len(l.suppressed))
	for _, key := range sortedKeys(l.suppressed) {
		list = append(list, l.suppressed[key])
	}
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

// isKey reports whether a key is an address, as far as a file can hold it: local
// part and domain, without control characters and white space at its ends.
func isKey(key string) bool {
	at := strings.LastIndexByte(key, '@')
	return at > 0 && at < len(key)-1 && strings.TrimSpace(key) == key && utf8.ValidString(key) &&
		strings.IndexFunc(key, unicode.IsControl) < 0
}
