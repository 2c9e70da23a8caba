package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	msgauth "github.com/emersion/go-msgauth/dkim"
)

// edKey and rsaKey are the same for all tests: RSA keys take long to make.
var (
	edKey  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return key
	})
)

func keyPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func edKeyPEM(t *testing.T) string { return keyPEM(t, edKey) }

// zone is a DNS with the records of keys.
func zone(t *testing.T, keys ...dkim.Key) map[string]string {
	t.Helper()
	records := map[string]string{}
	for _, k := range keys {
		r, err := k.Record()
		if err != nil {
			t.Fatal(err)
		}
		records[r.Name] = r.Value
	}
	return records
}

// verify has go-msgauth verify a mail: it must have that many signatures, all
// good.
func verify(t *testing.T, who string, mail []byte, records map[string]string, want int) {
	t.Helper()
	list, err := msgauth.VerifyWithOptions(bytes.NewReader(mail), &msgauth.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			if r, ok := records[name]; ok {
				return []string{r}, nil
			}
			return nil, fmt.Errorf("no record %s", name)
		}})
	if err != nil || len(list) != want {
		t.Fatalf("%s: %d signatures, want %d: %v", who, len(list), want, err)
	}
	for _, v := range list {
		if v.Err != nil {
			t.Errorf("%s: d=%s: %v", who, v.Domain, v.Err)
		}
	}
}

// TestSigned: every mail verifies, has the recipient it is for, and covers what
// one-click unsubscription needs.
func TestSigned(t *testing.T) {
	server := newServer(t)
	server.Start()
	tr := newTrial(t)
	const n = 23 * 8
	list := tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-n", fmt.Sprint(n), "-return-path", "b@example.com",
		"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", filepath.Join(tr.dir, "u.key"), "-list-id", "weekly.example.com",
		"-dkim-key", tr.file("ed.pem", edKeyPEM(t)), "-dkim-selector", "ed", "-dkim-key", tr.file("rsa.pem", keyPEM(t, rsaKey())), "-dkim-selector", "rsa")
	tr.want(exitAccepted)
	checkArrivals(t, server, fatesOf(t, list))
	records := zone(t, dkim.Key{Domain: "example.com", Selector: "ed", Signer: edKey}, dkim.Key{Domain: "example.com", Selector: "rsa", Signer: rsaKey()})
	messages := server.Messages()
	if len(messages) != n {
		t.Fatalf("%d messages", len(messages))
	}
	for i, m := range messages {
		verify(t, m.To[0].Address, m.Data, records, 2)
		if i == 0 {
			altered := bytes.Replace(m.Data, []byte("List-Unsubscribe-Post: List"), []byte("List-Unsubscribe-Post: Last"), 1)
			v, err := msgauth.VerifyWithOptions(bytes.NewReader(altered), &msgauth.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil }})
			if err != nil || v[0].Err == nil || v[1].Err == nil {
				t.Errorf("List-Unsubscribe-Post is not signed: %v", err)
			}
		}
	}
}

// TestDryRunSigned: what would go out is signed too, here for another domain.
func TestDryRunSigned(t *testing.T) {
	tr := newTrial(t)
	dir := filepath.Join(tr.dir, "mails")
	tr.run(t.Context(), "-n", "5", "-dry-run", dir, "-from", "news@sub.example.com",
		"-dkim-key", tr.file("ed.pem", edKeyPEM(t)), "-dkim-selector", "ed", "-dkim-domain", "example.com")
	tr.want(exitAccepted)
	records := zone(t, dkim.Key{Domain: "example.com", Selector: "ed", Signer: edKey})
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(names) != 5 {
		t.Fatalf("%d mails, %v", len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		verify(t, name, data, records, 1)
	}
	readDryRun(t, dir)
}

// TestDomainOfFrom: the domain that signs is that of the author if none is given.
func TestDomainOfFrom(t *testing.T) {
	tr := newTrial(t)
	key := tr.file("ed.pem", edKeyPEM(t))
	for from, want := range map[string]string{
		"Zoë <z@sub.example.org>":    "sub.example.org",
		`"a@b"@example.org`:          "example.org",
		"News <news@bücher.example>": "xn--bcher-kva.example",
		"News <news@EXAMPLE.ORG>":    "example.org",
	} {
		o, err := parseOptions([]string{"-from", from, "-dkim-key", key, "-dkim-selector", "s"})
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		r, err := newRenderer(o, nil, (&madeUp{}).columns())
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		r.paths, err = openReturnPaths(o)
		if err != nil {
			t.Fatal(err)
		}
		to, err := (&madeUp{n: 1}).next()
		if err != nil {
			t.Fatal(err)
		}
		l, err := r.render(to)
		if err != nil || !strings.Contains(strings.ReplaceAll(string(l.content), "\r\n", ""), "d="+want+";") {
			t.Errorf("%s: %v, not by %s:\n%.300s", from, err, want, l.content)
		}
	}
}
