package bounce

import "strings"

// A level is how sure it is that an address in a notice is the recipient that
// the notice is about.
type level uint8

const (
	none      level = iota
	mentioned       // somewhere in the text
	replied         // in a line of an SMTP transcript
	told            // in a sentence that tells of a failure
	listed          // at the start of a line, or behind a label
)

// A candidate is an address in a notice.
type candidate struct {
	address  string
	original string // what it was expanded from
	level    level
	first    int // the line where it stands
}

// A notice is the text for people, up to the returned message.
type notice struct {
	lines []string
	found []candidate

	// Of the last line that lists: its number, and how far it is indented.
	listLine, listIndent int

	begin string // head's, once it was asked for
}

// maxLines is how many lines of a notice are looked at.
const maxLines = 2000

func newNotice(text string) *notice {
	n := &notice{listLine: -10}
	for rest := text; rest != "" && len(n.lines) < maxLines; {
		var line string
		line, rest = cutLine(rest)
		if len(line) > 4000 {
			line = strings.ToValidUTF8(line[:4000], "")
		}
		n.lines = append(n.lines, strings.TrimRight(line, " \t"))
	}
	for i, line := range n.lines {
		if !isQuoted(line) && strings.IndexByte(line, '@') >= 0 && len(n.found) < maxRecipients {
			n.look(i, strings.Trim(line, " \t\u00a0"))
			n.demote(i, line)
		}
	}
	return n
}

// demote corrects what look has made of a line that goes on with what the one
// before says of a recipient: it is indented further.
func (n *notice) demote(i int, line string) {
	if len(n.found) == 0 {
		return
	}
	last := &n.found[len(n.found)-1]
	if last.first != i || last.level != listed {
		return
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	if n.listLine >= 0 && indent > n.listIndent && n.unbroken(n.listLine, i) {
		last.level = replied
		return
	}
	n.listLine, n.listIndent = i, indent
}

// unbroken reports whether there is no empty line between two lines.
func (n *notice) unbroken(from, to int) bool {
	for _, line := range n.lines[from:to] {
		if line == "" {
			return false
		}
	}
	return true
}

// isQuoted reports a line of a mail that is quoted in a reply; not one of an SMTP
// transcript.
func isQuoted(line string) bool {
	return strings.HasPrefix(line, ">") && !strings.HasPrefix(line, ">>>")
}

// look finds the candidates in a line.
func (n *notice) look(i int, line string) {
	line = beforeNewAddress(line)
	lower := strings.ToLower(line)
	if label, ok := cutLabel(lower); ok {
		switch l := labelLevel(label); l {
		case none:
			return
		case listed, replied:
			n.addAll(i, line, len(label), l)
			return
		}
	}
	t := strings.TrimLeft(line, "*-•·|> \t<\"'([")
	if a, ok := nextAddress(t, 0); ok && startsAddress(t, a.start) && hasDot(a.address) {
		if n.isLabelled(i) {
			return
		}
		if l := listLevel(strings.TrimLeft(t[a.end:], ">\"')] ")); l == listed {
			n.add(candidate{a.address, expandedFrom(t[a.end:]), l, i})
			if o := expandedFrom(t[a.end:]); o == "" {
				n.addAll(i, t, a.end, moreLevel(t[a.end:]))
			}
			return
		}
	}
	if l := sentenceLevel(lower); l > none {
		if strings.Contains(lower, "mail from:") && !strings.Contains(lower, "rcpt") {
			l = mentioned
		}
		if strings.Contains(lower, "dda:smtp=") {
			l = listed // X.400
		}
		n.addAll(i, line, 0, l)
	}
}

// beforeNewAddress cuts a line where it goes on with the address that somebody has
// now: that one has not failed.
func beforeNewAddress(line string) string {
	for _, mark := range newAddressMarks {
		if i := indexFold(line, mark); i >= 0 {
			line = line[:i]
		}
	}
	return line
}

// isLabelled reports whether the line before is a label of somebody else's
// address: tables come apart into lines.
func (n *notice) isLabelled(i int) bool {
	for i--; i >= 0 && strings.TrimSpace(n.lines[i]) == ""; i-- {
	}
	if i < 0 {
		return false
	}
	before := strings.ToLower(strings.TrimSpace(n.lines[i]))
	label, ok := cutLabel(before)
	return ok && label == before && labelLevel(label) == none
}

// startsAddress reports whether the address begins t, but for what may stand
// glued to it.
func startsAddress(t string, start int) bool {
	return start == 0 || start <= 8 && strings.HasSuffix(strings.ToLower(t[:start]), "mailto:")
}

// moreLevel is for addresses behind the first one in a line that lists: they are
// recipients if the line is a list of addresses.
func moreLevel(after string) level {
	after = strings.TrimLeft(after, ">\"' ")
	if strings.HasPrefix(after, ",") || strings.HasPrefix(after, ";") {
		return listed
	}
	return none
}

func (n *notice) addAll(i int, line string, from int, l level) {
	if l == none {
		return
	}
	for {
		a, ok := nextAddress(line, from)
		if !ok {
			return
		}
		if hasDot(a.address) || a.start > 0 && line[a.start-1] == '<' {
			n.add(candidate{a.address, "", l, i})
		}
		from = a.end
	}
}

func (n *notice) add(c candidate) {
	if !isMessageID(c.address) && !isPlaceholder(c.address) {
		n.found = append(n.found, c)
	}
}

// isPlaceholder reports the addresses of examples in a text.
func isPlaceholder(address string) bool {
	switch strings.ToLower(address[:strings.LastIndexByte(address, '@')]) {
	case "name", "username", "user.name", "first.last", "firstname.lastname", "someone", "yourname":
		return true
	}
	return false
}

// isMessageID reports what looks more like one than like an address.
func isMessageID(s string) bool {
	local := s[:strings.LastIndexByte(s, '@')]
	digits := 0
	for i := 0; i < len(local); i++ {
		if local[i] >= '0' && local[i] <= '9' {
			digits++
		}
	}
	return len(local) > 24 && digits > 12 && strings.IndexByte(local, '=') < 0
}

// cutLabel returns the label that a line begins with: some words and a colon. The
// line is in lower case.
func cutLabel(lower string) (label string, ok bool) {
	i := strings.IndexByte(lower, ':')
	if i <= 0 || i > 70 || strings.ContainsAny(lower[:i], "@=;") {
		return "", false
	}
	return lower[:i+1], true
}

// labelLevel tells what an address behind a label is. Mentioned means that the
// label says nothing.
func labelLevel(label string) level {
	if strings.HasPrefix(label, ">>>") {
		return sentenceLevel(label)
	}
	label = strings.Trim(label, "-*: \t<>")
	switch {
	case strings.HasPrefix(label, "sent <<< rcpt"), label == "rcpt to":
		return listed
	case strings.Contains(label, "rcpt"):
		return replied
	}
	switch label {
	case "to", "cc", "date", "sent":
		return mentioned
	case "from", "sender", "reply-to", "subject", "message-id", "return-path", "bcc", "received", "references", "in-reply-to",
		"envelope-from", "mail from", ">>> mail from", "von", "de", "http", "https", "url", "x-original-message-id":
		return none
	}
	switch {
	case containsAny(label, otherLabels[:]):
		return none
	case containsAny(label, vagueLabels[:]):
		return mentioned
	case containsAny(label, recipientLabels[:]):
		return listed
	}
	return mentioned
}

// listLevel tells by what is behind an address at the start of a line whether
// the line belongs to a list of recipients.
func listLevel(after string) level {
	if after == "" {
		return listed
	}
	switch after[0] {
	case ':', ',', ';', '(', '-', '=', '<', '[', '|':
		return listed
	}
	if strings.HasPrefix(after, "...") || strings.HasPrefix(after, "…") || isReplyCode(after) {
		return listed
	}
	if strings.HasPrefix(after, "on ") && len(after) > 8 && strings.IndexByte(after[3:9], ',') > 0 {
		return listed // "on Thu, 29 Apr", Exchange 5.5
	}
	return none
}

var expandedMarks = [...]string{
	"expanded from", "generated from", "generated by", "originally addressed to", "originally sent to",
	"ultimately generated from", "forwarded from",
}

// expandedFrom returns the address that a remark behind another one names as the
// one before an alias.
func expandedFrom(s string) string {
	lower := strings.ToLower(s)
	for _, m := range expandedMarks {
		if i := strings.Index(lower, m); i >= 0 {
			if a, ok := nextAddress(s, i+len(m)); ok && hasDot(a.address) && a.start-i < 60 {
				return a.address
			}
		}
	}
	return ""
}

// sentenceLevel tells what an address in a line is that begins otherwise.
func sentenceLevel(lower string) level {
	if containsAny(lower, helpWords[:]) {
		return none
	}
	if strings.HasPrefix(lower, ">>>") || strings.HasPrefix(lower, "<<<") || isReplyCode(lower) || strings.Contains(lower, "rcpt to") {
		return replied
	}
	if containsAny(lower, failureWords[:]) {
		return told
	}
	return mentioned
}
