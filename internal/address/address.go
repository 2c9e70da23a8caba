// Package address reads mail addresses: what RFC 5321 4.1.2 calls a Mailbox,
// with the UTF-8 of RFC 6531 3.3. It is the one place that knows which
// addresses can be sent without harm; smtpclient, message and verp share it.
package address

import (
	"errors"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxLen is the most octets of an address: RFC 5321 4.5.3.1.3 has every server
// take a path of 256, angle brackets included.
const MaxLen = 254

// The reasons why something is no address.
var (
	ErrEmpty     = errors.New("empty")
	ErrForbidden = errors.New("control character, angle bracket or invalid UTF-8")
	ErrNoAt      = errors.New("no @")
	ErrLocal     = errors.New("the local part is neither a dot-string nor a quoted string")
	ErrDomain    = errors.New("the domain is neither a host name nor an address literal")
	ErrTooLong   = errors.New("longer than 254 octets")
)

// A Mailbox is an address that has been read.
type Mailbox struct {
	Local  string // dot-string, or quoted-string with no more escapes than it needs
	Domain string // in U-labels (RFC 5890); an ASCII one, or an address literal, as given
	ASCII  string // the domain in A-labels, letter case as given; or an address literal
	UTF8   bool   // the local part is not ASCII: sending it needs SMTPUTF8
}

// Parse reads an address without angle brackets or display name. Quoted local
// parts, UTF-8 local parts, internationalised domains and address literals are
// good ones. Angle brackets and control characters are not, even quoted, where
// the grammar would allow some of them: they end a path early on some servers.
// The length is only checked to be sane: see CheckLen.
func Parse(s string) (Mailbox, error) {
	switch {
	case s == "":
		return Mailbox{}, ErrEmpty
	case len(s) > 4*MaxLen:
		return Mailbox{}, ErrTooLong // and punycode takes time by the square
	}
	ascii, ok := harmless(s)
	if !ok {
		return Mailbox{}, ErrForbidden
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return Mailbox{}, ErrNoAt
	}
	m := Mailbox{Domain: s[at+1:]}
	if m.Local, ok = canonicalLocal(s[:at]); !ok {
		return Mailbox{}, ErrLocal
	}
	m.UTF8 = !ascii && !IsASCII(m.Local)
	if m.ASCII, ok = asciiDomain(m.Domain); !ok {
		return Mailbox{}, ErrDomain
	}
	if !ascii && !IsASCII(m.Domain) {
		var err error
		if m.Domain, err = idna.Lookup.ToUnicode(m.ASCII); err != nil {
			return Mailbox{}, ErrDomain
		}
	}
	return m, nil
}

// CheckLen returns ErrTooLong for an address over MaxLen octets, in A-labels or
// as given.
func (m Mailbox) CheckLen() error {
	if len(m.Local)+1+max(len(m.ASCII), len(m.Domain)) > MaxLen {
		return ErrTooLong
	}
	return nil
}

// Content returns the local part without quotes and escapes.
func (m Mailbox) Content() string {
	if m.Local[0] != '"' {
		return m.Local
	}
	return unescape.Replace(m.Local[1 : len(m.Local)-1])
}

var (
	unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
	escape   = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
)

// Quote spells the content of a local part: as it is where that is a
// dot-string, else quoted.
func Quote(content string) string {
	if IsDotString(content) {
		return content
	}
	return `"` + escape.Replace(content) + `"`
}

// harmless reports whether s is all ASCII, and whether nothing is in it that
// has no place in any address.
func harmless(s string) (ascii, ok bool) {
	ascii = true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f || c == '<' || c == '>':
			return false, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if ascii {
		return true, true
	}
	return false, utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// canonicalLocal checks a local part and spells a quoted one with no more
// escapes than it needs.
func canonicalLocal(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	if s[0] != '"' {
		return s, IsDotString(s)
	}
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	inner := s[1 : len(s)-1]
	if !strings.ContainsAny(inner, `\"`) {
		return s, true
	}
	b := []byte{'"'}
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		if c == '"' {
			return "", false
		}
		if c == '\\' {
			if i++; i == len(inner) || inner[i] >= utf8.RuneSelf {
				return "", false
			}
			if c = inner[i]; c == '"' || c == '\\' {
				b = append(b, '\\')
			}
		}
		b = append(b, c)
	}
	return string(append(b, '"')), true
}

// IsDotString reports atoms of atext or UTF-8 with single dots between.
func IsDotString(s string) bool {
	atom := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if atom == 0 {
				return false
			}
			atom = 0
		case c >= utf8.RuneSelf || IsAtext(c):
			atom++
		default:
			return false
		}
	}
	return atom > 0
}

// IsAtext reports an octet of an ASCII atom (RFC 5322 3.2.3).
func IsAtext(c byte) bool { return c < utf8.RuneSelf && atext[c] }

var atext = func() (t [utf8.RuneSelf]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~" {
		t[c] = true
	}
	return t
}()

// asciiDomain checks a domain or address literal and returns it in ASCII.
func asciiDomain(s string) (string, bool) {
	if strings.HasPrefix(s, "[") {
		return s, IsLiteral(s)
	}
	if !IsASCII(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = a
	}
	return s, isLabels(s)
}

// IsHostName reports an ASCII domain of at most 255 octets (RFC 5321 4.5.3.1.2).
func IsHostName(s string) bool { return len(s) <= 255 && isLabels(s) }

// isLabels checks the labels of a domain. The underscore is not a letter of
// host names, but stands in domains that have mail.
func isLabels(s string) bool {
	label := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if label == 0 || s[i-1] == '-' {
				return false
			}
			label = 0
			continue
		case c == '-':
			if label == 0 {
				return false
			}
		case c != '_' && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && s[len(s)-1] != '-'
}

// IsLiteral checks [192.0.2.1] and [IPv6:2001:db8::1] (RFC 5321 4.1.3).
func IsLiteral(s string) bool {
	_, ok := parseLiteral(s)
	return ok
}

func parseLiteral(s string) (netip.Addr, bool) {
	if len(s) < 3 || s[0] != '[' || s[len(s)-1] != ']' {
		return netip.Addr{}, false
	}
	s = s[1 : len(s)-1]
	if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
		a, err := netip.ParseAddr(s[5:])
		return a, err == nil && a.Is6() && a.Zone() == ""
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Is4()
}

// CanonicalDomain returns the domain in lower case and A-labels, or the literal
// in its shortest spelling, so that two spellings of one domain are equal.
func (m Mailbox) CanonicalDomain() string {
	a, ok := parseLiteral(m.ASCII)
	switch {
	case !ok:
		return strings.ToLower(m.ASCII)
	case a.Is6():
		return "[IPv6:" + a.String() + "]"
	}
	return "[" + a.String() + "]"
}

// IsASCII reports octets below 128 alone.
func IsASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
