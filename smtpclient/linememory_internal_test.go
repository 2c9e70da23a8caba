package smtpclient

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestLineMemory scans contents one after the other: what was there before must
// not change what is found.
func TestLineMemory(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for name, contents := range map[string][]string{
		"the same again":         {"a\r\nbc\r\n\r\nd\r\n", "a\r\nbc\r\n\r\nd\r\n"},
		"an end passed over":     {"12345678\r\nb\r\n", "12\r\n4567\r\nb\r\n", "12\r\n4567\r\nb\r\n"},
		"an empty line passed":   {"1234\r\n", "12\r\n\r\n"},
		"put in":                 {"a\r\nbcd\r\nef\r\n", "a\r\nnew line\r\nbcd\r\nef\r\n"},
		"left out":               {"a\r\nnew line\r\nbcd\r\nef\r\n", "a\r\nbcd\r\nef\r\n"},
		"longer, shorter":        {"a\r\nb\r\nc\r\n", "a\r\nb\r\nc\r\nd\r\ne\r\n", "a\r\n"},
		"cut within a line":      {"abcdef\r\nb\r\n", "abc\r\n"},
		"dots":                   {"ab\r\ncd\r\n", ".b\r\ncd\r\n", "ab\r\n.d\r\n", "a.\r\ncd\r\n", ".\r\n"},
		"a dot behind a new end": {"12345678\r\n", "12\r\n.567\r\n"},
		"bare LF":                {"ab\r\ncd\r\n", "ab\r\nc\n\r\n", "abcd\nc\r\n", "ab\ncd\r\n"},
		"bare CR":                {"ab\r\ncd\r\n", "ab\r\nc\r\r\n", "a\r\r\ncd\r\n", "a\rb\r\ncd\r\n"},
		"CR and LF apart":        {"1234\r\n56\r\n", "1\n34\r\n5\r\r\n", "12\r4\r\n56\n\n"},
		"LF CR":                  {"12\r\n", "12\n\r", "1\n\r\r\n"},
		"no line end":            {"ab\r\ncd\r\n", "ab\r\ncd", "ab\r\nc", "ab\r\n", "ab\r", "ab", "\n", "\r"},
		"too long":               {"a\r\n", long + "x\r\n", long + "\r\n", long + "x\r\n", "a\r\n" + long + "x\r\n"},
		"many lines":             {strings.Repeat("a\r\n", mostRemembered+1), strings.Repeat("a\r\n", mostRemembered), strings.Repeat(".\r\n", mostRemembered+1)},
	} {
		t.Run(name, func(t *testing.T) {
			var m lineMemory
			for i, c := range contents {
				if got, want := m.scan([]byte(c)), scanLines([]byte(c)); got != want {
					t.Errorf("%d, %.40q: %+v, want %+v", i, c, got, want)
				}
			}
		})
	}
}

// TestLineMemoryAtRandom does so with contents of few octets, in which all that may
// go wrong is frequent.
func TestLineMemoryAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	pieces := []string{"\r\n", "\r\n", "\r\n", "a\r\n", "bc\r\n", ".", "x", "yz", "\r", "\n"}
	var m lineMemory
	tidy := 0
	for range 200_000 {
		var c []byte
		usual := len(pieces) - random.IntN(2)*2 // bare ones in one half
		for range 1 + random.IntN(8) {
			c = append(c, pieces[random.IntN(usual)]...)
		}
		if random.IntN(4) > 0 {
			c = append(c, crlf...)
		}
		want := scanLines(c)
		if got := m.scan(c); got != want {
			t.Fatalf("%q: %+v, want %+v", c, got, want)
		}
		if want.bare == 0 && bytes.HasSuffix(c, crlf) {
			tidy++
		}
	}
	if tidy < 50_000 {
		t.Errorf("only %d contents in CRLF form", tidy)
	}
}

// TestResume: behind lines that were put in, left out or changed, the lengths are
// those of the lines again.
func TestResume(t *testing.T) {
	before := []uint16{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120}
	for _, tt := range []struct{ next, length, want int }{
		{3, 33, 3},   // put in, or changed: tried again behind the next one
		{3, 60, 6},   // two left out
		{3, 110, 11}, // as many as are looked for
		{3, 120, 3},
		{3, 20, 2}, // one was taken for another's
		{3, 10, 3},
		{0, 10, 1}, {12, 110, 11}, {12, 100, 12}, {12, 33, 12},
	} {
		if got := resume(before, tt.next, tt.length); got != tt.want {
			t.Errorf("%d behind line %d: %d, want %d", tt.length, tt.next, got, tt.want)
		}
	}
	if got := resume(nil, 0, 10); got != 0 {
		t.Error(got)
	}
}

// TestFollowStrange: where line after line is another, the content is not held
// against what is remembered any more. Behind them there are two lines together as
// long as the one that is remembered, which tell.
func TestFollowStrange(t *testing.T) {
	const line, more = "abcdefghijklmnopqrstuvwxyz\r\n", mostStrange + 1
	for _, tt := range []struct {
		content string
		lines   int // as far as they were looked at
	}{
		{strings.Repeat(line, mostStrange) + "12345678\r\n\r\n", mostStrange + 1},
		{strings.Repeat(line, more) + "12345678\r\n\r\n", more + 2},
		{strings.Repeat(line, mostStrange) + "1234567890\r\n" + line + "123456789\r\n\r\n", mostStrange + 3},
	} {
		if now, _, ok := follow([]uint16{12, 13, 14}, nil, []byte(tt.content)); !ok || len(now) != tt.lines {
			t.Errorf("%q: %d lines, %v", tt.content, len(now), ok)
		}
	}
}

// TestLineMemoryAllocates: two arrays take turns.
func TestLineMemoryAllocates(t *testing.T) {
	var m lineMemory
	contents := [2][]byte{[]byte("a\r\nb\r\ncd\r\n"), []byte("a\r\ncd\r\nb\r\n\r\n")}
	m.scan(contents[0])
	m.scan(contents[1])
	i := 0
	if n := testing.AllocsPerRun(100, func() { m.scan(contents[i%2]); i++ }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if &m.lengths[:1][0] == &m.spare[:1][0] {
		t.Error("one array in both places")
	}
}

// TestSessionRemembers: a session checks one message after the other with a memory.
func TestSessionRemembers(t *testing.T) {
	s := &Session{cfg: &Config{}}
	m := &Mail{From: "a@a.test", To: []Recipient{{Address: "b@b.test"}}, Content: []byte("ab\r\nc\r\n")}
	if err := s.prepare(newSubmission(m, nil), m); err != nil || fmt.Sprint(s.lines.lengths) != "[4 3]" {
		t.Errorf("%v, %v", s.lines.lengths, err)
	}
}

// TestLineMemoryRemembers what it has seen last, unless that led astray.
func TestLineMemoryRemembers(t *testing.T) {
	var m lineMemory
	for _, tt := range []struct{ content, want string }{
		{"a\r\nbc\r\n\r\n", "[3 4 2]"},
		{"a\r\nb\r\nbc\r\n\r\n", "[3 3 4 2]"},
		{"", "[3 3 4 2]"},
		{"a\r\nb", "[3 3 4 2]"}, // without the last line's end
		{"12345\r\n", "[7]"},
		{"1\r\n23\r\n", "[]"}, // passed over; what is kept would pass it over again
		{"1\r\n23\r\n", "[3 4]"},
		{"1\r\n2\n", "[3 4]"},
		{"1\n\r\r\n", "[]"},
		{"12\r\n", "[4]"},
	} {
		m.scan([]byte(tt.content))
		if got := fmt.Sprint(m.lengths); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.content, got, tt.want)
		}
	}
	if m.scan(bytes.Repeat([]byte("12\r\n"), mostRemembered+1)); len(m.lengths) != 1 {
		t.Errorf("%d lines remembered", len(m.lengths))
	}
	if m.scan(bytes.Repeat([]byte("12\r\n"), mostRemembered)); len(m.lengths) != mostRemembered {
		t.Errorf("%d lines remembered", len(m.lengths))
	}
}

// FuzzLineMemory scans two contents with one memory.
func FuzzLineMemory(f *testing.F) {
	for _, s := range [][2]string{
		{"12345678\r\nb\r\n", "12\r\n4567\r\nb\r\n"}, {"ab\r\ncd\r\n", "ab\r\nc\n\r\n"}, {"1234\r\n56\r\n", "1\n34\r\n5\r\r\n"}, {"a\r\n.\r\n", "a"},
	} {
		f.Add([]byte(s[0]), []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var m lineMemory
		for _, c := range [][]byte{first, second, second, first} {
			if got, want := m.scan(c), scanLines(c); got != want {
				t.Fatalf("%q behind %q: %+v, want %+v", c, first, got, want)
			}
		}
	})
}
