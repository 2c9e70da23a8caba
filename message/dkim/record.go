package dkim

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
)

// A Record is the DNS TXT record by which verifiers find a public key
// (RFC 6376 3.6).
type Record struct {
	Name  string // such as "spring._domainkey.example.com", without a dot at its end
	Value string // the text, in one piece
}

// Record returns the record that is to be in the DNS before mail signed with k
// is sent. The error is a *ConfigError.
func (k Key) Record() (Record, error) {
	a, err := k.check()
	if err != nil {
		return Record{}, err
	}
	var public []byte
	switch p := k.Signer.Public().(type) {
	case ed25519.PublicKey:
		public = p // the bare key: RFC 8463 4.2
	case *rsa.PublicKey:
		if public, err = x509.MarshalPKIXPublicKey(p); err != nil {
			return Record{}, &ConfigError{"Signer", err}
		}
	}
	return Record{
		Name:  k.Selector + "._domainkey." + k.Domain,
		Value: fmt.Sprintf("v=DKIM1; k=%s; p=%s", a, base64.StdEncoding.EncodeToString(public)),
	}, nil
}

// maxString is the most octets of one string of a TXT record (RFC 1035 3.3).
const maxString = 255

// Strings returns the value cut into what a TXT record is made of: strings of
// 255 octets at most, which verifiers join again. An RSA key needs two or more.
func (r Record) Strings() []string {
	var list []string
	for s := r.Value; ; s = s[maxString:] {
		if len(s) <= maxString {
			return append(list, s)
		}
		list = append(list, s[:maxString])
	}
}

// String returns the record as a line of a zone file.
func (r Record) String() string {
	return r.Name + `. IN TXT ( "` + strings.Join(r.Strings(), `" "`) + `" )`
}
