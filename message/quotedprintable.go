package message

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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

// appendQuotedPrintable appends normalised text.
func appendQuotedPrintable(out, text []byte) []byte {
	for at := 0; at < len(text); {
		out, at, _ = appendCodedLine(out, text, at, false)
	}
	return out
}

// appendCodedLine appends the line of quoted-printable that starts with
// text[at], and returns where in the text the next one starts. open means that
// more text may follow: then ok is false, and nothing is appended, where the
// line depends on it. Text that is not open ends in CRLF.
func appendCodedLine(out, text []byte, at int, open bool) (_ []byte, next int, ok bool) {
	if open && len(text)-at < len(from) {
		return out, at, false
	}
	l := codedLine{out: out, start: len(out), text: text, at: at}
	if needsEscapeFirst(text[at:]) {
		l.escape(1)
	}
	for {
		l.literals()
		switch {
		case l.at == len(text):
			return out, at, false // only if it is open
		case text[l.at] == '\r':
			return append(l.out, crlf...), l.at + len(crlf), true
		case !l.unit():
			l.softBreak()
			return l.out, l.at, true
		}
	}
}

// needsEscapeFirst reports what is escaped only at the start of a line.
func needsEscapeFirst(text []byte) bool {
	return text[0] == '.' || text[0] == 'F' && bytes.HasPrefix(text, from)
}

// A codedLine is a line of quoted-printable in the making.
type codedLine struct {
	out   []byte
	start int // where the line starts in out
	text  []byte
	at    int // how far the text has been encoded
	last  int // octets of text in the last unit, a literal or an escaped rune
}

func (l *codedLine) column() int { return len(l.out) - l.start }

// literals copies what can stand as it is, as far as there is room.
func (l *codedLine) literals() {
	room := encodedWidth - l.column()
	n := literalLen(l.text[l.at:min(l.at+room, len(l.text))])
	if end := l.at + n; n > 0 && end < len(l.text) && l.text[end] == '\r' && isWSP(l.text[end-1]) {
		n--
	}
	if n > 0 {
		l.out = append(l.out, l.text[l.at:l.at+n]...)
		l.at += n
		l.last = 1
	}
}

// unit writes one rune, or octet that is none, and reports whether it had room.
func (l *codedLine) unit() bool {
	c, n := l.text[l.at], 1
	if c >= utf8.RuneSelf {
		_, n = utf8.DecodeRune(l.text[l.at:])
	}
	plain := literal[c] && !(isWSP(c) && l.at+1 < len(l.text) && l.text[l.at+1] == '\r')
	switch room := encodedWidth - l.column(); {
	case plain && room >= 1:
		l.out = append(l.out, c)
		l.at++
		l.last = 1
	case !plain && room >= 3*n:
		l.escape(n)
	default:
		return false
	}
	return true
}

func (l *codedLine) escape(n int) {
	for _, c := range l.text[l.at : l.at+n] {
		l.out = append(l.out, '=', upperHex[c>>4], upperHex[c&15])
	}
	l.at += n
	l.last = n
}

// softBreak ends the line with "=", for which it goes back to the last space,
// or to the last unit that leaves room for it.
func (l *codedLine) softBreak() {
	if end := min(l.column(), encodedWidth-1); end > softMin {
		if i := bytes.LastIndexByte(l.out[l.start+softMin:l.start+end], ' '); i >= 0 {
			cut := l.start + softMin + i + 1
			l.at -= codedOctets(l.out[cut:])
			l.out = append(l.out[:cut], "=\r\n"...)
			return
		}
	}
	if l.column() == encodedWidth {
		n := l.last
		if n > 1 || l.out[len(l.out)-3] == '=' {
			n *= 3
		}
		l.out = l.out[:len(l.out)-n]
		l.at -= l.last
	}
	l.out = append(l.out, "=\r\n"...)
}

// codedOctets counts the octets of text that a piece of a line stands for.
func codedOctets(line []byte) int {
	n := 0
	for i := 0; i < len(line); i++ {
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

// literalLen returns how many octets at the beginning of b are literal, tabs
// apart. It looks at eight at a time; a borrow can only give a false alarm
// behind a true one.
func literalLen(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		equal, del := x^('='*ones), x^(0x7f*ones)
		stop := (x | (x-' '*ones)&^x | (equal-ones)&^equal | (del-ones)&^del) & tops
		if stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for i < len(b) && literal[b[i]] && b[i] != '\t' {
		i++
	}
	return i
}
