package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// maxWord is the length an encoded word may reach here. RFC 2047 2 allows 75;
// with 60 the first one fits on a line behind any usual field name.
const maxWord = 60

// encodedWords writes s as encoded words (RFC 2047), which a reader joins
// again without the spaces between them. No rune is split. B is taken when more
// than half of s is not ASCII: filters hold it against text that has no use
// for it. Q uses only what is allowed in a display name (RFC 2047 5 (3)), which
// mime.QEncoding does not keep to.
func encodedWords(s string) []string {
	if s == "" {
		return nil
	}
	eightBit := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			eightBit++
		}
	}
	if eightBit*2 <= len(s) {
		return splitWords(s, "=?utf-8?q?", func(r string) int {
			n := 0
			for i := range len(r) {
				n += qLen(r[i])
			}
			return n
		}, maxWord-len("=?utf-8?q??="), qEncode)
	}
	// Octets count here: 4 characters for each 3 of them.
	room := (maxWord - len("=?utf-8?b??=")) / 4 * 3
	return splitWords(s, "=?utf-8?b?", func(r string) int { return len(r) }, room,
		func(r string) string { return base64.StdEncoding.EncodeToString([]byte(r)) })
}

// splitWords cuts s between runes into pieces whose sizes add up to room at
// most, and encodes each.
func splitWords(s, prefix string, size func(string) int, room int, encode func(string) string) []string {
	var words []string
	start, used := 0, 0
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		w := size(s[i : i+n])
		if used+w > room {
			words = append(words, prefix+encode(s[start:i])+"?=")
			start, used = i, 0
		}
		used += w
		i += n
	}
	return append(words, prefix+encode(s[start:])+"?=")
}

func qLen(c byte) int {
	if qPlain(c) || c == ' ' {
		return 1
	}
	return 3
}

func qPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!*+-/", c) >= 0
}

func qEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case qPlain(c):
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

const upperHex = "0123456789ABCDEF"
