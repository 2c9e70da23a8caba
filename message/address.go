package message

import (
	"errors"
	"mime"
	"net/mail"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxAddress is the longest path that RFC 5321 4.5.3.1.3 has every server take,
// less the angle brackets.
const maxAddress = 254

// An Address is a mailbox with its display name.
type Address struct {
	// Name is the display name in any language; may be empty.
	Name string
	// Addr is local part, at sign, domain. The local part may be quoted, the
	// domain internationalised or an address literal such as [192.0.2.1].
	Addr string
}

// ParseAddress reads one address as a header writes it, such as
// `Zoë <zoe@example.org>` or `zoe@example.org`. Encoded words are decoded.
func ParseAddress(s string) (Address, error) {
	a, err := addressParser.Parse(s)
	if err != nil {
		return Address{}, addressError("address", s, err)
	}
	return fromMail(a)
}

// ParseAddressList reads a list of addresses, separated by commas.
func ParseAddressList(s string) ([]Address, error) {
	parsed, err := addressParser.ParseList(s)
	if err != nil {
		return nil, addressError("address list", s, err)
	}
	list := make([]Address, len(parsed))
	for i, a := range parsed {
		if list[i], err = fromMail(a); err != nil {
			return nil, err
		}
	}
	return list, nil
}

var addressParser = mail.AddressParser{WordDecoder: new(mime.WordDecoder)}

// fromMail takes over what net/mail has parsed. net/mail takes the quotes off a
// local part, which then cannot be told from a broken one.
func fromMail(a *mail.Address) (Address, error) {
	at := strings.LastIndexByte(a.Address, '@')
	if at < 0 {
		return Address{}, addressError("address", a.Address, errNoAt)
	}
	local := a.Address[:at]
	if !isDotAtom(local, true) {
		local = quote(local)
	}
	addr := Address{Name: a.Name, Addr: local + a.Address[at:]}
	return addr, addr.validate("address")
}

// Validate checks the address as Bytes would. The error is a [*FieldError]
// with ErrBadAddress or, for the name, ErrBadHeaderValue.
func (a Address) Validate() error { return a.validate("address") }

func (a Address) validate(field string) error {
	if _, err := parseMailbox(a.Addr); err != nil {
		return addressError(field, a.Addr, err)
	}
	return checkText(field+".Name", a.Name)
}

// String gives the address as a header would show it, unfolded: a name that is
// not ASCII as encoded words, the domain in A-labels.
func (a Address) String() string {
	return strings.Join(addressAtoms(a), " ")
}

func (a Address) needsUTF8() bool {
	mb, err := parseMailbox(a.Addr)
	return err == nil && mb.utf8
}

func addressError(field, value string, err error) error {
	return &FieldError{Field: field, Reason: ErrBadAddress, Detail: excerpt(value) + ": " + err.Error()}
}

// A mailbox is an addr-spec that has been checked.
type mailbox struct {
	local   string // dot-atom or quoted-string, as given
	domain  string // ASCII: host name in A-labels as far as it needs them, or address literal
	unicode string // the domain in U-labels if utf8, else empty
	utf8    bool   // the local part is not ASCII
}

// String gives the form for header and envelope. A domain in U-labels is only
// legal where the local part calls for SMTPUTF8 anyway; everywhere else
// A-labels let the message pass any server.
func (mb mailbox) String() string {
	if mb.utf8 {
		return mb.local + "@" + mb.unicode
	}
	return mb.local + "@" + mb.domain
}

// key is equal for two mailboxes that are surely the same.
func (mb mailbox) key() string { return mb.local + "@" + strings.ToLower(mb.domain) }

var (
	errNoAt      = errors.New("no @")
	errLocal     = errors.New("bad local part")
	errDomain    = errors.New("bad domain")
	errLength    = errors.New("over 254 octets")
	errForbidden = errors.New("control character, angle bracket or invalid UTF-8")
)

// parseMailbox checks an addr-spec: RFC 5321 4.1.2 Mailbox with the UTF-8 of
// RFC 6531 3.3. Angle brackets are refused even inside of quotes, where they
// would be legal: they end a path early on some servers.
func parseMailbox(addr string) (mailbox, error) {
	if !utf8.ValidString(addr) || strings.ContainsFunc(addr, func(r rune) bool {
		return unicode.IsControl(r) || r == '<' || r == '>' || r == '\u2028' || r == '\u2029'
	}) {
		return mailbox{}, errForbidden
	}
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return mailbox{}, errNoAt
	}
	mb := mailbox{local: addr[:at], domain: addr[at+1:], utf8: !isASCII(addr[:at])}
	if !isDotAtom(mb.local, true) && !isQuotedString(mb.local) {
		return mailbox{}, errLocal
	}
	if err := mb.setDomain(addr[at+1:]); err != nil {
		return mailbox{}, err
	}
	if len(mb.String()) > maxAddress {
		return mailbox{}, errLength
	}
	return mb, nil
}

func (mb *mailbox) setDomain(domain string) (err error) {
	mb.domain = domain
	if !isASCII(domain) {
		if mb.domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return err
		}
	}
	if !isHostName(mb.domain) && !isAddressLiteral(mb.domain) {
		return errDomain
	}
	if mb.utf8 {
		mb.unicode = domain
		if !isASCII(domain) {
			mb.unicode, err = idna.Lookup.ToUnicode(mb.domain)
		}
	}
	return err
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isAtext reports an octet of an atom (RFC 5322 3.2.3).
func isAtext(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// isDotAtom reports a dot-atom-text (RFC 5322 3.2.3), with UTF-8 if that is
// allowed here (RFC 6532 3.2).
func isDotAtom(s string, utf8OK bool) bool {
	prev := byte('.')
	for i := range len(s) {
		c := s[i]
		if c == '.' && prev == '.' || c != '.' && !isAtext(c) && !(utf8OK && c >= utf8.RuneSelf) {
			return false
		}
		prev = c
	}
	return prev != '.'
}

// isQuotedString reports a Quoted-string of RFC 5321 4.1.2.
func isQuotedString(s string) bool {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	s = s[1 : len(s)-1]
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return false
		case '\\':
			if i++; i == len(s) || s[i] >= utf8.RuneSelf {
				return false
			}
		}
	}
	return true
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// isHostName reports dot-separated labels of letters, digits, hyphens and,
// since names in use have them, underscores.
func isHostName(s string) bool {
	if s == "" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// isAddressLiteral reports the IPv4 and IPv6 forms of RFC 5321 4.1.3.
func isAddressLiteral(s string) bool {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return false
	}
	s = s[1 : len(s)-1]
	if v6, ok := strings.CutPrefix(s, "IPv6:"); ok {
		ip, err := netip.ParseAddr(v6)
		return err == nil && ip.Is6() && ip.Zone() == ""
	}
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is4()
}
