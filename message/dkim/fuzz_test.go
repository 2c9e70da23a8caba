package dkim_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	msgauth "github.com/emersion/go-msgauth/dkim"
)

// FuzzSign: a message is refused for a reason, or its signature verifies.
func FuzzSign(f *testing.F) {
	for _, msg := range messages {
		if !strings.HasPrefix(msg, "DKIM") {
			f.Add([]byte(msg), uint8(len(msg)%4))
		}
	}
	f.Add([]byte("From: a\n\r\nx\ry"), uint8(0))
	f.Add(newsletter(1), uint8(1))
	records := zone(f, edSigningKey())
	var signers [4]*dkim.Signer
	for i := range signers {
		signers[i] = newSigner(f, dkim.Config{Keys: []dkim.Key{edSigningKey()}, Header: dkim.Canonicalization(i & 1), Body: dkim.Canonicalization(i >> 1)})
	}
	f.Fuzz(func(t *testing.T, msg []byte, which uint8) {
		signed, err := signers[which%4].Sign(msg)
		clean := bytes.ReplaceAll(msg, []byte("\r\n"), nil)
		bare := bytes.ContainsAny(clean, "\r\n")
		if bare != errors.Is(err, dkim.ErrNewline) {
			t.Fatalf("bare newline %v: %v", bare, err)
		}
		if err != nil {
			if !errors.Is(err, dkim.ErrNewline) && !errors.Is(err, dkim.ErrHeader) && !errors.Is(err, dkim.ErrFrom) {
				t.Fatal(err)
			}
			return
		}
		if bytes.Contains(bytes.ToLower(msg), []byte("dkim-signature")) {
			return // the verifier would look at that, too
		}
		if strings.ContainsAny(header(msg), "\x00\x0b\x0c") || !isASCII(header(msg)) {
			return // go-msgauth trims more than white space from names, and reads in runes
		}
		if err := verify(signed, records, 1); err != nil {
			t.Fatalf("%v: %q", err, signed)
		}
	})
}

func header(msg []byte) string {
	h, _, _ := bytes.Cut(msg, []byte("\r\n\r\n"))
	return string(h)
}

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }

// FuzzBodyHash: bodies are hashed as go-msgauth hashes them.
func FuzzBodyHash(f *testing.F) {
	for _, msg := range messages {
		_, body, _ := strings.Cut(msg, "\r\n\r\n")
		f.Add([]byte(body))
	}
	f.Add(bytes.Repeat([]byte("a  b \t\r\n\r\n\t"), 30))
	f.Fuzz(func(t *testing.T, body []byte) {
		body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r"), nil), []byte("\n"), []byte("\r\n"))
		for _, c := range []dkim.Canonicalization{dkim.Relaxed, dkim.Simple} {
			msg := append([]byte("From: a@example.com\r\n\r\n"), body...)
			s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}, Body: c})
			signed, err := s.Sign(msg)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			err = msgauth.Sign(&want, bytes.NewReader(msg), &msgauth.SignOptions{
				Domain: "example.com", Selector: "ed", Signer: edKey, BodyCanonicalization: msgauth.Canonicalization(c.String())})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := tag(signed, "bh"), tag(want.Bytes(), "bh"); got != want {
				t.Errorf("%v: bh=%s, want %s: %q", c, got, want, body)
			}
		}
	})
}

// FuzzParseKey: a key that is taken can sign, and its record verifies that.
func FuzzParseKey(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := dkim.ParseKey(data)
		if err != nil {
			return
		}
		k := dkim.Key{Domain: "example.com", Selector: "s", Signer: key}
		signed, err := newSigner(t, dkim.Config{Keys: []dkim.Key{k}}).Sign([]byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(signed, zone(t, k), 1); err != nil {
			t.Fatal(err)
		}
	})
}
