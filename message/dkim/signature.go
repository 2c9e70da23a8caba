package dkim

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// A signingKey is a Key made ready.
type signingKey struct {
	Key
	head []byte      // the beginning of its signatures, up to what differs
	hash crypto.Hash // what Signer.Sign is to be told
	size int         // about what a signature takes
}

func newSigningKey(k Key, header, body Canonicalization) (signingKey, error) {
	a, err := k.check()
	if err != nil {
		return signingKey{}, err
	}
	head := fmt.Sprintf("DKIM-Signature: v=1; a=%s-sha256; c=%s/%s;\r\n d=%s;\r\n s=%s;\r\n", a, header, body, k.Domain, k.Selector)
	if k.Identifier != "" {
		head += " i=" + k.Identifier + ";\r\n"
	}
	sk := signingKey{Key: k, head: []byte(head), size: 1024 + len(head)}
	if a == "rsa" {
		sk.hash = crypto.SHA256
	} // and Ed25519 signs the digest as if it were the message: RFC 8463 3
	return sk, nil
}

func (k *signingKey) sign(digest []byte) ([]byte, error) {
	sig, err := k.Signer.Sign(rand.Reader, digest, k.hash)
	if err != nil {
		return nil, fmt.Errorf("dkim: key %s._domainkey.%s: %w", k.Selector, k.Domain, err)
	}
	return sig, nil
}

// lineLength is what lines are folded at (RFC 5322 2.1.1).
const lineLength = 78

// appendList appends names separated by colons, folded behind colons.
func appendList(dst, list []byte) []byte {
	column := len(" h=")
	for len(list) > 0 {
		n := bytes.IndexByte(list, ':') + 1
		if n == 0 {
			n = len(list)
		}
		if column += n; column > lineLength-1 { // the last one gets a semicolon
			dst = append(dst, "\r\n "...)
			column = len(" ") + n
		}
		dst, list = append(dst, list[:n]...), list[n:]
	}
	return dst
}

// appendSignature appends the value of b=, folded, and the end of the field.
func appendSignature(dst, sig []byte) []byte {
	// In multiples of three octets, so that no padding is within.
	const first, next = 54, 57 // 72 and 76 octets, behind " b=" and " "
	n := min(first, len(sig))
	dst = base64.StdEncoding.AppendEncode(dst, sig[:n])
	for sig = sig[n:]; len(sig) > 0; sig = sig[n:] {
		n = min(next, len(sig))
		dst = base64.StdEncoding.AppendEncode(append(dst, "\r\n "...), sig[:n])
	}
	return append(dst, "\r\n"...)
}
