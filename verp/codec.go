package verp

import (
	"fmt"
	"strings"
)

// A Form says how the recipient is written into the return path.
type Form uint8

const (
	// Classic writes the recipient as it is, with a delimiter for its '@', as
	// qmail, ezmlm, Exim's manual, Mailman and Postfix do. Local parts that are
	// not plain ASCII atoms, local parts with '!' or '%' (taken for source routes
	// by some servers, and refused as such) and address literals cannot be
	// carried.
	Classic Form = iota
	// Escaped writes octets that are not safe everywhere as '+' and two hex
	// digits, as draft-varshavchik-verp-smtpext, Courier and Mail::Verp do.
	// Letters, digits, '_', '*', '=' and single dots between them stay.
	Escaped
)

// String returns the form's name in lower case.
func (f Form) String() string {
	switch f {
	case Classic:
		return "classic"
	case Escaped:
		return "escaped"
	}
	return fmt.Sprintf("Form(%d)", uint8(f))
}

// A Codec encodes and decodes return paths. The zero Codec is the form of qmail
// and ezmlm: Classic, list-user=example.org@origin.
//
// A path has to be decoded by a Codec equal to the one that encoded it.
type Codec struct {
	Form Form

	// Delimiters are two characters out of "-=+": the one between the sender's
	// local part and the recipient, and the one that stands for the recipient's
	// '@'. They are written as in Postfix's default_verp_delimiters and in the
	// XVERP parameter. Empty means "-="; Postfix's own default is "+=". '+'
	// cannot stand for '@' in the Escaped form.
	Delimiters string
}

// Encode is the zero Codec's Encode.
func Encode(sender, recipient string) (string, error) {
	return Codec{}.Encode(sender, recipient)
}

// Decode is the zero Codec's Decode.
func Decode(sender, address string) (string, error) {
	return Codec{}.Decode(sender, address)
}

// Validate reports whether the fields make a Codec. Encode and Decode begin
// with it.
func (c Codec) Validate() error {
	if c.Form > Escaped {
		return fmt.Errorf("verp: Codec.Form: unknown form %d", c.Form)
	}
	d := c.delimiters()
	if len(d) != 2 || strings.Trim(d, "-=+") != "" {
		return fmt.Errorf("verp: Codec.Delimiters: %q is not two characters out of \"-=+\"", d)
	}
	if c.Form == Escaped && d[1] == '+' {
		return fmt.Errorf("verp: Codec.Delimiters: %q: '+' begins an escape and cannot stand for '@'", d)
	}
	return nil
}

func (c Codec) delimiters() string {
	if c.Delimiters == "" {
		return "-="
	}
	return c.Delimiters
}

// Encode returns the return path for mail from sender to recipient, both plain
// addresses without angle brackets.
//
// A sender whose local part ends in the first delimiter already is not given
// another one. The suffix "-@[]", by which qmail and QMQP ask for VERP, is taken
// off; the local part before it is used as it stands.
//
// The errors are ErrMalformed (the null reverse-path is one), ErrTooLong,
// ErrUnrepresentable, or what Validate says.
func (c Codec) Encode(sender, recipient string) (string, error) {
	o, err := c.origin(sender)
	if err != nil {
		return "", err
	}
	m, err := parseMailbox(recipient)
	if err != nil {
		return "", fmt.Errorf("%w: recipient %q: %w", ErrMalformed, recipient, err)
	}
	name, err := c.write(m)
	if err != nil {
		return "", fmt.Errorf("%w: recipient %q: %w", ErrUnrepresentable, recipient, err)
	}
	m = mailbox{local: o.prefix + name, domain: o.domain}
	if err := m.checkLength(); err != nil {
		return "", fmt.Errorf("%w: recipient %q: %w", ErrTooLong, recipient, err)
	}
	return m.local + "@" + m.domain, nil
}

// Decode returns the recipient that address names. Sender is the address that
// was given to Encode. Angle brackets around address, its letter case and its
// length do not matter, nor do a "+tag" that a forwarder has added to it and the
// wrappers of BATV and SRS (see Unwrap).
//
// A path of another sender is ErrNotOurs, unless that sender's local part begins
// with this one's and the delimiter: both may have made it then, for different
// recipients. With such senders in one domain, which are better avoided, try the
// one with the longest local part first. A path of the other form may give
// another recipient. See the package's "What Decode cannot know".
//
// The errors are ErrNotOurs, ErrMalformed, or what Validate says; for a sender
// that Encode would not take, those of Encode.
func (c Codec) Decode(sender, address string) (string, error) {
	o, err := c.origin(sender)
	if err != nil {
		return "", err
	}
	name, ok := o.cut(address)
	if !ok {
		return "", fmt.Errorf("%w: %q", ErrNotOurs, address)
	}
	m, err := c.readTagged(name)
	if err != nil {
		return "", fmt.Errorf("%w: %q: %w", ErrMalformed, address, err)
	}
	return m.String(), nil
}
