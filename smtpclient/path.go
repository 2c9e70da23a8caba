package smtpclient

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxPath is the longest path that RFC 5321 4.5.3.1.3 has every server take,
// less the angle brackets.
const maxPath = 254

// A path is a checked mailbox, ready to stand between angle brackets.
type path struct {
	local  string // as it goes over the wire: dot-string or quoted-string
	domain string // as given
	ascii  string // the domain in A-labels
	utf8   bool   // the local part is not ASCII: needs SMTPUTF8
}

// append writes the path. Domains go out as A-labels unless SMTPUTF8 is in
// force for the transaction (RFC 6531 3.3).
func (p path) append(b []byte, smtputf8 bool) []byte {
	b = append(b, p.local...)
	if p.local == "" {
		return b // the null reverse-path
	}
	b = append(b, '@')
	if smtputf8 {
		return append(b, p.domain...)
	}
	return append(b, p.ascii...)
}

// CheckAddress reports whether address can stand in a mail transaction: a
// mailbox of RFC 5321 4.1.2 with RFC 6531's extensions, without angle brackets
// and without a display name. The error is a *RefusedError for ErrBadPath.
func CheckAddress(address string) error {
	_, err := parsePath(address)
	return err
}

// parsePath checks a mailbox. Quoted local parts, UTF-8 local parts,
// internationalised domains and address literals are good ones; what could
// end the path early on any server (angle brackets, CR, LF, NUL and other
// controls, even quoted) is not.
func parsePath(address string) (path, error) {
	bad := func(why string) (path, error) {
		return path{}, refuse(ErrBadPath, "%q: %s", address, why)
	}
	if address == "" {
		return bad("empty")
	}
	ascii := true
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case c < ' ' || c == 0x7f || c == '<' || c == '>':
			return bad("control character or angle bracket")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(address) {
		return bad("not UTF-8")
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return bad("no @")
	}
	local, ok := canonicalLocal(address[:at])
	if !ok {
		return bad("local part is neither a dot-string nor a quoted string")
	}
	p := path{local: local, domain: address[at+1:], utf8: !ascii && !isASCII(local)}
	if p.ascii, ok = asciiDomain(p.domain); !ok {
		return bad("domain is neither a host name nor an address literal")
	}
	if len(p.local)+1+max(len(p.ascii), len(p.domain)) > maxPath {
		return bad("longer than 254 octets")
	}
	return p, nil
}

// canonicalLocal checks a local part and spells a quoted one with no more
// escapes than it needs.
func canonicalLocal(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	if s[0] != '"' {
		return s, isDotString(s)
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

// isDotString reports atoms of atext or UTF-8 parted by single dots.
func isDotString(s string) bool {
	atom := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if atom == 0 {
				return false
			}
			atom = 0
		case c >= utf8.RuneSelf || isAtext[c]:
			atom++
		default:
			return false
		}
	}
	return atom > 0
}

// isAtext is RFC 5322's atext.
var isAtext = func() (t [utf8.RuneSelf]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~" {
		t[c] = true
	}
	return t
}()

// asciiDomain checks a domain or address literal and returns it in ASCII.
func asciiDomain(s string) (string, bool) {
	if strings.HasPrefix(s, "[") {
		return s, isAddressLiteral(s)
	}
	if !isASCII(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = a
	}
	return s, isHostName(s)
}

// isHostName checks the labels of a domain. The underscore is not a letter of
// host names, but stands in domains that have mail.
func isHostName(s string) bool {
	if len(s) == 0 || len(s) > 255 {
		return false
	}
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

// isAddressLiteral checks [192.0.2.1] and [IPv6:2001:db8::1] (RFC 5321 4.1.3).
func isAddressLiteral(s string) bool {
	if len(s) < 3 || s[len(s)-1] != ']' {
		return false
	}
	s = s[1 : len(s)-1]
	if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
		a, err := netip.ParseAddr(s[5:])
		return err == nil && a.Is6() && a.Zone() == ""
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
