package bounce

import (
	"net/mail"
	"strings"
	"time"
)

// maxRecipients is how many recipients of one mail are taken.
const maxRecipients = 1000

// A statusReport is the content of a message/delivery-status part.
type statusReport struct {
	reportingMTA string
	envelopeID   string
	messageID    string // X-Original-Message-ID of some
	recipients   []Recipient
}

// parseStatus reads the groups of fields of RFC 3464 2. It is lenient: groups may
// be torn apart or glued together, the recipient's fields may be in the first
// one.
func parseStatus(s string) statusReport {
	var r statusReport
	var open *Recipient // whose group may go on behind an empty line
	for s = strings.TrimLeft(s, "\n"); s != "" && len(r.recipients) < maxRecipients; s = strings.TrimLeft(s, "\n") {
		group, rest := s, ""
		if i := strings.Index(s, "\n\n"); i >= 0 {
			group, rest = s[:i], s[i:]
		}
		h, _ := parseHeader(indentStrays(group))
		s = rest
		if enc := h.get("Content-Transfer-Encoding"); strings.EqualFold(enc, "base64") {
			s = decodeBase64(s) // some encode the groups, and say so in the one before
		}
		h = r.takeMessageFields(h)
		for len(h) > 0 && len(r.recipients) < maxRecipients {
			n := groupEnd(h)
			if open == nil || namesRecipient(h[:n]) && open.Address != "" {
				r.recipients = append(r.recipients, Recipient{})
				open = &r.recipients[len(r.recipients)-1]
			}
			open.takeFields(h[:n])
			h = h[n:]
		}
	}
	return r
}

// indentStrays makes continuations of the lines of a group that are no fields:
// the further lines of a reply, say, that was pasted as it came.
func indentStrays(group string) string {
	var b strings.Builder
	for group != "" {
		line, rest := cutLine(group)
		if fieldName(line) == 0 && line != "" && line[0] != ' ' && line[0] != '\t' && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(line)
		b.WriteByte('\n')
		group = rest
	}
	return b.String()
}

// takeMessageFields reads the fields about the message (RFC 3464 2.2) and returns
// those about a recipient, none if h has only others.
func (r *statusReport) takeMessageFields(h header) (recipient header) {
	for _, f := range h {
		switch strings.ToLower(f.name) {
		case "reporting-mta":
			if r.reportingMTA == "" {
				r.reportingMTA = typedName(unfold(f.value))
			}
		case "original-envelope-id":
			r.envelopeID = unfold(f.value)
		case "x-original-message-id":
			r.messageID = messageID(f.value)
		case "final-recipient", "original-recipient", "action", "status", "remote-mta", "diagnostic-code",
			"last-attempt-date", "will-retry-until", "x-actual-recipient", "recipient", "x-supplementary-info":
			recipient = append(recipient, f)
		}
	}
	return recipient
}

// groupEnd returns how many of the fields at the front of h are one recipient's:
// up to one that comes for the second time.
func groupEnd(h header) int {
	for i, f := range h {
		switch strings.ToLower(f.name) {
		case "final-recipient", "original-recipient", "action":
			if h[:i].has(f.name) {
				return i
			}
		}
	}
	return len(h)
}

func namesRecipient(h header) bool {
	return h.has("Final-Recipient") || h.has("Original-Recipient") || h.has("Recipient")
}

// takeFields reads the fields of RFC 3464 2.3 into r.
func (r *Recipient) takeFields(h header) {
	for _, f := range h {
		v := unfold(f.value)
		switch strings.ToLower(f.name) {
		case "final-recipient", "recipient":
			r.Final, _ = typedAddress(v)
		case "original-recipient":
			r.Original, _ = typedAddress(v)
		case "x-actual-recipient":
			if a, ok := typedAddress(v); ok && !strings.Contains(r.Final, "@") {
				r.Final = a
			}
		case "action":
			r.Action = action(v)
		case "status":
			var comment string
			r.Status, comment = statusField(v)
			if r.Diagnostic == "" {
				r.Diagnostic = comment
			}
		case "remote-mta":
			r.RemoteMTA = typedName(v)
		case "diagnostic-code", "x-supplementary-info":
			if d := diagnosticCode(v); d != "" {
				r.Diagnostic = d
			}
		case "last-attempt-date":
			r.LastAttempt = parseDate(v)
		case "will-retry-until":
			r.RetryUntil = parseDate(v)
		}
	}
	r.Address = r.Final
	if !strings.Contains(r.Address, "@") && strings.Contains(r.Original, "@") || r.Address == "" {
		r.Address = r.Original
	}
}

// action reads the value of an Action field. Some systems add a comment.
func action(s string) Action {
	s = strings.ToLower(s)
	if i := strings.IndexAny(s, " \t(;,"); i >= 0 {
		s = s[:i]
	}
	switch a := Action(s); a {
	case Failed, Delayed, Delivered, Relayed, Expanded:
		return a
	}
	switch s {
	case "failure", "fail":
		return Failed
	case "undeliverable":
		return Failed
	case "delay":
		return Delayed
	case "deliverable": // Postfix, sendmail -bv
		return Delivered
	}
	return ""
}

// typedName reads a Reporting-MTA or Remote-MTA: the name behind the type.
func typedName(s string) string {
	if i := strings.IndexByte(s, ';'); i >= 0 && i < 20 {
		s = s[i+1:]
	}
	s = strings.Trim(s, " \t<>")
	if i := strings.IndexAny(s, " \t("); i > 0 {
		s = s[:i]
	}
	return s
}

// diagnosticCode takes the type off a Diagnostic-Code.
func diagnosticCode(s string) string {
	if i := strings.IndexByte(s, ';'); i > 0 && i < 40 && !strings.ContainsAny(s[:i], " \t.") {
		s = s[i+1:]
	}
	return oneLine(s)
}

func parseDate(s string) time.Time {
	t, err := mail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// receivedDate reads the date of a Received field: behind the last semicolon
// (RFC 5321 4.4).
func receivedDate(s string) time.Time {
	return parseDate(strings.TrimSpace(s[strings.LastIndexByte(s, ';')+1:]))
}

// messageID takes the angle brackets, and what is around them, off a Message-ID.
func messageID(s string) string {
	s = unfold(s)
	if i := strings.IndexByte(s, '<'); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	return strings.Trim(s, " \t")
}

// maxDiagnostic is the longest Diagnostic, in octets.
const maxDiagnostic = 1000

// oneLine makes one line of a text, with single spaces, in UTF-8.
func oneLine(s string) string {
	if len(s) > 4*maxDiagnostic {
		s = s[:4*maxDiagnostic]
	}
	s = decodeWords(strings.Join(strings.Fields(s), " "))
	if len(s) > maxDiagnostic {
		s = s[:maxDiagnostic]
	}
	return strings.TrimSpace(strings.ToValidUTF8(s, ""))
}
