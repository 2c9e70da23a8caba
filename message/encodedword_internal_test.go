package message

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestEncodedWords moves runes of every length past the end of a word: each word is
// of whole runes, and of as many as have room.
func TestEncodedWords(t *testing.T) {
	runes := []rune{'é', 'À', 'ÿ', 'ा', '漢', '\u2fbf', '😀', '\U0001f9bf', '\U0010ffff'}
	for _, r := range runes {
		for before := range 60 {
			for _, tail := range []string{"", "and what is behind it", strings.Repeat(string(r), 12)} {
				s := strings.Repeat("x", before) + strings.Repeat(string(r), 3) + tail
				f := openField(nil, "Subject")
				f.encode(s)
				words := strings.Fields(string(f.out))[1:]
				if strings.HasPrefix(words[0], "=?utf-8?q?") {
					whole := openField(nil, "Subject")
					if whole.wordsQ(appendCoded(nil, s, &wordOctets)); string(whole.out) != string(f.out) {
						t.Fatalf("%q at once:\n%s\nin pieces:\n%s", s, whole.out, f.out)
					}
				}
				whole := ""
				for i, w := range words {
					text, err := new(mime.WordDecoder).Decode(w)
					if err != nil || !utf8.ValidString(text) || len(w) > maxWord {
						t.Fatalf("%q: %q has %d octets, %v", s, w, len(w), err)
					}
					whole += text
					if i == len(words)-1 {
						break
					}
					next, _ := utf8.DecodeRuneInString(s[len(whole):])
					if room := maxWord - len(w); strings.HasPrefix(w, "=?utf-8?q?") && room >= len(appendCoded(nil, string(next), &wordOctets)) {
						t.Fatalf("%q: %q has room for %q", s, w, next)
					}
				}
				if whole != s {
					t.Fatalf("%q became %q", s, whole)
				}
			}
		}
	}
}

// TestEncodeAllocates nothing, however long the text is.
func TestEncodeAllocates(t *testing.T) {
	name := strings.Repeat("Zoë of the long name ", 40)
	out := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		f := openField(out, "To")
		f.encode(name)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
