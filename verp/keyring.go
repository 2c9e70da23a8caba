package verp

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// Limits of keys.
const (
	maxKeyID  = 31
	minSecret = 16 // octets
	newSecret = 32
)

// A Key signs tokens, and tells which ones it has signed.
type Key struct {
	// ID stands in the token, 0 to 31. An id must not be used again for another
	// secret while tokens of the first one are about.
	ID uint8
	// Secret is at least 16 octets from a good source of chance.
	Secret []byte
}

// String does not show the secret.
func (k Key) String() string { return fmt.Sprintf("verp.Key(%d)", k.ID) }

// Format implements fmt.Formatter: no verb shows the secret.
func (k Key) Format(f fmt.State, verb rune) { io.WriteString(f, k.String()) }

// LogValue implements slog.LogValuer, without the secret.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// NewKey makes a Key with a secret of 32 octets from crypto/rand.
func NewKey(id uint8) Key {
	secret := make([]byte, newSecret)
	rand.Read(secret) // never fails, and says so
	return Key{ID: id, Secret: secret}
}

// A Keyring holds the keys by which tokens are known. One signs; the others are
// there for tokens from before the last change of keys. It does not change and
// is safe for concurrent use.
type Keyring struct {
	signing uint8
	secrets [maxKeyID + 1][]byte // nil: no such key
}

// NewKeyring makes a Keyring of keys, of which the first one signs. The error
// says which key is wrong.
func NewKeyring(keys ...Key) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("verp: no key")
	}
	ring := &Keyring{signing: keys[0].ID}
	for _, k := range keys {
		switch {
		case k.ID > maxKeyID:
			return nil, fmt.Errorf("verp: Key.ID: %d is over %d", k.ID, maxKeyID)
		case len(k.Secret) < minSecret:
			return nil, fmt.Errorf("verp: Key.Secret: key %d has %d octets, at least %d are needed", k.ID, len(k.Secret), minSecret)
		case ring.secrets[k.ID] != nil:
			return nil, fmt.Errorf("verp: Key.ID: two keys have %d", k.ID)
		}
		ring.secrets[k.ID] = bytes.Clone(k.Secret)
	}
	return ring, nil
}

// secret returns the secret of a key, or nil.
func (r *Keyring) secret(id uint8) []byte { return r.secrets[id&maxKeyID] }

// ReadKeyring reads a Keyring from text: see OpenKeyFile for its form. Errors
// name the line and never what is in it.
func ReadKeyring(r io.Reader) (*Keyring, error) {
	var keys []Key
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("verp: keys: line %d: %w", n, err)
		}
		keys = append(keys, k)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("verp: keys: %w", err)
	}
	return NewKeyring(keys...)
}

func parseKey(line string) (Key, error) {
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return Key{}, fmt.Errorf("%d words, not an id and a secret", len(fields))
	}
	id, err := strconv.ParseUint(fields[0], 10, 8)
	if err != nil || id > maxKeyID {
		return Key{}, fmt.Errorf("the id is not a number from 0 to %d", maxKeyID)
	}
	secret, err := hex.DecodeString(fields[1])
	if err != nil {
		return Key{}, errors.New("the secret is not in hex digits, two for each octet")
	}
	return Key{ID: uint8(id), Secret: secret}, nil
}

// String does not show the secrets.
func (r *Keyring) String() string {
	var ids []string
	for id, secret := range r.secrets {
		if secret != nil {
			ids = append(ids, strconv.Itoa(id))
		}
	}
	return fmt.Sprintf("keys %s, %d signs", strings.Join(ids, " "), r.signing)
}

// Format implements fmt.Formatter: no verb shows the secrets.
func (r *Keyring) Format(f fmt.State, verb rune) { io.WriteString(f, r.String()) }

// LogValue implements slog.LogValuer, without the secrets.
func (r *Keyring) LogValue() slog.Value { return slog.StringValue(r.String()) }
