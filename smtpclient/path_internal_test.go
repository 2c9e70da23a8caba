package smtpclient

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzPath: whatever CheckAddress takes makes one command line whose path reads
// back as the same mailbox, with SMTPUTF8 and without.
func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"a@b.test", `"a b"@c.test`, `"a\"\\\b"@[192.0.2.1]`, "grün@bücher.example", "a@[IPv6:2001:db8::1]",
		"a>b@c.test", "a@b\r\n", `"a> SIZE=1"@b.test`, "a@b。test", "a@Ｂ.test", "\"\u0085\"@b.test", "a@ß.test", "a@b\u00ad.test",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if CheckAddress(address) != nil {
			return
		}
		for _, smtputf8 := range []bool{false, true} {
			m := &Mail{From: address, To: Recipients(address), Content: []byte("x"), SMTPUTF8: smtputf8}
			var c checkedMail
			if err := c.check(m, NormalizeBareNewlines, nil); err != nil {
				t.Fatalf("%q: %v", address, err)
			}
			mail, rcpt := string(c.appendMAIL(nil, &Extensions{})), string(c.appendRCPT(nil, 0))
			onWire, ok := strings.CutSuffix(strings.TrimPrefix(rcpt, "RCPT TO:<"), ">\r\n")
			want := "MAIL FROM:<" + onWire + ">"
			if c.smtputf8 {
				want += " SMTPUTF8"
			}
			if !ok || mail != want+"\r\n" {
				t.Fatalf("%q: %q and %q", address, mail, rcpt)
			}
			if strings.ContainsAny(onWire, "\r\n\x00<>") || !utf8.ValidString(onWire) || len(onWire) > maxTestedPath {
				t.Fatalf("%q is sent as %q", address, onWire)
			}
			if !c.smtputf8 && !isASCIIString(onWire) {
				t.Fatalf("%q is sent as %q without SMTPUTF8", address, onWire)
			}
			first, err := parsePath(address)
			if err != nil {
				t.Fatal(err)
			}
			again, err := parsePath(onWire)
			if err != nil || again.Local != first.Local || again.ASCII != first.ASCII || again.UTF8 != first.UTF8 {
				t.Fatalf("%q is sent as %q, which reads %+v, %v; want %+v", address, onWire, again, err, first)
			}
		}
	})
}

// maxTestedPath is RFC 5321 4.5.3.1.3's limit, less the angle brackets.
const maxTestedPath = 254

func isASCIIString(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
