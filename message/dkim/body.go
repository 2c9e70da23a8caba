package dkim

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// isClean reports whether every CR and LF in b is part of a CRLF.
func isClean(b []byte) bool {
	lines := 0
	for rest := b; ; lines++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if i == 0 || rest[i-1] != '\r' {
			return false
		}
		rest = rest[i+1:]
	}
	return bytes.Count(b, []byte{'\r'}) == lines
}

// hashBody returns the hash of a body, canonicalized.
func (sc *scratch) hashBody(body []byte, c Canonicalization) [sha256.Size]byte {
	if sc.last.is(body) {
		return sc.last.hash
	}
	text := trimEmptyLines(body)
	if c == Relaxed {
		text = sc.relax(text)
	}
	switch {
	case len(text) == 0 && c == Relaxed: // an empty body: nothing, RFC 6376 3.4.4
	case len(body) >= len(text)+2 && len(text) > 0 && &body[0] == &text[0]:
		text = body[:len(text)+2] // as it is
	default:
		sc.body = append(append(sc.body[:0], text...), "\r\n"...)
		text = sc.body
	}
	hash := sha256.Sum256(text)
	sc.last.set(body, hash)
	return hash
}

// A memory is of the last body: a mail to many that differs in its header only is
// hashed once.
type memory struct {
	size int    // of the last body, -1 if there is none
	body []byte // a copy, or empty if the one before was of another size
	hash [sha256.Size]byte
}

func (m *memory) is(body []byte) bool {
	return len(m.body) > 0 && bytes.Equal(m.body, body)
}

// set keeps a copy only of a body that has the size of the one before: bodies that
// are personal mostly differ in it, and are not worth the copy.
func (m *memory) set(body []byte, hash [sha256.Size]byte) {
	m.body = m.body[:0]
	if m.size == len(body) {
		m.body = append(m.body, body...)
	}
	m.size, m.hash = len(body), hash
}

// trimEmptyLines takes off the CRLFs at the end.
func trimEmptyLines(b []byte) []byte {
	for len(b) >= 2 && b[len(b)-1] == '\n' {
		b = b[:len(b)-2]
	}
	return b
}

// relax returns b with no white space at the ends of lines, each other run of it
// one space, and without empty lines at its end (RFC 6376 3.4.4). It is b itself, or
// the beginning of it, if that is so already.
func (sc *scratch) relax(b []byte) []byte {
	i := nextRun(b, 0)
	if i == len(b) {
		return b
	}
	dst := sc.relaxed[:0]
	for start := 0; ; i = nextRun(b, start) {
		dst = append(dst, b[start:i]...)
		if i == len(b) {
			break
		}
		start = i
		for start < len(b) && isSpace(b[start]) {
			start++
		}
		if start < len(b) && b[start] != '\r' {
			dst = append(dst, ' ')
		}
	}
	sc.relaxed = dst
	return trimEmptyLines(dst)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// nextRun returns the index, at i or behind it, of the next white space that is not
// as it should be: anything but one space between two other characters. If there is none it
// returns len(b).
func nextRun(b []byte, i int) int {
	const (
		low    = 0x0101010101010101
		high   = 0x8080808080808080
		spaces = ' ' * low
		tabs   = '\t' * low
		crs    = '\r' * low
	)
	start := i
	for ; i+8 < len(b); i += 8 { // eight at a time, each with the one behind it
		v, w := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+1:])
		// An octet of these is zero where there is a tab, two spaces, a space and a CR.
		x, y, z := v^tabs, v^spaces|w^spaces, v^spaces|w^crs
		if ((x-low)&^x|(y-low)&^y|(z-low)&^z)&high != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		switch {
		case b[i] == '\t' && i > start && b[i-1] == ' ':
			return i - 1
		case b[i] == '\t', b[i] == ' ' && (i+1 == len(b) || b[i+1] == '\r' || b[i+1] == ' '):
			return i
		}
	}
	return i
}
