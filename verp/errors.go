package verp

import "errors"

// The cases that Encode and Decode tell apart, for errors.Is.
var (
	// ErrNotOurs: the address given to Decode does not begin with the sender's
	// local part, or has another domain.
	ErrNotOurs = errors.New("verp: not a return path of this sender")
	// ErrMalformed: the sender or the recipient is no address or, in Decode, the
	// address is one of the sender's and names no recipient.
	ErrMalformed = errors.New("verp: malformed")
	// ErrForged: the address given to Signer.Decode has the shape of a token,
	// and no key of the ring has made it: it was altered, invented, or signed
	// with a key that was taken out of the ring since.
	ErrForged = errors.New("verp: forged")
	// ErrExpired: the token is genuine and older than SignerConfig.MaxDays.
	ErrExpired = errors.New("verp: expired")
	// ErrTooLong: the return path would pass a limit of RFC 5321 4.5.3.1: 64
	// octets in the local part, 255 in the domain, 254 in all.
	ErrTooLong = errors.New("verp: return path too long")
	// ErrUnrepresentable: the return path would not be safe on its way, or would
	// not decode to the same recipient.
	ErrUnrepresentable = errors.New("verp: not representable")
)
