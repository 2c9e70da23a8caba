package maillog

import (
	"strings"
	"time"
)

// Final is what has become of a recipient.
type Final string

const (
	// Sent: the next hop has accepted the message, or it was stored, or
	// discarded as configured.
	Sent Final = "sent"
	// Bounced: delivery has failed for good.
	Bounced Final = "bounced"
	// Deferred: the last attempt has failed, and there is no word of the end.
	// The message is in the queue, unless Fate.Removed: then an operator has
	// deleted it, or requeued it under another queue id (postsuper -d, -r).
	Deferred Final = "deferred"
	// Expired: the last attempt has failed, and Postfix has given up
	// (maximal_queue_lifetime, or postsuper -e).
	Expired Final = "expired"
)

// A Fate is what the log says of one recipient of one message.
type Fate struct {
	// QueueID is Postfix's name for the message, short or long. It can be used
	// again for another message once this one has left the queue.
	QueueID string
	// Host is the machine in the head of the lines; "" where they have none.
	Host string
	// MessageID is the Message-ID as logged, with its angle brackets; "": not
	// in the log.
	MessageID string
	// Sender is the reverse-path; "" is the null reverse-path, or one that is
	// not in the log.
	Sender string
	// Recipient is the forward-path after aliases and rewriting, OrigTo the one
	// before, "" if it was the same. Both are spelled as in the log.
	Recipient, OrigTo string

	Final Final
	// DSN is the enhanced status code of the last attempt (RFC 3463), such as
	// "4.2.2"; "" in logs of Postfix before 2.3.
	DSN string
	// Code is the reply code of the next hop, three digits; "" if it was not a
	// server's reply that decided.
	Code string
	// Relay is the next hop as logged, "host[address]:port"; "none" if it did
	// not come to one.
	Relay string
	// Text is what the log has in parentheses behind the status: the reply, or
	// the reason. It is cut at 1000 octets.
	Text string
	// QueuedAs is the queue id that the next hop has given the message, where
	// its reply says "queued as"; or local(8), where it says "forwarded as".
	QueuedAs string

	// Attempts counts the attempts that are in the log, at least 1.
	Attempts int
	// Delay is the time from arrival to the end of the last attempt.
	Delay time.Duration
	// Time is when the last attempt was logged; zero if the line has no
	// readable stamp. Config says how a year is found for it.
	Time time.Time
	// Removed reports that the message has left the queue, or goes by another
	// queue id.
	Removed bool
}

const maxText = 1000

// replyCode finds the code of the reply that text quotes.
func replyCode(text string) string {
	if code := leadingCode(text); code != "" {
		return code
	}
	reason := strings.TrimPrefix(text, "delivery temporarily suspended: ")
	if !strings.HasPrefix(reason, "host ") && !strings.HasPrefix(reason, "SASL authentication failed; ") {
		return ""
	}
	for _, mark := range []string{" said: ", " refused to talk to me: "} {
		if _, reply, ok := strings.Cut(reason, mark); ok {
			return leadingCode(reply)
		}
	}
	return ""
}

// leadingCode returns the reply code that s begins with (RFC 5321 4.2).
func leadingCode(s string) string {
	if len(s) < 3 || s[0] < '2' || s[0] > '5' || !isDigits(s[1:3]) {
		return ""
	}
	if len(s) > 3 && s[3] != ' ' && s[3] != '-' {
		return ""
	}
	return s[:3]
}

// queuedAs finds the queue id that the next hop speaks of, in the last place
// where it does: proxies quote the reply of the server behind them.
func queuedAs(text string) string {
	for _, mark := range []string{"queued as ", "forwarded as "} {
		i := strings.LastIndex(text, mark)
		if i < 0 {
			continue
		}
		id := text[i+len(mark):]
		if end := strings.IndexFunc(id, notAlphanumeric); end >= 0 {
			id = id[:end]
		}
		return id
	}
	return ""
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
