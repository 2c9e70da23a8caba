package message

import "bytes"

// appendChunks appends the chunks in quoted-printable with the values between them.
// What fits into its line stands there as it would alone; only where something
// does not fit, or a line might begin or end with what is escaped there, a quoter
// has to look at the octets. room is memory for that.
func appendChunks(out []byte, chunks []chunk, values []*value, unended bool, room []byte) (built, used []byte) {
	line, begun := len(out), false // as in quoter
	for i := range chunks {
		c := &chunks[i]
		if n := len(out) - line; i == 0 {
			out = append(out, c.qp...)
			line, begun = len(out)-c.open, c.begun
		} else if begun && n > 0 && n+c.head <= encodedWidth && (c.head > 0 || !isWSP(out[len(out)-1])) {
			out = append(out, c.whole...)
			if c.lines {
				line, begun = len(out)-c.open, c.begun
			}
		} else if cut := c.fold(out, line); begun && cut > 0 {
			out = c.appendFolded(out, cut)
			line, begun = cut+len(softEnd), true
			if c.lines {
				line, begun = len(out)-c.open, c.begun
			}
		} else {
			q := quoter{out, line, begun}
			c.append(&q)
			out, line, begun = q.out, q.line, q.begun
		}
		if i == len(values) {
			break
		}
		v := values[i]
		if n := len(out) - line; n+len(v.quoted) <= encodedWidth && v.classes&classLine == 0 && (n > 0 && begun || n == 0 && !v.escapedFirst()) {
			out, begun = append(out, v.quoted...), true
			continue
		}
		q := quoter{out, line, begun}
		room = append(room[:0], v.text...)
		q.text(room)
		out, line, begun = q.out, q.line, q.begun
	}
	if unended {
		q := quoter{out, line, begun}
		q.endLine()
		out = q.out
	}
	return out, room
}

// escapedFirst reports a value that may not start a line as it is; so may not
// an empty one, which leaves that to what is behind it.
func (v *value) escapedFirst() bool {
	return v.text == "" || v.text[0] == '.' || v.text[0] == from[0]
}

// fold returns where a line that has begun, and has no room for the chunk's head, is
// broken: behind its last space, as softBreak would do it. It is 0 where that is
// not all there is to do.
func (c *chunk) fold(out []byte, line int) int {
	n := len(out) - line
	if !c.foldable || n < softMin || n >= encodedWidth || c.head > encodedWidth {
		return 0
	}
	cut := 0 // seen from the line's start; the "=" needs the last column
	if i := bytes.LastIndexByte(c.whole[:min(encodedWidth-1-n, c.head)], ' '); i >= 0 {
		cut = n + i + 1
	} else if i := bytes.LastIndexByte(out[line+softMin:], ' '); i >= 0 {
		cut = softMin + i + 1
	}
	if cut == 0 || n+c.head-cut > encodedWidth || cut == n+c.head {
		return 0
	}
	next := c.whole[max(cut-n, 0)]
	if cut < n {
		next = out[line+cut]
	}
	if next == from[0] || next == '.' { // is escaped at the start of a line, or might be
		return 0
	}
	return line + cut
}

// appendFolded appends the chunk behind a line that is broken at cut.
func (c *chunk) appendFolded(out []byte, cut int) []byte {
	out = append(out, c.whole[:c.head]...)
	out = append(out, softEnd...)
	copy(out[cut+len(softEnd):], out[cut:])
	copy(out[cut:], softEnd)
	return append(out, c.whole[c.head:]...)
}
