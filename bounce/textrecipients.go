package bounce

import "strings"

// best returns the candidates of the highest level of which there are any, each
// address once. skip reports addresses that count only if they are listed.
func (n *notice) best(least level, skip func(string) bool) (best []candidate) {
	top := none
	for _, c := range n.found {
		if c.level < top || c.level < least || c.level < listed && skip(c.address) {
			continue
		}
		if c.level > top {
			top, best = c.level, best[:0]
		}
		if i := indexAddress(best, c.address); i < 0 {
			best = append(best, c)
		} else if best[i].original == "" {
			best[i].original = c.original
		}
	}
	return best
}

// An addressSet is all the recipients of a notice.
type addressSet struct {
	addresses map[string]bool // in lower case
	rest      string          // notice.rest's, once it was asked for
	said      *saying         // of rest
}

func newAddressSet(list []candidate) *addressSet {
	s := &addressSet{addresses: make(map[string]bool, len(list))}
	for _, c := range list {
		s.addresses[strings.ToLower(c.address)] = true
	}
	return s
}

func (s *addressSet) has(address string) bool {
	return len(s.addresses) > 0 && s.addresses[strings.ToLower(address)]
}

func indexAddress(list []candidate, address string) int {
	for i, c := range list {
		if sameAddress(c.address, address) {
			return i
		}
	}
	return -1
}

// recipients makes recipients of the candidates.
func (n *notice) recipients(list []candidate) []Recipient {
	out := make([]Recipient, 0, len(list))
	among := newAddressSet(list)
	for _, c := range list {
		r := Recipient{Address: c.address, Final: c.address, Original: c.original}
		n.explain(&r, among)
		out = append(out, r)
	}
	return out
}

// explain fills in what the notice says of r beyond the address: the diagnostic,
// and what stands in it. among are all recipients of the notice.
func (n *notice) explain(r *Recipient, among *addressSet) {
	own := n.said(r.Address, among)
	said, text := newSaying(own), own
	if !said.tells() {
		rest := n.restSaying(among)
		if text = rest.text[:min(len(rest.text), 4*maxWords)]; len(among.addresses) > 1 {
			text = own + "\n" + text
		}
		said = said.or(rest)
	}
	if r.Diagnostic == "" {
		r.Diagnostic = withoutAddress(said.gist, r.Address)
	}
	if said.status.rank > 0 && isGeneric(r.Status) {
		r.Status = said.status.code
	}
	if r.Code == 0 {
		r.Code = said.code
	}
	if r.Original == "" {
		if o := expandedFrom(own); !sameAddress(o, r.Address) {
			r.Original = o
		}
	}
	if r.RemoteMTA == "" {
		r.RemoteMTA = remoteName(text)
	}
	if r.Class == Undefined {
		r.Class = classify(said.reasonIn(text), r.Status, r.Code)
	}
}

// reasonIn returns the paragraph of a text that has the reply code, if its words
// are enough for a class that needs no second opinion; else all of it. Labels and
// advice around a reply have words of other reasons.
func (s *saying) reasonIn(text string) string {
	if s.code == 0 {
		return text
	}
	switch classifyWords(s.gist) {
	case Undefined, Policy, System, Network, Expired:
		return text
	}
	return s.gist
}

// A saying is what was found in a text about a recipient.
type saying struct {
	text, gist string
	status     statusAt
	code       int
	class      Class // by its words
}

func newSaying(text string) saying {
	s := saying{text: text, status: findStatus(text), code: findCode(text), class: classifyWords(text)}
	s.gist = gist(text, s.code)
	return s
}

// tells reports whether a text has a reason in it.
func (s *saying) tells() bool { return s.code != 0 || s.status.rank > 0 || s.class != Undefined }

// or returns what is found in s, which does not tell, and in rest behind it.
func (s saying) or(rest *saying) saying {
	out := *rest
	if rest.code == 0 && strings.TrimSpace(s.text) != "" {
		out.gist = oneLine(s.text + "\n" + rest.text[:min(len(rest.text), 4*maxDiagnostic)])
	}
	return out
}

// restSaying is rest, read once for all recipients.
func (n *notice) restSaying(among *addressSet) *saying {
	if among.said == nil {
		s := newSaying(n.rest(among))
		among.said = &s
	}
	return among.said
}

// said returns the lines about one recipient: from each line that begins with
// the address, or tells of it, to the next one about somebody else.
func (n *notice) said(address string, among *addressSet) string {
	var b strings.Builder
	mine, blank := false, 0
	next := 0
	for i, line := range n.lines {
		starts, other := false, false
		for ; next < len(n.found) && n.found[next].first == i; next++ {
			c := n.found[next]
			switch {
			case sameAddress(c.address, address):
				starts = starts || c.level >= replied
			case c.level >= replied && among.has(c.address):
				other = true
			}
		}
		switch {
		case starts:
			mine = true
		case other, isSection(line):
			mine = false
		}
		if strings.TrimSpace(line) == "" {
			if blank++; blank == 1 && mine {
				b.WriteByte('\n')
			}
			continue
		}
		blank = 0
		if mine && !isBoilerplate(line) {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// rest returns the lines that are not about one recipient in particular.
func (n *notice) rest(among *addressSet) string {
	if len(among.addresses) <= 1 {
		return n.text()
	}
	if among.rest != "" {
		return among.rest
	}
	var b strings.Builder
	next := 0
	for i, line := range n.lines {
		about := false
		for ; next < len(n.found) && n.found[next].first == i; next++ {
			about = about || among.has(n.found[next].address)
		}
		if !about && !isBoilerplate(line) {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	among.rest = b.String()
	return among.rest
}

// text returns the notice without what every such notice says.
func (n *notice) text() string {
	var b strings.Builder
	for _, line := range n.lines {
		if !isBoilerplate(line) {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// isSection reports a heading between dashes, as Sendmail has.
func isSection(line string) bool {
	t := strings.TrimLeft(line, " \t|")
	return strings.HasPrefix(t, "-----") && len(strings.Trim(t, "- \t|")) > 3
}

var boilerplate = [...]string{
	"this is a permanent error", "sorry it didn't work", "could not be delivered to one or more",
	"could not be delivered to all", "further assistance", "include this problem report",
	"your own text from", "following address(es) failed", "be delivered to one or more",
	"this message was created automatically", "this is an automatically generated",
	"i'm afraid i wasn't able", "do not reply", "for more information", "no action is required",
	"delivery attempts will continue", "some time, and this warning", "remains undelivered. eventually",
	"message will be returned to you", "your message\t", "the subject of the message",
	"the message identifier", "the date of the message", "if you require", "mail system at host",
	"this is the", "i'm sorry to have to inform",
}

// isBoilerplate reports lines with words that are in every notice of some system
// and would be taken for a reason.
func isBoilerplate(line string) bool {
	lower := strings.ToLower(line)
	for _, b := range boilerplate {
		if strings.Contains(lower, b) {
			return !hasReply(lower)
		}
	}
	t := strings.TrimSpace(lower)
	return strings.HasPrefix(t, "subject:") || strings.HasPrefix(t, "from:") || strings.HasPrefix(t, "date:") || strings.HasPrefix(t, "to:") || strings.HasPrefix(t, "sent:")
}

func hasReply(lower string) bool { return findStatus(lower).rank == 3 || findCode(lower) != 0 }

// gist returns what of a text about a recipient is worth keeping as its
// diagnostic: the paragraph with the reply code if there is one.
func gist(text string, code int) string {
	if code == 0 {
		return oneLine(text)
	}
	for rest := text; rest != ""; {
		paragraph, after, _ := strings.Cut(rest, "\n\n")
		if findCode(paragraph) == code {
			return oneLine(paragraph)
		}
		rest = after
	}
	return oneLine(text)
}

// withoutAddress takes the recipient off the front of a diagnostic: "<address>:
// host mx.example.org said".
func withoutAddress(s, address string) string {
	t := strings.TrimLeft(s, "<\"' ")
	if len(t) < len(address) || !strings.EqualFold(t[:len(address)], address) {
		return s
	}
	t = strings.TrimLeft(t[len(address):], ">\"' ")
	if !strings.HasPrefix(t, ":") {
		return s
	}
	return strings.TrimLeft(t, ": ")
}

// remoteName returns the host in "host mx.example.org[192.0.2.1] said" and the
// like.
func remoteName(text string) string {
	text = strings.Join(strings.Fields(text[:min(len(text), maxWords)]), " ")
	for _, mark := range [...]string{"host ", "talking to ", "Server "} {
		i := strings.Index(text, mark)
		if i < 0 || i > 0 && isAlnum(text[i-1]) {
			continue
		}
		name := text[i+len(mark):]
		if j := strings.IndexAny(name, " [(:\n\t<>,"); j > 0 {
			name = name[:j]
		}
		name = strings.TrimRight(name, ".")
		if strings.IndexByte(name, '.') > 0 && len(name) < 256 && isASCII(name) {
			return name
		}
	}
	return ""
}
