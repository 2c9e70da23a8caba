package message_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

// FuzzHeaders: whatever stands in the fields, either it is refused, or the
// message has exactly the header fields that were asked for, and their values
// come back.
func FuzzHeaders(f *testing.F) {
	f.Add("Ann", "ann@example.org", "Hello", "X-A", "value", "a.txt", "text/plain", "id@example.org")
	f.Add("Zoë", "zoë@bücher.example", "Grüße\r\nBcc: x@y", "Bcc", "a\r\n\r\nb", "a\".txt", "text/plain; a=b", "<ü>")
	f.Add("=?utf-8?q?a=0D=0A?=", `"a b"@[192.0.2.1]`, "=?utf-8?q?=0A?=", "X", " \t ", "=?x?=.txt", "a/b; c*0*=utf-8''%0d", "a b")
	f.Add(" ", "a@b", strings.Repeat("ü ", 99), "x:y", strings.Repeat("x", 1100), strings.Repeat("日", 99), "", "%0d%0a")
	f.Fuzz(func(t *testing.T, name, addr, subject, hname, hvalue, filename, ctype, id string) {
		who := message.Address{Name: name, Addr: addr}
		m := message.Message{
			From: who, To: []message.Address{who, who}, ReplyTo: []message.Address{who}, Bcc: []message.Address{who},
			Subject: subject, Headers: []message.Header{{Name: hname, Value: hvalue}}, Date: testDate,
			HTML:        "x",
			Inlines:     []message.Attachment{{ContentID: id, ContentType: "image/png", Filename: filename}},
			Attachments: []message.Attachment{{Filename: filename, ContentType: ctype, Content: png}},
		}
		raw, err := m.Bytes()
		if err != nil {
			var fe *message.FieldError
			if !errors.As(err, &fe) {
				t.Fatal(err)
			}
			return
		}
		checkWire(t, raw, m.NeedsSMTPUTF8())
		want := []string{"Date", "From", "Reply-To", "To", "Message-ID", "Subject", hname, "MIME-Version", "Content-Type"}
		if got := fieldNames(raw); !slices.Equal(got, want) {
			t.Fatalf("fields %q, want %q", got, want)
		}
		if value, _ := fieldLines(t, raw, "Subject"); decodeHeader(t, value) != subject {
			t.Errorf("subject %q comes back as %q", subject, value)
		}
		checkParts(t, raw, &m)
	})
}

// checkParts looks at the two files of FuzzHeaders' message.
func checkParts(t *testing.T, raw []byte, m *message.Message) {
	t.Helper()
	_, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	ctype, _ := fieldLines(t, raw, "Content-Type")
	p := parse(t, []byte("Content-Type: "+ctype+"\r\n\r\n"+body))
	if len(p.leaves) != 3 {
		t.Fatalf("%d parts", len(p.leaves))
	}
	for _, l := range p.leaves[1:] {
		given := m.Attachments[0].Filename
		if got := l.filename(t); got != given[strings.LastIndexAny(given, `/\`)+1:] {
			t.Errorf("file name %q comes back as %q", given, got)
		}
		for name := range l.header {
			if !strings.HasPrefix(name, "Content-") {
				t.Errorf("part has a field %q", name)
			}
		}
	}
}

// FuzzText: any text that is not refused comes back, in whatever encoding.
func FuzzText(f *testing.F) {
	f.Add("Hello\nBob\r\n.\rFrom x")
	f.Add(strings.Repeat("ü🎉=", 300))
	f.Add(strings.Repeat("From ", 300) + " \t\n \n")
	f.Add("a\x00b\xff")
	f.Fuzz(func(t *testing.T, text string) {
		m := base()
		m.Text, m.HTML = text, text+"\n<p>ä</p>"
		raw, err := m.Bytes()
		if err != nil {
			if !errors.Is(err, message.ErrBadText) {
				t.Fatal(err)
			}
			return
		}
		checkWire(t, raw, false)
		want := []string{canonical(m.HTML)}
		if text != "" {
			want = []string{canonical(text), canonical(m.HTML)}
		}
		p := parse(t, raw)
		for i, w := range want {
			if got := string(p.leaves[i].body); got != w {
				t.Errorf("part %d: %q comes back as %q", i, w, got)
			}
		}
	})
}

// FuzzParseAddress: an address that is taken can be written and taken again.
func FuzzParseAddress(f *testing.F) {
	for s := range goodAddresses {
		f.Add(s)
	}
	f.Add(`"A, B" <"a\"b"@example.org>`)
	f.Add("=?utf-8?b?w7w=?= <ü@ü.example>")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := message.ParseAddress(s)
		if err != nil {
			return
		}
		again, err := message.ParseAddress(a.String())
		if err != nil || again.Name != a.Name || again.String() != a.String() {
			t.Errorf("%q: %+v is written %s and taken as %+v, %v", s, a, a, again, err)
		}
	})
}

// FuzzTemplate: a source that is taken uses no field that Fields does not name,
// and a rendered subject stays on its line.
func FuzzTemplate(f *testing.F) {
	f.Add("{{.a}} {{if .b}}{{$.c}}{{end}}", "value")
	f.Add(`{{with $x := .}}{{$x.a}}{{end}}{{range .b}}{{.}}{{end}}`, "<script>")
	f.Add(`{{define "x"}}{{.a}}{{end}}{{template "x" .}}`, "{{")
	f.Add(`<a href="{{.u}}" title='{{.t}}' onclick="f({{.j}})">`, "a\r\nb")
	f.Fuzz(func(t *testing.T, source, value string) {
		tmpl, err := newTemplate(message.TemplateConfig{Subject: source, Text: source, HTML: source})
		if err != nil {
			var te *message.TemplateError
			if !errors.As(err, &te) && !errors.Is(err, message.ErrBadText) && !errors.Is(err, message.ErrBadHeaderValue) {
				t.Fatal(err)
			}
			return
		}
		data := map[string]string{}
		for _, name := range tmpl.Fields() {
			data[name] = value
		}
		m, err := render(t, tmpl, data)
		if errors.Is(err, message.ErrMissingField) {
			t.Errorf("%q: %v, but fields are %q", source, err, tmpl.Fields())
		}
		if err == nil && strings.ContainsAny(m.Subject, "\r\n\x00") {
			t.Errorf("subject %q", m.Subject)
		}
	})
}

// FuzzRecipient: whatever a recipient is made of, the message has its own header
// fields and parts, and no others.
func FuzzRecipient(f *testing.F) {
	for _, poison := range poisons {
		f.Add(poison, "bob@example.net")
		f.Add("x", poison)
	}
	tmpl := injectable(f)
	f.Fuzz(func(t *testing.T, data, addr string) { checkInjectable(t, tmpl, data, addr) })
}
