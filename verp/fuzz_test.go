package verp_test

import (
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/verp"
)

// codecs are all forms with all delimiters that Validate lets pass.
func codecs() (all []verp.Codec) {
	for _, form := range []verp.Form{verp.Classic, verp.Escaped} {
		for _, a := range "-=+" {
			for _, b := range "-=+" {
				if c := (verp.Codec{Form: form, Delimiters: string(a) + string(b)}); c.Validate() == nil {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// FuzzRoundTrip: an address that Encode returns is fit for MAIL FROM as it
// stands, also after a bouncer has lower-cased it, and names the recipient; the
// canonical spelling of the recipient encodes to the same address.
func FuzzRoundTrip(f *testing.F) {
	for _, v := range published {
		f.Add(v.sender, v.recipient)
	}
	f.Add("l@o.example", `"a\\b \"@.c.."@Bücher.example`)
	f.Add("l@[127.0.0.1]", "jörg@[IPv6:2001:DB8::1]")
	f.Fuzz(func(t *testing.T, sender, recipient string) {
		for _, c := range codecs() {
			address, err := c.Encode(sender, recipient)
			if err != nil {
				continue
			}
			checkWireSafe(t, address)
			canonical, err := c.Decode(sender, address)
			if err != nil {
				t.Fatalf("%+v: Encode(%q, %q) = %q, which decodes to %v", c, sender, recipient, address, err)
			}
			if isPlain(recipient) && canonical != recipient {
				t.Fatalf("%+v: %q came back as %q", c, recipient, canonical)
			}
			checkEncode(t, c, sender, canonical, address)
			lower, err := c.Decode(sender, "<"+strings.ToLower(address)+">")
			if err != nil || !strings.EqualFold(lower, canonical) && isPlain(canonical) {
				t.Fatalf("%+v: lower-cased %q names %q, %v; want %q", c, address, lower, err, canonical)
			}
		}
	})
}

// FuzzDecode: whatever the path, Decode does not panic, and what it hands out
// is an address that it would hand out again.
func FuzzDecode(f *testing.F) {
	for _, v := range published {
		f.Add(v.sender, v.address)
	}
	f.Add("l@o.example", "<l-a+0D+0A=x.example@o.example>")
	f.Add("l@o.example", `"l-\"a b=x.example"@o.example`)
	f.Fuzz(func(t *testing.T, sender, address string) {
		for _, c := range codecs() {
			recipient, err := c.Decode(sender, address)
			if err != nil {
				continue
			}
			if strings.ContainsAny(recipient, "\r\n\x00<>") {
				t.Fatalf("%+v: Decode(%q, %q) = %q", c, sender, address, recipient)
			}
			again, err := c.Encode(sender, recipient)
			if err != nil {
				continue // lenient in what it reads
			}
			checkDecode(t, c, sender, again, recipient)
		}
	})
}

// isPlain reports addresses that are their own canonical spelling.
func isPlain(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	const lower = "abcdefghijklmnopqrstuvwxyz0123456789"
	return strings.Trim(local, lower+"ABCDEFGHIJKLMNOPQRSTUVWXYZ-+=_*.'") == "" && strings.Trim(domain, lower+"-.") == ""
}

func checkWireSafe(t *testing.T, address string) {
	t.Helper()
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at > 64 || len(address) > 254 {
		t.Fatalf("%q passes the length limits", address)
	}
	for i := 0; i < len(address); i++ {
		if c := address[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`<>"\(),;`, c) >= 0 {
			t.Fatalf("%q has %q", address, c)
		}
	}
	if local := address[:at]; local[0] == '.' || local[at-1] == '.' || strings.Contains(local, "..") || strings.Contains(local, "@") {
		t.Fatalf("%q needs quotes", address)
	}
}
