package message

import (
	"bytes"
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
	if inB(eightBit, len(s)) {
		f.wordsB(s)
		return
	}
	var room [len("=00")*mostQ + spare]byte
	for s != "" {
		// A word has mostQ octets of s at most, and then each as it is.
		coded := appendCoded(room[:0], s[:min(mostQ, len(s))], &wordOctets)
		coded = coded[:f.wordQ(coded)]
		s = s[len(coded)-len("00")*bytes.Count(coded, []byte{'='}):]
	}
}

// inB reports whether text is written in B that has so many octets, of which eightBit
// are not ASCII.
func inB(eightBit, octets int) bool { return eightBit*2 > octets }

// wordsB writes s in B.
func (f *field) wordsB(s string) {
	const begin, end = "=?utf-8?b?", "?="
	const most = (maxWord - len(begin) - len(end)) / 4 * 3 // 4 characters for each 3 octets
	for s != "" {
		n := min(most, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		f.begin()
		f.out = append(f.out, begin...)
		f.out = base64.StdEncoding.AppendEncode(f.out, []byte(s[:n]))
		f.out = append(f.out, end...)
		f.end()
		s = s[n:]
	}
}

const (
	beginQ, endQ = "=?utf-8?q?", "?="
	mostQ        = maxWord - len(beginQ) - len(endQ)
)

// wordsQ writes text that is in Q already.
func (f *field) wordsQ(coded []byte) {
	for len(coded) > 0 {
		coded = coded[f.wordQ(coded):]
	}
}

// wordQ writes a word of what coded begins with, and returns how much that is.
func (f *field) wordQ(coded []byte) int {
	n := len(coded)
	if n > mostQ {
		n = cutQ(coded, mostQ)
	}
	f.begin()
	f.out = append(append(append(f.out, beginQ...), coded[:n]...), endQ...)
	f.end()
	return n
}

// cutQ returns how many octets of coded, at most n, can stand in a word of their own.
func cutQ(coded []byte, n int) int {
	switch { // an equals sign begins an escape
	case coded[n-1] == '=':
		n--
	case coded[n-2] == '=':
		n -= 2
	}
	for range utf8.UTFMax - 1 {
		if coded[n] != '=' || strings.IndexByte("89AB", coded[n+1]) < 0 {
			break
		}
		n -= len("=80") // the rest of a rune
	}
	return n
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
