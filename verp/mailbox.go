package verp

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of RFC 5321 4.5.3.1, in octets. A path may have 256 with its angle
// brackets.
const (
	maxLocal   = 64
	maxDomain  = 255
	maxAddress = 254
)

// A mailbox is a checked address.
type mailbox struct {
	local  string // the content: without quotes and backslashes
	domain string // canonical: see canonicalDomain
}

// parseMailbox reads an address of RFC 5321 4.1.2, or of RFC 6531 3.3.
func parseMailbox(s string) (mailbox, error) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return mailbox{}, errors.New("no '@'")
	}
	local, quoted := s[:at], strings.HasPrefix(s, `"`)
	if quoted {
		content, err := unquote(local)
		if err != nil {
			return mailbox{}, err
		}
		local = content
	} else if !isDotString(local) {
		return mailbox{}, errors.New("the local part is no dot-string")
	}
	return newMailbox(local, s[at+1:])
}

// newMailbox checks the content of a local part and a domain.
func newMailbox(local, domain string) (mailbox, error) {
	if local == "" {
		return mailbox{}, errors.New("empty local part")
	}
	if !utf8.ValidString(local) {
		return mailbox{}, errors.New("local part is not UTF-8")
	}
	for _, r := range local {
		// Legal in quotes, and the means to break out of a MAIL command.
		if unicode.IsControl(r) || r == '<' || r == '>' {
			return mailbox{}, fmt.Errorf("%q in the local part", r)
		}
	}
	domain, err := canonicalDomain(domain)
	return mailbox{local, domain}, err
}

// String is the canonical spelling.
func (m mailbox) String() string {
	if isDotString(m.local) {
		return m.local + "@" + m.domain
	}
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	return `"` + r.Replace(m.local) + `"@` + m.domain
}

// checkLength holds an unquoted mailbox against RFC 5321 4.5.3.1.
func (m mailbox) checkLength() error {
	all := len(m.local) + 1 + len(m.domain)
	switch {
	case len(m.local) > maxLocal:
		return fmt.Errorf("local part of %d octets, at most %d", len(m.local), maxLocal)
	case len(m.domain) > maxDomain:
		return fmt.Errorf("domain of %d octets, at most %d", len(m.domain), maxDomain)
	case all > maxAddress:
		return fmt.Errorf("%d octets, at most %d", all, maxAddress)
	}
	return nil
}

// unquote returns the content of a quoted-string.
func unquote(s string) (string, error) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", errors.New("the local part is not a quoted string")
	}
	s = s[1 : len(s)-1]
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return "", errors.New("a quote within the quotes")
		case '\\':
			if i++; i == len(s) {
				return "", errors.New("the last quote is escaped")
			}
		}
		b = append(b, s[i])
	}
	return string(b), nil
}

// isDotString reports atoms between single dots (RFC 5321 4.1.2).
func isDotString(s string) bool {
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..") && isAtoms(s)
}

// isAtoms reports characters that need no quotes, and dots.
func isAtoms(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < utf8.RuneSelf && c != '.' && !isAtext(c) {
			return false
		}
	}
	return true
}

// isAtext is RFC 5322 3.2.3.
func isAtext(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
