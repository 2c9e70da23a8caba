package bounce

import "strings"

// kind decides what a mail is. Parts of a machine's own types settle it; without
// them the signs are weighed: who it is from, what it came back to, its subject
// and its words.
func (r *reading) kind() Kind {
	reportType := strings.ToLower(r.top.params["report-type"])
	switch {
	case r.event != nil:
		return r.event.kind()
	case reportType == "feedback-report" || r.isFeedback():
		return Feedback
	case reportType == "tlsrpt":
		return Other
	case (r.disposition || reportType == "disposition-notification") && !r.isRejection():
		return Other
	case r.disposition && r.isRejection():
		return Bounce
	case len(r.status.recipients) > 0 && !r.isForwarded():
		return DSN
	case r.isAnswer():
		return AutoReply
	case len(r.parts.status) > 0 && r.bounceWeight() > 0:
		return DSN
	case r.bounceWeight() >= bounceLimit:
		if r.inner = r.nested(); r.inner != nil {
			return DSN
		}
		return Bounce
	case r.isAutoReply():
		return AutoReply
	}
	return Other
}

// isForwarded reports a mail by a person that has a delivery-status part among its
// attachments.
func (r *reading) isForwarded() bool {
	return r.top.mediaType != "multipart/report" && r.senderWeight() == 0 && r.replyWeight() >= 3
}

// isAnswer reports what a recipient's machine answers under the subject of a
// bounce: it brings no message back, and quotes no server.
func (r *reading) isAnswer() bool {
	return strings.HasPrefix(strings.ToLower(r.header.get("Auto-Submitted")), "auto-replied") && !r.isDaemon() &&
		len(r.parts.status) == 0 && r.returned == "" && !r.header.has("X-Failed-Recipients") && !hasReply(r.notice.text())
}

// isRejection reports a refusal in the form of a read receipt, as Sieve's reject
// (RFC 5429 2.2) makes it.
func (r *reading) isRejection() bool {
	if strings.Contains(strings.ToLower(r.header.get("Auto-Submitted")), "rejected") {
		return true
	}
	return strings.Contains(r.notice.head(), "rejected") && r.bounceWeight() >= bounceLimit
}

// bounceLimit is the weight of signs from which on a mail is a bounce: no single
// sign reaches it.
const bounceLimit = 5

// bounceWeight weighs the signs for and against a bounce.
func (r *reading) bounceWeight() int {
	words := r.failureWords()
	w := r.senderWeight() + words + r.subjectWeight()
	if !r.hasMachineSigns() {
		w -= 2
	}
	if r.header.has("X-Failed-Recipients") {
		w += 4
	}
	if list := r.notice.best(replied, r.isOwn); len(list) > 0 {
		w++
		if words > 0 && hasReply(r.notice.text()) {
			w++
		}
	}
	if r.returned != "" && r.senderWeight() > 0 {
		w++
	}
	if p := r.returnPath(); p != "" && p != "null" && r.senderWeight() == 0 && r.returned == "" && !r.header.has("X-Failed-Recipients") && !r.lists() {
		w -= 3 // whoever writes wants to hear if it does not arrive
	}
	if r.namesNobody() { // news about mail, a warning to the one who gets it
		if w -= 3; r.senderWeight() < 3 {
			w -= 2
		}
	}
	return w - r.replyWeight()
}

// lists reports a notice with a recipient at the start of a line, or behind a
// label.
func (r *reading) lists() bool { return len(r.notice.best(listed, r.isOwn)) > 0 }

// hasMachineSigns reports whether anything but the words says that no person
// wrote this.
func (r *reading) hasMachineSigns() bool {
	return r.senderWeight() > 0 || r.isMachine() || r.returned != "" || r.header.has("X-Failed-Recipients")
}

// namesNobody reports a notice without a trace of the mail that it is about.
func (r *reading) namesNobody() bool {
	return r.returned == "" && !r.header.has("X-Failed-Recipients") && len(r.notice.best(mentioned, r.isOwn)) == 0
}

// senderWeight weighs whom the mail is from.
func (r *reading) senderWeight() int {
	w := 0
	switch {
	case r.isDaemon():
		w = 3
	case strings.HasPrefix(r.localPart(), "postmaster"), containsAny(strings.ToLower(r.header.get("From")), masterNames[:]):
		w = 2
	}
	if p := r.returnPath(); p == "null" || strings.HasPrefix(p, "mailer-daemon") || strings.HasPrefix(p, "mdaemon") {
		w += 2
	}
	return w
}

// isDaemon reports that From is a mail system, and no person in charge of one.
func (r *reading) isDaemon() bool {
	from := strings.ToLower(r.header.get("From"))
	if containsAny(from, daemonNames[:]) || r.header.has("From") && strings.Trim(from, "<> ") == "" {
		return true
	}
	name := strings.TrimLeft(from[strings.LastIndexByte(from, '(')+1:], "\"' <")
	local := r.localPart()
	return local == "mdaemon" || strings.Contains(local, "maildelivery") || startsWithAny(name, deliveryNames[:]) ||
		startsWithAny(strings.TrimLeft(from, "\"' <"), deliveryNames[:])
}

// localPart returns that of From, without what separates words in it.
func (r *reading) localPart() string {
	local, _, _ := strings.Cut(r.from, "@")
	return strings.NewReplacer("_", "", "-", "", ".", "").Replace(local)
}

// isSystem reports the signs of a mail system, which people in charge of one do
// not have.
func (r *reading) isSystem() bool {
	p := r.returnPath()
	if p == "" && r.senderWeight() > 0 && r.lists() && hasReply(r.notice.text()) {
		return true
	}
	return r.isDaemon() || p == "null" || strings.HasPrefix(p, "mailer-daemon") || strings.HasPrefix(p, "mdaemon")
}

// returnPath returns the Return-Path in lower case, "null" for the null one and
// "" for none.
func (r *reading) returnPath() string {
	v := r.header.get("Return-Path")
	switch {
	case v == "<>" || v == "" && r.header.has("Return-Path"):
		return "null"
	case v == "":
		return ""
	}
	return strings.ToLower(strings.Trim(v, "<> \t"))
}

// subjectWeight weighs the subject.
func (r *reading) subjectWeight() int {
	s := r.subject
	if containsAny(s, bounceSubjects[:]) {
		if r.senderWeight() == 0 && r.returned == "" && !startsWithAny(s, bounceSubjects[:]) {
			return 1 // a person's words, or a machine's about them
		}
		return 3
	}
	if strings.HasPrefix(s, "warning: message ") && strings.Contains(s, "delayed") {
		return 3
	}
	return 0
}

func startsWithAny(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// failureWords weighs the words of the notice.
func (r *reading) failureWords() int {
	head := r.notice.head()
	n := 0
	for _, p := range failurePhrases {
		if strings.Contains(head, p) {
			if n++; n == 2 {
				return 3
			}
		}
	}
	return 2 * n
}

// hasLine reports a line that begins with start, which is in lower case.
func (n *notice) hasLine(start string) bool {
	for _, line := range n.lines {
		if len(line) > len(start) && strings.EqualFold(line[:len(start)], start) {
			return true
		}
	}
	return false
}

// head returns the first lines of a notice, as one text in lower case with
// single spaces, without what is quoted.
func (n *notice) head() string {
	if n.begin == "" {
		n.begin = n.readHead()
	}
	return n.begin
}

func (n *notice) readHead() string {
	var b strings.Builder
	for _, line := range n.lines {
		if isQuoted(line) {
			continue
		}
		for _, w := range strings.Fields(line) {
			b.WriteString(w)
			b.WriteByte(' ')
		}
		if b.Len() > 6000 {
			break
		}
	}
	return strings.ToLower(b.String())
}

// replyWeight weighs the signs that a person, a list or a machine other than a
// mail system writes.
func (r *reading) replyWeight() int {
	w := 0
	switch {
	case isReplySubject(r.subject) && r.isSystem():
		w += 2
	case isReplySubject(r.subject):
		w += 4
	case isAutoSubject(r.subject):
		w += 6
	}
	machine := r.isSystem()
	if !machine && r.returned == "" && (r.isByHand() || containsAny(r.notice.head(), ownWords[:])) {
		w += 3
	}
	if !machine && (r.header.has("In-Reply-To") || r.header.has("References")) {
		w += 3
	}
	if !machine && (r.header.has("List-Id") || r.header.has("List-Post") || r.header.has("List-Unsubscribe")) {
		w += 3
	}
	if r.isSummary() {
		w += 10
	}
	if strings.Contains(r.top.mediaType, "digest") {
		w += 5
	}
	if r.looksLikeLure() {
		w += 5
	}
	return w
}

// isByHand reports a program that people write with.
func (r *reading) isByHand() bool {
	return containsAny(strings.ToLower(r.header.get("X-Mailer")+" "+r.header.get("User-Agent")), mailers[:])
}

// isSummary reports what cron jobs and mail servers write about the mail of a day.
func (r *reading) isSummary() bool {
	if r.returned != "" || r.header.has("X-Failed-Recipients") {
		return false
	}
	return strings.HasPrefix(r.from, "root@") || strings.HasPrefix(r.from, "logwatch@") || containsAny(r.subject, summarySubjects[:])
}

func isReplySubject(s string) bool {
	for _, p := range [...]string{
		"re:", "re[", "fw:", "fwd:", "aw:", "wg:", "sv:", "vs:", "antw:", "tr:", "rv:", "i:", "r:", "odp:",
		"回复:", "回复：", "转发",
	} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	if strings.HasPrefix(s, "[") { // a list's prefix
		if i := strings.IndexByte(s, ']'); i > 0 {
			return isReplySubject(strings.TrimLeft(s[i+1:], " "))
		}
	}
	return false
}

// looksLikeLure reports mail that pretends to be a bounce, for a click: it names
// nobody but the one that it came to, brings no message back, and has a link.
func (r *reading) looksLikeLure() bool {
	if r.returned != "" || r.header.has("X-Failed-Recipients") || len(r.parts.status) > 0 {
		return false
	}
	for _, c := range r.notice.found {
		if !r.isOwn(c.address) && !isOffice(c.address) {
			return false
		}
	}
	text := r.notice.head()
	return strings.Contains(text, "http://") || strings.Contains(text, "https://") || strings.Contains(r.html.String(), "href=")
}

// isOffice reports the addresses to turn to that lures have, too.
func isOffice(address string) bool {
	switch strings.ToLower(address[:strings.LastIndexByte(address, '@')]) {
	case "admin", "administrator", "info", "it", "security", "noreply", "no-reply", "webmaster", "contact", "service":
		return true
	}
	return isHelper(address)
}

// isDelay reports whether a notice without an Action is about a delay.
func (r *reading) isDelay() bool {
	if r.saysFailed() {
		return false
	}
	if strings.Contains(r.subject, "warning") && strings.Contains(r.subject, "could not send") {
		return true
	}
	return strings.Contains(r.subject, "delay") || containsAny(r.notice.head(), delayPhrases[:])
}

func (r *reading) saysFailed() bool {
	text := r.notice.head()
	return containsAny(text, failedPhrases[:])
}
