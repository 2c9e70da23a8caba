package dkim_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message/dkim"
)

func pemOf(typ string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", der)
}

func TestParseKey(t *testing.T) {
	certificate := pemOf("CERTIFICATE", []byte("x"))
	for name, tt := range map[string]struct {
		pem  []byte
		want crypto.Signer
	}{
		"PKCS #1":           {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), rsaKey()},
		"PKCS #8, RSA":      {pkcs8(t, rsaKey()), rsaKey()},
		"PKCS #8, Ed25519":  {pkcs8(t, edKey), edKey},
		"behind other text": {append([]byte("Bag attributes\n"), append(certificate, pkcs8(t, edKey)...)...), edKey},
	} {
		key, err := dkim.ParseKey(tt.pem)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if public := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !public.Equal(tt.want.Public()) {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestParseKeyRefused(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(edKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	torn := pkcs8(t, edKey)
	for name, tt := range map[string]struct {
		pem  []byte
		want error
	}{
		"nothing":         {nil, dkim.ErrNoKey},
		"text":            {[]byte("secret"), dkim.ErrNoKey},
		"public key":      {pemOf("PUBLIC KEY", public), dkim.ErrNoKey},
		"torn PEM":        {torn[:len(torn)/2], dkim.ErrNoKey},
		"torn PKCS #1":    {pemOf("RSA PRIVATE KEY", []byte("secret")), dkim.ErrBadKey},
		"torn PKCS #8":    {pemOf("PRIVATE KEY", []byte("secret")), dkim.ErrBadKey},
		"EC":              {pemOf("EC PRIVATE KEY", ecDER), dkim.ErrKeyType},
		"EC in PKCS #8":   {pkcs8(t, ec), dkim.ErrKeyType},
		"encrypted":       {pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), dkim.ErrEncryptedKey},
		"encrypted PKCS1": {[]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), dkim.ErrEncryptedKey},
		"weak PKCS #1":    {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(weak)), dkim.ErrKeySize},
		"weak PKCS #8":    {pkcs8(t, weak), dkim.ErrKeySize},
	} {
		key, err := dkim.ParseKey(tt.pem)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if err == nil || strings.Contains(err.Error(), "secret") || key != nil {
			t.Errorf("%s: %v, %v", name, key, err)
		}
	}
}

// hollow is a key whose private half is elsewhere.
type hollow struct {
	crypto.Signer
	public crypto.PublicKey
}

func (h hollow) Public() crypto.PublicKey { return h.public }

func TestKeysRefused(t *testing.T) {
	mixed := append(append(ed25519.PrivateKey{}, edKey[:32]...), make([]byte, 32)...)
	for name, tt := range map[string]struct {
		key  crypto.Signer
		want error
	}{
		"RSA of 2047 bits": {hollow{edKey, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2046), E: 65537}}, dkim.ErrKeySize},
		"RSA of 4097 bits": {hollow{edKey, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 4096), E: 65537}}, dkim.ErrKeySize},
		"short Ed25519":    {hollow{edKey, ed25519.PublicKey("short")}, dkim.ErrBadKey},
		"mixed Ed25519":    {mixed, dkim.ErrBadKey},
		"torn Ed25519":     {edKey[:40], dkim.ErrBadKey},
		"nil RSA":          {(*rsa.PrivateKey)(nil), dkim.ErrBadKey},
		"empty RSA":        {&rsa.PrivateKey{}, dkim.ErrBadKey},
		"no public key":    {hollow{edKey, nil}, dkim.ErrKeyType},
	} {
		k := dkim.Key{Domain: "example.com", Selector: "s", Signer: tt.key}
		if _, err := k.Record(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestRecord(t *testing.T) {
	k := edSigningKey()
	k.Domain = "B\u00fccher.example"
	r, err := k.Record()
	if err != nil {
		t.Fatal(err)
	}
	value := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(edKey.Public().(ed25519.PublicKey))
	if want := (dkim.Record{Name: "ed._domainkey.xn--bcher-kva.example", Value: value}); r != want {
		t.Errorf("%+v, want %+v", r, want)
	}
	if want := `ed._domainkey.xn--bcher-kva.example. IN TXT ( "` + value + `" )`; r.String() != want {
		t.Errorf("%s, want %s", r, want)
	}

	if r, err = rsaSigningKey().Record(); err != nil {
		t.Fatal(err)
	}
	strs := r.Strings()
	if len(strs) != 2 || len(strs[0]) != 255 || strings.Join(strs, "") != r.Value {
		t.Errorf("%q", strs)
	}
	if !strings.HasPrefix(r.Value, "v=DKIM1; k=rsa; p=MIIB") || !strings.Contains(r.String(), `" "`) {
		t.Error(r)
	}
	if _, err := (dkim.Key{}).Record(); err == nil {
		t.Error("an empty key has a record")
	}
}

// TestNoKeys: keys that are nil, and a Signer that has none, are errors.
func TestNoKeys(t *testing.T) {
	for _, k := range []crypto.Signer{nil, (*rsa.PrivateKey)(nil), (*ecdsa.PrivateKey)(nil), (*ed25519.PrivateKey)(nil), ed25519.PrivateKey(nil), &rsa.PrivateKey{}} {
		var ce *dkim.ConfigError
		if _, err := dkim.New(dkim.Config{Keys: []dkim.Key{{Domain: "example.org", Selector: "s", Signer: k}}}); !errors.As(err, &ce) {
			t.Errorf("%T: %v", k, err)
		}
	}
	var s dkim.Signer
	if signed, err := s.Sign([]byte("From: a@example.org\r\n\r\n")); !errors.Is(err, dkim.ErrNoKey) || len(signed) > 0 {
		t.Errorf("%q, %v", signed, err)
	}
}

func TestUnsignable(t *testing.T) {
	for _, name := range []string{"Return-Path", "Received", "dkim-signature", "Bcc", "Resent-Bcc", "Authentication-Results"} {
		var ce *dkim.ConfigError
		_, err := dkim.New(dkim.Config{Keys: []dkim.Key{{Domain: "example.org", Selector: "s", Signer: ed25519.NewKeyFromSeed(make([]byte, 32))}}, Also: []string{name}})
		if !errors.As(err, &ce) || ce.Field != "Also[0]" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
