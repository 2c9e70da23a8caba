package verp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/verp"
)

// FuzzTokenAltered: a token comes back as it went out, and with any bit of its
// path the other way it does not come back at all.
func FuzzTokenAltered(f *testing.F) {
	f.Add("a@x.example", []byte(nil), uint64(0))
	f.Add("Jörg.Long-Name@x.example", []byte(nil), uint64(1))
	f.Add(`"a b5"@[192.0.2.1]`, []byte(nil), uint64(16))
	f.Add("", []byte{0}, uint64(1)<<63)
	f.Add("", []byte("a UUID, as it may be"), uint64(2026))
	signers := []*verp.Signer{
		signer(f, verp.SignerConfig{}, today),
		signer(f, verp.SignerConfig{Keys: ring(f, secondKey, firstKey), Codec: verp.Codec{Delimiters: "=="}}, today),
		signer(f, verp.SignerConfig{Mode: verp.AutoMode, Codec: verp.Codec{Delimiters: "+="}}, today),
		signer(f, verp.SignerConfig{Mode: verp.AutoMode, Codec: verp.Codec{Form: verp.Escaped, Delimiters: "--"}, MaxDays: -1}, today),
	}
	f.Fuzz(func(t *testing.T, recipient string, id []byte, campaign uint64) {
		for _, s := range signers {
			path, err := s.Encode(verp.Subject{Recipient: recipient, ID: id, Campaign: campaign})
			if err != nil {
				continue
			}
			checkWireSafe(t, path)
			got, err := s.Decode(strings.ToUpper(path))
			if err != nil {
				t.Fatalf("%q: %v", path, err)
			}
			if !got.Keyed {
				continue // readable, in AutoMode: FuzzRoundTrip has those
			}
			if string(got.ID) != string(id) || got.Campaign != campaign || (got.Recipient == "") != (len(id) > 0) {
				t.Fatalf("%q: %+v; want %q, %x, %d", path, got, recipient, id, campaign)
			}
			if got.Recipient != "" && isPlain(recipient) && got.Recipient != recipient {
				t.Fatalf("%q: %q; want %q", path, got.Recipient, recipient)
			}
			checkAltered(t, s, path)
		}
	})
}

// checkAltered flips every bit of a token's path, and takes out and doubles
// every octet.
func checkAltered(t *testing.T, s *verp.Signer, path string) {
	t.Helper()
	for i := range len(path) {
		for bit := range 8 {
			b := []byte(path)
			b[i] ^= 1 << bit
			checkNoToken(t, s, path, string(b))
		}
		checkNoToken(t, s, path, path[:i]+path[i+1:])
		checkNoToken(t, s, path, path[:i]+path[i:i+1]+path[i:])
	}
}

func checkNoToken(t *testing.T, s *verp.Signer, path, altered string) {
	t.Helper()
	if strings.EqualFold(altered, path) {
		return // its letter case is nothing that a path has
	}
	// What is behind a '-' or '+' is a tag, and not the token's.
	token := path[:strings.LastIndexByte(path, '@')]
	if strings.HasPrefix(strings.ToLower(altered), strings.ToLower(token)) {
		return
	}
	got, err := s.Decode(altered)
	if err == nil || errors.Is(err, verp.ErrExpired) {
		t.Fatalf("%q, made of %q, is taken for %+v, %v", altered, path, got, err)
	}
	if got.Keyed || got.Recipient != "" || got.ID != nil {
		t.Fatalf("%q: %+v comes with %v", altered, got, err)
	}
}

// FuzzSignerDecode: whatever the path, Decode does not panic and gives one of
// its errors; and what it calls keyed is what Encode makes.
func FuzzSignerDecode(f *testing.F) {
	base := signer(f, verp.SignerConfig{}, today)
	for _, subject := range []verp.Subject{
		{Recipient: "a@x.example"}, {Recipient: "пример@x.example"}, {ID: uuid, Campaign: 99},
	} {
		path := encode(f, base, subject)
		for _, seed := range []string{path, "<" + path + ">", "prvs=0123abcdef=" + path, "SRS0=H=T=o.example=" + strings.Replace(path, "@o.", "+tag@f.", 1)} {
			f.Add(seed)
		}
	}
	f.Add("list-a=x.example@o.example")
	auto := signer(f, verp.SignerConfig{Mode: verp.AutoMode, MaxDays: 1}, today)
	f.Fuzz(func(t *testing.T, address string) {
		for _, s := range []*verp.Signer{base, auto} {
			got, err := s.Decode(address)
			switch {
			case err == nil, errors.Is(err, verp.ErrExpired):
			case errors.Is(err, verp.ErrNotOurs), errors.Is(err, verp.ErrMalformed), errors.Is(err, verp.ErrForged):
				continue
			default:
				t.Fatalf("Decode(%q): %v", address, err)
			}
			if strings.ContainsAny(got.Recipient, "\r\n\x00<>") {
				t.Fatalf("Decode(%q) = %+v", address, got)
			}
			if !got.Keyed {
				continue
			}
			again := encode(t, signer(t, verp.SignerConfig{}, got.Day.Add(time.Hour)), got.Subject)
			local, _, _ := strings.Cut(again, "@")
			if !strings.Contains(strings.ToLower(address), local) {
				t.Fatalf("Decode(%q) = %+v, for which Encode makes %q", address, got, again)
			}
		}
	})
}

// FuzzUnwrap: whatever the path, Unwrap does not panic, and what it takes off
// was in it.
func FuzzUnwrap(f *testing.F) {
	f.Add("SRS1=HHH=f.example==HHH=TT=x.example=prvs=0123abcdef=loc@g.example")
	f.Add("btv1==0==prvs=loc=0123abcdef@x.example")
	f.Add(`"prvs=0123abcdef=a\"b"@x.example`)
	f.Fuzz(func(t *testing.T, path string) {
		got := verp.Unwrap(path)
		if len(got) > len(path)+len(`""\`)+strings.Count(path, `"`)+strings.Count(path, `\`) {
			t.Fatalf("%q became %q", path, got)
		}
		if got != path && strings.LastIndexByte(got, '@') < 0 {
			t.Fatalf("%q became %q", path, got)
		}
	})
}
