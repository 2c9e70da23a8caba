package message

import (
	"encoding/base64"
	"slices"
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
	n, end := len(f.out), f.atom+len(" ")+maxWord-len("?=")
	out := slices.Grow(f.out, maxWord)[:end+spare]
	i := 0
	for ; i < len(s); i++ {
		c := wordOctets[s[i]]
		if n+c.len() > end {
			break
		}
		n += c.put(out[n:])
	}
	for ; i < len(s) && !utf8.RuneStart(s[i]); i-- {
		n -= len("=00")
	}
	f.out = out[:n]
	return i
}

// wordOctets are as Q has them.
var wordOctets = func() (table [256]codedOctet) {
	for c := range table {
		switch {
		case isAlphanumeric(byte(c)) || strings.IndexByte("!*+-/", byte(c)) >= 0:
			table[c] = codeOctet(string(rune(c)))
		case c == ' ':
			table[c] = codeOctet("_")
		default:
			table[c] = escapedOctet(byte(c))
		}
	}
	return table
}()
