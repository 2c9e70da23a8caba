package smtpclient

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// stuffAll hands content out in blocks of size octets.
func stuffAll(t *testing.T, c *content, size int) []byte {
	t.Helper()
	s := newStuffer(c)
	var out []byte
	for {
		block, all := s.append(nil, size)
		if len(block) > size+2 {
			t.Fatalf("block of %d octets, %d asked for", len(block), size)
		}
		out = append(out, block...)
		if all {
			return out
		}
		if len(block) == 0 {
			t.Fatal("no progress")
		}
	}
}

func TestDotStuffing(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\n":               "a\r\n",
		".\r\n":               "..\r\n",
		"..\r\n":              "...\r\n",
		".a\r\n.b\r\n":        "..a\r\n..b\r\n",
		"a.b\r\n":             "a.b\r\n",
		"a\r\n\r\n.\r\nb\r\n": "a\r\n\r\n..\r\nb\r\n",
		"":                    "",
	} {
		for size := 1; size < len(in)+3; size++ {
			if got := string(stuffAll(t, &content{data: []byte(in), dotted: true}, size)); got != want {
				t.Errorf("%q in blocks of %d: %q, want %q", in, size, got, want)
			}
		}
	}
}

// What is appended to a block that has something in it already stays within
// the size, too.
func TestStufferAppends(t *testing.T) {
	s := newStuffer(&content{data: []byte(".a\r\n.b\r\n"), dotted: true})
	b, all := s.append([]byte("xxxx"), 6)
	for !all {
		before := len(b)
		if b, all = s.append(b, before+1); len(b) == before {
			t.Fatal("no progress")
		}
	}
	if string(b) != "xxxx..a\r\n..b\r\n" {
		t.Errorf("%q", b)
	}
}

// FuzzDotStuffing: whatever is taken as content has no bare CR, bare LF or NUL,
// ends with CRLF and, stuffed in blocks of any size, holds no end of mail data
// and reads back as it was.
func FuzzDotStuffing(f *testing.F) {
	for _, s := range []string{
		"a\r\n", ".\r\n", "\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r", "a\r\x00\n", "\x00", ".", "\r\n\x00.\r\n", "..\r\n..",
	} {
		f.Add([]byte(s), byte(1), false)
		f.Add([]byte(s), byte(3), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, size byte, strict bool) {
		before := bytes.Clone(in)
		policy := NormalizeBareNewlines
		if strict {
			policy = RefuseBareNewlines
		}
		c, err := checkContent(in, policy, nil)
		if !bytes.Equal(in, before) {
			t.Fatal("the caller's bytes were altered")
		}
		if err != nil {
			if !errors.Is(err, ErrBadLine) && !errors.Is(err, ErrEmptyContent) {
				t.Fatal(err)
			}
			return
		}
		bare := strings.ReplaceAll(string(c.data), "\r\n", "")
		if strings.ContainsAny(bare, "\r\n\x00") || !bytes.HasSuffix(c.data, crlf) {
			t.Fatalf("%q became %q", in, c.data)
		}
		if strict && !bytes.HasPrefix(c.data, in) {
			t.Fatalf("%q was altered: %q", in, c.data)
		}
		wire := append([]byte("\r\n"), stuffAll(t, &c, int(size)+1)...)
		if bytes.Contains(wire, []byte("\r\n.\r\n")) {
			t.Fatalf("%q ends early: %q", in, wire)
		}
		if back := bytes.ReplaceAll(wire, []byte("\r\n."), crlf)[2:]; !bytes.Equal(back, c.data) {
			t.Fatalf("%q reads back as %q", c.data, back)
		}
		if c.eightBit != bytes.ContainsFunc(c.data, func(r rune) bool { return r >= 0x80 }) {
			t.Fatalf("%q: eightBit %v", c.data, c.eightBit)
		}
		for line := range bytes.SplitSeq(c.data, crlf) {
			if len(line) > maxLine {
				t.Fatalf("line of %d octets", len(line))
			}
		}
	})
}

// TestHasEightBit looks at every place of content of every length around the
// octets that are looked at together.
func TestHasEightBit(t *testing.T) {
	for n := range 140 {
		b := bytes.Repeat([]byte{0x7f}, n)
		if hasEightBit(b) {
			t.Fatalf("%d octets of ASCII", n)
		}
		for i := range b {
			b[i] = 0x80
			if !hasEightBit(b) {
				t.Fatalf("octet %d of %d", i, n)
			}
			b[i] = 0x7f
		}
	}
}
