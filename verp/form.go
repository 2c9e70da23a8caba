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

// readTagged is read for a name to which a forwarder may have added "+tag"s. It
// leaves them off only where the whole names nobody.
func (c Codec) readTagged(name string) (mailbox, error) {
	m, err := c.read(name)
	if err == nil || c.delimiters()[1] == '+' {
		return m, err
	}
	rest := name
	for range maxLayers {
		i := strings.LastIndexByte(rest, '+')
		if i < 0 || !c.isTag(rest[i+1:]) {
			break
		}
		rest = rest[:i]
		if m, restErr := c.read(rest); restErr == nil {
			return m, nil
		}
	}
	return mailbox{}, err
}

// isTag reports what can be a tag and is no part of a damaged domain: it has no
// dot and, in the escaped form, does not begin as an escape goes on.
func (c Codec) isTag(s string) bool {
	if c.Form == Escaped && len(s) >= 2 && unhex(s[0]) >= 0 && unhex(s[1]) >= 0 {
		return false
	}
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r >= 0x80 || !isSafe(byte(r)) && r != '-'
	}) < 0
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
