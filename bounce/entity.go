package bounce

import "strings"

// Limits on what of a mail is looked at, beyond Config's.
const (
	maxParts    = 200       // parts of a mail
	maxText     = 128 << 10 // octets of text, over all parts
	maxOriginal = 64 << 10  // octets of the returned message's header
	maxBoundary = 200       // octets of a boundary (RFC 2046 5.1.1 has 70); a search compares as many each time
)

// An entity is a mail or a part of one (RFC 2045 2.4).
type entity struct {
	header    header
	body      string // as transferred
	mediaType string // lower case; text/plain if the header has none
	params    map[string]string
}

func newEntity(s, defaultType string) entity {
	h, body := parseHeader(s)
	e := entity{header: h, body: body, mediaType: defaultType}
	if t := h.get("Content-Type"); t != "" {
		e.mediaType, e.params = parameters(t)
		if e.mediaType == "text" || e.mediaType == "" {
			e.mediaType = "text/plain"
		}
	}
	return e
}

// content returns the body with its transfer encoding undone.
func (e *entity) content() string {
	return decodeTransfer(e.body, e.header.get("Content-Transfer-Encoding"))
}

// Parts are a mail taken apart: the parts by what they are good for.
type parts struct {
	header header
	top    entity

	plain, html strings.Builder // the text for people, up to the returned message
	status      []string        // message/delivery-status
	feedback    *string         // message/feedback-report
	original    string          // the returned message, or its header
	disposition bool            // message/disposition-notification (RFC 8098)

	hasOriginal bool
	truncated   bool
	count       int
	maxDepth    int
}

// take takes s apart, whose lines end in LF.
func takeApart(s string, maxDepth int) *parts {
	m := &parts{maxDepth: maxDepth}
	m.top = newEntity(s, "text/plain")
	m.header = m.top.header
	m.add(m.top, 0)
	return m
}

// add files an entity and those in it. Messages inside are not looked into:
// a report in one is not for this mail's recipient.
func (m *parts) add(e entity, depth int) {
	if m.count++; m.count > maxParts || depth > m.maxDepth {
		m.truncated = true
		return
	}
	switch t := e.mediaType; {
	case depth == 0 && !e.header.has("Content-Type") && hasReportPart(e.body):
		m.addMultipart(e, depth)
	case strings.HasPrefix(t, "multipart/"):
		m.addMultipart(e, depth)
	case t == "message/delivery-status" || t == "message/global-delivery-status":
		m.status = append(m.status, e.statusFields())
	case t == "message/feedback-report":
		if m.feedback == nil {
			s := e.statusFields()
			m.feedback = &s
		}
	case t == "message/disposition-notification" || t == "message/global-disposition-notification":
		m.disposition = true
	case t == "message/rfc822" || t == "message/global" || t == "message/partial" || t == "message/news" || t == "message/rfc-822":
		m.addOriginal(e.content())
	case t == "text/rfc822-headers" || t == "message/rfc822-headers" || t == "message/global-headers" || t == "text/rfc822-header":
		m.addOriginal(e.content())
	case t == "text/html" || t == "text/x-html":
		m.addText(&m.html, e)
	case strings.HasPrefix(t, "text/") && t != "text/calendar" && t != "text/rtf" && t != "text/csv":
		m.addText(&m.plain, e)
	case depth == 0 && strings.HasPrefix(e.body, "--"):
		m.addMultipart(e, depth)
	}
}

// hasReportPart reports a multipart whose header was lost on the way.
func hasReportPart(body string) bool {
	for _, t := range [...]string{"delivery-status", "feedback-report", "rfc822"} {
		if i := strings.Index(body, "ontent-Type: message/"+t); i > 0 && strings.Contains(body[:i], "\n--") {
			return true
		}
	}
	return false
}

// statusFields returns the fields in the body. Some senders forget the empty line
// behind the part's own header, so that the fields are in that.
func (e *entity) statusFields() string {
	s := e.content()
	var b strings.Builder
	for _, f := range e.header {
		if !strings.HasPrefix(strings.ToLower(f.name), "content-") {
			b.WriteString(f.name + ":" + f.value + "\n")
		}
	}
	if b.Len() == 0 {
		return s
	}
	return b.String() + "\n" + s
}

func (m *parts) addOriginal(s string) {
	if !m.hasOriginal {
		m.original, m.hasOriginal = s, true
	}
}

func (m *parts) addText(b *strings.Builder, e entity) {
	room := maxText - b.Len()
	if room <= 0 {
		return
	}
	if len(e.body) > 2*room {
		e.body = e.body[:2*room]
	}
	s := decodeCharset(e.content(), e.params["charset"])
	if len(s) > room {
		s = strings.ToValidUTF8(s[:room], "")
	}
	if b.Len() > 0 {
		b.WriteString("\n\n")
	}
	b.WriteString(s)
}

// addMultipart adds the parts of a multipart. If the boundary is missing or not
// to be found, the first line that looks like one is taken. Without any, the body
// is text.
func (m *parts) addMultipart(e entity, depth int) {
	boundary := e.params["boundary"]
	if boundary == "" || len(boundary) > maxBoundary || !strings.Contains(e.body, "--"+boundary) {
		if boundary = guessBoundary(e.body); boundary == "" {
			m.addText(&m.plain, e)
			return
		}
	}
	defaultType := "text/plain"
	if e.mediaType == "multipart/digest" {
		defaultType = "message/rfc822"
	}
	rest, ok := nextPart(e.body, boundary)
	for ok && m.count <= maxParts {
		var part string
		part, rest, ok = cutPart(rest, boundary)
		if strings.TrimSpace(part) != "" {
			m.add(newPart(part, defaultType), depth+1)
		}
	}
}

// newPart is newEntity for a part, which unlike a mail may have no header: then it
// begins with an empty line.
func newPart(s, defaultType string) entity {
	if strings.HasPrefix(s, "\n") {
		return entity{body: s[1:], mediaType: defaultType}
	}
	return newEntity(s, defaultType)
}

func guessBoundary(body string) string {
	for s := body; s != ""; {
		line, rest := cutLine(s)
		if len(line) > 4 && strings.HasPrefix(line, "--") && len(line) < 80 &&
			len(rest) > 8 && strings.EqualFold(rest[:8], "content-") {
			return strings.TrimRight(line[2:], " \t")
		}
		s = rest
	}
	return ""
}

// nextPart returns what comes behind the first delimiter line (RFC 2046 5.1.1).
// ok is false if there is none, or if it is the closing one.
func nextPart(s, boundary string) (rest string, ok bool) {
	_, rest, ok = cutPart(s, boundary)
	return rest, ok
}

// cutPart splits s around the next delimiter line. A part whose end is missing
// goes on to the end of s. White space around the delimiter is let pass.
func cutPart(s, boundary string) (part, rest string, ok bool) {
	for from := 0; ; {
		i := strings.Index(s[from:], "--"+boundary)
		if i < 0 {
			return s, "", false
		}
		i += from
		from = i + 2
		end := i + 2 + len(boundary)
		closing := strings.HasPrefix(s[end:], "--")
		if closing {
			end += 2
		}
		for end < len(s) && (s[end] == ' ' || s[end] == '\t') {
			end++
		}
		start := i
		for start > 0 && i-start < 8 && (s[start-1] == ' ' || s[start-1] == '\t') {
			start--
		}
		if (start == 0 || s[start-1] == '\n') && (end == len(s) || s[end] == '\n') {
			return strings.TrimSuffix(s[:start], "\n"), s[min(end+1, len(s)):], !closing
		}
	}
}
