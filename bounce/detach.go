package bounce

import "strings"

// detach makes copies of all strings, so that a report that is kept does not
// keep the whole mail in memory, and takes out what has no place on a line.
func (r *Report) detach() {
	for _, s := range [...]*string{&r.Who, &r.Subject, &r.From, &r.MessageID, &r.ReportingMTA, &r.EnvelopeID} {
		*s = clean(*s)
	}
	for i := range r.Recipients {
		c := &r.Recipients[i]
		for _, s := range [...]*string{&c.Address, &c.Final, &c.Original, &c.Who, &c.Status, &c.Diagnostic, &c.RemoteMTA} {
			*s = clean(*s)
		}
	}
	if f := r.Feedback; f != nil {
		for _, s := range [...]*string{&f.Type, &f.UserAgent, &f.MailFrom, &f.SourceIP, &f.AuthFailure, &f.Domain} {
			*s = clean(*s)
		}
	}
	if o := r.Original; o != nil {
		for _, s := range [...]*string{&o.MessageID, &o.Subject, &o.From, &o.To} {
			*s = clean(*s)
		}
	}
}

// maxString is the longest string of a report other than a header, in octets.
const maxString = 4000

// clean returns a copy of s in UTF-8 without control characters.
func clean(s string) string {
	if len(s) > maxString {
		s = s[:maxString]
	}
	s = strings.ToValidUTF8(s, "")
	return strings.Clone(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s))
}
