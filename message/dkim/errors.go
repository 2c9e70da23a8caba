package dkim

import "errors"

// Why a key is not taken.
var (
	// ErrNoKey: there is no PEM block of a private key.
	ErrNoKey = errors.New("dkim: no private key in PEM")
	// ErrEncryptedKey: the key is protected by a passphrase. Decrypt it first:
	// openssl pkey -in key.pem -out plain.pem
	ErrEncryptedKey = errors.New("dkim: private key is encrypted")
	// ErrBadKey: the key is broken.
	ErrBadKey = errors.New("dkim: bad private key")
	// ErrKeyType: the key is neither RSA nor Ed25519 (RFC 8301, RFC 8463).
	ErrKeyType = errors.New("dkim: neither an RSA nor an Ed25519 key")
	// ErrKeySize: an RSA key of less than 2048 bits, which RFC 8301 3.2 asks of
	// signers, or of more than 4096, which verifiers need not take.
	ErrKeySize = errors.New("dkim: RSA key is not of 2048 to 4096 bits")
)

// Why a message is not signed.
var (
	// ErrNewline: a CR or LF that stands alone. A relay would mend or refuse it,
	// and a mended one no longer verifies.
	ErrNewline = errors.New("dkim: CR or LF that is not part of a CRLF")
	// ErrHeader: the header has a line that is no field, or no end.
	ErrHeader = errors.New("dkim: malformed header")
	// ErrFrom: there is not exactly one From field. Which of two a signature
	// speaks for is up to the reader, so a forger's choice (RFC 6376 8.15).
	ErrFrom = errors.New("dkim: not exactly one From field")
)

// A ConfigError says which part of a Config is wrong.
type ConfigError struct {
	Field string // such as "Keys[1].Domain"
	Err   error  // what is wrong with it; often one of the sentinels above
}

// Error implements error.
func (e *ConfigError) Error() string { return "dkim: Config." + e.Field + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *ConfigError) Unwrap() error { return e.Err }
