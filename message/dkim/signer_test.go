package dkim_test

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// messages have every trait that canonicalization treats.
var messages = map[string]string{
	"plain":              plain,
	"no body":            plainHeader + "\r\n",
	"empty lines only":   plainHeader + "\r\n\r\n\r\n\r\n",
	"white lines only":   plainHeader + "\r\n \t\r\n\t\r\n",
	"white space only":   plainHeader + "\r\n \t",
	"no CRLF at the end": plainHeader + "\r\nHello",
	"space at the end":   plainHeader + "\r\nHello \t",
	"empty lines behind": plainHeader + "\r\nHello\r\n\r\n\r\n",
	"white line behind":  plainHeader + "\r\nHello\r\n \t \r\n",
	"runs of space":      plainHeader + "\r\n  A  b\tc \t d \r\n\tx\r\n \r\ny  \r\n -- \r\nz\t\r\n",
	"runs across words":  plainHeader + "\r\n" + strings.Repeat("0123456 \t89abc  def \r\n\r\n xy", 40),
	"all lengths":        plainHeader + "\r\n" + lengths(),
	"8bit":               plainHeader + "\r\nGr\u00fc\u00dfe  aus K\u00f6ln \r\n\x80\xff \xa0 \r\n",
	"nul":                plainHeader + "\r\na\x00 \x00  b\r\n",
	"folded":             "From:\r\n News\r\n\t<news@example.com> \r\nSubject: \t A  b\r\n  c\t\r\nto:x@y\r\nTO:  \r\n\r\nx\r\n",
	"obsolete":           "From : News <news@example.com>\r\nSubject \t: A\r\n\r\nx\r\n",
	"empty fields":       "From: a@example.com\r\nSubject:\r\nTo: \t \r\nCc:\r\n \r\n\r\nx\r\n",
	"many of a name":     "From: a@example.com\r\nTo: a@b\r\nTo: c@d\r\nReceived: x\r\nSubject: 1\r\nTo: e@f\r\nSubject: 2\r\n\r\nx\r\n",
	"UTF-8 header":       "From: Zo\u00eb <zo\u00eb@example.com>\r\nSubject: Gr\u00fc\u00dfe\r\n\r\nx\r\n",
	"signed before":      "DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=; b=\r\n" + plain,
	"long name":          "X-" + strings.Repeat("n", 200) + ": 1\r\n" + plain,
}

// lengths has lines of every length, to bring each octet to each place in a word.
func lengths() string {
	var b strings.Builder
	for n := range 40 {
		b.WriteString(strings.Repeat("x", n) + " \r\n" + strings.Repeat("y", n) + "  z\r\n" + strings.Repeat("z", n) + "\t\r\n")
	}
	return b.String()
}

// TestVerifies has another implementation verify what is signed, for each
// canonicalization, with both kinds of key at once.
func TestVerifies(t *testing.T) {
	keys := []dkim.Key{edSigningKey(), rsaSigningKey()}
	records := zone(t, keys...)
	for _, header := range []dkim.Canonicalization{dkim.Relaxed, dkim.Simple} {
		for _, body := range []dkim.Canonicalization{dkim.Relaxed, dkim.Simple} {
			s := newSigner(t, dkim.Config{Keys: keys, Header: header, Body: body})
			for name, msg := range messages {
				t.Run(header.String()+"/"+body.String()+"/"+name, func(t *testing.T) {
					signed, err := s.Sign([]byte(msg))
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.HasSuffix(signed, []byte(msg)) {
						t.Error("the message was altered")
					}
					if strings.HasPrefix(msg, "DKIM") {
						// The old one is not ours to verify.
						signed = bytes.Replace(signed, []byte("DKIM-Signature: v=1; a=rsa-sha256; d=other"), []byte("X: v=1; a=rsa-sha256; d=other"), 1)
					}
					if err := verify(signed, records, 2); err != nil {
						t.Errorf("%v\n%q", err, signed)
					}
				})
			}
		}
	}
}

// TestTampering makes sure that a signature that verifies means something, and
// that what is over-signed cannot be added.
func TestTampering(t *testing.T) {
	keys := []dkim.Key{edSigningKey(), rsaSigningKey()}
	s := newSigner(t, dkim.Config{Keys: keys, Also: []string{"X-Campaign"}})
	records := zone(t, keys...)
	msg := "Sender: s@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\nX-Campaign: 7\r\n" +
		"List-Unsubscribe: <https://example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: <l.example.com>\r\nFeedback-ID: 1:a\r\n" + plain
	signed, err := s.Sign([]byte(msg))
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(signed, records, 2); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"From", "Reply-To", "To", "Cc", "Subject", "Content-Type", "Sender", "Date", "Message-ID", "MIME-Version",
		"Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Campaign"} {
		if verify(append([]byte(name+": x\r\n"), signed...), records, 2) == nil {
			t.Errorf("a second %s can be added", name)
		}
	}
	for _, name := range []string{"List-Id", "Feedback-ID", "Received", "X-Other"} {
		if err := verify(append([]byte(name+": x\r\n"), signed...), records, 2); err != nil {
			t.Errorf("%s added: %v", name, err)
		}
	}
	for _, change := range [][2]string{{"Hello Ann", "Hello Bob"}, {"Subject: Hello", "Subject: Hallo"}, {"example.com/u>", "example.com/x>"},
		{"One-Click", "One-click"}, {"<l.example.com>", "<m.example.com>"}, {"X-Campaign: 7", "X-Campaign: 8"}, {"Feedback-ID: 1", "Feedback-ID: 2"},
		{"Ann.\r\n", "Ann.\r\nBye.\r\n"}} {
		changed := bytes.Replace(signed, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(changed, signed) || verify(changed, records, 2) == nil {
			t.Errorf("%q can become %q", change[0], change[1])
		}
	}
	// What relaxed canonicalization is for.
	relaxed := strings.NewReplacer("Hello Ann", "Hello \t Ann", "Subject: Hello", "subject :Hello\r\n ", "Ann.\r\n", "Ann.  \r\n\r\n").Replace(string(signed))
	if err := verify([]byte(relaxed), records, 2); relaxed == string(signed) || err != nil {
		t.Error(err)
	}
}

// TestAbsentFieldsLeftOpen: a relay may add a Date and a Message-ID.
func TestAbsentFieldsLeftOpen(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	signed, err := s.Sign([]byte("From: a@example.com\r\n\r\nx\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	records := zone(t, edSigningKey())
	if err := verify(append([]byte("Date: x\r\nMessage-ID: <y@z>\r\nMIME-Version: 1.0\r\n"), signed...), records, 1); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"Reply-To", "To", "Cc", "Subject", "Content-Type"} {
		if verify(append([]byte(name+": x\r\n"), signed...), records, 1) == nil {
			t.Errorf("%s can be added", name)
		}
	}
}

// TestSignatureField holds the field to what it looks like: golden, so that a
// change is one on purpose.
func TestSignatureField(t *testing.T) {
	k := edSigningKey()
	k.Domain, k.Identifier = "B\u00fccher.Example", "news@mail.xn--bcher-kva.example"
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{k}, Now: atSignTime, Expire: 24 * time.Hour})
	got, err := s.AppendSignatures([]byte("before|"), []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	const want = "before|DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=xn--bcher-kva.example;\r\n s=ed;\r\n" +
		" i=news@mail.xn--bcher-kva.example;\r\n t=1794304800; x=1794391200;\r\n" +
		" h=From:From:Reply-To:To:To:Cc:Subject:Subject:Content-Type:Date:Date:\r\n Message-ID:Message-ID;\r\n" +
		" bh="
	if !strings.HasPrefix(string(got), want) {
		t.Errorf("%q", got)
	}
	again, err := s.AppendSignatures([]byte("before|"), []byte(plain))
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("not the same each time: %v", err)
	}
}

// TestLines: no line of a signature is over 78 octets, nor is a blank one.
func TestLines(t *testing.T) {
	key := rsaSigningKey()
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{key, edSigningKey()}, Also: []string{strings.Repeat("x", 70), "Y"}})
	msg := plain
	for n := range 60 {
		msg = "Cc: x\r\n" + strings.Repeat("x", 70) + ": 1\r\nY: 1\r\n" + msg
		fields, err := s.AppendSignatures(nil, []byte(msg))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(fields), "\r\n"), "\r\n") {
			if len(line) > 78 || strings.TrimSpace(line) == "" {
				t.Fatalf("%d: %q", n, line)
			}
		}
		if err := verify(append(fields, msg...), zone(t, key, edSigningKey()), 2); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusedMessages(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	for _, tt := range []struct {
		msg  string
		want error
	}{
		{"", dkim.ErrHeader},
		{"From: a@example.com\r\n", dkim.ErrHeader},
		{"From: a@example.com", dkim.ErrHeader},
		{" x\r\nFrom: a@example.com\r\n\r\n", dkim.ErrHeader},
		{"From a@example.com\r\n\r\n", dkim.ErrHeader},
		{": x\r\nFrom: a@example.com\r\n\r\n", dkim.ErrHeader},
		{"Subject: x\r\n\r\nFrom: a@example.com\r\n", dkim.ErrFrom},
		{"From: a@example.com\r\nfrom : b@example.com\r\n\r\n", dkim.ErrFrom},
		{"From: a@example.com\n\nx\n", dkim.ErrNewline},
		{plain + "x\ny\r\n", dkim.ErrNewline},
		{plain + "x\ry\r\n", dkim.ErrNewline},
		{plain + "\n", dkim.ErrNewline},
		{plain + "\r", dkim.ErrNewline},
		{"\n" + plain, dkim.ErrNewline},
		{plain + strings.Repeat("x", 50) + "\r\r\n" + strings.Repeat("x", 50) + "\r\n", dkim.ErrNewline},
	} {
		dst := []byte("kept")
		got, err := s.AppendSigned(dst, []byte(tt.msg))
		if !errors.Is(err, tt.want) || string(got) != "kept" {
			t.Errorf("%q: %q, %v, want %v", tt.msg, got, err, tt.want)
		}
	}
}

// TestNewlineAnywhere brings a bare CR and LF to each place of a word.
func TestNewlineAnywhere(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	for _, filler := range []string{"x", "\u00fc", "\r\n"} {
		for n := range 70 {
			for _, bad := range []string{"\r", "\n", "\r\r\n", "\n\r\n"} {
				msg := plain + strings.Repeat(filler, n) + bad + strings.Repeat(filler, 40)
				if _, err := s.Sign([]byte(msg)); !errors.Is(err, dkim.ErrNewline) {
					t.Fatalf("%q behind %d %q: %v", bad, n, filler, err)
				}
			}
			if _, err := s.Sign([]byte(plain + strings.Repeat(filler, n))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// brokenKey is a key store that cannot be reached.
type brokenKey struct{ crypto.Signer }

var errStore = errors.New("key store is out of reach")

func (brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errStore }

func TestKeyFails(t *testing.T) {
	k := edSigningKey()
	k.Signer = brokenKey{edKey}
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey(), k}})
	got, err := s.AppendSigned([]byte("kept"), []byte(plain))
	if !errors.Is(err, errStore) || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSameBody signs bodies that are the same as the one before, of the same
// size only, and different.
func TestSameBody(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	records := zone(t, edSigningKey())
	for i, body := range []string{"a", "a", "a", "b", "b", "c", "b", "", "", "a", "cc", "cc", "cc", "a"} {
		signed, err := s.Sign([]byte(plainHeader + "\r\n" + body))
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(signed, records, 1); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestConcurrent(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	records := zone(t, edSigningKey())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			var buf []byte
			for i := range 50 {
				msg := newsletter(g*1000 + i%3)
				var err error
				if buf, err = s.AppendSigned(buf[:0], msg); err != nil {
					t.Error(err)
				}
				if err := verify(buf, records, 1); err != nil || !bytes.HasSuffix(buf, msg) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestExcept(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}, Except: []string{"message-id", "Date"}, Also: []string{"List-ID", "X-Mine"}})
	signed, err := s.Sign([]byte("X-Mine: 1\r\n" + plain))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tag(signed, "h"), "From:From:Reply-To:To:To:Cc:Subject:Subject:Content-Type:X-Mine:X-Mine"; got != want {
		t.Errorf("h=%s, want %s", got, want)
	}
}

func TestAllocations(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	msg := newsletter(1)
	buf := make([]byte, 0, 2*len(msg))
	allocs := 100.0
	for range 50 { // the least of them: a sync.Pool may lose what is put into it
		allocs = min(allocs, testing.AllocsPerRun(1, func() {
			if _, err := s.AppendSigned(buf, msg); err != nil {
				t.Error(err)
			}
		}))
	}
	if allocs > 1 { // the signature
		t.Errorf("%v allocations", allocs)
	}
}

// TestSignLeavesMessage: Sign must not use the space behind the message.
func TestSignLeavesMessage(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	whole := []byte(plain + "next message")
	signed, err := s.Sign(whole[:len(plain)])
	if err != nil || string(whole) != plain+"next message" || !bytes.HasSuffix(signed, []byte(plain)) {
		t.Errorf("%q, %v", whole, err)
	}
}
