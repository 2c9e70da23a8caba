package message_test

import (
	"bytes"
	"errors"
	"mime"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/jhillyerd/enmime"
)

func TestFilenames(t *testing.T) {
	for _, name := range []string{
		"a.txt", "with space.txt", `quo"ted.txt`, "semi;colon=.txt", "Übersicht 2026.pdf", "日本語.pdf", "مستند.pdf", "🎉.png",
		"two  spaces.txt", " lead", "per%20cent.txt", "it's*.txt", "tab\t.txt", "(paren)", "ends.",
		strings.Repeat("long name ", 10) + ".txt", strings.Repeat("x", 5000) + ".txt", strings.Repeat("ü ", 400),
		strings.Repeat("y", 65), strings.Repeat("a b", 15),
	} {
		m := base()
		m.HTML = "x"
		m.Inlines = []message.Attachment{{Filename: name, ContentID: "i", ContentType: "image/png", Content: png}}
		m.Attachments = []message.Attachment{{Filename: name, ContentType: "application/pdf", Content: pdf}}
		raw := build(t, &m)
		for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if len(line) > 78 {
				t.Errorf("%.30q: line of %d octets: %s", name, len(line), line)
			}
		}
		p := parse(t, raw)
		for _, typ := range []string{"image/png", "application/pdf"} {
			if got := p.find(t, typ).filename(t); got != name {
				t.Errorf("%q comes back as %q", name, got)
			}
		}
		env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
		if err != nil || len(env.Attachments) != 1 || env.Attachments[0].FileName != name {
			t.Errorf("enmime does not read %q: %v", name, err)
		}
	}
}

// TestFilenamePaths: nobody is told where a file lay.
func TestFilenamePaths(t *testing.T) {
	for given, want := range map[string]string{
		"/etc/passwd": "passwd", "../../up.txt": "up.txt", `C:\Users\ann\résumé.pdf`: "résumé.pdf", `..\a/b.txt`: "b.txt", `a/b\c.txt`: "c.txt",
		"dir/": "", `\`: "",
	} {
		m := base()
		m.HTML = "x"
		m.Inlines = []message.Attachment{{Filename: given, ContentID: "i", ContentType: "image/png", Content: png}}
		m.Attachments = []message.Attachment{{Filename: given, ContentType: "application/pdf", Content: pdf}}
		p := parse(t, build(t, &m))
		for _, typ := range []string{"image/png", "application/pdf"} {
			if got := p.find(t, typ).filename(t); got != want {
				t.Errorf("%q goes out as %q, want %q", given, got, want)
			}
		}
	}
	m := base()
	m.HTML = "x"
	m.Inlines = []message.Attachment{{Filename: "img/logo.png", Content: png}}
	p := parse(t, build(t, &m))
	if got := p.find(t, "image/png").header.Get("Content-Id"); got != "<logo.png>" {
		t.Errorf("content ID %s", got)
	}
	m.Inlines[0].Filename = "img/"
	if err := m.Validate(); !errors.Is(err, message.ErrBadContentID) {
		t.Errorf("an inline named by its directory: %v", err)
	}
}

func TestContentTypes(t *testing.T) {
	for _, tt := range []struct{ filename, given, content, want string }{
		{"a.png", "", "", "image/png"}, {"a.JPG", "", "", "image/jpeg"}, {"a.jpeg", "", "", "image/jpeg"}, {"a.gif", "", "", "image/gif"},
		{"a.pdf", "", "", "application/pdf"}, {"a.csv", "", "", "text/csv; charset=utf-8"}, {"a.txt", "", "", "text/plain; charset=utf-8"},
		{"a.html", "", "", "text/html; charset=utf-8"}, {"a.ics", "", "", "text/calendar; charset=utf-8"},
		{"a", "", "%PDF-1.4", "application/pdf"}, {"a.unknown", "", "\x00\x01\x02\x03", "application/octet-stream"}, {"", "", "hello", "text/plain; charset=utf-8"},
		{"a.txt", "", "Gr\xfc\xdfe", "text/plain"}, {"a.csv", "", "Gr\xfc\xdfe;1\r\n", "text/csv"}, {"a.html", "", "<p>\xe4</p>", "text/html"},
		{"a", "", "Gr\xfc\xdfe", "text/plain"}, {"a.txt", "", "Grüße", "text/plain; charset=utf-8"},
		{"a.txt", "text/plain; charset=utf-8", "Gr\xfc\xdfe", "text/plain; charset=utf-8"}, // as told
		{"a", "", "\xff\xfea\x00", "text/plain; charset=utf-16le"},
		{"a.eml", "", "Subject: \xfc\r\n", "application/octet-stream"}, {"a.eml", "", "Subject: u\r\n", "message/rfc822"},
		{"dir.html/a", "", "hello", "text/plain; charset=utf-8"}, {`dir.pdf\a.TXT`, "", "", "text/plain; charset=utf-8"},
		{"a.png", "application/X-Own; b=\"c d\"", "", `application/x-own; b="c d"`},
		{"a.csv", "text/csv; header=present; charset=iso-8859-1", "", "text/csv; charset=iso-8859-1; header=present"},
		{"a.txt", "text/plain; x*=utf-8''%C3%BC", "", "text/plain; x*=utf-8''%C3%BC"},
		{"a.ics", "text/calendar; method=REQUEST; charset=utf-8; component=" + strings.Repeat("v", 60), "",
			"text/calendar; charset=utf-8; component=" + strings.Repeat("v", 60) + "; method=REQUEST"},
	} {
		m := base()
		m.Attachments = []message.Attachment{{Filename: tt.filename, ContentType: tt.given, Content: []byte(tt.content)}}
		p := parse(t, build(t, &m))
		if got := p.leaves[0].header.Get("Content-Type"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.filename, got, tt.want)
		}
		if _, _, err := mime.ParseMediaType(tt.want); err != nil {
			t.Error(err)
		}
	}
}

// enmime encodes a content ID as a form value: a plus sign becomes %2B, and the
// "cid:" URL that has it no longer matches.
func TestContentIDs(t *testing.T) {
	for id, want := range map[string]string{
		"logo":                   "<logo>",
		"<logo@example.org>":     "<logo@example.org>",
		"a+b%41@example.org":     "<a+b%41@example.org>",
		"größe.png":              "<gr%C3%B6%C3%9Fe.png>",
		"a b+c":                  "<a%20b%2Bc>",
		"x>\"y":                  "<x%3E%22y>",
		strings.Repeat("c", 900): "<" + strings.Repeat("c", 900) + ">",
	} {
		m := base()
		m.HTML = "x"
		m.Inlines = []message.Attachment{{ContentID: id, Content: png}}
		raw := build(t, &m)
		p := parse(t, raw)
		if got := p.find(t, "image/png").header.Get("Content-Id"); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
		if strings.Contains(want, "%") && !strings.Contains(want, "%41") {
			env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
			if err != nil || env.Inlines[0].ContentID != id {
				t.Errorf("enmime reads %q: %v", id, err)
			}
		}
	}
}

// What is attached arrives as it is; enmime would take text for mail text.
func TestContentUnchanged(t *testing.T) {
	for _, content := range []string{"", "a\nb\r\nc\rd", "\n", "From x\n.\n..\n", "ü\n", strings.Repeat("x", 3000), "\x00\xff", strings.Repeat("x", 57), strings.Repeat("y", 57*128)} {
		m := base()
		m.HTML = "x"
		m.Inlines = []message.Attachment{{Filename: "i.csv", ContentType: "text/csv", Content: []byte(content)}}
		m.Attachments = []message.Attachment{{Filename: "a.txt", Content: []byte(content)}}
		p := parse(t, build(t, &m))
		compareFiles(t, &m, p)
	}
}

func TestAttachedMessage(t *testing.T) {
	inner := base()
	inner.Text, inner.HTML = "Grüße", "<p>Grüße</p>"
	content := build(t, &inner)
	m := base() // with the same Message-ID, and so at first the same boundaries
	m.Text, m.HTML = "see", "<p>see</p>"
	m.Attachments = []message.Attachment{{Filename: "forwarded.eml", Content: content}}
	p := parse(t, build(t, &m))
	l := p.find(t, "message/rfc822")
	if !bytes.Equal(l.body, content) {
		t.Errorf("attached message arrives as\n%s", l.body)
	}
	m.Attachments[0].Content = []byte("Subject: \xff") // by extension only: a guess, so no error
	p = parse(t, build(t, &m))
	if l := p.leaves[len(p.leaves)-1]; l.typ != "application/octet-stream" {
		t.Errorf("8-bit content goes as %s", l.typ)
	}
}
