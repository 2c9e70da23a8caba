package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"reflect"
	"strings"
)

// The RSA keys that RFC 8301 3.2 wants signers to use and all verifiers to take.
const (
	minRSABits = 2048
	maxRSABits = 4096
)

// ParseKey reads a private key from PEM: an RSA key in PKCS #1 ("RSA PRIVATE
// KEY"), or an RSA or Ed25519 key in PKCS #8 ("PRIVATE KEY"). Other blocks and
// text before it are passed over. These make such keys:
//
//	openssl genpkey -algorithm ed25519
//	openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048
//
// The error wraps ErrNoKey, ErrEncryptedKey, ErrBadKey, ErrKeyType or
// ErrKeySize. It never quotes the key.
func ParseKey(data []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		if _, err := algorithm(key); err != nil {
			return nil, err
		}
		return key, nil
	}
	return nil, ErrNoKey
}

func parseBlock(block *pem.Block) (crypto.Signer, error) {
	// The old encryption of PKCS #1 is told by a header of the block.
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, ErrEncryptedKey
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: %s", ErrKeyType, block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrKeyType, key)
	}
	return signer, nil
}

// algorithm returns what DKIM calls the kind of key, for the k= of a record, and
// checks that the key is good enough.
func algorithm(key crypto.Signer) (string, error) {
	if key == nil {
		return "", ErrNoKey
	}
	if !isWhole(key) {
		return "", fmt.Errorf("%w: incomplete", ErrBadKey)
	}
	switch public := key.Public().(type) {
	case ed25519.PublicKey:
		if len(public) != ed25519.PublicKeySize {
			return "", fmt.Errorf("%w: Ed25519 key of %d octets", ErrBadKey, len(public))
		}
		return "ed25519", nil
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return "", fmt.Errorf("%w: %d", ErrKeySize, bits)
		}
		return "rsa", nil
	default:
		return "", fmt.Errorf("%w: %T", ErrKeyType, public)
	}
}

// isWhole reports whether a key of the standard library is one, so that neither
// Public nor Sign panics. The halves of an Ed25519 key that do not fit make
// signatures that give the key away.
func isWhole(key crypto.Signer) bool {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return len(k) == ed25519.PrivateKeySize && bytes.Equal(ed25519.NewKeyFromSeed(k.Seed()), k)
	case *rsa.PrivateKey:
		return k != nil && k.N != nil && k.D != nil
	}
	v := reflect.ValueOf(key)
	return v.Kind() != reflect.Pointer || !v.IsNil()
}
