package verp

import "strings"

// Tokens are written in symbols of five bits. An address takes one symbol for
// most of its characters that way, where base32 of its octets would take 1.6.

const (
	// plain are the characters of one symbol, by value.
	plain = "abcdefghijklmnopqrstuvwxyz.@-_"
	// shifted are the characters of two symbols: shift, and these by value.
	shifted = "0123456789+='&/!#$%*?^`{|}~\" \\:["

	shift  = 30
	octet  = 31 // the eight bits of any octet follow, in two symbols
	radix  = 5  // bits in a symbol
	symbol = 1<<radix - 1
)

// pack writes s in symbols.
func pack(s string) []byte {
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if v := strings.IndexByte(plain, c); v >= 0 {
			b = append(b, byte(v))
		} else if v := strings.IndexByte(shifted, c); v >= 0 {
			b = append(b, shift, byte(v))
		} else {
			b = append(b, octet, c>>radix, c&symbol)
		}
	}
	return b
}

// unpack is the inverse of pack.
func unpack(b []byte) (string, bool) {
	s := make([]byte, 0, len(b))
	for len(b) > 0 {
		switch {
		case b[0] == shift && len(b) > 1:
			s = append(s, shifted[b[1]])
			b = b[2:]
		case b[0] == octet && len(b) > 2 && b[1] < 8:
			s = append(s, b[1]<<radix|b[2])
			b = b[3:]
		case b[0] < shift:
			s = append(s, plain[b[0]])
			b = b[1:]
		default:
			return "", false
		}
	}
	return string(s), true
}

// fromOctets writes octets in symbols, as base32 does (RFC 4648 6): the bits
// that are left over are zero.
func fromOctets(s []byte) []byte {
	b := make([]byte, 0, (len(s)*8+radix-1)/radix)
	acc, bits := uint(0), 0
	for _, c := range s {
		acc, bits = acc<<8|uint(c), bits+8
		for ; bits >= radix; bits -= radix {
			b = append(b, byte(acc>>(bits-radix))&symbol)
		}
	}
	if bits > 0 {
		b = append(b, byte(acc<<(radix-bits))&symbol)
	}
	return b
}

// toOctets is the inverse of fromOctets.
func toOctets(b []byte) ([]byte, bool) {
	s := make([]byte, 0, len(b)*radix/8)
	acc, bits := uint(0), 0
	for _, v := range b {
		acc, bits = acc<<radix|uint(v), bits+radix
		if bits >= 8 {
			bits -= 8
			s = append(s, byte(acc>>bits))
		}
	}
	return s, bits < radix && acc&(1<<bits-1) == 0
}

// alphabet is base32's (RFC 4648 6) in lower case, which is what the path comes
// back in at the latest.
const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

// spell writes symbols as characters.
func spell(b []byte) string {
	s := make([]byte, len(b))
	for i, v := range b {
		s[i] = alphabet[v]
	}
	return string(s)
}

// symbolOf returns the symbol that a character stands for, in either case; -1
// for none.
func symbolOf(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '2' && c <= '7':
		return int(c-'2') + 26
	}
	return -1
}
