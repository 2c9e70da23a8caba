package message

import (
	"bytes"
	"slices"
)

// A chunk is a piece of a body that is the same for all recipients, encoded when
// the template is compiled. In front of it and behind it there are values, or
// the body's ends.
type chunk struct {
	raw    []byte // normalised
	survey survey // of what lies within: lines that touch an end are not in longest and risky
	lines  bool   // a line of the text ends in it
	first  int    // length of what is left of the line it starts in
	last   int    // where in raw the line starts that is open at the end

	// Its quoted-printable. starts has where in raw lines start, and coded where in
	// qp; the last one is open. qp starts with a line of its own, in front of which
	// whole has what is left of the line that the chunk starts in, of the length
	// head, for when there is room for all of it.
	qp            []byte
	starts, coded []int
	begun         bool // of the open line, as in quoter
	whole         []byte
	head          int
}

// newChunk encodes a chunk. isFirst says that it begins the body.
func newChunk(raw []byte, isFirst bool) chunk {
	c := chunk{raw: raw, first: len(raw), survey: survey{octets: len(raw)}}
	c.survey.count(raw)
	at := 0
	if i := bytes.Index(raw, crlf); i >= 0 {
		c.lines, c.first = true, i
		c.last = bytes.LastIndex(raw, crlf) + len(crlf)
		within := examine(raw[i+len(crlf) : c.last])
		c.survey.longest, c.survey.risky = within.longest, within.risky
		if !isFirst {
			at = i + len(crlf)
		}
	}
	c.encodeLines(at)
	c.encodeWhole()
	return c
}

// encodeWhole encodes the head as in the middle of a line, however long, and puts
// it in front of the lines.
func (c *chunk) encodeWhole() {
	var q quoter
	for at := range c.first {
		b := c.raw[at]
		if literal[b] && !(c.lines && at == c.first-1 && isWSP(b)) {
			q.out = append(q.out, b)
		} else {
			q.escape(c.raw[at : at+1])
		}
	}
	c.whole, c.head = q.out, len(q.out)
	if c.lines {
		i := slices.Index(c.starts, c.first+len(crlf))
		c.whole = slices.Concat(c.whole, crlf, c.qp[c.coded[i]:])
	}
}

// encodeLines encodes from at on, where a line starts, or is taken to start.
func (c *chunk) encodeLines(at int) {
	q := quoter{}
	start, ok := at, true
	for ok {
		c.starts, c.coded = append(c.starts, start), append(c.coded, q.line)
		at, start, ok = q.feed(c.raw, at)
	}
	c.qp, c.begun = q.out, q.begun
}

// append appends the chunk behind what q has written.
//
// It is encoded only until a line starts where one of its own does. From there
// on the lines are its own.
func (c *chunk) append(q *quoter) {
	at, own := 0, 0
	switch {
	case q.hasRoom(c.head) && (c.head > 0 || !isWSP(q.out[len(q.out)-1])):
		q.out = append(q.out, c.whole...)
		if c.lines {
			q.line, q.begun = len(q.out)-c.open(), c.begun
		}
		return
	case q.column() == 0 && c.starts[0] == 0:
		c.copyLines(q, 0)
		return
	}
	for {
		next, start, ok := q.feed(c.raw, at)
		if !ok {
			return
		}
		at = next
		for own < len(c.starts) && c.starts[own] < start {
			own++
		}
		if own < len(c.starts) && c.starts[own] == start {
			c.copyLines(q, own)
			return
		}
	}
}

// open is how much of the open line is encoded.
func (c *chunk) open() int { return len(c.qp) - c.coded[len(c.coded)-1] }

// copyLines copies the chunk's own lines, from the one that q is at the start of.
func (c *chunk) copyLines(q *quoter, own int) {
	q.out = append(q.out[:q.line], c.qp[c.coded[own]:]...)
	q.line, q.begun = len(q.out)-c.open(), c.begun
}

// hasRoom reports whether n encoded octets can stand as they are behind what is in the
// line: there is something in it, and room for them.
func (q *quoter) hasRoom(n int) bool {
	return q.begun && len(q.out) > q.line && len(q.out)-q.line+n <= encodedWidth
}

// value appends a value. It reports false, and does nothing, where it would have
// to look at the line's start or end.
func (q *quoter) value(v *value) bool {
	if v.classes&classLine != 0 {
		return false
	}
	if !q.hasRoom(v.coded()) {
		if len(q.out) > q.line || v.text == "" || v.text[0] == '.' || v.text[0] == from[0] || v.coded() > encodedWidth {
			return false
		}
		q.begun = true
	}
	if v.escapes == 0 {
		q.out = append(q.out, v.text...)
		return true
	}
	n := len(q.out)
	out := slices.Grow(q.out, encodedWidth)[:n+v.coded()]
	for i := range len(v.text) {
		c := v.text[i]
		if classes[c]&classCoded == 0 {
			out[n] = c
			n++
			continue
		}
		out[n], out[n+1], out[n+2] = '=', upperHex[c>>4], upperHex[c&15]
		n += 3
	}
	q.out = out
	return true
}

// text appends normalised text.
func (q *quoter) text(b []byte) {
	for at := 0; at < len(b); {
		at, _, _ = q.feed(b, at)
	}
}

// A lineSurvey surveys a body piece by piece.
type lineSurvey struct {
	survey
	length int            // of the line so far
	head   [riskyLen]byte // its beginning
}

// extend adds to the line.
func (l *lineSurvey) extend(b []byte) {
	if l.length < riskyLen {
		copy(l.head[l.length:], b)
	}
	l.length += len(b)
}

func (l *lineSurvey) endLine() {
	l.longest = max(l.longest, l.length)
	l.risky = l.risky || isRisky(l.head[:min(l.length, riskyLen)])
	l.length = 0
}

func (l *lineSurvey) chunk(c *chunk) {
	l.add(c.survey)
	l.extend(c.raw[:c.first])
	if c.lines {
		l.endLine()
		l.extend(c.raw[c.last:])
	}
}

// value adds a normalised value.
func (l *lineSurvey) value(b []byte) {
	l.octets += len(b)
	for {
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			l.count(b)
			l.extend(b)
			return
		}
		l.count(b[:i])
		l.extend(b[:i])
		l.endLine()
		b = b[i+len(crlf):]
	}
}
