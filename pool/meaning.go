package pool

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A Meaning is what a 4yz reply asks of the pool, beyond that the message is to
// be tried again.
type Meaning uint8

const (
	// JustDeferred: the reply speaks of this message alone.
	JustDeferred Meaning = iota
	// SlowRelay: too much, over this relay as a whole.
	SlowRelay
	// SlowDomain: too much for the recipient's domain.
	SlowDomain
	// SlowKey: too much under the job's Key.
	SlowKey
	// SlowRecipient: too much for this recipient, and for nobody else.
	SlowRecipient
	// FewerSessions: there are more sessions than the relay wants.
	FewerSessions
	// SessionOver: the session has served its time; another one may take the
	// message at once.
	SessionOver
	// SplitRecipients: the transaction has too many recipients; those that were
	// left over may follow at once in another.
	SplitRecipients
)

var meaningNames = [...]string{
	"just deferred", "slow relay", "slow domain", "slow key", "slow recipient", "fewer sessions", "session over", "split recipients",
}

// String returns the meaning in words.
func (m Meaning) String() string {
	if int(m) < len(meaningNames) {
		return meaningNames[m]
	}
	return "meaning out of range"
}

// ofSession reports a meaning that has nothing to do with which message it was.
func (m Meaning) ofSession() bool { return m == SlowRelay || m == FewerSessions || m == SessionOver }

// A ReplyRule gives replies a meaning. A field that is empty fits every reply.
type ReplyRule struct {
	// Codes are the reply codes.
	Codes []int
	// Enhanced are the enhanced status codes, as "4.7.28"; "4.7" is all of
	// that subject.
	Enhanced []string
	// Verbs are the commands answered, as smtpclient.ReplyError has them.
	Verbs []string
	// Texts are parts of the text in lower case, of which one must be in it,
	// whatever its letter case.
	Texts []string
	Meaning
}

// DefaultReplies returns the rules that a Config without Replies has; a new copy
// each time. The first one that fits counts. Times in a reply's text ("try again
// in 5 minutes") are not read.
func DefaultReplies() []ReplyRule {
	const atMail, atRcpt, atEnd = "MAIL", "RCPT", "end of data"
	throttled := slices.Clip([]string{"throttl", "rate limit", "rate-limit", "ratelimit", "too fast", "too quickly", "too much mail", "unusual rate", "sending rate", "exceeded the rate"})
	connections := []string{"concurrent connections", "too many connections", "too many concurrent", "simultaneous connections", "too many sessions"}
	return []ReplyRule{
		// Google: the user is receiving mail too quickly, or at a rate that … By itself
		// 4.2.1 says that the mailbox is disabled (RFC 3463 3.3).
		{Codes: []int{450, 452}, Enhanced: []string{"4.2.1"}, Texts: []string{"too quickly", "too fast", "at a rate"}, Meaning: SlowRecipient},
		{Codes: []int{452}, Enhanced: []string{"4.5.3"}, Verbs: []string{atRcpt}, Meaning: SplitRecipients},
		{Codes: []int{452}, Verbs: []string{atRcpt}, Texts: []string{"too many recipients"}, Meaning: SplitRecipients},
		// Exchange: 432 4.3.2 Concurrent connections limit exceeded.
		{Codes: []int{421, 432, 450, 451}, Texts: connections, Meaning: FewerSessions},
		{Codes: []int{421}, Texts: []string{"message count per session", "messages per session", "messages per connection", "too many messages"}, Meaning: SessionOver},
		// One large provider lets sessions idle and then answers MAIL so.
		{Codes: []int{451}, Enhanced: []string{"4.4.2"}, Verbs: []string{atMail}, Meaning: SessionOver},
		// Google, of an IP address, a DKIM domain or a URL: 421-4.7.28.
		{Codes: []int{421, 450, 451}, Enhanced: []string{"4.7.28"}, Meaning: SlowRelay},
		// Yahoo: 421 4.7.0 [TSS04] Messages temporarily deferred due to …
		{Codes: []int{421}, Texts: []string{"[tss"}, Meaning: SlowRelay},
		// Amazon SES: 454 Throttling failure: Maximum sending rate exceeded.
		{Codes: []int{454}, Texts: throttled, Verbs: []string{atMail, atEnd, "DATA", "BDAT", atRcpt}, Meaning: SlowRelay},
		{Codes: []int{450, 451, 452}, Verbs: []string{atRcpt}, Texts: append(throttled, "too many messages"), Meaning: SlowDomain},
		{Codes: []int{450, 451}, Texts: append(throttled, "too many messages"), Meaning: SlowRelay},
		{Codes: []int{421}, Texts: throttled, Meaning: SlowRelay},
	}
}

func (rule *ReplyRule) validate(field string) error {
	if int(rule.Meaning) >= len(meaningNames) {
		return &FieldError{field + ".Meaning", rule.Meaning.String()}
	}
	for _, code := range rule.Enhanced {
		if code != "4" && !strings.HasPrefix(code, "4.") {
			return &FieldError{field + ".Enhanced", fmt.Sprintf("%q is not of class 4", code)}
		}
	}
	for _, code := range rule.Codes {
		if code/100 != 4 {
			return &FieldError{field + ".Codes", fmt.Sprintf("%d is not within 400 to 499", code)}
		}
	}
	for _, text := range rule.Texts {
		if text != strings.ToLower(text) {
			return &FieldError{field + ".Texts", fmt.Sprintf("%q is not in lower case", text)}
		}
	}
	return nil
}

// replyTable is the rules of a pool.
type replyTable []ReplyRule

// meaning finds the first rule that fits.
func (t replyTable) meaning(verb string, r smtpclient.Reply) Meaning {
	if r.Code/100 != 4 {
		return JustDeferred
	}
	text := strings.ToLower(r.Text)
	for i := range t {
		if t[i].fits(verb, r, text) {
			return t[i].Meaning
		}
	}
	return JustDeferred
}

func (rule *ReplyRule) fits(verb string, r smtpclient.Reply, text string) bool {
	switch {
	case len(rule.Codes) > 0 && !slices.Contains(rule.Codes, r.Code),
		len(rule.Verbs) > 0 && !slices.Contains(rule.Verbs, verb):
		return false
	case len(rule.Enhanced) > 0 && !slices.ContainsFunc(rule.Enhanced, func(code string) bool {
		own := r.Enhanced.String()
		return own == code || strings.HasPrefix(own, code+".")
	}):
		return false
	}
	return len(rule.Texts) == 0 || slices.ContainsFunc(rule.Texts, func(part string) bool { return strings.Contains(text, part) })
}
