package bounce

import "strings"

// classify returns the class for what was said of a recipient, with the enhanced
// status code and the reply code that the mail has for it.
func classify(text, status string, code int) Class {
	if quoted, ok := cutWrapper(text); ok {
		return classifyQuoted(quoted, status, code)
	}
	words := tellingWords(text)
	c := classOfWords(words)
	lower := strings.ToLower(text)
	temporary := strings.HasPrefix(status, "4") || code >= 400 && code < 500
	if isHard(c) && !containsAny(words, sureNoMailbox[:]) {
		switch {
		case saysOther(status):
			return classOfStatus(status)
		case temporary && containsAny(words, againWords[:]):
			return System
		}
	}
	switch {
	case (c == NoMailbox || c == NoDomain) && aboutSender(lower):
		return SenderRejected
	case c == NoMail && code >= 400 && code < 500:
		return System // "try again later"
	case c == NoDomain && code >= 400 && code < 500:
		return DNS // it may be found yet
	case strings.Contains(words, "mailbox unavailable") && (c == Undefined || c == System || c == Policy):
		switch {
		case strings.HasPrefix(status, "5.1."):
			return NoMailbox
		case strings.Contains(lower, "hotmail"):
			if c == Policy {
				return c
			}
			return NoMailbox
		}
		if code >= 400 && code < 500 {
			return System // busy, RFC 5321 4.2.2
		}
		return Undefined // RFC 5321 4.2.2 has it for no access and policy, too
	case c == Policy && status == "5.4.1" && strings.Contains(words, "address rejected: access denied"):
		return NoMailbox // Exchange Online, for whom its directory does not have
	case (c == Policy || c == Undefined) && containsAny(lower, blockLists[:]):
		return Blocked
	case c == Policy || c == Undefined || c == System || c == Network || c == Expired:
		strong := c == Policy && containsAny(words, strongPolicy)
		if s := classOfStatus(status); s != Undefined && (c == Undefined || refines(s, c) && !strong) {
			return s
		}
		if c == Policy && !strong && !temporary && containsAny(words, weakNoMailbox) {
			return NoMailbox
		}
	}
	if c == Undefined {
		c = classOfCode(code)
	}
	return c
}

func isHard(c Class) bool { hard, _ := c.Hard(); return hard }

// sureNoMailbox are words that stand against any code.
var sureNoMailbox = [...]string{
	"user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no mailbox", "invalid recipient",
	"validrcptto", "badrcptto",
	"user does not exist", "recipient does not exist", "mailbox does not exist", "account does not exist", "address does not exist",
}

// againWords are in refusals for a time.
var againWords = [...]string{"try again", "retry", "later", "temporar", "come back", "please wait"}

// saysOther reports a status code by which words of an unknown address are about
// something else: the sender, the message, a rule, a fault for a time.
func saysOther(status string) bool {
	switch {
	case status == "5.1.7" || status == "5.1.8":
		return true
	case len(status) < 5:
		return false
	}
	switch status[2] {
	case '6', '7':
		return true
	case '3', '5':
		return status[0] == '4'
	}
	return false
}

// wrapper is what IronPort puts around any refusal of a recipient.
const wrapper = "unknown address error "

// cutWrapper returns the reply that a gateway quotes in words of its own, from its
// code on.
func cutWrapper(text string) (quoted string, ok bool) {
	i := indexFold(text, wrapper)
	if i < 0 {
		return "", false
	}
	quoted = text[i+len(wrapper):]
	if len(quoted) < 5 || !isReplyCode(quoted) || quoted[3] != '-' || quoted[4] != '\'' {
		return "", false
	}
	return quoted[:3] + " " + strings.TrimRight(quoted[5:], "'\" \n)"), true
}

// classifyQuoted is classify for what cutWrapper returns: the gateway's own status
// code counts only where the words say nothing.
func classifyQuoted(text, status string, code int) Class {
	if s := findStatus(text); s.rank > 0 {
		status = s.code
	} else if classifyWords(text) != Undefined {
		status = ""
	}
	if c := findCode(text); c != 0 {
		code = c
	}
	return classify(text, status, code)
}

// blockLists are names in links and host names that tell by themselves.
var blockLists = [...]string{
	"spamhaus.org", "spamcop.net", "barracudacentral.org", "sorbs.net", "dnsbl.", "rbl.", "uceprotect",
	"senderbase.org", "surbl.org",
}

// strongPolicy are words of a refusal by rule that may follow "recipient address
// rejected".
var strongPolicy = []string{
	"policy", "policies", "denied", "not allowed", "not authorized", "not permitted", "prohibited",
	"restrict", "security", "authenticat", "blocked", "preferences", "permission", "message refused",
	"message rejected", "mail refused",
}

// refines reports whether what a status code says is more than a class read from
// words that are in many replies.
func refines(byStatus, byWords Class) bool {
	switch byStatus {
	case Policy, Undefined, System, Network, Protocol:
		return false
	case NoMailbox, NoDomain, Moved, Disabled:
		return byWords == Policy
	}
	return byWords == Policy || byWords == System
}

// classifyWords is classify for a text alone.
func classifyWords(text string) Class { return classOfWords(tellingWords(text)) }

func classOfWords(words string) Class {
	for i := range phraseLists {
		if l := &phraseLists[i]; containsAny(words, l.phrases) || hasLoose(words, l.loose) {
			return l.class
		}
	}
	return Undefined
}

// otherSubjects are what a loose phrase can be about instead of the recipient or
// its domain.
var otherSubjects = [...]string{
	" ip ", " ips ", "hostname", "host name", "sender", "sending domain", "sending host", "sending ip", "sending server", "from:", "in from", "from header", "certificate",
	"header", "message id", "message-id", "hosts ", "network", "your domain", "whitelist", "allow list",
}

// hasLoose reports one of the loose phrases that stands near no other subject, and
// does not go on with a condition.
func hasLoose(words string, loose []string) bool {
	for _, p := range loose {
		i := strings.Index(words, p)
		if i < 0 {
			continue
		}
		end := i + len(p)
		near, after := words[max(0, i-50):min(len(words), end+30)], words[end:]
		if !containsAny(near, otherSubjects[:]) && !startsWithAny(after, conditions) {
			return true
		}
	}
	return false
}

// conditions follow on what a recipient does not take, in refusals by rule.
var conditions = []string{" from ", "s from ", " with ", "s with ", " messages from", " mail from", " email from", " that ", " containing ", " for your "}

func containsAny(s string, list []string) bool {
	for _, p := range list {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// aboutSender reports whether a text in lower case is the answer to MAIL.
func aboutSender(lower string) bool { return containsAny(lower, mailReplies[:]) }

var mailReplies = [...]string{
	"mail from command", "after mail from", "[mail_from]", "our mail from", "response to mail from", "reply to mail from",
}

// maxWords is how much of a text is held against the phrases, in octets.
const maxWords = 4000

// tellingWords returns a text in lower case with single spaces and without the
// words that name and do not tell: addresses, links, host names, numbers.
func tellingWords(text string) string {
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "")
	}
	b := make([]byte, 0, len(text)+2)
	b = append(b, ' ')
	for _, w := range strings.Fields(strings.ToLower(text)) {
		if at := strings.IndexByte(w, '@'); at >= 0 {
			if i := strings.IndexByte(w[at:], ':'); i > 0 {
				w = w[at+i+1:] // "(user@example.org:blocked)"
			}
		}
		if !isName(w) {
			b = append(b, w...)
			b = append(b, ' ')
		}
	}
	// Postfix, before the reason: the delivery is, not the account.
	return strings.ReplaceAll(string(b), "delivery temporarily suspended:", "")
}

// isName reports a word in lower case that tells nothing.
func isName(w string) bool {
	if strings.IndexByte(w, '@') >= 0 || strings.Contains(w, "://") || strings.HasPrefix(w, "www.") {
		return true
	}
	w = strings.Trim(w, "<>()[]{}'\",;:.!?")
	if w == "" {
		return false
	}
	if w[0] >= '0' && w[0] <= '9' {
		return strings.Trim(w, "0123456789.-:#") == "" // 550-5.1.1, an address
	}
	return isHostName(w)
}

// exchangeWords begin the words by which Exchange tells what failed.
var exchangeWords = [...]string{"resolver.", "storedrv.", "routing.", "queue.", "approval.", "smtpsend.", "agent."}

func isHostName(w string) bool {
	for _, p := range exchangeWords {
		if strings.HasPrefix(w, p) {
			return false
		}
	}
	if i := strings.IndexAny(w, "[(:"); i > 0 {
		w = w[:i] // host[192.0.2.1]
	}
	dot := strings.LastIndexByte(w, '.')
	if dot <= 0 || len(w)-dot < 3 || strings.Contains(w, "..") {
		return false
	}
	for i := 0; i < len(w); i++ {
		if c := w[i]; !isAlnum(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return strings.Trim(w[dot+1:], "0123456789") != ""
}
