package maillog

import (
	"strconv"
	"strings"
	"time"
)

// An attempt is the line that a delivery agent writes for a recipient.
type attempt struct {
	recipient, origTo string
	relay, dsn, text  string
	delay             time.Duration
	when              time.Time // zero: not known
	final             Final     // "" for a probe of an address, which has no fate
}

// readAttempt reads an agent's line behind "to=<". It is false if that does not
// go as far as a status.
func readAttempt(s string) (a attempt, ok bool) {
	var rest string
	if a.recipient, rest, ok = cutAddress(s, "orig_to=<", "relay="); !ok {
		return a, false
	}
	if orig, found := strings.CutPrefix(rest, "orig_to=<"); found {
		if a.origTo, rest, ok = cutAddress(orig, "relay="); !ok {
			return a, false
		}
	}
	for rest != "" {
		if status, found := strings.CutPrefix(rest, "status="); found {
			word, text, _ := strings.Cut(status, " ")
			a.final, a.text = finalOf(word), cut(unparenthesize(text), maxText)
			return a, a.final != "" || text != "" // else the word may be cut off
		}
		var field string
		field, rest, _ = strings.Cut(rest, ", ")
		a.set(strings.Cut(field, "="))
	}
	return a, false
}

func (a *attempt) set(name, value string, _ bool) {
	switch name {
	case "relay":
		a.relay = cut(value, maxText)
	case "dsn":
		if isStatusCode(value) {
			a.dsn = value
		}
	case "delay":
		// Older releases write whole seconds. Some day a queue may be 292 years old.
		if s, err := strconv.ParseFloat(value, 64); err == nil && s >= 0 && s < 1e9 {
			a.delay = time.Duration(s * float64(time.Second))
		}
	}
}

// finalOf reads a status. SOFTBOUNCE is a failure for good that
// soft_bounce=yes keeps in the queue. Others are about probes (deliverable,
// undeliverable).
func finalOf(status string) Final {
	switch strings.ToLower(status) {
	case "sent":
		return Sent
	case "bounced":
		return Bounced
	case "deferred", "softbounce":
		return Deferred
	}
	return ""
}

// unparenthesize takes off the parentheses around a text. The last one is
// missing where syslog has cut the line.
func unparenthesize(s string) string {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "("); ok {
		s = strings.TrimSuffix(inner, ")")
	}
	return s
}

// isStatusCode reports an enhanced status code (RFC 3463 2).
func isStatusCode(s string) bool {
	class, rest, ok := strings.Cut(s, ".")
	subject, detail, ok2 := strings.Cut(rest, ".")
	return ok && ok2 && (class == "2" || class == "4" || class == "5") &&
		len(subject) <= 3 && isDigits(subject) && len(detail) <= 3 && isDigits(detail)
}

// cut returns the first n octets of s, and not half a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
