package smtptest

import (
	"bytes"
	"encoding/binary"
)

// maxTextLine is the most octets of a line of mail data (RFC 5321 section
// 4.5.3.1.6), without its CRLF and the dot stuffed in.
const maxTextLine = 998

// violations are what mail data have that they must not. They are looked for
// by the block while the data are read, so that a server that only counts
// stays fast.
type violations struct {
	line   int  // octets so far of the line under way, a CR included
	cr     bool // the last octet was a CR
	inBody bool // the empty line behind the header has been read

	bare       bool // a bare CR, a bare LF or a NUL
	long       bool // a line over maxTextLine
	headerHigh bool // an octet over 127 in the header
	bodyHigh   bool // one behind it
}

// read looks at the next piece of the mail data.
func (v *violations) read(p []byte) {
	if len(p) == 0 {
		return
	}
	top := 0 // where the body begins in p
	if !v.inBody {
		top = len(p)
	}
	paired := 0 // CRs that an LF follows
	start := 0
	for {
		i := bytes.IndexByte(p[start:], '\n')
		if i < 0 {
			break
		}
		n, at := v.line+i, start+i
		if at > 0 && p[at-1] == '\r' || at == 0 && v.cr {
			paired++
			n--
		} else {
			v.bare = true
		}
		v.long = v.long || n > maxTextLine
		if n == 0 && !v.inBody {
			v.inBody, top = true, at+1
		}
		v.line, start = 0, at+1
	}
	v.line += len(p) - start
	v.readOctets(p, paired)
	v.headerHigh = v.headerHigh || hasHigh(p[:top])
	v.bodyHigh = v.bodyHigh || hasHigh(p[top:])
}

// readOctets looks for CRs other than the paired ones, and for NULs.
func (v *violations) readOctets(p []byte, paired int) {
	returns := bytes.Count(p, []byte{'\r'})
	if v.cr {
		returns++
	}
	if v.cr = p[len(p)-1] == '\r'; v.cr {
		returns-- // paired or not in the next piece
	}
	v.bare = v.bare || returns != paired || bytes.IndexByte(p, 0) >= 0
}

// end looks at what the end of the mail data has left open.
func (v *violations) end() {
	v.bare = v.bare || v.cr
	v.long = v.long || v.line > maxTextLine
}

// hasHigh reports octets over 127.
func hasHigh(p []byte) bool {
	const high = 0x8080808080808080
	for ; len(p) >= 32; p = p[32:] {
		word := binary.NativeEndian.Uint64(p) | binary.NativeEndian.Uint64(p[8:]) |
			binary.NativeEndian.Uint64(p[16:]) | binary.NativeEndian.Uint64(p[24:])
		if word&high != 0 {
			return true
		}
	}
	for _, c := range p {
		if c > 0x7f {
			return true
		}
	}
	return false
}

// judge counts what was wrong with mail data that have been read whole.
func (s *Session) judge() {
	tx, count := &s.tx, &s.srv.count
	if tx.declared >= 0 && tx.size > tx.declared {
		count.sizeExceeded.Add(1)
	}
	if tx.binary { // RFC 3030 section 3: octets, no lines
		return
	}
	v := &tx.violations
	v.end()
	if v.bare {
		count.bareNewlines.Add(1)
	}
	if v.long {
		count.longLines.Add(1)
	}
	// RFC 6531 section 3.6: with SMTPUTF8 and no BODY, the header may be UTF-8.
	if !tx.eightBit && (v.bodyHigh || v.headerHigh && !tx.utf8) {
		count.undeclaredEightBit.Add(1)
	}
}
