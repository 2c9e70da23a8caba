package message_test

import (
	"bytes"
	"mime"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

func TestTransferEncoding(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"ascii", "Hello = 1\nBob\t.\n", "7bit"},
		{"bare CR and LF", "a\rb\nc\r\nd\n\re", "7bit"},
		{"lone dots", ".\n..\n.a\n", "7bit"},
		{"line of 998", strings.Repeat("x", 998), "7bit"},
		{"line of 999", strings.Repeat("x", 999), "quoted-printable"},
		{"long words", strings.Repeat("x", 70000) + "\n" + strings.Repeat("=", 70000), "quoted-printable"},
		{"From line", "a\nFrom here\n.\nFrom\n>From x\n", "quoted-printable"},
		{"From line, long", strings.Repeat("y", 75) + "From here" + strings.Repeat("From ", 400), "quoted-printable"},
		{"dots, long", strings.Repeat(".", 3000) + "\n.\n", "quoted-printable"},
		{"some umlauts", "Grüße aus Köln, wo wir alle wohnen und feiern\n.\nFrom Köln", "quoted-printable"},
		{"trailing white space", "ä and some more ascii text \t\n and spaces   \n", "quoted-printable"},
		{"escape", "an \x1b escape", "quoted-printable"},
		{"Cyrillic", "Привет, мир", "base64"},
		{"Cyrillic, long", strings.Repeat("Привет", 3000), "base64"},
		{"Arabic", "مرحبا بالعالم", "base64"},
		{"emoji", "👩‍👩‍👧‍👦", "base64"},
		{"long line, one emoji", strings.Repeat("word ", 600) + "🎉", "quoted-printable"},
		{"runes at the fold", strings.Repeat("aaaaaaaaaaaaaaaaaa🎉", 100), "quoted-printable"},
	} {
		for _, both := range []bool{false, true} {
			m := base()
			m.Text = tt.text
			if both {
				m.HTML = tt.text
			}
			raw := build(t, &m)
			p := parse(t, raw)
			for _, l := range p.leaves {
				if got := l.header.Get("Content-Transfer-Encoding"); got != tt.want {
					t.Errorf("%s: %s", tt.name, got)
				}
				if got := string(l.body); got != canonical(tt.text) {
					t.Errorf("%s: %.200q comes back as %.200q", tt.name, tt.text, got)
				}
			}
			if bytes.Contains(raw, []byte("\nFrom ")) {
				t.Errorf("%s: a line starts with From", tt.name)
			}
			if tt.want != "7bit" {
				for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
					if len(line) > 78 || bytes.HasPrefix(line, []byte(".")) {
						t.Errorf("%s: line %q", tt.name, line)
					}
				}
			}
		}
	}
}

// A body that quotes a message's own boundary must not end its part.
func TestBoundaryInText(t *testing.T) {
	m := base()
	m.Text, m.HTML = "x", "x"
	p := parse(t, build(t, &m))
	if len(p.leaves) != 2 {
		t.Fatal("not an alternative")
	}
	_, boundary, _ := strings.Cut(p.header.Get("Content-Type"), `"`)
	m.Text = "--" + strings.Trim(boundary, `"`) + "--\n"
	p = parse(t, build(t, &m))
	if len(p.leaves) != 2 || string(p.leaves[0].body) != canonical(m.Text) {
		t.Errorf("parts %v", p.leaves)
	}
}

// An attached message may have the boundary in it that its mail would get, and
// those that would come next. It is found by the name, and by the type.
func TestBoundaryInAttachedMessage(t *testing.T) {
	for _, file := range []message.Attachment{{Filename: "a.eml"}, {ContentType: "message/rfc822"}} {
		for _, inline := range []bool{false, true} {
			content := "Subject: quotes\r\n\r\n"
			for range 3 {
				m := base()
				m.Text = "x"
				file.Content = []byte(content)
				if inline {
					file.ContentID = "a"
					m.Inlines = []message.Attachment{file}
				} else {
					m.Attachments = []message.Attachment{file}
				}
				p := parse(t, build(t, &m))
				if len(p.leaves) != 2 || string(p.leaves[0].body) != "x\r\n" || string(p.leaves[1].body) != content {
					t.Fatalf("inline %v: parts %q", inline, p.leaves)
				}
				boundary := boundaryOf(t, p)
				if strings.Contains(content, boundary) {
					t.Errorf("inline %v: boundary %q is in the attached message", inline, boundary)
				}
				content += "--" + boundary + "--\r\n"
			}
		}
	}
}

// boundaryOf is the boundary of the root part.
func boundaryOf(t *testing.T, p parsed) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(p.header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		t.Fatalf("Content-Type %q: %v", p.header.Get("Content-Type"), err)
	}
	return params["boundary"]
}
