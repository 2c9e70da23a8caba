package bounce

import "strings"

// textRecipients finds the recipients of a bounce without a delivery-status part
// that names them: in fields within the text, in lines and sentences, in
// X-Failed-Recipients, in the subject, and last in the returned message.
func (r *reading) textRecipients(o *Original) []Recipient {
	if out := r.statusInText(); len(out) > 0 {
		return out
	}
	failed := r.failedHeader()
	list := r.notice.best(replied, r.isOwn)
	if len(list) > 1 {
		list = r.withoutHelpers(list)
	}
	switch {
	case len(failed) > 0 && (len(failed) > len(list) || list[0].level < listed || anyIn(list, failed)):
		list = withOriginals(failed, list)
	case len(list) == 0:
		list = r.guess(o)
	}
	return r.notice.recipients(list)
}

// anyIn reports whether the lists have an address in common.
func anyIn(a, b []candidate) bool {
	for _, c := range a {
		if indexAddress(b, c.address) >= 0 {
			return true
		}
	}
	return false
}

// withOriginals gives list what the text says of addresses before an alias.
func withOriginals(list, text []candidate) []candidate {
	for i := range list {
		if j := indexAddress(text, list[i].address); j >= 0 {
			list[i].original = text[j].original
		}
	}
	return list
}

// nested returns the DSN that a bounce returns instead of the sender's message,
// and whose recipients are the ones: some providers wrap what their own hosts
// report in a notice that names nobody. Nil if that is not so.
func (r *reading) nested() *reading {
	if r.inside || len(r.parts.status) > 0 || !strings.Contains(r.returned, "elivery-status") || len(r.notice.best(told, r.isOwn)) > 0 {
		return nil
	}
	s := r.returned
	if i := strings.Index(s, "\nFrom MAILER-DAEMON"); i >= 0 && i < 500 {
		s = s[i+1:]
	}
	inner := newReading(takeApart(s, r.maxDepth))
	inner.inside = true
	if len(inner.status.recipients) == 0 || !inner.kind().IsBounce() {
		return nil
	}
	return inner
}

// withoutHelpers leaves out addresses to turn to for help, unless there is
// nothing else.
func (r *reading) withoutHelpers(list []candidate) []candidate {
	out := make([]candidate, 0, len(list))
	for _, c := range list {
		if !isHelper(c.address) && !sameAddress(c.address, r.from) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}

func isHelper(address string) bool {
	switch strings.ToLower(address[:strings.LastIndexByte(address, '@')]) {
	case "postmaster", "abuse", "helpdesk", "mailer-daemon", "hostmaster", "support":
		return true
	}
	return false
}

// statusInText reads the fields of a delivery status that stand in the text, as
// some systems write them for people.
func (r *reading) statusInText() []Recipient {
	text := r.notice.allText()
	i := indexFold(text, "final-recipient:")
	if i < 0 {
		return nil
	}
	if j := indexFold(text, "reporting-mta:"); j >= 0 && j < i {
		i = j
	}
	if j := indexFold(text[:i], "action:"); j >= 0 && i-j < 80 {
		i = j
	}
	s := parseStatus(unindent(text[i:]))
	var out []Recipient
	nobody := &addressSet{}
	for _, rcpt := range s.recipients {
		if strings.Contains(rcpt.Address, "@") && indexRecipient(out, rcpt.Address) < 0 {
			r.completeStatus(&rcpt, nobody)
			out = append(out, rcpt)
		}
	}
	return out
}

// unindent takes the white space in front off the lines that are fields then.
func unindent(s string) string {
	var b strings.Builder
	for s != "" {
		line, rest := cutLine(s)
		if t := strings.TrimLeft(line, " \t"); fieldName(t) > 0 {
			line = t
		}
		b.WriteString(line)
		b.WriteByte('\n')
		s = rest
	}
	return b.String()
}

// indexFold is strings.Index without regard to case; sub is in lower case.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 == sub[0] && strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

func (n *notice) allText() string { return strings.Join(n.lines, "\n") }

// failedHeader reads X-Failed-Recipients, which Exim and Gmail write.
func (r *reading) failedHeader() (list []candidate) {
	for _, v := range r.header.all("X-Failed-Recipients") {
		v = decodeWords(v[:min(len(v), maxValue)])
		for from := 0; len(list) < maxRecipients; {
			a, ok := nextAddress(v, from)
			if !ok {
				break
			}
			if indexAddress(list, a.address) < 0 {
				list = append(list, candidate{address: a.address, level: listed})
			}
			from = a.end
		}
	}
	return list
}

// guess finds the recipient of a notice whose text names none that can be told
// from others.
func (r *reading) guess(o *Original) []candidate {
	if r.disposition && strings.Contains(r.from, "@") && r.senderWeight() < 3 { // who has it rejected
		return []candidate{{address: fromAddress(r.header), level: told}}
	}
	if a, ok := nextAddress(r.rawSubject, 0); ok && hasDot(a.address) && !r.isOwn(a.address) {
		return []candidate{{address: a.address, level: told}}
	}
	isSender := r.isOwn
	if o != nil {
		h, _ := parseHeader(o.Header)
		senders := returnedSenders(h)
		isSender = func(a string) bool { return r.isOwn(a) || senders.has(a) }
	}
	if list := r.withoutHelpers(r.notice.best(mentioned, isSender)); len(list) == 1 && !isHelper(list[0].address) {
		return list
	}
	return r.originalRecipient(o)
}

// originalRecipient returns whom the returned message was for, if it was for one
// person only: by its To, or by the topmost of its Received fields where To names
// the sender or a list. Older ones may be of the way to a list or an alias.
func (r *reading) originalRecipient(o *Original) []candidate {
	if o == nil {
		return nil
	}
	h, _ := parseHeader(o.Header)
	senders := returnedSenders(h)
	isOther := func(a string) bool { return !r.isOwn(a) && !senders.has(a) }
	to, more := oneAddress(o.To, isOther)
	v := h.get("Received")
	if i := strings.Index(v, " for "); i >= 0 && (to == "" || more) {
		if a, ok := nextAddress(v, i); ok && a.start-i < 8 && isOther(a.address) {
			return []candidate{{address: a.address, level: mentioned}}
		}
	}
	if to == "" || more {
		return nil
	}
	return []candidate{{address: to, level: mentioned}}
}

// oneAddress returns the first address in a field that ok lets pass, and whether
// there is another one.
func oneAddress(field string, ok func(string) bool) (first string, more bool) {
	for from := 0; ; {
		a, found := nextAddress(field, from)
		if !found {
			return first, false
		}
		switch {
		case !ok(a.address):
		case first == "":
			first = a.address
		case !sameAddress(first, a.address):
			return first, true
		}
		from = a.end
	}
}

// returnedSenders are the addresses of the one who sent the returned message, and
// of the list that it went to.
func returnedSenders(h header) *addressSet {
	s := &addressSet{addresses: map[string]bool{}}
	for _, name := range [...]string{"From", "Sender", "Return-Path", "Reply-To", "Errors-To", "List-Post", "X-Envelope-From"} {
		if a, ok := nextAddress(h.get(name), 0); ok {
			s.addresses[strings.ToLower(a.address)] = true
		}
	}
	return s
}
