package verp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// write spells the recipient in the codec's form.
func (c Codec) write(m mailbox) (string, error) {
	at := c.delimiters()[1:]
	if c.Form == Escaped {
		return escape(m.local) + at + escape(m.domain), nil
	}
	switch {
	case !address.IsASCII(m.local):
		return "", errors.New("the classic form has no place for a local part that is not ASCII")
	case !address.IsDotString(m.local):
		return "", errors.New("the classic form has no place for a quoted local part")
	case strings.ContainsAny(m.local, "!%"):
		return "", errors.New("'!' or '%' would be taken for a source route")
	case m.domain[0] == '[':
		return "", errors.New("the classic form has no place for an address literal")
	case strings.Contains(m.domain, at):
		return "", fmt.Errorf("the delimiter %q stands in the domain", at)
	}
	return m.local + at + m.domain, nil
}

// read is the inverse of write. It splits at the last delimiter: a local part
// may hold more of them, a domain holds none.
func (c Codec) read(name string) (mailbox, error) {
	i := strings.LastIndexByte(name, c.delimiters()[1])
	if i < 0 {
		return mailbox{}, errors.New("names no recipient")
	}
	local, domain := name[:i], name[i+1:]
	if c.Form == Escaped {
		var ok1, ok2 bool
		local, ok1 = unescape(local)
		domain, ok2 = unescape(domain)
		if !ok1 || !ok2 {
			return mailbox{}, errors.New("a '+' without two hex digits")
		}
	}
	return newMailbox(local, domain)
}

const upperHex = "0123456789ABCDEF"

// escape writes every octet that is not safe everywhere as +XX: more than the
// draft names, since a return path must not need quotes or SMTPUTF8. Dots
// survive between other characters only (RFC 5321 4.1.2, Dot-string).
func escape(s string) string {
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		inner := i > 0 && i < len(s)-1 && s[i-1] != '.'
		if isSafe(c) || c == '.' && inner {
			b = append(b, c)
		} else {
			b = append(b, '+', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(b)
}

// unescape reads +XX in either case. A '+' that begins no escape was not
// written by escape; guessing could name the wrong recipient.
func unescape(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '+' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := unhex(s[i+1]), unhex(s[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		b = append(b, byte(hi<<4|lo))
		i += 2
	}
	return string(b), true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c - 'A' + 10)
	case c >= 'a' && c <= 'f':
		return int(c - 'a' + 10)
	}
	return -1
}

// isSafe reports the octets that the escaped form leaves alone.
func isSafe(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '*' || c == '='
}
