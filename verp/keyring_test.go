package verp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/verp"
)

func TestNewKeyring(t *testing.T) {
	short := verp.Key{ID: 1, Secret: make([]byte, 15)}
	tests := []struct {
		name string
		keys []verp.Key
		want string
	}{
		{"none", nil, "no key"},
		{"short secret", []verp.Key{firstKey, short}, "Key.Secret"},
		{"large id", []verp.Key{{ID: 32, Secret: firstKey.Secret}}, "Key.ID"},
		{"an id twice", []verp.Key{firstKey, {ID: 0, Secret: secondKey.Secret}}, "Key.ID"},
	}
	for _, tt := range tests {
		if _, err := verp.NewKeyring(tt.keys...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want an error about %s", tt.name, err, tt.want)
		}
	}
}

// TestKeyringCopies: the caller may wipe what it has handed in.
func TestKeyringCopies(t *testing.T) {
	secret := []byte("a secret that will be wiped soon")
	r := ring(t, verp.Key{Secret: secret})
	before := encode(t, signer(t, verp.SignerConfig{Keys: r}, today), verp.Subject{ID: verp.IntID(1)})
	clear(secret)
	if after := encode(t, signer(t, verp.SignerConfig{Keys: r}, today), verp.Subject{ID: verp.IntID(1)}); after != before {
		t.Error("the ring uses the caller's slice")
	}
}

func TestNewKey(t *testing.T) {
	a, b := verp.NewKey(3), verp.NewKey(3)
	if a.ID != 3 || len(a.Secret) != 32 || string(a.Secret) == string(b.Secret) {
		t.Errorf("%v, %v", a, b)
	}
}

func TestReadKeyring(t *testing.T) {
	const first, second = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "30313233343536373839616263646566"
	r, err := verp.ReadKeyring(strings.NewReader("# a comment\r\n\n 31\t" + strings.ToUpper(second) + "  \r\n0 " + first))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{r.String(), fmt.Sprint(r), fmt.Sprintf("%v %+v", r, r)} {
		if !strings.Contains(s, "keys 0 31, 31 signs") {
			t.Errorf("%q", s)
		}
	}
	// The same keys as those of the vectors, in the same order.
	path := encode(t, signer(t, verp.SignerConfig{Keys: r, Codec: postfix}, today), verp.Subject{Recipient: "jane.doe+news7@x.example"})
	if want := "list+b7coyajane2doe6knews6h3x2exampleljmp47srzp@o.example"; path != want {
		t.Errorf("%q; want %q", path, want)
	}
}

func TestReadKeyringRefuses(t *testing.T) {
	const secret = "30313233343536373839616263646566"
	tests := []struct{ name, text, want string }{
		{"empty", "", "no key"},
		{"comments", "# nothing\n", "no key"},
		{"no id", secret, "line 1"},
		{"three words", "# x\n\n1 " + secret + " x", "line 3"},
		{"id out of range", "32 " + secret, "line 1"},
		{"negative id", "-1 " + secret, "line 1"},
		{"not hex", "1 " + secret[:31] + "x", "line 1"},
		{"odd digits", "1 " + secret[:31], "line 1"},
		{"short secret", "1 " + secret[:30], "Key.Secret"},
		{"id twice", "1 " + secret + "\n1 " + secret, "Key.ID"},
		{"no lines", strings.Repeat("x", 100_000), "keys"},
	}
	for _, tt := range tests {
		_, err := verp.ReadKeyring(strings.NewReader(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want an error about %s", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s: the error shows the secret: %v", tt.name, err)
		}
	}
}

// No way to print a key prints its secret.
func TestKeysAreNotPrinted(t *testing.T) {
	secret := []byte("0123456789abcdef")
	key := verp.Key{ID: 3, Secret: secret}
	ring, err := verp.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key, "ring", ring)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "ring", ring)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+"\n"+verb+"\n"+verb+"\n", key, &key, ring)
	}
	for _, bad := range []string{string(secret), hex.EncodeToString(secret), "48 49", "0x30", base64.StdEncoding.EncodeToString(secret)} {
		if strings.Contains(log.String(), bad) {
			t.Errorf("%s is in\n%s", bad, log.String())
		}
	}
}
