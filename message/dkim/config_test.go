package dkim_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message/dkim"
)

func TestConfigRefused(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := func(change func(*dkim.Key)) func(*dkim.Config) {
		return func(c *dkim.Config) { change(&c.Keys[1]) }
	}
	for _, tt := range []struct {
		field  string
		err    error // nil: any
		change func(*dkim.Config)
	}{
		{"Keys", nil, func(c *dkim.Config) { c.Keys = nil }},
		{"Header", nil, func(c *dkim.Config) { c.Header = 2 }},
		{"Body", nil, func(c *dkim.Config) { c.Body = 9 }},
		{"Expire", nil, func(c *dkim.Config) { c.Expire = -time.Hour }},
		{"Expire", nil, func(c *dkim.Config) { c.Expire = time.Millisecond }},
		{"Also[1]", nil, func(c *dkim.Config) { c.Also = []string{"X-A", "X B"} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also = []string{""} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also = []string{"X:"} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also = []string{"X; b=1"} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also = []string{"X\r\nBcc"} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also = []string{"received"} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also = []string{strings.Repeat("x", 71)} }},
		{"Also[0]", nil, func(c *dkim.Config) { c.Also, c.Except = []string{"Date"}, []string{"date"} }},
		{"Except[1]", nil, func(c *dkim.Config) { c.Except = []string{"Date", "FROM"} }},
		{"Except[0]", nil, func(c *dkim.Config) { c.Except = []string{"\u00fc"} }},
		{"Keys[1].Domain", nil, key(func(k *dkim.Key) { k.Domain = "" })},
		{"Keys[1].Domain", nil, key(func(k *dkim.Key) { k.Domain = "example.com." })},
		{"Keys[1].Domain", nil, key(func(k *dkim.Key) { k.Domain = "a b.com" })},
		{"Keys[1].Domain", nil, key(func(k *dkim.Key) { k.Domain = "a;b.com" })},
		{"Keys[1].Domain", nil, key(func(k *dkim.Key) { k.Domain = "-a.com" })},
		{"Keys[1].Domain", nil, key(func(k *dkim.Key) { k.Domain = strings.Repeat("a.", 130) + "com" })},
		{"Keys[1].Selector", nil, key(func(k *dkim.Key) { k.Selector = "" })},
		{"Keys[1].Selector", nil, key(func(k *dkim.Key) { k.Selector = "s\r\n" })},
		{"Keys[1].Signer", dkim.ErrNoKey, key(func(k *dkim.Key) { k.Signer = nil })},
		{"Keys[1].Signer", dkim.ErrKeyType, key(func(k *dkim.Key) { k.Signer = ec })},
		{"Keys[1].Identifier", nil, key(func(k *dkim.Key) { k.Identifier = "news" })},
		{"Keys[1].Identifier", nil, key(func(k *dkim.Key) { k.Identifier = "news@example.org" })},
		{"Keys[1].Identifier", nil, key(func(k *dkim.Key) { k.Identifier = "news@badexample.com" })},
		{"Keys[1].Identifier", nil, key(func(k *dkim.Key) { k.Identifier = "a b@example.com" })},
		{"Keys[1].Identifier", nil, key(func(k *dkim.Key) { k.Identifier = "a=b@example.com" })},
	} {
		c := dkim.Config{Keys: []dkim.Key{edSigningKey(), edSigningKey()}}
		tt.change(&c)
		_, err := dkim.New(c)
		var ce *dkim.ConfigError
		if !errors.As(err, &ce) || ce.Field != tt.field || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%v, want a ConfigError for %s", err, tt.field)
		}
	}
}

func TestConfigTaken(t *testing.T) {
	for _, change := range []func(*dkim.Key){
		func(k *dkim.Key) { k.Identifier = "@mail.example.com" },
		func(k *dkim.Key) { k.Identifier = "a.b@example.com" },
		func(k *dkim.Key) { k.Selector = "2026._x" },
		func(k *dkim.Key) { k.Domain = "B\u00dcCHER.example" },
		func(k *dkim.Key) { k.Domain = "under_score.example" },
	} {
		k := edSigningKey()
		change(&k)
		if _, err := dkim.New(dkim.Config{Keys: []dkim.Key{k}}); err != nil {
			t.Error(err)
		}
	}
}

// TestConfigCopied: what the caller does with his Config afterwards is his affair.
func TestConfigCopied(t *testing.T) {
	c := dkim.Config{Keys: []dkim.Key{edSigningKey()}, Also: []string{"X-A"}, Now: atSignTime}
	s := newSigner(t, c)
	before, err := s.Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	c.Keys[0].Domain, c.Also[0] = "other.example", "X-B"
	if after, err := s.Sign([]byte(plain)); err != nil || string(after) != string(before) {
		t.Errorf("%q, %v", after, err)
	}
}

func TestTimes(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}, Expire: time.Hour + time.Millisecond})
	before := time.Now().Unix()
	signed, err := s.Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	at, err := strconv.ParseInt(tag(signed, "t"), 10, 64)
	if err != nil || at < before || at > time.Now().Unix() {
		t.Errorf("t=%d, %v", at, err)
	}
	if x := tag(signed, "x"); x != strconv.FormatInt(at+3600, 10) {
		t.Errorf("t=%d, x=%s", at, x)
	}
}
