package maillog

import "strings"

// What a daemon can say of a message that matters here.
type kind uint8

const (
	nothing   kind = iota
	damaged        // it begins as one of the others and is cut off
	arrived        // smtpd or pickup has taken a message in
	named          // cleanup has seen its Message-ID
	queued         // qmgr has found its sender
	gaveUp         // qmgr has given up on those who are deferred
	attempted      // a delivery agent has tried a recipient
	removed        // it has left the queue, or goes by another id
)

// An event is one line of the log, read.
type event struct {
	kind    kind
	id      string
	value   string // Message-ID or sender
	attempt attempt
}

// readEvent reads what a daemon has said.
func readEvent(body string) event {
	id, rest, ok := strings.Cut(body, ": ")
	if !ok || !isQueueID(id) {
		return event{}
	}
	e := event{id: id}
	switch {
	case rest == "removed", rest == "requeued":
		// postsuper -r gives the message a new queue id.
		e.kind = removed
	case strings.HasPrefix(rest, "client="), strings.HasPrefix(rest, "uid="):
		e.kind = arrived
	case strings.HasPrefix(rest, "message-id="):
		e.kind, e.value = named, strings.TrimSpace(rest[len("message-id="):])
	case strings.HasPrefix(rest, "from=<"):
		e.kind, e.value = readSender(rest[len("from=<"):])
	case strings.HasPrefix(rest, "to=<"):
		e.kind = nothing
		if e.attempt, ok = readAttempt(rest[len("to=<"):]); !ok {
			e.kind = damaged
		} else if e.attempt.final != "" {
			e.kind = attempted
		}
	}
	if len(e.value) > maxAddress {
		e.kind = damaged
	}
	return e
}

// readSender reads qmgr's "from=<…>, size=…" and "from=<…>, status=expired, …".
func readSender(s string) (kind, string) {
	sender, rest, ok := cutAddress(s, "size=", "status=")
	if !ok {
		return damaged, ""
	}
	status, ok := strings.CutPrefix(rest, "status=")
	switch {
	case !ok:
		return queued, sender
	case strings.HasPrefix(status, "expired"), strings.HasPrefix(status, "force-expired"):
		return gaveUp, sender
	}
	return nothing, ""
}

// maxAddress is the most octets of an address or Message-ID that is believed:
// the longest line of a header.
const maxAddress = 998

// cutAddress reads an address up to its '>', which has to be followed by the end
// of the line or by a field. Quotes hide a '>', if they are well-formed; where
// the log has addresses without their quotes, the first field ends it.
func cutAddress(s string, fields ...string) (addr, rest string, ok bool) {
	from := quotedLen(s)
	for at := from; ; {
		i := strings.IndexByte(s[at:], '>')
		if i < 0 && from > 0 { // the quotes were none
			from, at = 0, 0
			continue
		}
		if i < 0 {
			return "", "", false
		}
		addr, rest = s[:at+i], s[at+i+1:]
		if rest == "" {
			return addr, "", len(addr) <= maxAddress
		}
		for _, f := range fields {
			if strings.HasPrefix(rest, ", "+f) {
				return addr, rest[2:], len(addr) <= maxAddress
			}
		}
		at += i + 1
	}
}

// quotedLen returns the length of the quoted string that s begins with; 0 if
// there is none.
func quotedLen(s string) int {
	if !strings.HasPrefix(s, `"`) {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// isQueueID reports a queue id: hex digits in upper case or, with
// enable_long_queue_ids, digits and consonants with a 'z' between the time and
// the inode.
func isQueueID(s string) bool {
	if len(s) < 4 || len(s) > 32 {
		return false
	}
	hex, long := true, len(s) >= 10
	for i := 0; i < len(s); i++ {
		c := s[i]
		digit := c >= '0' && c <= '9'
		hex = hex && (digit || c >= 'A' && c <= 'F')
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		long = long && (digit || letter && strings.IndexByte("aeiouAEIOU", c) < 0)
	}
	return hex || long && strings.IndexByte(s, 'z') >= 0
}
