package message_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

var goodAddresses = map[string]string{ // as given → as written
	"a@b":                                 "a@b",
	"user+tag@example.org":                "user+tag@example.org",
	"o'neil!#$%&*/=?^_`{|}~-@x.org":       "o'neil!#$%&*/=?^_`{|}~-@x.org",
	`"quoted local"@example.org`:          `"quoted local"@example.org`,
	`"a\"b\\c@d"@example.org`:             `"a\"b\\c@d"@example.org`,
	`""@example.org`:                      `""@example.org`,
	"x@[192.0.2.1]":                       "x@[192.0.2.1]",
	"x@[IPv6:2001:db8::1]":                "x@[IPv6:2001:db8::1]",
	"x@under_score.example":               "x@under_score.example",
	"x@bücher.example":                    "x@xn--bcher-kva.example",
	"x@日本.example":                        "x@xn--wgv71a.example",
	"x@xn--bcher-kva.example":             "x@xn--bcher-kva.example",
	"zoë@example.org":                     "zoë@example.org",
	"zoë@BÜCHER.example":                  "zoë@bücher.example",
	`"zoë z"@example.org`:                 `"zoë z"@example.org`,
	strings.Repeat("l", 80) + "@long.org": strings.Repeat("l", 80) + "@long.org",
}

var badAddresses = []string{
	"", "a", "@", "a@", "@b", "a@b@c", "a b@c.org", ".a@b.org", "a.@b.org", "a..b@c.org", "a@b..org", "a@.org", "a@org.",
	"a@-b.org", "a@b-.org", "a@b c.org", "a@b,c", "a,b@c", "a@b>", "<a@b>", `"<a>"@b.org`, `"a"b"@c.org`, `"a\"@b.org`, `a"b@c.org`,
	"a\r\nBcc: x@y@b.org", "a@b.org\r\nBcc: x@y", "a@b.org\n", "a\x00@b.org", "\"a\r\nb\"@c.org", "a@b\x7f.org", "a\u0085b@c.org",
	"a@[300.0.2.1]", "a@[192.0.2.1", "a@[IPv6:192.0.2.1]", "a@[IPv6:fe80::1%25eth0]", "a@[2001:db8::1]", "a@[x]", "a@ü_ü\u200e.org",
	"a\xff@b.org", "a@\xff.org", strings.Repeat("l", 250) + "@b.org", "a@" + strings.Repeat("d", 64) + ".org", "a(comment)@b.org",
}

func TestAddresses(t *testing.T) {
	for given, want := range goodAddresses {
		a := message.Address{Addr: given}
		if err := a.Validate(); err != nil {
			t.Error(err)
		}
		if a.String() != want {
			t.Errorf("%s is written %s", given, a)
		}
		m := base()
		m.To = []message.Address{{Addr: given}, {Name: "N", Addr: given}}
		if got, _ := fieldLines(t, build(t, &m), "To"); got != want+", N <"+want+">" {
			t.Errorf("To: %s", got)
		}
	}
	for _, given := range badAddresses {
		if err := (message.Address{Addr: given}).Validate(); !errors.Is(err, message.ErrBadAddress) {
			t.Errorf("%q: %v", given, err)
		}
	}
}

// TestAddressStringIsOneLine: also what Validate refuses ends up in logs.
func TestAddressStringIsOneLine(t *testing.T) {
	for _, tt := range []struct {
		a    message.Address
		want string
	}{
		{message.Address{Name: "Ann\r\nBcc: x@y", Addr: "a@b.org"}, `"Ann  Bcc: x@y" <a@b.org>`},
		{message.Address{Name: "Ann\x00\x7f\x1b", Addr: "a@b.org"}, `"Ann   " <a@b.org>`},
		{message.Address{Addr: "a@b.org\r\nBcc: x@y"}, "a@b.org  Bcc: x@y"},
		{message.Address{Name: "Zoë\n", Addr: "a@b.org"}, "=?utf-8?q?Zo=C3=AB_?= <a@b.org>"},
		{message.Address{Name: "Tab\there", Addr: "a@b.org"}, "=?utf-8?q?Tab=09here?= <a@b.org>"},
		{message.Address{}, ""},
	} {
		if got := tt.a.String(); got != tt.want {
			t.Errorf("%q is written %q, want %q", tt.a.Addr, got, tt.want)
		}
	}
}

// TestInvisibleCharacters holds on to what the doc of Address.Addr says.
func TestInvisibleCharacters(t *testing.T) {
	for _, s := range []string{"a\u00a0b@c.org", "a\u200bb@c.org", "a\u202eb@c.org"} {
		if err := (message.Address{Addr: s}).Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for s, want := range map[string]message.Address{
		"ann@example.org":                      {Addr: "ann@example.org"},
		"<ann@example.org>":                    {Addr: "ann@example.org"},
		"Ann B <ann@example.org>":              {Name: "Ann B", Addr: "ann@example.org"},
		`"Smith, J" <j@example.org>`:           {Name: "Smith, J", Addr: "j@example.org"},
		"=?utf-8?q?Zo=C3=AB?= <z@example.org>": {Name: "Zoë", Addr: "z@example.org"},
		"Zoë <zoë@bücher.example>":             {Name: "Zoë", Addr: "zoë@bücher.example"},
		`"a b"@example.org`:                    {Addr: `"a b"@example.org`},
		`X <"a\"b\\c"@example.org>`:            {Name: "X", Addr: `"a\"b\\c"@example.org`},
		"x@[192.0.2.1]":                        {Addr: "x@[192.0.2.1]"},
		`Q <"a@b"@example.org>`:                {Name: "Q", Addr: `"a@b"@example.org`},
	} {
		if got, err := message.ParseAddress(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "x", "a@b, c@d", "a@b..c", "<>", "=?utf-8?q?a=0D=0Ab?= <a@b.org>"} {
		var fe *message.FieldError
		if _, err := message.ParseAddress(s); !errors.As(err, &fe) {
			t.Errorf("%q: %v", s, err)
		}
	}
	list, err := message.ParseAddressList("a@b.org, C <c@d.org>")
	if want := []message.Address{{Addr: "a@b.org"}, {Name: "C", Addr: "c@d.org"}}; err != nil || !slices.Equal(list, want) {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := message.ParseAddressList("a@b.org, c"); !errors.Is(err, message.ErrBadAddress) {
		t.Error(err)
	}
}
