package message

import "bytes"

// A chunk is a piece of a body that is the same for all recipients, encoded when
// the template is compiled. In front of it and behind it there are values, or
// the body's ends.
type chunk struct {
	raw    []byte // normalised
	survey survey // of what lies within: lines that touch an end are not in longest and risky
	lines  bool   // a line ends in it
	first  int    // length of what is left of the line it starts in
	last   int    // where in raw the line starts that is open at the end

	// Lines of quoted-printable that start in the chunk, and do not depend on
	// what is behind it: where they start in raw and in qp. The last entry is
	// where the first line starts that does depend on it.
	starts, coded []int
	qp            []byte
	open          bool // a value follows
}

// newChunk encodes a chunk. isFirst and isLast say whether it is at the body's ends.
func newChunk(raw []byte, isFirst, isLast bool) chunk {
	c := chunk{raw: raw, first: len(raw), open: !isLast}
	c.survey = survey{octets: len(raw)}
	c.survey.count(bytes.ReplaceAll(raw, crlf, nil))
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
	for ok := true; ok; {
		c.starts, c.coded = append(c.starts, at), append(c.coded, len(c.qp))
		if at == len(raw) {
			break
		}
		c.qp, at, ok = appendCodedLine(c.qp, raw, at, c.open)
	}
	return c
}

// rest is where the text starts that the chunk has not encoded.
func (c *chunk) rest() int { return c.starts[len(c.starts)-1] }

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

// feedStep is how much of a chunk is looked at before its own lines are found:
// mostly one line of quoted-printable and what tells where it ends.
const feedStep = 160

// appendQP appends the chunk as quoted-printable, behind text that has not been
// encoded because the line that it starts goes on in here. It returns such text
// of its own.
//
// Text and chunk are encoded together only until a line starts where one of the
// chunk's own does. From there on the lines are the chunk's own.
func (c *chunk) appendQP(out, text []byte) (_, rest []byte) {
	before, fed, at, own := len(text), 0, 0, 0
	for {
		for own < len(c.starts) && c.starts[own] < at-before {
			own++
		}
		if own < len(c.starts) && c.starts[own] == at-before {
			out = append(out, c.qp[c.coded[own]:]...)
			return out, append(text[:0], c.raw[c.rest():]...)
		}
		var ok bool
		if at < len(text) {
			out, at, ok = appendCodedLine(out, text, at, c.open || fed < len(c.raw))
		}
		if ok {
			continue
		}
		if fed == len(c.raw) {
			return out, append(text[:0], text[at:]...)
		}
		n := min(feedStep, len(c.raw)-fed)
		text = append(text, c.raw[fed:fed+n]...)
		fed += n
	}
}
