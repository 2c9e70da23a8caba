package smtpclient

import (
	"bytes"
	"encoding/binary"
)

// BareNewlines is a policy for content that is not in CRLF form: with a bare
// CR, a bare LF or a NUL. Passed on as it is, such content can end early on
// some servers and begin a forged message (SMTP smuggling), so it never is.
type BareNewlines uint8

const (
	// NormalizeBareNewlines, the zero value, sends each bare CR and bare LF as
	// CRLF and leaves out each NUL. The caller's bytes are not altered.
	NormalizeBareNewlines BareNewlines = iota
	// RefuseBareNewlines refuses the message with ErrBadLine.
	RefuseBareNewlines
)

// maxLine is the longest line of content, without its CRLF (RFC 5322 2.1.1).
const maxLine = 998

// content is checked mail data: CRLF only, lines of at most maxLine octets,
// ending in CRLF, not yet dot-stuffed.
type content struct {
	data     []byte
	eightBit bool
}

// checkContent makes sure that data can go out as mail data.
func checkContent(data []byte, policy BareNewlines) (content, error) {
	if len(data) == 0 {
		return content{}, refuse(ErrEmptyContent, "")
	}
	bare, long := scanLines(data)
	nul := bytes.IndexByte(data, 0) >= 0
	if bare > 0 || nul {
		if policy == RefuseBareNewlines {
			if nul {
				return content{}, refuse(ErrBadLine, "NUL")
			}
			return content{}, refuse(ErrBadLine, "line %d: bare CR or LF", bare)
		}
		if data = normalize(data); len(data) == 0 {
			return content{}, refuse(ErrEmptyContent, "nothing but NUL")
		}
		_, long = scanLines(data)
	}
	if long > 0 {
		return content{}, refuse(ErrBadLine, "line %d: longer than %d octets", long, maxLine)
	}
	if !bytes.HasSuffix(data, crlf) {
		data = append(data[:len(data):len(data)], crlf...)
	}
	return content{data: data, eightBit: hasEightBit(data)}, nil
}

var crlf = []byte("\r\n")

// scanLines returns the numbers, from 1, of the first line with a bare CR or
// bare LF and of the first over-long one; 0: there is none. The last line may
// lack its line end.
func scanLines(b []byte) (bare, long int) {
	for n := 1; len(b) > 0; n++ {
		i := bytes.IndexByte(b, '\n')
		line, rest := b, []byte(nil)
		crlfEnd := i < 0
		if i >= 0 {
			line, rest = b[:i], b[i+1:]
			if i > 0 && b[i-1] == '\r' {
				line, crlfEnd = b[:i-1], true
			}
		}
		if bare == 0 && (!crlfEnd || bytes.IndexByte(line, '\r') >= 0) {
			bare = n
		}
		if long == 0 && len(line) > maxLine {
			long = n
		}
		b = rest
	}
	return bare, long
}

// normalize returns a copy of b with CRLF for each CRLF, bare CR and bare LF,
// and without NULs.
func normalize(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/32+2)
	for len(b) > 0 {
		i := bytes.IndexAny(b, "\r\n\x00")
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		c := b[i]
		b = b[i+1:]
		if c == 0 {
			continue
		}
		out = append(out, '\r', '\n')
		if c == '\r' && len(b) > 0 && b[0] == '\n' {
			b = b[1:]
		}
	}
	return out
}

// hasEightBit looks for an octet over 127, eight at a time.
func hasEightBit(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&high != 0 {
			return true
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// A stuffer hands out dot-stuffed content (RFC 5321 4.5.2) in pieces.
type stuffer struct {
	rest  []byte
	start bool // rest begins a line
}

func newStuffer(c []byte) stuffer { return stuffer{rest: c, start: true} }

var lineDot = []byte("\n.")

// append adds dot-stuffed content to b while b stays within max octets, two
// more at most, and reports whether all of it has been handed out.
func (s *stuffer) append(b []byte, max int) ([]byte, bool) {
	for len(s.rest) > 0 && len(b) < max {
		if s.start && s.rest[0] == '.' {
			b = append(b, '.')
		}
		n := min(len(s.rest), max-len(b)+1)
		if i := bytes.Index(s.rest[:n], lineDot); i >= 0 {
			n = i + 1
		}
		s.start = s.rest[n-1] == '\n'
		b = append(b, s.rest[:n]...)
		s.rest = s.rest[n:]
	}
	return b, len(s.rest) == 0
}
