package smtpclient

import "bytes"

// A lineMemory remembers how long the lines of the last content were. Those of
// one mailing differ in few lines, so that most line ends are where they were
// last time, and to look there takes a third of the time of a search. What is
// remembered is not believed: as many line ends have to be seen as there are CRs
// and LFs. Contents that have nothing in common take half as long again for it.
//
// A nil lineMemory has none.
type lineMemory struct {
	lengths []uint16 // of the lines, with their CRLF
	spare   []uint16 // the array for the next content's
}

const (
	// mostRemembered is how many lines of a content are remembered at most, so
	// that a session has no more than 16 KB for it.
	mostRemembered = 4096
	// ahead and back are how far around a line that has changed its like is
	// looked for: lines may have been left out or put in.
	ahead, back = 8, 2
	// mostStrange is how many lines in a row may not be as remembered, before
	// the content is taken for one of another mailing.
	mostStrange = 16
)

// scan looks at all lines as scanLines does.
func (m *lineMemory) scan(data []byte) lines {
	if m != nil && bytes.HasSuffix(data, crlf) {
		if dotted, ok := m.scanTidy(data); ok {
			return lines{dotted: dotted}
		}
	}
	return scanLines(data)
}

// scanTidy looks at the lines of content in which all end in CRLF and none is too
// long. If ok is false nothing is known, and what was followed is forgotten.
func (m *lineMemory) scanTidy(data []byte) (dotted, ok bool) {
	ends := bytes.Count(data, []byte{'\n'})
	if ends > mostRemembered || ends != bytes.Count(data, []byte{'\r'}) {
		return false, false
	}
	now, dotted, ok := follow(m.lengths, m.spare[:0], data)
	m.lengths, m.spare = now, m.lengths
	if !ok || len(now) != ends { // or a remembered length went over an end
		m.lengths = now[:0]
		return false, false
	}
	return dotted, true
}

// follow appends to now the length of each line of data, which it takes from before
// where a CRLF is found that far on. ok is false where there is a bare LF or a line
// that is too long.
func follow(before, now []uint16, data []byte) (_ []uint16, dotted, ok bool) {
	next, strange := 0, 0 // the line of before that the present one should be
	for start := 0; start < len(data); {
		dotted = dotted || data[start] == '.'
		if next < len(before) {
			if end := start + int(before[next]); end <= len(data) && data[end-1] == '\n' && data[end-2] == '\r' {
				now = append(now, before[next])
				start = end
				next++
				strange = 0
				continue
			}
		}
		length := bytes.IndexByte(data[start:], '\n') + 1
		if length < len(crlf) || length > maxLine+len(crlf) || data[start+length-2] != '\r' {
			return now, false, false
		}
		now = append(now, uint16(length))
		start += length
		if strange++; strange > mostStrange {
			before = nil
		}
		next = resume(before, next, length)
	}
	return now, dotted, true
}

// resume returns the line of before that is to follow one of that length, which
// before[next] was not: the one behind a line as long, if one is near.
func resume(before []uint16, next, length int) int {
	for i := max(0, next-back); i < min(next+ahead, len(before)); i++ {
		if int(before[i]) == length {
			return i + 1
		}
	}
	return next
}
