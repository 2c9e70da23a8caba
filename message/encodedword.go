package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// maxWord is the length an encoded word may reach here. RFC 2047 2 allows 75;
// with 60 the first one fits on a line behind any usual field name.
const maxWord = 60

// encode writes s as encoded words (RFC 2047), which a reader joins again
// without the spaces between them. No rune is split. B is taken when more than
// half of s is not ASCII: filters hold it against text that has no use for it. Q
// uses only what is allowed in a display name (RFC 2047 5 (3)), which
// mime.QEncoding does not keep to.
func (f *field) encode(s string) {
	eightBit := 0
	for i := range len(s) {
		eightBit += int(s[i] >> 7)
	}
	inB := eightBit*2 > len(s)
	for s != "" {
		f.begin()
		if inB {
			s = s[f.wordB(s):]
		} else {
			s = s[f.wordQ(s):]
		}
		f.out = append(f.out, "?="...)
		f.end()
	}
}

// wordB begins an encoded word and returns how much of s is in it.
func (f *field) wordB(s string) int {
	const room = (maxWord - len("=?utf-8?b??=")) / 4 * 3 // 4 characters for each 3 octets
	n := min(room, len(s))
	for n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	f.out = append(f.out, "=?utf-8?b?"...)
	f.out = base64.StdEncoding.AppendEncode(f.out, []byte(s[:n]))
	return n
}

// wordQ does in Q what wordB does in B.
func (f *field) wordQ(s string) int {
	f.out = append(f.out, "=?utf-8?q?"...)
	end := f.atom + len(" ") + maxWord - len("?=")
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case len(f.out) == end:
			return i
		case qPlain[c]:
			f.out = append(f.out, c)
			i++
			continue
		case c == ' ':
			f.out = append(f.out, '_')
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			_, n = utf8.DecodeRuneInString(s[i:])
		}
		if len(f.out)+3*n > end {
			return i
		}
		for ; n > 0; n-- {
			f.out = append(f.out, '=', upperHex[s[i]>>4], upperHex[s[i]&15])
			i++
		}
	}
	return len(s)
}

var qPlain = func() (table [256]bool) {
	for c := range table {
		table[c] = isAlphanumeric(byte(c)) || strings.IndexByte("!*+-/", byte(c)) >= 0
	}
	return table
}()

const upperHex = "0123456789ABCDEF"
