package verp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// A Mode says when a Signer makes a token.
type Mode uint8

const (
	// TokenMode: always. Nobody without the key can make a path that decodes.
	TokenMode Mode = iota
	// AutoMode: where a readable path would not fit, or would not be clean. A
	// readable path can be written by anybody, see Path.Keyed.
	AutoMode
)

// String returns "token" or "auto".
func (m Mode) String() string {
	switch m {
	case TokenMode:
		return "token"
	case AutoMode:
		return "auto"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// ParseMode is the inverse of String.
func ParseMode(s string) (Mode, error) {
	for _, m := range []Mode{TokenMode, AutoMode} {
		if s == m.String() {
			return m, nil
		}
	}
	return 0, fmt.Errorf("verp: mode %q is neither token nor auto", s)
}

// SignerConfig makes a Signer.
type SignerConfig struct {
	// Sender is the list's own return path, as for Encode. A token is good for
	// this sender alone.
	Sender string
	// Keys sign the tokens, and tell which are genuine: see OpenKeyFile.
	Keys *Keyring
	// Mode says when a token is made. The zero value is TokenMode.
	Mode Mode
	// Codec is the form of readable paths in AutoMode. The first of its
	// Delimiters also stands between the sender's local part and the token.
	Codec Codec
	// MaxDays is how old a token may be, in whole days. Zero is 90: bounces come
	// within days, complaints within weeks. Below zero no token expires.
	MaxDays int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// A Signer makes and reads the keyed return paths of one sender. It is safe for
// concurrent use.
type Signer struct {
	config SignerConfig
	origin origin
}

// A Subject is whom a return path is about.
type Subject struct {
	// Recipient is the address. Encode can do without it where there is an ID.
	// Decode gives it back in its canonical spelling, "" if the path has an ID.
	Recipient string
	// ID is any name that the caller has for the recipient, so that a token
	// fits whatever the length of the address: the number of a row, see IntID,
	// or the octets of a UUID. Encode puts it into the token in place of the
	// address. Empty: none.
	ID []byte
	// Campaign is any number by which the caller knows the mail. Zero is the
	// shortest in a token. Readable paths do not carry it.
	Campaign uint64
}

// IntID returns an ID for a number: its octets, the most significant one first,
// without leading zeros.
func IntID(n uint64) []byte {
	id := []byte{byte(n)}
	for n >>= 8; n > 0; n >>= 8 {
		id = append([]byte{byte(n)}, id...)
	}
	return id
}

// IntID returns the number in an ID that the function IntID made. It is false if
// there is no ID, or one that is no such number.
func (s Subject) IntID() (n uint64, ok bool) {
	if len(s.ID) == 0 || len(s.ID) > 8 || len(s.ID) > 1 && s.ID[0] == 0 {
		return 0, false
	}
	for _, b := range s.ID {
		n = n<<8 | uint64(b)
	}
	return n, true
}

// A Path is a return path, read.
type Path struct {
	Subject
	// Keyed reports a token: it was made with one of the keys, for this sender
	// and this subject. Otherwise the path is a readable one, which anybody who
	// knows the form can write: with it alone, strangers could have recipients
	// taken off the list.
	Keyed bool
	// Day is when a token was made, at midnight UTC; zero in readable paths.
	Day time.Time
}

// NewSigner makes a Signer. The error names the field of SignerConfig that is
// wrong; for Sender it is one of Encode's.
func NewSigner(c SignerConfig) (*Signer, error) {
	switch {
	case c.Keys == nil:
		return nil, errors.New("verp: SignerConfig.Keys: none")
	case c.Mode > AutoMode:
		return nil, fmt.Errorf("verp: SignerConfig.Mode: unknown mode %d", c.Mode)
	}
	if err := c.Codec.Validate(); err != nil {
		return nil, fmt.Errorf("verp: SignerConfig.Codec: %w", err)
	}
	o, err := c.Codec.origin(c.Sender)
	if err != nil {
		return nil, fmt.Errorf("verp: SignerConfig.Sender: %w", err)
	}
	if c.MaxDays == 0 {
		c.MaxDays = 90
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Signer{c, o}, nil
}

// Encode returns the return path for mail about s.
//
// In AutoMode it is readable if it can be: the address is ASCII, its local part
// has letters, digits, '_', '+', '-', '*', '=' and single dots only, its domain
// has a dot, and the path keeps the length limits. Else, and in TokenMode, it is
// a token, with the ID if there is one, else with the address. Behind a sender
// with a local part of eight octets there is room for an address of some 39
// characters, or for an ID of 24 octets.
//
// The errors are ErrMalformed, ErrTooLong (give the recipient an ID) and, with a
// clock that is before 2020 or after 2108, ErrUnrepresentable.
func (s *Signer) Encode(subject Subject) (string, error) {
	var m mailbox
	if subject.Recipient != "" || len(subject.ID) == 0 {
		var err error
		if m, err = parseMailbox(subject.Recipient); err != nil {
			return "", fmt.Errorf("%w: recipient %q: %w", ErrMalformed, subject.Recipient, err)
		}
		if s.config.Mode == AutoMode && isClean(m) {
			if path, err := s.config.Codec.Encode(s.config.Sender, m.String()); err == nil {
				return path, nil
			}
		}
	}
	return s.token(m, subject)
}

func (s *Signer) token(m mailbox, subject Subject) (string, error) {
	now := s.config.Now()
	t := token{key: s.config.Keys.signing, day: dayOf(now), campaign: subject.Campaign}
	if t.day < 0 || t.day > maxDay {
		return "", fmt.Errorf("%w: tokens have no place for the date %s", ErrUnrepresentable, now.Format(time.DateOnly))
	}
	if len(subject.ID) > 0 {
		t.kind, t.payload = kindID, fromOctets(subject.ID)
	} else {
		t.carry(m)
	}
	path := mailbox{local: s.origin.prefix + t.sign(s.config.Keys, s.origin), domain: s.origin.domain}
	if err := path.checkLength(); err != nil {
		return "", fmt.Errorf("%w: recipient %q, ID %x: %w", ErrTooLong, subject.Recipient, subject.ID, err)
	}
	return path.local + "@" + path.domain, nil
}

// Decode reads a return path. Like Codec.Decode it does not mind angle brackets,
// letter case, length, a "+tag" or "-tag" behind a token, nor wrappers.
//
// The errors are ErrNotOurs, ErrMalformed, ErrForged and ErrExpired. With
// ErrExpired the Path is filled in, for callers who want to know all the same.
// Readable paths are ErrMalformed in TokenMode; a Signer in AutoMode reads the
// tokens of both.
func (s *Signer) Decode(address string) (Path, error) {
	name, ok := s.origin.cut(address)
	if !ok {
		return Path{}, fmt.Errorf("%w: %q", ErrNotOurs, address)
	}
	p, err := s.open(cutToken(name))
	if err != nil && !errors.Is(err, ErrExpired) && s.config.Mode == AutoMode {
		if m, readErr := s.config.Codec.readTagged(name); readErr == nil && isPublic(m.domain) {
			return Path{Subject: Subject{Recipient: m.String()}}, nil
		}
	}
	if err != nil {
		return p, fmt.Errorf("%w: %q", err, address)
	}
	return p, nil
}

// open reads a token.
func (s *Signer) open(name string) (Path, error) {
	t, err := verify(name, s.config.Keys, s.origin)
	if err != nil {
		return Path{}, err
	}
	p := Path{Keyed: true, Day: dayZero.AddDate(0, 0, t.day)}
	if p.Subject, err = t.subject(); err != nil {
		return Path{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if s.config.MaxDays >= 0 && dayOf(s.config.Now())-t.day > s.config.MaxDays {
		return p, fmt.Errorf("%w: made on %s", ErrExpired, p.Day.Format(time.DateOnly))
	}
	return p, nil
}

// cutToken takes off what a forwarder has added behind a token, which itself
// has neither '+' nor '-'.
func cutToken(name string) string {
	if i := strings.IndexAny(name, "+-"); i >= 0 {
		return name[:i]
	}
	return name
}

// isClean reports an address that is safe in a readable path everywhere.
func isClean(m mailbox) bool {
	for i := range len(m.local) {
		if c := m.local[i]; !isSafe(c) && c != '.' && c != '+' && c != '-' {
			return false
		}
	}
	return address.IsDotString(m.local) && m.domain[0] != '[' && isPublic(m.domain)
}

// isPublic reports a domain with a dot. A token never has one, so that none
// becomes a readable path by one wrong character.
func isPublic(domain string) bool { return strings.IndexByte(domain, '.') >= 0 }
