package verp_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/verp"
)

var (
	firstKey  = verp.Key{ID: 0, Secret: []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")}
	secondKey = verp.Key{ID: 31, Secret: []byte("0123456789abcdef")}
	uuid      = []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	today     = time.Date(2026, 11, 25, 23, 59, 59, 0, time.UTC)
)

// ring makes a Keyring of keys.
func ring(t testing.TB, keys ...verp.Key) *verp.Keyring {
	t.Helper()
	r, err := verp.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// signer makes a Signer whose clock stands at now.
func signer(t testing.TB, c verp.SignerConfig, now time.Time) *verp.Signer {
	t.Helper()
	if c.Keys == nil {
		c.Keys = ring(t, firstKey)
	}
	if c.Sender == "" {
		c.Sender = "list@o.example"
	}
	c.Now = func() time.Time { return now }
	s, err := verp.NewSigner(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func encode(t testing.TB, s *verp.Signer, subject verp.Subject) string {
	t.Helper()
	path, err := s.Encode(subject)
	if err != nil {
		t.Fatalf("Encode(%+v): %v", subject, err)
	}
	return path
}

// TestTokenVectors holds the form of tokens, which are about for months. They
// were computed by another program.
func TestTokenVectors(t *testing.T) {
	tests := []struct {
		name    string
		config  verp.SignerConfig
		now     time.Time
		subject verp.Subject
		path    string
	}{
		{"number", verp.SignerConfig{}, today, verp.Subject{ID: verp.IntID(42)}, "list-aacoyafisofuaqvjmq@o.example"},
		{"UUID, campaign", verp.SignerConfig{Sender: "List@O.Example"}, today, verp.Subject{ID: uuid, Campaign: 2026},
			"List-aacoy26haaaqeayeaudaocajbifqydiob43ld4waeh6u@o.example"},
		{"address, another key and delimiter", verp.SignerConfig{Keys: ring(t, secondKey, firstKey), Codec: verp.Codec{Delimiters: "+="}}, today,
			verp.Subject{Recipient: "jane.doe+news7@x.example"}, "list+b7coyajane2doe6knews6h3x2exampleljmp47srzp@o.example"},
		{"UTF-8 address", verp.SignerConfig{}, today, verp.Subject{Recipient: "пример@x.example", Campaign: 1}, "list-cacoyb2c75dagqxdilzufv2gaea6bomv4gc3lqnrsq7szgs34y3l@o.example"},
		{"quoted address, first day", verp.SignerConfig{}, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
			verp.Subject{Recipient: `"A b"@x.example`, Campaign: 7}, "list-baaaah637cb64b633x2exampleszvx7rxkrc@o.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := signer(t, tt.config, tt.now)
			path, err := s.Encode(tt.subject)
			if path != tt.path || err != nil {
				t.Errorf("Encode: %q, %v; want %q", path, err, tt.path)
			}
			got, err := s.Decode(strings.ToUpper(tt.path))
			if err != nil || !got.Keyed || !bytes.Equal(got.ID, tt.subject.ID) || got.Recipient != tt.subject.Recipient ||
				got.Campaign != tt.subject.Campaign || !got.Day.Equal(tt.now.Truncate(24*time.Hour)) {
				t.Errorf("Decode: %+v, %v; want %+v", got, err, tt.subject)
			}
		})
	}
}

// TestTokenCarries: what Encode takes comes back.
func TestTokenCarries(t *testing.T) {
	for _, subject := range []verp.Subject{
		{Recipient: "a@x.example"},
		{Recipient: "A.Long-Name_24@mail.x.example"},
		{Recipient: "john.longname@mailinglists.example.com"},
		{Recipient: "1234567890@qq.example", Campaign: 1},
		{Recipient: "jörg@xn--bcher-kva.example"},
		{Recipient: "пример@x.example", Campaign: 15},
		{Recipient: `"\"\\ "@x.example`, Campaign: 16},
		{Recipient: "!#$%&'*+-/=?^_`{|}~@x", Campaign: 17},
		{Recipient: "a@[192.0.2.1]"},
		{ID: []byte{0}},
		{ID: []byte{0, 0, 0}},
		{ID: []byte{0xff, 0xff}, Campaign: math.MaxUint64},
		{ID: verp.IntID(math.MaxUint64), Campaign: math.MaxUint32},
		{ID: bytes.Repeat([]byte{0xa5}, 26)},
	} {
		s := signer(t, verp.SignerConfig{}, today)
		path := encode(t, s, subject)
		checkWireSafe(t, path)
		got, err := s.Decode(path)
		if err != nil || !got.Keyed || got.Recipient != subject.Recipient || !bytes.Equal(got.ID, subject.ID) || got.Campaign != subject.Campaign {
			t.Errorf("%+v came back as %+v, %v", subject, got, err)
		}
	}
}

// TestTokenPrefersID: where there is one, so that paths do not tell addresses.
func TestTokenPrefersID(t *testing.T) {
	s := signer(t, verp.SignerConfig{}, today)
	got, err := s.Decode(encode(t, s, verp.Subject{Recipient: "a@x.example", ID: verp.IntID(7)}))
	if n, ok := got.IntID(); err != nil || got.Recipient != "" || n != 7 || !ok {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestIntID(t *testing.T) {
	for n, want := range map[uint64]string{0: "\x00", 1: "\x01", 255: "\xff", 256: "\x01\x00", math.MaxUint64: "\xff\xff\xff\xff\xff\xff\xff\xff"} {
		id := verp.IntID(n)
		if got, ok := (verp.Subject{ID: id}).IntID(); string(id) != want || got != n || !ok {
			t.Errorf("%d: %x, and back %d, %t", n, id, got, ok)
		}
	}
	for _, id := range []string{"", "\x00\x01", "123456789"} {
		if n, ok := (verp.Subject{ID: []byte(id)}).IntID(); ok {
			t.Errorf("%x is %d", id, n)
		}
	}
}

// TestAutoMode: readable where that fits and is clean.
func TestAutoMode(t *testing.T) {
	long := strings.Repeat("a", 49) + "@x.example"
	tests := []struct {
		name    string
		codec   verp.Codec
		subject verp.Subject
		path    string // "": a token
		err     error
	}{
		{"plain", djb, verp.Subject{Recipient: "jane.doe@x.example"}, "list-jane.doe=x.example@o.example", nil},
		{"plus, Postfix", postfix, verp.Subject{Recipient: "a+b@x.example"}, "list+a+b=x.example@o.example", nil},
		{"escaped", escaped, verp.Subject{Recipient: "a-b@x.example"}, "list-a+2Db=x.example@o.example", nil},
		{"with an ID and a campaign", djb, verp.Subject{Recipient: "a@x.example", ID: verp.IntID(1), Campaign: 2}, "list-a=x.example@o.example", nil},
		{"IDN", djb, verp.Subject{Recipient: "a@bücher.example"}, "list-a=xn--bcher-kva.example@o.example", nil},
		{"64 octets", djb, verp.Subject{Recipient: long}, "list-" + strings.Replace(long, "@", "=", 1) + "@o.example", nil},
		{"65 octets", djb, verp.Subject{Recipient: "a" + long, ID: verp.IntID(1)}, "", nil},
		{"65 octets without an ID", djb, verp.Subject{Recipient: "a" + long}, "", verp.ErrTooLong},
		{"UTF-8", djb, verp.Subject{Recipient: "jörg@x.example"}, "", nil},
		{"UTF-8, escaped", escaped, verp.Subject{Recipient: "jörg@x.example"}, "", nil},
		{"quoted", escaped, verp.Subject{Recipient: `"a b"@x.example`}, "", nil},
		{"apostrophe", djb, verp.Subject{Recipient: "o'brien@x.example"}, "", nil},
		{"source route", escaped, verp.Subject{Recipient: "a%b@x.example"}, "", nil},
		{"address literal", escaped, verp.Subject{Recipient: "a@[192.0.2.1]"}, "", nil},
		{"domain without a dot", djb, verp.Subject{Recipient: "a@localhost"}, "", nil},
		{"delimiter in the domain", verp.Codec{Delimiters: "+-"}, verp.Subject{Recipient: "a@x-y.example"}, "", nil},
		{"ID alone", djb, verp.Subject{ID: verp.IntID(1)}, "", nil},
		{"no address", djb, verp.Subject{Recipient: "a", ID: verp.IntID(1)}, "", verp.ErrMalformed},
		{"nothing", djb, verp.Subject{}, "", verp.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := signer(t, verp.SignerConfig{Mode: verp.AutoMode, Codec: tt.codec}, today)
			path, err := s.Encode(tt.subject)
			if !errors.Is(err, tt.err) || tt.path != "" && path != tt.path {
				t.Fatalf("Encode: %q, %v; want %q, %v", path, err, tt.path, tt.err)
			}
			if tt.err != nil {
				return
			}
			checkWireSafe(t, path)
			got, err := s.Decode(path)
			if err != nil || got.Keyed != (tt.path == "") {
				t.Errorf("Decode(%q): %+v, %v", path, got, err)
			}
			if !got.Keyed && got.Recipient != tt.subject.Recipient && tt.name != "IDN" {
				t.Errorf("Decode(%q): %+v", path, got)
			}
		})
	}
}

// TestSignerDecodeIsLenient: tokens survive what readable paths survive.
func TestSignerDecodeIsLenient(t *testing.T) {
	s := signer(t, verp.SignerConfig{}, today)
	const token = "aacoyafisofuaqvjmq"
	long := "list-" + strings.TrimSuffix(strings.TrimPrefix(encode(t, signer(t, verp.SignerConfig{}, today), verp.Subject{ID: bytes.Repeat([]byte{1}, 26)}), "list-"), "@o.example")
	for _, path := range []string{
		"list-" + token + "@o.example",
		" <LIST-" + strings.ToUpper(token) + "@O.EXAMPLE>\r\n",
		`"list-` + token + `"@o.example`,
		"list-" + token + "+tag@o.example",
		"list-" + token + "+caf_=b=x.example@o.example",
		"list-" + token + "-tag@o.example",
		"prvs=0123abcdef=list-" + token + "@o.example",
		"prvs=list-" + token + "=123abcdef@o.example",
		"btv1==0123abcdef==list-" + token + "@o.example",
		"SRS0=HHH=TT=o.example=list-" + token + "@forwarder.example",
		"srs1=hhh=f.example==hhh=tt=o.example=list-" + token + "+tag@g.example",
		"SRS0=HHH=TT=o.example=" + long + "+tag@forwarder.example",
	} {
		if got, err := s.Decode(path); err != nil || !got.Keyed || len(got.ID) == 0 {
			t.Errorf("Decode(%q): %+v, %v", path, got, err)
		}
	}
}

func TestSignerDecodeRefuses(t *testing.T) {
	const token = "aacoyafisofuaqvjmq"
	other := signer(t, verp.SignerConfig{Keys: ring(t, verp.Key{ID: 0, Secret: []byte("another secret, as long")})}, today)
	tests := []struct {
		name string
		mode verp.Mode
		path string
		want error
	}{
		{"empty", verp.TokenMode, "", verp.ErrNotOurs},
		{"another list", verp.TokenMode, "tsil-" + token + "@o.example", verp.ErrNotOurs},
		{"another domain", verp.TokenMode, "list-" + token + "@p.example", verp.ErrNotOurs},
		{"the sender itself", verp.TokenMode, "list@o.example", verp.ErrNotOurs},
		{"no token", verp.TokenMode, "list-@o.example", verp.ErrMalformed},
		{"a word", verp.TokenMode, "list-request@o.example", verp.ErrMalformed},
		{"half a token", verp.TokenMode, "list-" + token[:len(token)-1] + "@o.example", verp.ErrMalformed},
		{"a character of none", verp.TokenMode, "list-1" + token + "@o.example", verp.ErrMalformed},
		{"not ASCII", verp.TokenMode, "list-" + token + "\u212a@o.example", verp.ErrMalformed},
		{"a readable path", verp.TokenMode, "list-a=x.example@o.example", verp.ErrMalformed},
		{"one character more", verp.TokenMode, "list-" + token + "a@o.example", verp.ErrForged},
		{"another key", verp.TokenMode, encode(t, other, verp.Subject{ID: verp.IntID(42)}), verp.ErrForged},
		{"a key that is not there", verp.TokenMode, "list-ab" + token[2:] + "@o.example", verp.ErrForged},
		{"another list's token", verp.TokenMode, strings.Replace(encode(t, signer(t, verp.SignerConfig{Sender: "news@o.example"}, today), verp.Subject{ID: verp.IntID(42)}), "news", "list", 1), verp.ErrForged},
		{"another domain's token", verp.TokenMode, strings.Replace(encode(t, signer(t, verp.SignerConfig{Sender: "list@p.example"}, today), verp.Subject{ID: verp.IntID(42)}), "p.", "o.", 1), verp.ErrForged},
		{"auto, a word", verp.AutoMode, "list-request@o.example", verp.ErrMalformed},
		{"auto, forged", verp.AutoMode, "list-" + token + "a@o.example", verp.ErrForged},
		{"auto, domain without a dot", verp.AutoMode, "list-a=localhost@o.example", verp.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := signer(t, verp.SignerConfig{Mode: tt.mode}, today).Decode(tt.path)
			if !errors.Is(err, tt.want) || got.Keyed || got.Recipient != "" || got.ID != nil {
				t.Errorf("Decode(%q): %+v, %v; want %v", tt.path, got, err, tt.want)
			}
			for _, e := range []error{verp.ErrNotOurs, verp.ErrMalformed, verp.ErrForged, verp.ErrExpired} {
				if e != tt.want && errors.Is(err, e) {
					t.Errorf("%v is two things at once", err)
				}
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	tests := []struct{ maxDays, age, want int }{
		{0, 90, 0}, {0, 91, 1}, {0, -1, 0}, {7, 7, 0}, {7, 8, 1}, {-1, 30_000, 0},
	}
	for _, tt := range tests {
		path := encode(t, signer(t, verp.SignerConfig{}, today), verp.Subject{ID: verp.IntID(42), Campaign: 3})
		later := signer(t, verp.SignerConfig{MaxDays: tt.maxDays}, today.AddDate(0, 0, tt.age).Truncate(24*time.Hour))
		got, err := later.Decode(path)
		if errors.Is(err, verp.ErrExpired) != (tt.want == 1) || tt.want == 0 && err != nil {
			t.Errorf("%+v: %v", tt, err)
		}
		if n, ok := got.IntID(); !ok || n != 42 || got.Campaign != 3 || !got.Keyed {
			t.Errorf("%+v: %+v", tt, got)
		}
	}
	for _, now := range []time.Time{time.Unix(0, 0), time.Date(2019, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2110, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := signer(t, verp.SignerConfig{}, now).Encode(verp.Subject{ID: verp.IntID(1)}); !errors.Is(err, verp.ErrUnrepresentable) {
			t.Errorf("%s: %v", now, err)
		}
	}
	if _, err := signer(t, verp.SignerConfig{}, time.Date(2108, 12, 31, 0, 0, 0, 0, time.UTC)).Encode(verp.Subject{ID: verp.IntID(1)}); err != nil {
		t.Error(err)
	}
}

// TestRotation: tokens of the last key are known until it is taken out.
func TestRotation(t *testing.T) {
	old := encode(t, signer(t, verp.SignerConfig{}, today), verp.Subject{ID: verp.IntID(1)})
	both := signer(t, verp.SignerConfig{Keys: ring(t, secondKey, firstKey)}, today)
	if _, err := both.Decode(old); err != nil {
		t.Error(err)
	}
	young := encode(t, both, verp.Subject{ID: verp.IntID(1)})
	after := signer(t, verp.SignerConfig{Keys: ring(t, secondKey)}, today)
	if _, err := after.Decode(young); err != nil {
		t.Error(err)
	}
	if _, err := after.Decode(old); !errors.Is(err, verp.ErrForged) {
		t.Errorf("key taken out: %v", err)
	}
}

func TestSignerConfig(t *testing.T) {
	good := ring(t, firstKey)
	for field, c := range map[string]verp.SignerConfig{
		"SignerConfig.Keys":       {Sender: "l@o.example"},
		"SignerConfig.Sender":     {Sender: "l", Keys: good},
		"SignerConfig.Mode":       {Sender: "l@o.example", Keys: good, Mode: 2},
		"SignerConfig.Codec":      {Sender: "l@o.example", Keys: good, Codec: verp.Codec{Delimiters: "x"}},
		"local part of 64 octets": {Sender: strings.Repeat("l", 64) + "@o.example", Keys: good},
	} {
		s, err := verp.NewSigner(c)
		if err == nil {
			_, err = s.Encode(verp.Subject{ID: verp.IntID(1)})
			if !errors.Is(err, verp.ErrTooLong) {
				t.Errorf("%s: %v", field, err)
			}
		} else if !strings.Contains(err.Error(), field) {
			t.Errorf("%v; want an error about %s", err, field)
		}
	}
}

func TestParseMode(t *testing.T) {
	for _, m := range []verp.Mode{verp.TokenMode, verp.AutoMode} {
		if got, err := verp.ParseMode(m.String()); got != m || err != nil {
			t.Errorf("%s: %s, %v", m, got, err)
		}
	}
	if _, err := verp.ParseMode("Mode(7)"); err == nil || verp.Mode(7).String() != "Mode(7)" {
		t.Errorf("%v, %s", err, verp.Mode(7))
	}
}

func BenchmarkSignerEncode(b *testing.B) {
	s := signer(b, verp.SignerConfig{}, today)
	b.ReportAllocs()
	for b.Loop() {
		encode(b, s, verp.Subject{ID: verp.IntID(123456), Campaign: 7})
	}
}

func BenchmarkSignerDecode(b *testing.B) {
	s := signer(b, verp.SignerConfig{}, today)
	path := encode(b, s, verp.Subject{ID: verp.IntID(123456), Campaign: 7})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Decode(path); err != nil {
			b.Fatal(err)
		}
	}
}
