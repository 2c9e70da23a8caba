package dkim_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	msgauth "github.com/emersion/go-msgauth/dkim"
)

// newsletter has about 2 KB of text and 8 KB of HTML, in quoted-printable.
func newsletter(i int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Date: Tue, 10 Nov 2026 10:00:00 +0000\r\nFrom: Example News <news@example.com>\r\n"+
		"To: Reader <user%d@example.org>\r\nMessage-ID: <m%d@example.com>\r\nSubject: Your weekly update\r\n"+
		"List-Unsubscribe: <https://example.com/u/%d>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"+
		"List-Id: News <news.example.com>\r\nFeedback-ID: w45:news:example\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/alternative;\r\n boundary=\"part-8f2c\"\r\n\r\n", i, i, i)
	part := func(typ, body string) {
		fmt.Fprintf(&b, "--part-8f2c\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s\r\n", typ, body)
	}
	part("text/plain", fmt.Sprintf("Hello reader %d,\r\n\r\n", i)+
		strings.Repeat("Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do =\r\neiusmod.\r\n", 25))
	part("text/html", fmt.Sprintf("<html><body><p>Hello reader %d</p>\r\n", i)+
		strings.Repeat("  <p style=3D\"color: #333333\">Lorem ipsum dolor sit amet, consectetur =\r\nadipiscing elit, sed do eiusmod.</p>\r\n", 80)+"</body></html>")
	b.WriteString("--part-8f2c--\r\n")
	return b.Bytes()
}

var signedNames = []string{"From", "From", "Reply-To", "To", "To", "Cc", "Subject", "Subject", "Content-Type", "Content-Type", "Date", "Date",
	"Message-ID", "Message-ID", "MIME-Version", "MIME-Version", "List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"}

// BenchmarkSign compares with the key's work alone, sha256 of the message and one
// signature, and with go-msgauth. Run it with -count=10: the machine's noise is
// more than the differences.
func BenchmarkSign(b *testing.B) {
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	var personal [64][]byte
	for i := range personal {
		personal[i] = newsletter(i * 997)
	}
	for _, key := range []struct {
		name string
		crypto.Signer
		hash crypto.Hash
	}{{"ed25519", ed, 0}, {"rsa2048", rsaKey, crypto.SHA256}} {
		b.Run(key.name+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d := sha256.Sum256(personal[i%len(personal)])
				if _, err := key.Sign(rand.Reader, d[:], key.hash); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, c := range []dkim.Canonicalization{dkim.Relaxed, dkim.Simple} {
			s, err := dkim.New(dkim.Config{Keys: []dkim.Key{{Domain: "example.com", Selector: "s", Signer: key}}, Body: c})
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%v", key.name, c), func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				for i := 0; b.Loop(); i++ {
					if buf, err = s.AppendSigned(buf[:0], personal[i%len(personal)]); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/%v-same-body", key.name, c), func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				for b.Loop() {
					if buf, err = s.AppendSigned(buf[:0], personal[0]); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/go-msgauth-%v", key.name, c), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					msg := personal[i%len(personal)]
					sg, err := msgauth.NewSigner(&msgauth.SignOptions{Domain: "example.com", Selector: "s", Signer: key.Signer,
						HeaderKeys: signedNames, HeaderCanonicalization: msgauth.CanonicalizationRelaxed, BodyCanonicalization: msgauth.Canonicalization(c.String())})
					if err != nil {
						b.Fatal(err)
					}
					sg.Write(msg)
					if err := sg.Close(); err != nil {
						b.Fatal(err)
					}
					signed := append(append(make([]byte, 0, len(msg)+1000), sg.Signature()...), msg...)
					_ = signed
				}
			})
		}
	}
}

// BenchmarkAll shows what the way through Each costs, and what more cores are
// worth.
func BenchmarkAll(b *testing.B) {
	s := newSigner(b, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	var personal [64][]byte
	for i := range personal {
		personal[i] = newsletter(i * 997)
	}
	b.Run("Sign", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Sign(personal[i%len(personal)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, p := range []dkim.Parallel{{Workers: 1}, {}, {Unordered: true}} {
		b.Run(fmt.Sprintf("workers=%d,unordered=%v", p.Workers, p.Unordered), func(b *testing.B) {
			b.ReportAllocs()
			endless := func(yield func([]byte) bool) {
				for i := 0; yield(personal[i%len(personal)]); i++ {
				}
			}
			for _, err := range s.All(p, endless) {
				if err != nil {
					b.Fatal(err)
				}
				if !b.Loop() {
					break
				}
			}
		})
	}
}
