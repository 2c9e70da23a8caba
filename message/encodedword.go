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
		if s[i] >= utf8.RuneSelf {
			eightBit++
		}
	}
	inB := eightBit*2 > len(s)
	for s != "" {
		n := 0
		f.begin()
		if inB {
			// Octets count here: 4 characters for each 3 of them.
			n = wordLen(s, (maxWord-len("=?utf-8?b??="))/4*3, func(string) int { return 0 })
			f.out = append(f.out, "=?utf-8?b?"...)
			f.out = base64.StdEncoding.AppendEncode(f.out, []byte(s[:n]))
		} else {
			n = wordLen(s, maxWord-len("=?utf-8?q??="), qEscapes)
			f.out = append(f.out, "=?utf-8?q?"...)
			f.out = appendQ(f.out, s[:n])
		}
		f.out = append(f.out, "?="...)
		f.end()
		s = s[n:]
	}
}

// wordLen returns how many octets of s, whole runes, have room in an encoded
// word; more returns how much longer than its octets a rune gets.
func wordLen(s string, room int, more func(string) int) int {
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		if room -= n + more(s[i:i+n]); room < 0 {
			return i
		}
		i += n
	}
	return len(s)
}

func qEscapes(r string) int {
	more := 0
	for i := range len(r) {
		if !qPlain(r[i]) && r[i] != ' ' {
			more += 2
		}
	}
	return more
}

func qPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!*+-/", c) >= 0
}

func appendQ(out []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			out = append(out, '_')
		case qPlain(c):
			out = append(out, c)
		default:
			out = append(out, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return out
}

const upperHex = "0123456789ABCDEF"
