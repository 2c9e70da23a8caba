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
	case r.feedback != nil || reportType == "feedback-report" || r.isOldComplaint() || r.isAppleOptOut() || r.hasOriginal && r.notice.hasLine("feedback-type:"):
		return Feedback
	case (r.disposition || reportType == "disposition-notification") && (!r.isRejection() || r.bounceWeight() < bounceLimit), reportType == "tlsrpt":
		return Other
	case len(r.status.recipients) > 0:
		return DSN
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

// isRejection reports a refusal in the form of a read receipt, as Sieve's reject
// (RFC 5429 2.2) makes it.
func (r *reading) isRejection() bool {
	return strings.Contains(strings.ToLower(r.header.get("Auto-Submitted")), "rejected") || strings.Contains(r.notice.head(), "rejected")
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
	if r.namesNobody() { // news about mail, a warning to the one who gets it
		if w -= 3; r.senderWeight() < 3 {
			w -= 2
		}
	}
	return w - r.replyWeight()
}

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
	from := strings.ToLower(unfold(r.header.get("From")))
	local, _, _ := strings.Cut(r.from, "@")
	switch {
	case strings.Contains(from, "mailer-daemon") || strings.Contains(from, "mailerdaemon") || strings.Contains(from, "mail delivery") || strings.Contains(from, "delivery subsystem") ||
		strings.Contains(from, "mail.delivery") || r.header.has("From") && strings.Trim(from, "<> ") == "" || strings.Contains(from, "<>") || local == "mdaemon":
		w = 3
	case strings.HasPrefix(strings.NewReplacer("_", "", "-", "", ".", "").Replace(local), "postmaster") || strings.Contains(from, "system administrator") || strings.Contains(from, "mail administrator") || strings.Contains(from, "mail system") ||
		strings.Contains(from, "postmaster"):
		w = 2
	}
	if p := r.returnPath(); p == "null" || strings.HasPrefix(p, "mailer-daemon") || strings.HasPrefix(p, "mdaemon") {
		w += 2
	}
	return w
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

// What subjects of bounces have in them.
var bounceSubjects = [...]string{
	"undeliver", "delivery status notification", "returned mail", "failure notice", "delivery failure", "failure delivery", "delivery failed", "delivery has failed", "mail failure", "mail failed",
	"returned to sender", "returning to sender", "returning message", "non-deliver", "nondeliver", "not delivered", "mail delivery", "message delivery", "delivery problem", "delivery report", "delivery warning", "delivery delay",
	"could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered", "unable to deliver", "delivery unsuccessful", "error sending your mail", "delivery error", "mail error", "mail system error", "rejected mail",
	"user unknown", "unknown user", "message not delivered", "notification d'état", "non remis", "échec de la remise", "avis de non-remise", "unzustellbar", "nicht zugestellt", "nicht zustellbar", "no se puede entregar", "no entregado", "non recapitabile",
	"não foi possível entregar", "niet bezorgd", "onbestelbaar", "не доставлено", "недоставлен", "エラー通知", "配信不能", "配信エラー", "送信エラー", "退信", "系统退信", "投递失败", "退回",
	"mail delayed", "message delayed", "delayed mail", "still being retried", "bounced mail", "bounce message", "mail could not", "returned email", "returned message", "mailbox full", "mailbox is full", "quota exceeded", "niedoręcz", "processing error",
	"delivery has been delayed", "delivery incomplete", "delivery status", "kunne ikke leveres", "kan inte levereras", "rückläufer", "impossible de remettre", "impossible de distribuer",
}

// subjectWeight weighs the subject.
func (r *reading) subjectWeight() int {
	s := r.subject
	if containsAny(s, bounceSubjects[:]) {
		if !r.hasMachineSigns() && !startsWithAny(s, bounceSubjects[:]) {
			return 1 // a person's words
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

// What notices have in their words.
var failurePhrases = [...]string{
	"could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered", "can not be delivered", "not be delivered", "was not delivered", "were not delivered", "wasn't delivered", "has not been delivered",
	"not yet been delivered", "unable to deliver", "able to deliver", "could not deliver", "couldn't deliver", "cannot deliver", "not deliver", "trouble delivering", "failed to deliver", "delivery failed", "delivery has failed", "delivery failure", "deliver failed", "failed permanently",
	"delivery to the following", "did not reach", "undeliverable", "undelivered", "error delivering", "delivery problem", "could not be sent", "couldn't be sent", "weren't sent", "returned to sender", "returned to you", "returned because", "permanent fatal errors", "permanent errors", "transient", "attempting to deliver",
	"trying to deliver", "error has occurred while", "transcript of session", "was undeliverable", "following recipients were affected", "address failed", "addresses failed", "address(es) failed", "was rejected", "been rejected", "automatically rejected", "recipient(s) could not", "not a valid user", "no such user", "user unknown", "unknown user", "mailbox is full", "mailbox full", "full mailbox", "over quota",
	"did not receive this message", "failed recipient", "fatal error", "unknown host", "host unknown", "failed addresses", "delivery error", "not been delivered", "rcpt to generated", "delivery failed", "received >>>", "will be delayed", "has been delayed", "been postponed", "still trying to", "warning message only", "delivery status notification",
	"zugestellt werden", "nicht zugestellt", "konnte nicht", "n'a pas pu", "pas été remis", "non remis", "no pudo ser entregad", "no se pudo", "no se ha podido", "não pôde ser", "nao pode ser", "não foi entregue", "non è stato possibile", "impossibile recapitare", "non consegnat", "не может быть доставлен", "не было доставлено", "niet worden afgeleverd",
	"送信できません", "配信できません", "届けることができません", "お届けできません", "エラーのため", "送信に失敗", "无法投递", "退信", "未能送达", "发送失败", "nie mogła zostać", "kunde inte levereras",
	"bounced", "intended recipient:", "is not listed in", "no longer valid", "does not exist", "recipient is not", "requested action not taken", "error message below", "invalid user address", "did not like", "does not like recipient", "rejected by",
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
	case isReplySubject(r.subject) && r.senderWeight() > 0:
		w += 2
	case isReplySubject(r.subject):
		w += 4
	case isAutoSubject(r.subject):
		w += 6
	}
	machine := r.senderWeight() > 0
	if !machine && (r.header.has("In-Reply-To") || r.header.has("References")) {
		w += 3
	}
	if !machine && (r.header.has("List-Id") || r.header.has("List-Post") || r.header.has("List-Unsubscribe")) {
		w += 3
	}
	if !machine && strings.EqualFold(r.header.get("Auto-Submitted"), "auto-generated") && strings.HasPrefix(r.from, "root@") {
		w += 3
	}
	if strings.Contains(r.top.mediaType, "digest") {
		w += 5
	}
	if r.looksLikeLure() {
		w += 5
	}
	return w
}

func isReplySubject(s string) bool {
	for _, p := range [...]string{"re:", "re[", "fw:", "fwd:", "aw:", "wg:", "sv:", "vs:", "antw:", "tr:", "rv:", "i:", "r:", "odp:", "回复:", "回复：", "转发"} {
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
		if !r.isOwn(c.address) {
			return false
		}
	}
	text := r.notice.head()
	return strings.Contains(text, "http://") || strings.Contains(text, "https://") || strings.Contains(r.html.String(), "href=")
}

// isDelay reports whether a notice without an Action is about a delay.
func (r *reading) isDelay() bool {
	if r.saysFailed() {
		return false
	}
	text := r.notice.head()
	return containsAny(text, delayPhrases[:]) || strings.Contains(r.subject, "delay") || strings.Contains(r.subject, "warning") && strings.Contains(r.subject, "could not send")
}

var delayPhrases = [...]string{
	"not yet been delivered", "will continue to try", "will keep trying", "will be retried", "still trying", "been delayed", "is delayed", "been postponed", "warning message only", "do not need to resend", "don't need to resend", "delivery attempts will continue",
	"further attempts", "will try again", "continue trying", "temporarily deferred. we", "will be delayed",
}

func (r *reading) saysFailed() bool {
	text := r.notice.head()
	return containsAny(text, failedPhrases[:])
}

var failedPhrases = [...]string{
	"permanent error", "failed permanently", "permanent fatal", "given up", "giving up", "not going to try again", "permanent failure", "no further delivery attempts", "permanently",
}
