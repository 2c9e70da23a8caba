package smtpclient

import "bytes"

// A lineMemory remembers how long the lines of the last content were. Those of
// one mailing differ in few lines, so that most line ends are where they were
// last time, and to look there takes a third of the time of a search. What is
// remembered is not believed: as many line ends have to be seen as there are CRs
// and LFs.
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
	// near is how many lines on, from one that has changed, its like is looked
	// for: lines may have been left out, or put in.
	near = 8
)

// scan looks at all lines as scanLines does.
func (m *lineMemory) scan(data []byte) lines {
	if m != nil {
		if dotted, ok := m.scanTidy(data); ok {
			return lines{dotted: dotted}
		}
	}
	return scanLines(data)
}

// scanTidy looks at the lines of content in which all end in CRLF and none is too
// long. If ok is false nothing is known.
func (m *lineMemory) scanTidy(data []byte) (dotted, ok bool) {
	ends := bytes.Count(data, []byte{'\n'})
	if ends > mostRemembered || ends != bytes.Count(data, []byte{'\r'}) {
		return false, false
	}
	before, now := m.lengths, m.spare[:0]
	m.lengths, m.spare = before[:0], now // forgotten, if they lead astray
	next := 0                            // the line of before that the present one should be
	for start := 0; start < len(data); {
		dotted = dotted || data[start] == '.'
		if next < len(before) {
			if end := start + int(before[next]); end <= len(data) && data[end-1] == '\n' && data[end-2] == '\r' {
				now = append(now, before[next])
				start = end
				next++
				continue
			}
		}
		length := bytes.IndexByte(data[start:], '\n') + 1
		if length < len(crlf) || length > maxLine+len(crlf) || data[start+length-2] != '\r' {
			return false, false
		}
		now = append(now, uint16(length))
		start += length
		next = resume(before, next, length)
	}
	if len(now) != ends {
		return false, false // a remembered length went over an end
	}
	m.lengths, m.spare = now, before
	return dotted, true
}

// resume returns the line of before that is to follow one of that length, which
// before[next] was not: the one behind a line as long, if one is near.
func resume(before []uint16, next, length int) int {
	for i := max(0, next-2); i < min(next+near, len(before)); i++ {
		if int(before[i]) == length {
			return i + 1
		}
	}
	return next
}
