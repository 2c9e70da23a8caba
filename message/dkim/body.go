package dkim

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// isClean reports whether every CR and LF in b is part of a CRLF.
func isClean(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if b[0] == '\n' || b[len(b)-1] == '\r' {
		return false
	}
	for {
		b = b[cleanPrefix(b):]
		if len(b) <= 16 {
			return isCleanPairs(b)
		}
		if !isCleanPairs(b[:17]) {
			return false
		}
		b = b[16:] // they were not ASCII
	}
}

func isCleanPairs(b []byte) bool {
	for i := range len(b) - 1 {
		if (b[i] == '\r') != (b[i+1] == '\n') {
			return false
		}
	}
	return true
}

// The constants of looking at eight octets at once.
const (
	low   = 0x0101010101010101
	high  = 0x80 * low
	seven = 0x7f * low
)

// isNot has the highest bit of each octet set where that octet of v is not c, if v
// is all ASCII, so that nothing is carried from one octet into the next.
func isNot(v uint64, c byte) uint64 { return (v ^ uint64(c)*low) + seven }

// isNotBelow does the same where an octet is not less than c.
func isNotBelow(v uint64, c byte) uint64 { return v + uint64(0x80-c)*low }

// cleanPrefix returns the length of a beginning of b, in steps of 16 octets, that
// is ASCII and in which each CR has a LF behind it, and each LF a CR before it,
// b[0] aside.
func cleanPrefix(b []byte) int {
	n := len(b)
	for ; len(b) > 16; b = b[16:] {
		v, vNext := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[1:])
		w, wNext := binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[9:])
		bare := isNot(v, '\r') ^ isNot(vNext, '\n') | (isNot(w, '\r') ^ isNot(wNext, '\n'))
		if (bare|v|w|wNext)&high != 0 {
			break
		}
	}
	return n - len(b)
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
	size int    // of the last body
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

// relax returns b with no white space at the ends of lines, each other run of
// it one space, and without empty lines at its end (RFC 6376 3.4.4). It is b
// itself if that is so already. b has no empty lines at its end.
func (sc *scratch) relax(b []byte) []byte {
	runs := spaceRuns{b, -1}
	i := runs.next(0)
	if i == len(b) {
		return b
	}
	dst := sc.relaxed[:0]
	for start := 0; ; i = runs.next(start) {
		dst = append(dst, b[start:i]...)
		if i == len(b) {
			break
		}
		for start = i; start < len(b) && isSpace(b[start]); {
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

// spaceRuns finds the white space that relax changes.
type spaceRuns struct {
	b   []byte
	tab int // the first tab behind where next was last asked to look, or len(b)
}

// next returns the index, at i or behind it, of the next white space that is
// anything but one space between two other characters of a line, or len(b).
func (r *spaceRuns) next(i int) int {
	if r.tab < i {
		if r.tab = bytes.IndexByte(r.b[i:], '\t'); r.tab < 0 {
			r.tab = len(r.b)
		} else {
			r.tab += i
		}
	}
	for {
		i += plainPrefix(r.b[i:r.tab])
		for stop := min(i+16, r.tab); i < stop; i++ {
			if r.b[i] == ' ' && (i+1 == len(r.b) || r.b[i+1] == '\r' || isSpace(r.b[i+1])) {
				return i
			}
		}
		if i == r.tab {
			return i
		}
	}
}

// plainPrefix returns the length of a beginning of b, in steps of 16 octets, that
// is ASCII and has no space with a control character or a space behind it.
func plainPrefix(b []byte) int {
	n := len(b)
	for ; len(b) > 16; b = b[16:] {
		v, vNext := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[1:])
		w, wNext := binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[9:])
		good := (isNot(v, ' ') | isNotBelow(vNext, ' '+1)) & (isNot(w, ' ') | isNotBelow(wNext, ' '+1))
		if (^good|v|w|wNext)&high != 0 {
			break
		}
	}
	return n - len(b)
}
