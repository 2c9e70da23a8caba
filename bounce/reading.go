package bounce

import (
	"cmp"
	"strings"
)

// A reading is a mail on the way to a report: what decides on its kind, and what
// is read from it then.
type reading struct {
	*parts
	from, subject string   // From's address in lower case; the decoded subject in lower case
	own           []string // addresses that the mail came to: not those that it is about
	notice        *notice
	returned      string // what came back of the message: a part, or the end of the text
	status        statusReport
	event         *sesEvent // Amazon SES by SNS
	rawSubject    string
	inner         *reading // the DSN that this one brings
	inside        bool     // it is the content of another one
}

func newReading(m *parts) *reading {
	r := &reading{parts: m, rawSubject: m.header.text("Subject")}
	r.subject = strings.ToLower(r.rawSubject)
	r.from = strings.ToLower(fromAddress(m.header))
	for _, name := range [...]string{"To", "Delivered-To", "Return-Path", "From"} {
		for _, v := range m.header.all(name) {
			if a, ok := bareAddress(v); ok {
				r.own = append(r.own, a)
			}
		}
	}
	text := m.plain.String()
	if strings.TrimSpace(text) == "" && m.html.Len() > 0 {
		text = htmlText(m.html.String())
	}
	text = undoLeftQuotedPrintable(text)
	r.event = findSESEvent(text)
	text, r.returned = splitReturned(text)
	if m.hasOriginal {
		r.returned = m.original
	}
	r.notice = newNotice(text)
	for _, s := range m.status {
		r.status.add(parseStatus(s))
	}
	return r
}

// add adds what a second message/delivery-status part has.
func (s *statusReport) add(t statusReport) {
	if s.reportingMTA == "" {
		s.reportingMTA = t.reportingMTA
	}
	if s.envelopeID == "" {
		s.envelopeID = t.envelopeID
	}
	if s.messageID == "" {
		s.messageID = t.messageID
	}
	s.recipients = append(s.recipients, t.recipients[:min(len(t.recipients), maxRecipients-len(s.recipients))]...)
}

// leftEscapes are what text that is still quoted-printable has in it.
var leftEscapes = [...]string{"=20\n", "=3D", "=09", "=C3=", "=0A"}

// undoLeftQuotedPrintable decodes text that is quoted-printable and whose header
// does not say so, as systems leave it that rewrite headers.
func undoLeftQuotedPrintable(s string) string {
	if strings.Contains(s, "=\n") && containsAny(s, leftEscapes[:]) {
		return guessCharset(decodeQuotedPrintable(s))
	}
	return s
}

// fromAddress returns the address of the From field, "" for an empty one. A name
// without a domain is taken, too: "mailer-daemon".
func fromAddress(h header) string {
	v := h.get("From")
	if v == "" {
		return ""
	}
	a, ok := bareAddress(v)
	if !ok && strings.ContainsAny(a, " \t") {
		return ""
	}
	return a
}

// report decides on the kind and reads what that kind has.
func (r *reading) report() *Report {
	out := &Report{
		Subject:      r.rawSubject,
		From:         fromAddress(r.header),
		MessageID:    messageID(r.header.get("Message-ID")),
		Date:         parseDate(r.header.get("Date")),
		Received:     receivedDate(r.header.get("Received")),
		ReportingMTA: r.status.reportingMTA,
		EnvelopeID:   r.status.envelopeID,
		Original:     newOriginal(r.returned),
	}
	out.Kind = r.kind()
	switch {
	case r.event != nil:
		r.event.fill(out)
	case r.inner != nil:
		out.Original = newOriginal(r.inner.returned)
		out.Recipients = r.inner.dsnRecipients(out.Original)
	case out.Kind == Feedback:
		r.readFeedback(out)
	case out.Kind == DSN:
		out.Recipients = r.dsnRecipients(out.Original)
	case out.Kind == Bounce:
		out.Recipients = r.textRecipients(out.Original)
	}
	if out.Original != nil && out.Original.MessageID == "" {
		out.Original.MessageID = r.status.messageID
	}
	if out.Kind.IsBounce() && r.event == nil {
		r.finish(out)
	}
	return out
}

// dsnRecipients returns the recipients of the delivery-status part, with what the
// text says of them where the fields are silent.
func (r *reading) dsnRecipients(o *Original) []Recipient {
	var out []Recipient
	for i, rcpt := range r.status.recipients {
		if !strings.Contains(rcpt.Address, "@") {
			rcpt.Address = r.addressFor(i, o, rcpt.Address)
		}
		if rcpt.Address == "" {
			continue
		}
		if i := indexRecipient(out, rcpt.Address); i >= 0 {
			continue
		}
		out = append(out, rcpt)
	}
	if len(out) == 0 {
		return r.textRecipients(o)
	}
	among := &addressSet{addresses: make(map[string]bool, 2*len(out))}
	for i := range out {
		among.addresses[strings.ToLower(out[i].Address)] = true
		if out[i].Original != "" {
			among.addresses[strings.ToLower(out[i].Original)] = true
		}
	}
	for i := range out {
		r.completeStatus(&out[i], among)
	}
	return out
}

// addressFor finds the address of the recipient number i, whose fields have none
// but a file, a command or a name: in X-Failed-Recipients, in the text, or in the
// returned message.
func (r *reading) addressFor(i int, o *Original, name string) string {
	for _, list := range [...][]candidate{r.failedHeader(), r.notice.best(listed, r.isOwn), r.originalRecipient(o)} {
		if len(list) == len(r.status.recipients) {
			return list[i].address
		}
	}
	return name
}

// completeStatus fills in what the fields of a DSN leave out.
func (r *reading) completeStatus(rcpt *Recipient, among *addressSet) {
	d := rcpt.Diagnostic
	if rcpt.succeeded() {
		rcpt.Class, rcpt.Code = Success, successCode(d)
		return
	}
	rcpt.Code = findCode(d)
	if s := findStatus(d); s.rank > 0 && (isGeneric(rcpt.Status) || s.rank == 3 && !isGeneric(s.code)) {
		rcpt.Status = s.code // the server's own, before what the reporting MTA makes of it
	}
	rcpt.Class = classify(d, rcpt.Status, rcpt.Code)
	silent := classifyWords(d) == Undefined
	if !silent && !isGeneric(rcpt.Status) {
		return
	}
	text := Recipient{Address: rcpt.Address, Status: rcpt.Status, Code: rcpt.Code}
	r.notice.explain(&text, among)
	if silent && text.Class != Undefined && (rcpt.Class == Undefined || isGeneric(rcpt.Status)) {
		rcpt.Class = text.Class
	}
	if isGeneric(rcpt.Status) {
		rcpt.Status = text.Status
	}
	rcpt.Code = cmp.Or(rcpt.Code, text.Code)
	rcpt.Diagnostic = cmp.Or(d, text.Diagnostic)
	rcpt.RemoteMTA = cmp.Or(rcpt.RemoteMTA, text.RemoteMTA)
}

// succeeded reports a notice of success.
func (r *Recipient) succeeded() bool {
	return strings.HasPrefix(r.Status, "2") || r.Action == Delivered || r.Action == Relayed || r.Action == Expanded
}

// successCode reads a 2yz that a diagnostic begins with.
func successCode(d string) int {
	if len(d) < 3 || d[0] != '2' || d[1] < '0' || d[1] > '5' || d[2] < '0' || d[2] > '9' || len(d) > 3 && isAlnum(d[3]) {
		return 0
	}
	return 200 + int(d[1]-'0')*10 + int(d[2]-'0')
}

func indexRecipient(list []Recipient, address string) int {
	for i := range list {
		if sameAddress(list[i].Address, address) {
			return i
		}
	}
	return -1
}

// isOwn reports an address that the mail came to or from.
func (r *reading) isOwn(address string) bool {
	for _, a := range r.own {
		if sameAddress(a, address) {
			return true
		}
	}
	return false
}

// finish fills in what can be known of all recipients of a bounce.
func (r *reading) finish(out *Report) {
	delayed := r.isDelay()
	for i := range out.Recipients {
		rcpt := &out.Recipients[i]
		if rcpt.Action == "" {
			switch {
			case out.Kind == DSN && rcpt.Status == "" && len(r.status.recipients) > 0 && !r.saysFailed():
			case delayed:
				rcpt.Action = Delayed
			default:
				rcpt.Action = Failed
			}
		}
		if rcpt.Action == Delayed && rcpt.Class == Undefined {
			rcpt.Class = Expired
		}
	}
	if out.ReportingMTA == "" {
		out.ReportingMTA = r.reporter()
	}
}

// reporter returns the host that a free text says it is from, or From's domain.
func (r *reading) reporter() string {
	if i := strings.LastIndexByte(r.from, '@'); i >= 0 {
		return r.from[i+1:]
	}
	return ""
}
