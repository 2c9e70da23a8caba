package message

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Quoted-printable (RFC 2045 6.7) as it is written here differs from
// mime/quotedprintable's, with which enmime would do it:
//
//   - What is harmed at the start of a line is escaped: "From " by mbox files, a
//     dot by servers that stuff dots badly.
//   - Lines are not broken inside of a rune.
//   - A line is broken behind a space, if it has one from column softMin on.
//
// Where a line ends depends on nothing but the text from its start on. A change
// in a long line of text thus moves only the few breaks behind it, until one
// falls on a space where there has been one before. A Template lives on that: it
// encodes around a merged value, and copies the rest.
const softMin = 40

// appendQuotedPrintable appends normalised text, which ends in a line end.
func appendQuotedPrintable(out, text []byte) []byte {
	q := quoter{out: out, line: len(out)}
	q.text(text)
	return q.out
}

// A quoter writes quoted-printable. It takes the text in pieces, none of which
// parts a CRLF or a rune; so out may have the beginning of a line at its end.
type quoter struct {
	out  []byte
	line int // where the present line starts in out
	// begun: what is escaped only at the start of a line has been looked for.
	// If not, the line so far is "", "F", "Fr", "Fro" or "From".
	begun bool
}

func (q *quoter) column() int { return len(q.out) - q.line }

// feed encodes the text from at on until a line begins, and returns how far it
// has come. ok is false if no line has begun until the end of the text.
func (q *quoter) feed(text []byte, at int) (next int, ok bool) {
	for at < len(text) {
		if !q.begun {
			at = q.begin(text, at)
		}
		switch at = q.fill(text, at); {
		case at == len(text):
		case text[at] == '\r':
			q.endLine()
			at += len(crlf)
			return at, true
		default:
			q.softBreak()
			return at, true
		}
	}
	return at, false
}

// start returns where in the text the line begins that has begun when the text
// was encoded until next; that may be in front of next, or, if it was in an
// earlier text, negative.
func (q *quoter) start(next int) int { return next - codedOctets(q.out[q.line:]) }

// text appends normalised text.
func (q *quoter) text(b []byte) {
	for at := 0; at < len(b); {
		at, _ = q.feed(b, at)
	}
}

// fill writes into the line until something has no room, the line of the text
// ends, or the text does.
func (q *quoter) fill(text []byte, at int) int {
	const most = encodedWidth + 8
	n, end := len(q.out), q.line+encodedWidth
	out := slices.Grow(q.out, most)[:n+most]
	for at < len(text) {
		if at+8 <= len(text) {
			x := binary.LittleEndian.Uint64(text[at:])
			binary.LittleEndian.PutUint64(out[n:], x)
			stop := notLiteral(x)
			if stop == 0 && n+8 <= end {
				n, at = n+8, at+8
				continue
			}
			k := min(bits.TrailingZeros64(stop)/8, end-n)
			n, at = n+k, at+k
			if k == 8 {
				continue
			}
		}
		c, octets := text[at], 1
		if c >= utf8.RuneSelf {
			octets = min(runeLen(c), len(text)-at)
		} else if literal[c] {
			if n == end {
				break
			}
			out[n] = c
			n, at = n+1, at+1
			continue
		}
		if c == '\r' || n+3*octets > end {
			break
		}
		for ; octets > 0; octets-- {
			n += quotedOctets[text[at]].put(out[n:])
			at++
		}
	}
	q.out = out[:n]
	return at
}

// runeLen returns the length of a rune by its first octet.
func runeLen(c byte) int {
	switch {
	case c < 0xc0:
		return 1 // none is
	case c < 0xe0:
		return 2
	case c < 0xf0:
		return 3
	}
	return 4
}

// begin looks at the start of a line.
func (q *quoter) begin(text []byte, at int) int {
	for q.column() < len(from) && at < len(text) && text[at] == from[q.column()] {
		q.out = append(q.out, text[at])
		at++
	}
	switch {
	case q.column() == len(from):
		q.out = append(append(q.out[:q.line], "=46"...), from[1:]...)
	case at == len(text):
		return at
	case q.column() == 0 && text[at] == '.':
		q.escape(text[at : at+1])
		at++
	}
	q.begun = true
	return at
}

func (q *quoter) escape(octets []byte) {
	for _, c := range octets {
		q.out = append(q.out, '=', upperHex[c>>4], upperHex[c&15])
	}
}

// endLine ends a line of the text. White space does not stand at its end.
func (q *quoter) endLine() {
	if last := len(q.out) - 1; last >= q.line && isWSP(q.out[last]) {
		space := q.out[last]
		q.out = q.out[:last]
		if q.column()+3 > encodedWidth {
			q.softBreak()
		}
		q.escape([]byte{space})
	}
	q.newLine(crlf)
}

func (q *quoter) newLine(end []byte) {
	q.out = append(q.out, end...)
	q.line, q.begun = len(q.out), false
}

var softEnd = []byte("=\r\n")

// softBreak ends the line with "=" behind its last space, or where it is full.
// What is behind that moves to the next line.
func (q *quoter) softBreak() {
	cut := len(q.out)
	end := min(cut, q.line+encodedWidth-1) // the "=" needs a column, too
	if i := bytes.LastIndexByte(q.out[min(q.line+softMin, end):end], ' '); i >= 0 {
		cut = min(q.line+softMin, end) + i + 1
	} else if cut > end {
		cut = lastUnit(q.out)
	}
	q.out = append(q.out, softEnd...)
	q.line = cut + len(softEnd)
	rest := q.out[q.line:]
	copy(rest, q.out[cut:])
	copy(q.out[cut:], softEnd)
	q.begun = true
	switch {
	case len(rest) > 0 && rest[0] != 'F' && rest[0] != '.':
	case bytes.HasPrefix(rest, from):
		q.out = slices.Replace(q.out, q.line, q.line+1, '=', '4', '6')
	case bytes.HasPrefix(from, rest): // also if it is empty
		q.begun = false
	case rest[0] == '.':
		q.out = slices.Replace(q.out, q.line, q.line+1, '=', '2', 'E')
	}
}

// lastUnit returns where the last rune of an encoded line starts.
func lastUnit(line []byte) int {
	i := len(line)
	for i >= 3 && line[i-3] == '=' {
		i -= 3
		if strings.IndexByte("89AB", line[i+1]) < 0 { // the first octet of a rune, or its only one
			return i
		}
	}
	return min(i, len(line)-1)
}

// codedOctets counts the octets of text that a piece of a line stands for.
func codedOctets(line []byte) int {
	n := bytes.IndexByte(line, '=')
	if n < 0 {
		return len(line)
	}
	for i := n; i < len(line); i++ {
		if line[i] == '=' {
			i += 2
		}
		n++
	}
	return n
}

// literal holds the octets that quoted-printable leaves as they are, but for
// their place in the line.
var literal = func() (table [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		table[c] = c != '='
	}
	table['\t'] = true
	return table
}()

const (
	ones = 0x0101010101010101
	tops = 0x80 * ones
	lows = 0x7f * ones
)

// notLiteral returns the top bit of each of eight octets that is not literal, or
// is a tab. Adding to seven bits carries into the eighth and no further.
func notLiteral(x uint64) uint64 {
	low := x & lows
	space := low + (0x80-' ')*ones     // from a space on
	del := low + ones                  // DEL
	unequal := (low ^ '='*ones) + lows // no equal sign
	return (x | del | ^(space & unequal)) & tops
}

// sift returns the top bits of those of eight octets that are not ASCII, are
// control characters but tab, CR and LF, and are equal signs.
func sift(x uint64) (eightBit, control, equals uint64) {
	low := x & lows
	eightBit = x & tops
	control = (^(low + (0x80-' ')*ones) | (low + ones)) & ^x & tops // below a space, or DEL
	if control != 0 {
		control &^= same(low, '\t') | same(low, '\r') | same(low, '\n')
	}
	return eightBit, control, same(low, '=') & ^x & tops
}

// same has the top bit of each of eight octets of seven bits that is c.
func same(low uint64, c byte) uint64 { return ^((low ^ uint64(c)*ones) + lows) }
