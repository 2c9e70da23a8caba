package address_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]address.Mailbox{
		"user@example.org":                  {Local: "user", Domain: "example.org", ASCII: "example.org"},
		"O'Brien+tag=x@Example.ORG":         {Local: "O'Brien+tag=x", Domain: "Example.ORG", ASCII: "Example.ORG"},
		`"john doe"@example.org`:            {Local: `"john doe"`, Domain: "example.org", ASCII: "example.org"},
		`"a\b\"\\@c"@example.org`:           {Local: `"ab\"\\@c"`, Domain: "example.org", ASCII: "example.org"},
		"jörg@exämple.test":                 {Local: "jörg", Domain: "exämple.test", ASCII: "xn--exmple-cua.test", UTF8: true},
		"joerg@exämple.test":                {Local: "joerg", Domain: "exämple.test", ASCII: "xn--exmple-cua.test"},
		`"jörg ä"@example.test`:             {Local: `"jörg ä"`, Domain: "example.test", ASCII: "example.test", UTF8: true},
		"a@[192.0.2.1]":                     {Local: "a", Domain: "[192.0.2.1]", ASCII: "[192.0.2.1]"},
		"a@[IPv6:2001:db8::1]":              {Local: "a", Domain: "[IPv6:2001:db8::1]", ASCII: "[IPv6:2001:db8::1]"},
		"a@_dmarc.x-1.example":              {Local: "a", Domain: "_dmarc.x-1.example", ASCII: "_dmarc.x-1.example"},
		"a@localhost":                       {Local: "a", Domain: "localhost", ASCII: "localhost"},
		strings.Repeat("a", 70) + "@x.test": {Local: strings.Repeat("a", 70), Domain: "x.test", ASCII: "x.test"},
	} {
		got, err := address.Parse(in)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]error{
		"":                                  address.ErrEmpty,
		"user":                              address.ErrNoAt,
		"@example.org":                      address.ErrLocal,
		".user@example.org":                 address.ErrLocal,
		"user.@example.org":                 address.ErrLocal,
		"us..er@example.org":                address.ErrLocal,
		"us er@example.org":                 address.ErrLocal,
		"a@b@example.org":                   address.ErrLocal,
		`"user@example.org`:                 address.ErrLocal,
		`"a"b"@example.org`:                 address.ErrLocal,
		`"a\"@example.org`:                  address.ErrLocal,
		`"\ö"@example.org`:                  address.ErrLocal,
		"user@":                             address.ErrDomain,
		"user@example.org.":                 address.ErrDomain,
		"user@-example.org":                 address.ErrDomain,
		"user@example-.org":                 address.ErrDomain,
		"user@exa mple.org":                 address.ErrDomain,
		"user@example..org":                 address.ErrDomain,
		"user@[192.0.2]":                    address.ErrDomain,
		"user@[2001:db8::1]":                address.ErrDomain,
		"user@[IPv6:fe80::1%eth0]":          address.ErrDomain,
		"user@[192.0.2.1":                   address.ErrDomain,
		"user@" + strings.Repeat("a", 64):   address.ErrDomain,
		"user@exämple ä.test":               address.ErrDomain,
		"<user@example.org>":                address.ErrForbidden,
		"user@example.org\r\nRCPT TO:<x@y>": address.ErrForbidden,
		`"a> NOTIFY=NEVER"@example.org`:     address.ErrForbidden,
		"\"a\r\n\"@example.org":             address.ErrForbidden,
		"a\x00@example.org":                 address.ErrForbidden,
		"a\x7f@example.org":                 address.ErrForbidden,
		"\"\u0085\"@example.org":            address.ErrForbidden,
		"a\u2028@example.org":               address.ErrForbidden,
		"a\xff@example.org":                 address.ErrForbidden,
	} {
		if got, err := address.Parse(in); !errors.Is(err, want) {
			t.Errorf("%q: %+v, %v; want %v", in, got, err, want)
		}
	}
}

func TestCheckLen(t *testing.T) {
	domain := strings.Repeat("a.", 90) + "test"
	for n, want := range map[int]error{254 - 1 - len(domain): nil, 255 - 1 - len(domain): address.ErrTooLong} {
		m, err := address.Parse(strings.Repeat("x", n) + "@" + domain)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.CheckLen(); err != want {
			t.Errorf("%d octets: %v, want %v", n+1+len(domain), err, want)
		}
	}
}

func TestCanonicalDomain(t *testing.T) {
	for in, want := range map[string]string{
		"a@EXAMPLE.org":                 "example.org",
		"a@EXÄMPLE.test":                "xn--exmple-cua.test",
		"a@[ipv6:2001:DB8:0:0:0:0:0:1]": "[IPv6:2001:db8::1]",
		"a@[192.0.2.1]":                 "[192.0.2.1]",
	} {
		m, err := address.Parse(in)
		if err != nil || m.CanonicalDomain() != want {
			t.Errorf("%s: %q, %v; want %q", in, m.CanonicalDomain(), err, want)
		}
	}
}

// What Parse takes can stand in a path, and Quote and Content are inverse.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"user@example.org", `"a\"b c"@[192.0.2.1]`, "jörg@exämple.test", `"\\"@x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := address.Parse(s)
		if err != nil {
			return
		}
		spelled := m.Local + "@" + m.ASCII
		if strings.ContainsAny(spelled, "\r\n\x00<>") || !address.IsASCII(m.ASCII) {
			t.Fatalf("%q is spelled %q", s, spelled)
		}
		again, err := address.Parse(spelled)
		if err != nil || again.Local != m.Local || again.ASCII != m.ASCII || again.UTF8 != m.UTF8 {
			t.Fatalf("%q is spelled %q, which reads %+v, %v", s, spelled, again, err)
		}
		quoted, err := address.Parse(address.Quote(m.Content()) + "@" + m.ASCII)
		if err != nil || quoted.Content() != m.Content() {
			t.Fatalf("%q: content %q is spelled %q", s, m.Content(), quoted.Local)
		}
	})
}
