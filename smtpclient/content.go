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
	dotted   bool // a line begins with a dot
}

// checkContent makes sure that data can go out as mail data. memory is that of who
// checks one content after the other, or nil.
func checkContent(data []byte, policy BareNewlines, memory *lineMemory) (content, error) {
	if len(data) == 0 {
		return content{}, refuse(ErrEmptyContent, "")
	}
	lines := memory.scan(data)
	nul := bytes.IndexByte(data, 0) >= 0
	if lines.bare > 0 || nul {
		if policy == RefuseBareNewlines {
			if nul {
				return content{}, refuse(ErrBadLine, "NUL")
			}
			return content{}, refuse(ErrBadLine, "line %d: bare CR or LF", lines.bare)
		}
		if data = normalize(data); len(data) == 0 {
			return content{}, refuse(ErrEmptyContent, "nothing but NUL")
		}
		lines = scanLines(data)
	}
	if lines.long > 0 {
		return content{}, refuse(ErrBadLine, "line %d: longer than %d octets", lines.long, maxLine)
	}
	if !bytes.HasSuffix(data, crlf) {
		data = append(data[:len(data):len(data)], crlf...)
	}
	return content{data: data, eightBit: hasEightBit(data), dotted: lines.dotted}, nil
}

var crlf = []byte("\r\n")

// lines is what is to be known of content's lines. The numbers are from 1; 0:
// there is none.
type lines struct {
	bare   int  // the first line with a bare CR or bare LF
	long   int  // the first over-long one
	dotted bool // one begins with a dot
}

// scanLines looks at all lines. The last one may lack its line end.
func scanLines(data []byte) (l lines) {
	crs := 0 // before an LF
	for n, b := 1, data; len(b) > 0; n++ {
		l.dotted = l.dotted || b[0] == '.'
		end := bytes.IndexByte(b, '\n')
		line, rest := b, []byte(nil)
		switch {
		case end > 0 && b[end-1] == '\r':
			crs++
			line, rest = b[:end-1], b[end+1:]
		case end >= 0:
			line, rest = b[:end], b[end+1:]
			if l.bare == 0 {
				l.bare = n
			}
		}
		if l.long == 0 && len(line) > maxLine {
			l.long = n
		}
		b = rest
	}
	// One count instead of a search in each line: a CR beside those is rare.
	if cr := []byte{'\r'}; bytes.Count(data, cr) != crs {
		if n := lineOfBareCR(data); l.bare == 0 || n < l.bare {
			l.bare = n
		}
	}
	return l
}

// lineOfBareCR returns the number of the first line with a CR that no LF
// follows; there is one.
func lineOfBareCR(b []byte) int {
	for n := 1; ; n++ {
		line, rest, found := bytes.Cut(b, []byte{'\n'})
		if found {
			line = bytes.TrimSuffix(line, []byte{'\r'})
		}
		if bytes.IndexByte(line, '\r') >= 0 || !found {
			return n
		}
		b = rest
	}
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

// hasEightBit looks for an octet over 127, sixty-four at a time.
func hasEightBit(b []byte) bool {
	const high = 0x8080808080808080
	for ; len(b) >= 64; b = b[64:] {
		p := (*[64]byte)(b) // one check of bounds for all
		w := binary.LittleEndian.Uint64(p[0:8]) | binary.LittleEndian.Uint64(p[8:16]) |
			binary.LittleEndian.Uint64(p[16:24]) | binary.LittleEndian.Uint64(p[24:32]) |
			binary.LittleEndian.Uint64(p[32:40]) | binary.LittleEndian.Uint64(p[40:48]) |
			binary.LittleEndian.Uint64(p[48:56]) | binary.LittleEndian.Uint64(p[56:64])
		if w&high != 0 {
			return true
		}
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
	rest   []byte
	start  bool // rest begins a line
	dotted bool // there is something to stuff
}

func newStuffer(c *content) stuffer { return stuffer{rest: c.data, start: true, dotted: c.dotted} }

var lineDot = []byte("\n.")

// append adds dot-stuffed content to b while b stays within max octets, two
// more at most, and reports whether all of it has been handed out.
func (s *stuffer) append(b []byte, max int) ([]byte, bool) {
	for len(s.rest) > 0 && len(b) < max {
		if s.start && s.rest[0] == '.' {
			b = append(b, '.')
		}
		n := min(len(s.rest), max-len(b)+1)
		if s.dotted {
			if i := bytes.Index(s.rest[:n], lineDot); i >= 0 {
				n = i + 1
			}
		}
		s.start = s.rest[n-1] == '\n'
		b = append(b, s.rest[:n]...)
		s.rest = s.rest[n:]
	}
	return b, len(s.rest) == 0
}
