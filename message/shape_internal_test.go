package message

import (
	"bytes"
	"strings"
	"testing"
)

// TestSkeletons: what is kept of a shape gives the bytes that enmime writes for a
// message of it, whatever its boundaries are.
func TestSkeletons(t *testing.T) {
	texts := []string{"", "plain\n", "Zoë wrote some words\n", "Привет\n"} // of each encoding but 8bit
	for _, boundary := range []string{"", "x", "bound-ary.1", strings.Repeat("long", 5), strings.Repeat("z", maxBoundary)} {
		for i := range len(texts) * len(texts) * len(texts) * 4 {
			pick := func(by int) string { return texts[i/by%len(texts)] }
			m := Message{
				From: Address{Addr: "a@example.org"}, MessageID: "1@example.org", Boundary: boundary,
				Text: pick(1), AMP: pick(4), HTML: pick(16), Flowed: i/64%2 == 1, EightBit: i/128 == 1,
			}
			for range 2 { // made, and kept
				got, err := m.appendBody(nil)
				if err != nil {
					t.Fatal(err)
				}
				var s scratch
				s.prepare(&m)
				if want, err := m.appendWithFiles(nil, &s); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%+v:\n%s\n%s, %v", m, got, want, err)
				}
			}
		}
	}
}

// TestPlainText: short text is looked at in another way than long text.
func TestPlainText(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "a": true, "a b c": true, " a": false, "a ": false, "a  b": false, "a\tb": false, "=?": false, "a=b": true, "a =?b": false, "a=": true,
		strings.Repeat("x", maxWord): true, strings.Repeat("x", maxWord+1): false,
	} {
		for _, more := range []string{"", strings.Repeat(" word", 20)} {
			s := text + more
			if text == "" || text == "a " { // and more makes another text of it
				s = text
			}
			if got := isPlainText(s, classesOf(s)); got != want {
				t.Errorf("%q: %v", s, got)
			}
		}
	}
}
