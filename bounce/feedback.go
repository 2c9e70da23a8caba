package bounce

import (
	"strconv"
	"strings"
)

// isFeedback reports a feedback report, in the format of RFC 5965 or another one.
func (r *reading) isFeedback() bool {
	return r.feedback != nil || r.hasOriginal && r.notice.hasLine("feedback-type:") || r.isOldComplaint() || r.isAppleOptOut()
}

// isOldComplaint reports the complaints of providers from before RFC 5965, and
// those that never changed: the message alone, under a subject that says so.
func (r *reading) isOldComplaint() bool {
	if !r.hasOriginal {
		return false
	}
	return strings.HasPrefix(r.subject, "complaint about message from") || strings.HasPrefix(r.subject, "client tos notification") ||
		strings.HasPrefix(r.subject, "email feedback report for ip") || r.header.has("X-HmXmrOriginalRecipient") ||
		strings.HasPrefix(r.from, "scomp@") || strings.HasPrefix(r.from, "staff@hotmail.") && strings.Contains(r.subject, "complaint")
}

// isAppleOptOut reports the mail by which Apple Mail unsubscribes on a click on
// its own button. Another mail with that subject is for a list's address.
func (r *reading) isAppleOptOut() bool {
	return strings.EqualFold(r.header.get("X-Apple-Unsubscribe"), "true")
}

// readFeedback reads a feedback report: its fields (RFC 5965 3, RFC 6591 3), and
// the recipient, from them or from the message that it returns.
func (r *reading) readFeedback(out *Report) {
	f := &FeedbackReport{Incidents: 1}
	out.Feedback = f
	var h header
	if r.feedback == nil && r.notice.hasLine("feedback-type:") {
		for _, line := range r.notice.lines { // in a part of the wrong type
			if n := fieldName(line); n > 0 {
				h = append(h, field{line[:n], line[n+1:]})
			}
		}
	}
	if r.feedback != nil {
		for s := *r.feedback; s != ""; { // some have an empty line in the middle
			part, rest := parseHeader(s)
			if len(part) == 0 {
				break
			}
			h, s = append(h, part...), rest
		}
	}
	f.Type = strings.ToLower(h.get("Feedback-Type"))
	f.UserAgent = h.get("User-Agent")
	f.MailFrom = strings.Trim(h.get("Original-Mail-From"), "<> \t")
	f.SourceIP = h.get("Source-IP")
	f.AuthFailure = strings.ToLower(h.get("Auth-Failure"))
	f.Domain = h.get("Reported-Domain")
	if f.ArrivalDate = parseDate(h.get("Arrival-Date")); f.ArrivalDate.IsZero() {
		f.ArrivalDate = parseDate(h.get("Received-Date"))
	}
	if n, err := strconv.Atoi(h.get("Incidents")); err == nil && n > 1 {
		f.Incidents = n
	}
	out.ReportingMTA = typedName(h.get("Reporting-MTA"))
	out.EnvelopeID = h.get("Original-Envelope-Id")
	if f.Type == "" && r.isAppleOptOut() {
		f.Type = "opt-out"
		out.Recipients = []Recipient{{Address: out.From, Final: out.From, Class: Complaint}}
		return
	}
	class := feedbackClass(f.Type)
	for _, a := range r.feedbackRecipients(h, out.Original) {
		out.Recipients = append(out.Recipients, Recipient{Address: a, Final: a, Original: a, Class: class, Diagnostic: ""})
	}
}

// feedbackClass tells complaints from other feedback. A report without a type is
// from before there were types: a complaint.
func feedbackClass(kind string) Class {
	switch kind {
	case "not-spam", "virus", "auth-failure", "other", "dmarc":
		return OtherFeedback
	}
	return Complaint
}

// feedbackRecipients returns whom a report is about: Original-Rcpt-To and its
// kin, else the returned message's To but for the sender and a list. Those that are redacted are left out.
func (r *reading) feedbackRecipients(h header, o *Original) (list []string) {
	add := func(a string) {
		for _, b := range list {
			if sameAddress(a, b) {
				return
			}
		}
		if len(list) < maxRecipients && !isRedacted(a) {
			list = append(list, a)
		}
	}
	for _, name := range [...]string{
		"Original-Rcpt-To", "Original-Recipient", "Removal-Recipient", "Redacted-Address",
		"X-HmXmrOriginalRecipient",
	} {
		for _, v := range append(h.all(name), r.header.all(name)...) {
			if a, ok := typedAddress(v); ok {
				add(a)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	if o == nil {
		return nil
	}
	if v := o.Field("X-HmXmrOriginalRecipient"); v != "" {
		if a, ok := bareAddress(v); ok {
			add(a)
			return list
		}
	}
	fields, _ := parseHeader(o.Header)
	senders := returnedSenders(fields)
	for from := 0; ; {
		a, ok := nextAddress(o.To, from)
		if !ok {
			return list
		}
		if !r.isOwn(a.address) && !senders.has(a.address) && !sameAddress(a.address, strings.Trim(h.get("Original-Mail-From"), "<> \t")) {
			add(a.address)
		}
		from = a.end
	}
}

func isRedacted(a string) bool {
	local := strings.ToLower(a[:max(0, strings.LastIndexByte(a, '@'))])
	return strings.Contains(local, "redacted") || local == "" || strings.Trim(local, "x*") == ""
}
