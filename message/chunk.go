package message

import (
	"bytes"
	"slices"
)

// A chunk is a piece of a body that is the same for all recipients, encoded when
// the template is compiled. In front of it and behind it there are values, or
// the body's ends.
type chunk struct {
	// Its quoted-printable for when there is room for what is left of the line that
	// it starts in: head is the length of that, open that of its own open line.
	whole      []byte
	head, open int
	lines      bool // a line of the text ends in it
	foldable   bool // whole needs no more than a soft line break if head has no room
	begun      bool // of the open line, as in quoter

	raw    []byte // normalised
	survey survey // of what lies within: lines that touch an end are not in longest and risky
	first  int    // length of what is left of the line it starts in
	last   int    // where in raw the line starts that is open at the end

	// Its quoted-printable for when there is not. starts has where in raw lines
	// start, and coded where in qp; the last one is open.
	qp            []byte
	starts, coded []int
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
	c.foldable = c.head > 0 && !(c.lines && isWSP(c.raw[c.first-1]))
	if c.lines {
		i := slices.Index(c.starts, c.first+len(crlf))
		c.whole = slices.Concat(c.whole, crlf, c.qp[c.coded[i]:])
	}
}

// encodeLines encodes from at on, where a line starts, or is taken to start.
func (c *chunk) encodeLines(at int) {
	q := quoter{}
	for ok := true; ok; {
		c.starts, c.coded = append(c.starts, q.start(at)), append(c.coded, q.line)
		at, ok = q.feed(c.raw, at)
	}
	c.qp, c.begun, c.open = q.out, q.begun, q.column()
}

// append appends the chunk behind what q has written, where there is no room
// for its head. It is encoded only until a line starts where one of its own does.
// From there on the lines are its own.
func (c *chunk) append(q *quoter) {
	for at, own := 0, 0; ; {
		var ok bool
		if at, ok = q.feed(c.raw, at); !ok {
			return
		}
		start := q.start(at)
		for own < len(c.starts) && c.starts[own] < start {
			own++
		}
		if own < len(c.starts) && c.starts[own] == start {
			q.out = append(q.out[:q.line], c.qp[c.coded[own]:]...)
			q.line, q.begun = len(q.out)-c.open, c.begun
			return
		}
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
