package verp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// A token is a row of symbols of five bits:
//
//	kind      1   what the payload is
//	key       1   id of the key
//	day       3   when it was made, days since 2020-01-01, most significant first
//	campaign  1–16  four bits a symbol, least significant first; 16 is set in all but the last
//	payload       an id, or an address
//	MAC      10   the first 50 bits of the HMAC-SHA-256 of label, origin and all before
const (
	kindID     = 0 // octets, as base32 has them
	kindPacked = 1 // an address, as pack writes it
	kindOctets = 2 // an address, as base32 has it

	headLen = 5
	macLen  = 10
	// minToken is one with the shortest campaign and an id of one octet.
	minToken = headLen + 1 + 2 + macLen

	maxDay   = 1<<15 - 1
	macLabel = "bulksmtp verp token 1"
)

// dayZero is the day that tokens count from; maxDay after it is in 2109.
var dayZero = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func dayOf(t time.Time) int {
	// Floor, so that the days before dayZero are negative.
	return int((t.Unix()-dayZero.Unix()+maxDay*86400)/86400) - maxDay
}

// A token's content.
type token struct {
	kind     byte
	key      uint8
	day      int
	campaign uint64
	payload  []byte // symbols
}

// symbols writes all but the MAC.
func (t *token) symbols() []byte {
	b := []byte{t.kind, t.key, byte(t.day>>10) & symbol, byte(t.day>>5) & symbol, byte(t.day) & symbol}
	c := t.campaign
	for ; c > 15; c >>= 4 {
		b = append(b, 16|byte(c&15))
	}
	return append(append(b, byte(c)), t.payload...)
}

// parse is the inverse of symbols.
func (t *token) parse(b []byte) bool {
	t.kind, t.key = b[0], b[1]
	t.day = int(b[2])<<10 | int(b[3])<<5 | int(b[4])
	for i, v := range b[headLen:] {
		if i > 15 {
			return false
		}
		t.campaign |= uint64(v&15) << (4 * i)
		if v < 16 {
			t.payload = b[headLen+i+1:]
			return true
		}
	}
	return false
}

// mac returns the symbols by which a token is known as made for this origin.
func mac(secret []byte, o origin, symbols []byte) []byte {
	h := hmac.New(sha256.New, secret)
	// The origin cannot have a NUL, nor has it upper case letters that matter.
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00", macLabel, lowerASCII(o.prefix), o.domain)
	h.Write(symbols)
	return fromOctets(h.Sum(nil))[:macLen]
}

// sign spells the token with its MAC.
func (t *token) sign(ring *Keyring, o origin) string {
	b := t.symbols()
	return spell(append(b, mac(ring.secret(t.key), o, b)...))
}

// verify reads a token that a key of the ring has signed. It looks at nothing
// in it but the key's id before it knows that.
func verify(s string, ring *Keyring, o origin) (*token, error) {
	if len(s) < minToken {
		return nil, fmt.Errorf("%w: too short for a token", ErrMalformed)
	}
	b := make([]byte, len(s))
	for i := range len(s) {
		v := symbolOf(s[i])
		if v < 0 {
			return nil, fmt.Errorf("%w: %q is in no token", ErrMalformed, s[i])
		}
		b[i] = byte(v)
	}
	signed, theirs := b[:len(b)-macLen], b[len(b)-macLen:]
	secret := ring.secret(signed[1])
	if secret == nil {
		return nil, fmt.Errorf("%w: there is no key %d", ErrForged, signed[1])
	}
	if subtle.ConstantTimeCompare(mac(secret, o, signed), theirs) != 1 {
		return nil, ErrForged
	}
	t := new(token)
	if !t.parse(signed) {
		return nil, fmt.Errorf("%w: campaign without an end", ErrMalformed)
	}
	return t, nil
}

// carry makes the payload of an address, in the shorter of the two ways.
func (t *token) carry(m mailbox) {
	s := m.String()
	t.kind, t.payload = kindPacked, pack(s)
	if other := fromOctets([]byte(s)); len(other) < len(t.payload) {
		t.kind, t.payload = kindOctets, other
	}
}

// subject reads the payload.
func (t *token) subject() (Subject, error) {
	s := Subject{Campaign: t.campaign}
	ok := false
	switch t.kind {
	case kindID:
		s.ID, ok = toOctets(t.payload)
		ok = ok && len(s.ID) > 0
	case kindPacked:
		s.Recipient, ok = unpack(t.payload)
	case kindOctets:
		var b []byte
		b, ok = toOctets(t.payload)
		s.Recipient = string(b)
	}
	if !ok {
		return Subject{}, errors.New("payload of a kind that is not known")
	}
	return s, nil
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
