package message

import (
	"mime"
	"net/mail"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
	"golang.org/x/net/idna"
)

// An Address is a mailbox with its display name.
type Address struct {
	// Name is the display name in any language; may be empty.
	Name string
	// Addr is local part, at sign, domain. The local part may be quoted, the
	// domain internationalised or an address literal such as [192.0.2.1].
	//
	// A local part that is not ASCII may hold any character but control
	// characters, also ones that look like a space, like nothing or that change
	// the direction of writing (U+00A0, U+200B, U+202E): RFC 6531 has them, and
	// what a person sees may be another address. Who takes addresses from
	// strangers and shows them should refuse those.
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
		return Address{}, addressError("address", a.Address, address.ErrNoAt)
	}
	addr := Address{Name: a.Name, Addr: address.Quote(a.Address[:at]) + a.Address[at:]}
	return addr, addr.validate("address")
}

// Validate checks the address as Bytes would. The error is a [*FieldError]
// with ErrBadAddress or, for the name, ErrBadHeaderValue.
func (a Address) Validate() error { return a.validate("address") }

func (a Address) validate(field string) error {
	if a.isPlain() {
		return nil
	}
	if _, err := parseMailbox(a.Addr); err != nil {
		return addressError(field, a.Addr, err)
	}
	return checkText(field+".Name", a.Name)
}

// String gives the address as a header would show it, unfolded: a name that is
// not ASCII as encoded words, the domain in A-labels. Of an address that
// Validate refuses it gives something to look at, in one line: control
// characters become spaces.
func (a Address) String() string {
	a.Name, a.Addr = spaced(a.Name), spaced(a.Addr)
	if a == (Address{}) {
		return ""
	}
	var f field
	_ = f.address(a, "") // writes one that is bad as it is
	return strings.ReplaceAll(string(f.out), "\r\n", "")[len(" "):]
}

// spaced puts spaces in the place of the control characters that checkText
// refuses.
func spaced(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// NeedsSMTPUTF8 reports whether the local part is not ASCII. Mail to such an
// address can only go through a server that offers SMTPUTF8 (RFC 6531).
func (a Address) NeedsSMTPUTF8() bool {
	if address.IsASCII(a.Addr) {
		return false
	}
	mb, err := parseMailbox(a.Addr)
	return err == nil && mb.UTF8
}

func addressError(field, value string, err error) error {
	return &FieldError{Field: field, Reason: ErrBadAddress, Detail: excerpt(value) + ": " + err.Error()}
}

// A mailbox is an addr-spec that has been checked.
type mailbox struct {
	address.Mailbox
	unicode string // the domain in U-labels if the local part is not ASCII, else empty
}

// String gives the form for header and envelope. A domain in U-labels is only
// legal where the local part calls for SMTPUTF8 anyway; everywhere else
// A-labels let the message pass any server.
func (mb mailbox) String() string { return mb.Local + "@" + mb.domain() }

func (mb mailbox) append(out []byte) []byte {
	out = append(append(out, mb.Local...), '@')
	return append(out, mb.domain()...)
}

func (mb mailbox) domain() string {
	if mb.UTF8 {
		return mb.unicode
	}
	return mb.ASCII
}

// key is equal for two mailboxes that are surely the same.
func (mb mailbox) key() string { return mb.Local + "@" + mb.CanonicalDomain() }

// isPlain reports an address that surely is a good one.
func (a Address) isPlain() bool { return isPlainMailbox(a.Addr) && isPrintable(a.Name) }

// isPlainMailbox reports an addr-spec that surely is a good one and is written as it
// stands, as nearly all are.
func isPlainMailbox(addr string) bool {
	const mostLabel = 63
	if len(addr) > address.MaxLen {
		return false
	}
	domain, start := false, 0 // where the atom or label starts
	for i := 0; ; i++ {
		for i+4 <= len(addr) && plainOctets[addr[i]]&plainOctets[addr[i+1]]&plainOctets[addr[i+2]]&plainOctets[addr[i+3]] != 0 {
			i += 4
		}
		for i < len(addr) && plainOctets[addr[i]] != 0 {
			i++
		}
		if i == start || domain && i-start > mostLabel {
			return false
		}
		if i == len(addr) {
			return domain
		}
		switch c := addr[i]; {
		case c == '.':
			start = i + 1
		case c == '@' && !domain:
			domain, start = true, i+1
		case c == '_' || !domain && (c == '-' || c == '+'):
		case domain && c == '-' && i+1 < len(addr) && addr[i+1] != '.':
		default:
			return false
		}
	}
}

// plainOctets is alphanumeric as numbers, of which four are looked at together.
var plainOctets = func() (table [256]uint8) {
	for c := range table {
		if isAlphanumeric(byte(c)) {
			table[c] = 1
		}
	}
	return table
}()

// parseMailbox checks an addr-spec.
func parseMailbox(addr string) (mailbox, error) {
	parsed, err := address.Parse(addr)
	if err == nil {
		err = parsed.CheckLen()
	}
	mb := mailbox{Mailbox: parsed}
	if err == nil && mb.UTF8 {
		mb.unicode, err = idna.Lookup.ToUnicode(mb.ASCII)
	}
	return mb, err
}
