package smtpclient

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// parseAll reads src to its end and returns the replies, and whether bytes of
// an unfinished one are left.
func parseAll(src io.Reader) (replies []Reply, left bool, err error) {
	p := newReplyParser()
	for {
		r, ok, err := p.parse()
		if err != nil {
			return replies, false, err
		}
		if ok {
			replies = append(replies, r)
			continue
		}
		if n, err := p.fill(src); n == 0 && err != nil {
			return replies, p.buffered(), nil
		}
	}
}

func TestReplyParser(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string // replies as code|enhanced|text, parted by blanks
		left bool
	}{
		{"250 ok\r\n", "250||ok", false},
		{"250\r\n", "250||", false},
		{"250 \r\n", "250||", false},
		{"250-\r\n250\r\n", "250||\n", false},
		{"250 ok\n", "250||ok", false},
		{"250 2.1.0 ok\r\n", "250|2.1.0|2.1.0 ok", false},
		{"550 5.7.509 no\r\n", "550|5.7.509|5.7.509 no", false},
		{"550 5.1.1\r\n", "550|5.1.1|5.1.1", false},
		{"550-5.1.1\r\n550 x\r\n", "550|5.1.1|5.1.1\nx", false},
		{"550 5.01.001 zeros\r\n", "550|5.1.1|5.01.001 zeros", false},
		{"550 5.0001.1 too many\r\n", "550||5.0001.1 too many", false},
		{"550 5.00.0\n", "550|5.0.0|5.00.0", false},
		{"354 3.0.0 no such class\r\n", "354||3.0.0 no such class", false},
		{"250-a\r\n250-b\r\n250 c\r\n354 go\r\n", "250||a\nb\nc 354||go", false},
		{"550 4.1.1 class\r\n", "550||4.1.1 class", false},
		{"550 5.1 short\r\n", "550||5.1 short", false},
		{"550 5.1.1.1 long\r\n", "550||5.1.1.1 long", false},
		{"550 5.1234.1 many digits\r\n", "550||5.1234.1 many digits", false},
		{"550 5.1.x no digit\r\n", "550||5.1.x no digit", false},
		{"250 a\tb\x00c\x1b[31m\x7f\r\r\n", "250||a?b?c?[31m??", false},
		{"250 caf\xc3\xa9 \xff\r\n", "250||caf\xc3\xa9 \xff", false},
		{"250 ok\r\n250 o", "250||ok", true},
		{"250-ok\r\n", "", true},
		{"599 x\r\n", "599||x", false},
		{"", "", false},
	} {
		for name, src := range map[string]io.Reader{
			"whole": strings.NewReader(tt.in), "octets": iotest.OneByteReader(strings.NewReader(tt.in)),
			"halves": iotest.HalfReader(strings.NewReader(tt.in)), "with error": iotest.DataErrReader(strings.NewReader(tt.in)),
		} {
			replies, left, err := parseAll(src)
			var got []string
			for _, r := range replies {
				got = append(got, fmt.Sprintf("%d|%s|%s", r.Code, r.Enhanced, r.Text))
			}
			if g := strings.Join(got, " "); err != nil || g != tt.want || left != tt.left {
				t.Errorf("%q, %s: %q, left %v, %v; want %q, %v", tt.in, name, g, left, err, tt.want, tt.left)
			}
		}
	}
}

func TestReplyParserRefuses(t *testing.T) {
	line := strings.Repeat("x", maxReplyLine)
	for _, in := range []string{
		"\r\n", "\n", "2\r\n", "25\r\n", "25x ok\r\n", "2x0 ok\r\n", "100 ok\r\n", "600 ok\r\n", "000 ok\r\n",
		"250ok\r\n", "250\tok\r\n", "250_ok\r\n", " 250 ok\r\n", "2500 ok\r\n", "+OK\r\n", "\x00\r\n",
		"\xef\xbb\xbf250 ok\r\n",
		"250-a\r\n251 b\r\n", "250-a\r\n550 b\r\n", "250-a\r\nb\r\n", "250-a\r\n\r\n", "250-a\r\n25\r\n",
		"250 " + line + "\r\n", "250 " + line, "250-" + line, line + "x",
		strings.Repeat("250-a\r\n", maxReplyLines+1), strings.Repeat("250-"+line[:4000]+"\r\n", 20),
	} {
		for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
			if replies, _, err := parseAll(src); len(replies) > 0 || !errors.Is(err, ErrProtocol) {
				t.Errorf("%.40q: %d replies, %v", in, len(replies), err)
			}
		}
	}
}

// The longest reply that is taken, at every cap.
func TestReplyParserCaps(t *testing.T) {
	for _, in := range []string{
		"250 " + strings.Repeat("x", maxReplyLine-5) + "\r\n",
		strings.Repeat("250-a\r\n", maxReplyLines-1) + "250 a\r\n",
		strings.Repeat("250-"+strings.Repeat("x", 3999)+"\r\n", 15) + "250 x\r\n",
	} {
		if replies, left, err := parseAll(strings.NewReader(in)); len(replies) != 1 || left || err != nil {
			t.Errorf("%d octets: %d replies, left %v, %v", len(in), len(replies), left, err)
		}
	}
}

// A reply must not change when the parser goes on: texts are kept apart from
// the buffer.
func TestReplyParserKeepsTexts(t *testing.T) {
	var in strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&in, "250 reply number %d\r\n", i%17)
	}
	replies, _, err := parseAll(strings.NewReader(in.String()))
	if err != nil || len(replies) != 1000 {
		t.Fatal(len(replies), err)
	}
	for i, r := range replies {
		if want := fmt.Sprintf("reply number %d", i%17); r.Text != want {
			t.Fatalf("reply %d: %q, want %q", i, r.Text, want)
		}
	}
}

// statusCode is RFC 3463 2's status-code at the start of a text, the leading
// zeros that it forbids let through.
var statusCode = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3})(?:[ \n]|$)`)

// enhancedByGrammar is what parseEnhanced should find.
func enhancedByGrammar(code int, text string) EnhancedCode {
	var c EnhancedCode
	m := statusCode.FindStringSubmatch(text)
	if m == nil || m[1] != strconv.Itoa(code/100) {
		return c
	}
	for i := range c {
		n, err := strconv.ParseUint(m[i+1], 10, 16)
		if err != nil {
			panic(err)
		}
		c[i] = uint16(n)
	}
	return c
}

func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		"250 ok\r\n", "250-a\r\n250 b\r\n", "250\r\n", "550 5.1.1 no\n", "250-a\r\n550 b\r\n", "354 \x00\r\n220", "x",
		"500 5.00.0\n", "354 3.0.0\n", "450-4.200.999\n450 4.2.2 x\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, left, err := parseAll(strings.NewReader(string(in)))
		octets, left1, err1 := parseAll(iotest.OneByteReader(strings.NewReader(string(in))))
		if fmt.Sprint(whole, left, err) != fmt.Sprint(octets, left1, err1) {
			t.Fatalf("%q: %v %v, octet by octet %v %v", in, whole, err, octets, err1)
		}
		if err != nil && !errors.Is(err, ErrProtocol) {
			t.Fatalf("%q: %v", in, err)
		}
		lines := 0
		for _, r := range whole {
			lines += len(r.Lines())
			if r.Code < 200 || r.Code > 599 || strings.ContainsFunc(r.Text, func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f }) {
				t.Fatalf("%q: %d %q", in, r.Code, r.Text)
			}
			if want := enhancedByGrammar(r.Code, r.Text); r.Enhanced != want {
				t.Fatalf("%q: %d, enhanced %s, want %s", in, r.Code, r.Enhanced, want)
			}
			if strings.Contains(r.String(), "\n") {
				t.Fatalf("%q: String has several lines", in)
			}
		}
		if n := strings.Count(string(in), "\n"); lines > n {
			t.Fatalf("%q: %d lines of replies from %d", in, lines, n)
		}
	})
}
