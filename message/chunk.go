package message

import "bytes"

// A chunk is a piece of a body that is the same for all recipients, encoded when
// the template is compiled. In front of it and behind it there are values, or
// the body's ends.
type chunk struct {
	raw    []byte // normalised
	survey survey // of what lies within: lines that touch an end are not in longest and risky
	lines  bool   // a line of the text ends in it
	first  int    // length of what is left of the line it starts in
	last   int    // where in raw the line starts that is open at the end

	// Its quoted-printable, in two parts. head is what is left of the line it
	// starts in, for when there is room for all of it. qp starts with a line:
	// starts has where in raw lines start, and coded where in qp; the last one is
	// open. It has no lines where the whole chunk is in the middle of one that is short.
	head          []byte
	qp            []byte
	starts, coded []int
	begun         bool // of the open line, as in quoter
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
	c.encodeHead()
	c.encodeLines(at)
	return c
}

// encodeHead encodes the head as in the middle of a line, however long.
func (c *chunk) encodeHead() {
	var q quoter
	for at := range c.first {
		b := c.raw[at]
		if literal[b] && !(c.lines && at == c.first-1 && isWSP(b)) {
			q.out = append(q.out, b)
		} else {
			q.escape(c.raw[at : at+1])
		}
	}
	c.head = q.out
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
	case q.column() == 0 && c.starts[0] == 0:
		c.copyLines(q, 0)
		return
	case q.hasRoom(c.head):
		q.out = append(q.out, c.head...)
		if !c.lines {
			return
		}
		q.newLine(crlf)
		at = c.first + len(crlf)
		if c.starts[0] == at {
			c.copyLines(q, 0)
			return
		}
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

// copyLines copies the chunk's own lines, from the one that q is at the start of.
func (c *chunk) copyLines(q *quoter, own int) {
	from, last := c.coded[own], c.coded[len(c.coded)-1]
	q.out = append(q.out[:q.line], c.qp[from:]...)
	q.line += last - from
	q.begun = c.begun
}

// hasRoom reports whether encoded text can stand as it is behind what is in the
// line: there is something in it, and room for it.
func (q *quoter) hasRoom(encoded []byte) bool {
	return q.begun && len(encoded) > 0 && q.column()+len(encoded) <= encodedWidth
}

// value appends a normalised value.
func (q *quoter) value(b []byte) {
	if q.hasRoom(b) && isLiteral(b) {
		q.out = append(q.out, b...)
		return
	}
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
