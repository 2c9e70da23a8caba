package smtpclient

import (
	"strconv"
	"strings"
	"testing"
)

func TestXtext(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "abc": "abc", "a+b": "a+2Bb", "a=b": "a+3Db", "a b": "a+20b", "~!": "~!", "a\x7fb": "a+7Fb", "\x01": "+01", "a\xffb": "a+FFb",
	} {
		if got := string(appendXtext(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestORCPT(t *testing.T) {
	for in, want := range map[string]string{
		"a@b.test":       "rfc822;a@b.test",
		"a+b=c@d.test":   "rfc822;a+2Bb+3Dc@d.test",
		`"a b"@c.test`:   `rfc822;"a+20b"@c.test`,
		"grün@b.test":    `utf-8;gr\x{FC}n@b.test`,
		`gr\ü+n=m o@b`:   `utf-8;gr\x{5C}\x{FC}\x{2B}n\x{3D}m\x{20}o@b`,
		"\U0001F600@b.c": `utf-8;\x{1F600}@b.c`,
	} {
		if got := string(appendORCPT(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzParameters: whatever passes for ENVID and ORCPT is one word of printable
// ASCII on the wire and reads back.
func FuzzParameters(f *testing.F) {
	for _, s := range []string{"a+b=c d", "grün+@b", "a\r\nb", "\\x{41}ü", "a>b", "\u0085", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkEnvelopeID(s) == nil {
			word := string(appendXtext(nil, s))
			if !isWord(word) || unxtext(t, word) != s || len(word) > maxEnvelopeID {
				t.Fatalf("ENVID %q is sent as %q", s, word)
			}
		}
		if checkOriginalRecipient(s) == nil {
			word := string(appendORCPT(nil, s))
			kind, rest, _ := strings.Cut(word, ";")
			back := unxtext(t, rest)
			if kind == "utf-8" {
				back = unUTF8xtext(t, rest)
			}
			if !isWord(word) || back != s || len(word) > maxOriginalRecipient {
				t.Fatalf("ORCPT %q is sent as %q and reads %q", s, word, back)
			}
		}
	})
}

// isWord reports printable ASCII without a space or "=".
func isWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '=' })
}

// unxtext decodes RFC 3461 4's xtext.
func unxtext(t *testing.T, s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '+' {
			b.WriteByte(s[i])
			continue
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String()
}

// unUTF8xtext decodes RFC 6533 3's utf-8-addr-xtext.
func unUTF8xtext(t *testing.T, s string) string {
	var b strings.Builder
	for s != "" {
		before, rest, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			break
		}
		hex, after, _ := strings.Cut(rest, "}")
		n, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || len(hex) < 2 {
			t.Fatalf("%q: %v", s, err)
		}
		b.WriteRune(rune(n))
		s = after
	}
	return b.String()
}
