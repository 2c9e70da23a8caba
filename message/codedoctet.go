package message

import (
	"encoding/binary"
	"slices"
)

// A codedOctet is how an octet is written: up to three octets, the first one
// lowest, and in the highest how many they are. To put one costs the same,
// whichever it is, and no branch that a processor could not foresee.
type codedOctet uint32

// spare is how many octets behind its own a codedOctet writes over.
const spare = 3

func codeOctet(s string) codedOctet {
	c := codedOctet(len(s)) << 24
	for i := range len(s) {
		c |= codedOctet(s[i]) << (8 * i)
	}
	return c
}

// escapedOctet is the octet as quoted-printable and Q escape it.
func escapedOctet(c byte) codedOctet {
	return codeOctet(string([]byte{'=', upperHex[c>>4], upperHex[c&15]}))
}

const upperHex = "0123456789ABCDEF"

func (c codedOctet) len() int { return int(c >> 24) }

// put writes the octet to out, and returns its length.
func (c codedOctet) put(out []byte) int {
	binary.LittleEndian.PutUint32(out, uint32(c))
	return c.len()
}

// appendCoded appends each octet of s as the table has it.
func appendCoded(out []byte, s string, table *[256]codedOctet) []byte {
	n := len(out)
	out = slices.Grow(out, len("=00")*len(s)+spare)
	out = out[:cap(out)]
	for i := range len(s) {
		n += table[s[i]].put(out[n:])
	}
	return out[:n]
}

// quotedOctets are as quoted-printable has them, but for their place in the line.
var quotedOctets = func() (table [256]codedOctet) {
	for c := range table {
		if table[c] = escapedOctet(byte(c)); literal[c] {
			table[c] = codeOctet(string(rune(c)))
		}
	}
	return table
}()
