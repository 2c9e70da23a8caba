package dkim_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	msgauth "github.com/emersion/go-msgauth/dkim"
)

// edKey and rsaKey are the same for all tests: RSA keys take long to make.
var (
	edKey  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(nil, 2048)
		if err != nil {
			panic(err)
		}
		return key
	})
)

func edSigningKey() dkim.Key {
	return dkim.Key{Domain: "example.com", Selector: "ed", Signer: edKey}
}
func rsaSigningKey() dkim.Key {
	return dkim.Key{Domain: "example.com", Selector: "rsa", Signer: rsaKey()}
}

func newSigner(tb testing.TB, c dkim.Config) *dkim.Signer {
	tb.Helper()
	s, err := dkim.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// zone is a DNS with the records of keys, for go-msgauth.
func zone(tb testing.TB, keys ...dkim.Key) map[string]string {
	tb.Helper()
	records := map[string]string{}
	for _, k := range keys {
		r, err := k.Record()
		if err != nil {
			tb.Fatal(err)
		}
		records[r.Name] = r.Value
	}
	return records
}

// verify has go-msgauth verify msg, all of whose signatures, want in number,
// must be good.
func verify(msg []byte, records map[string]string, want int) error {
	vs, err := msgauth.VerifyWithOptions(bytes.NewReader(msg), &msgauth.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			if r, ok := records[name]; ok {
				return []string{r}, nil
			}
			return nil, fmt.Errorf("no record %s", name)
		}})
	if err != nil {
		return err
	}
	if len(vs) != want {
		return fmt.Errorf("%d signatures, want %d", len(vs), want)
	}
	for i, v := range vs {
		if v.Err != nil {
			return fmt.Errorf("signature %d: %w", i, v.Err)
		}
	}
	return nil
}

// tag returns a tag's value in the first signature of msg, without white space.
func tag(msg []byte, name string) string {
	field, _, _ := strings.Cut(strings.ReplaceAll(string(msg), "\r\n ", ""), "\r\n")
	for t := range strings.SplitSeq(strings.TrimPrefix(field, "DKIM-Signature:"), ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(t), "="); k == name {
			return v
		}
	}
	return ""
}

var signTime = time.Date(2026, 11, 10, 10, 0, 0, 0, time.UTC)

func atSignTime() time.Time { return signTime }

// plain is a small message; its parts are put together by tests.
const (
	plainHeader = "From: News <news@example.com>\r\nTo: ann@example.org\r\nSubject: Hello\r\nDate: Tue, 10 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
	plain       = plainHeader + "\r\nHello Ann.\r\n"
)

var _ crypto.Signer = edKey
