package message_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

const invitation = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Grüße\nEND:VEVENT\nEND:VCALENDAR\n"

// TestFormats has the structures that shapes has not.
func TestFormats(t *testing.T) {
	for name, tt := range map[string]struct {
		fill   func(*message.Message)
		leaves []string
	}{
		"invitation": {func(m *message.Message) { m.Text, m.Calendar = "Come", message.Calendar{Content: invitation} },
			[]string{"alternative text/plain", "alternative text/calendar"}},
		"invitation-file": {func(m *message.Message) {
			m.Text, m.HTML = "Come", "<p>Come</p>"
			m.Calendar = message.Calendar{Content: invitation, Method: "request", Filename: "invite.ics"}
		}, []string{"mixed alternative text/plain", "mixed alternative text/html", "mixed alternative text/calendar", "mixed application/ics"}},
		"calendar": {func(m *message.Message) { m.Calendar.Content = strings.Replace(invitation, "REQUEST", "cancel", 1) }, []string{"text/calendar"}},
		"amp": {func(m *message.Message) {
			m.Text, m.HTML, m.AMP = "Hi", "<p>Hi</p>", "<!doctype html><html ⚡4email><p>Hi</p></html>"
		}, []string{"alternative text/plain", "alternative text/x-amp-html", "alternative text/html"}},
		"everything": {func(m *message.Message) {
			m.Text, m.HTML, m.AMP, m.Calendar = "Hi", `<img src="cid:a.png">`, "<html amp4email>", message.Calendar{Content: invitation}
			m.Inlines = []message.Attachment{{Filename: "a.png", Content: png}}
			m.Attachments = []message.Attachment{{Filename: "a.pdf", Content: pdf}}
		}, []string{"mixed alternative text/plain", "mixed alternative text/x-amp-html", "mixed alternative related text/html", "mixed alternative related image/png",
			"mixed alternative text/calendar", "mixed application/pdf"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := base()
			tt.fill(&m)
			raw := build(t, &m)
			var got []string
			for _, l := range parse(t, raw).leaves {
				got = append(got, strings.TrimSpace(l.path+" "+l.typ))
				if method := l.params["method"]; (l.typ == "text/calendar" || l.typ == "application/ics") != (method == "REQUEST" || method == "CANCEL") {
					t.Errorf("%s has method %q", l.typ, method)
				}
			}
			if strings.Join(got, ", ") != strings.Join(tt.leaves, ", ") {
				t.Errorf("parts %q, want %q", got, tt.leaves)
			}
			golden(t, name, raw)
		})
	}
}

func TestCalendarRefused(t *testing.T) {
	for field, list := range map[string][]message.Calendar{
		"Calendar.Content": {
			{Method: "REQUEST"}, {Filename: "a.ics"}, {Content: "x"}, {Content: "BEGIN:VCALENDAR\nMETHOD:a b\n"}, {Content: invitation + "\x00"}, {Content: invitation + "\xff"},
			{Content: "BEGIN:VCALENDAR\nMETHOD:\"; name=x\n"}, {Content: "BEGIN:VCALENDAR\nMETHOD:" + strings.Repeat("X", 99)},
		},
		"Calendar.Method":         {{Content: invitation, Method: "CANCEL"}, {Content: invitation, Method: "REQUEST\r\nBcc: x"}},
		"Attachments[0].Filename": {{Content: invitation, Filename: "a\nb"}},
	} {
		for _, c := range list {
			m := base()
			m.Calendar = c
			var fe *message.FieldError
			if _, err := m.Bytes(); !errors.As(err, &fe) || fe.Field != field {
				t.Errorf("%q: %v", c, err)
			}
		}
	}
}

func TestFlowed(t *testing.T) {
	words := strings.Repeat("word ", 40)
	for text, want := range map[string]string{
		"short\n":                         "short\n",
		"trailing  \nspace ":              "trailing\nspace\n",
		"-- \nme":                         "-- \nme\n",
		" indented\n>quoted\nFrom x":      "  indented\n>quoted\n From x\n",
		words:                             strings.Repeat("word ", 15) + "\n" + strings.Repeat("word ", 15) + "\n" + strings.TrimRight(strings.Repeat("word ", 10), " ") + "\n",
		strings.Repeat("x", 200):          strings.Repeat("x", 200) + "\n",
		strings.Repeat("x", 200) + " y\n": strings.Repeat("x", 200) + " \ny\n",
		"> " + words + "\n":               "> " + strings.TrimRight(words, " ") + "\n",
		"":                                "",
	} {
		m := base()
		m.Flowed, m.Text = true, text
		l := parse(t, build(t, &m)).leaves[0]
		if got := strings.ReplaceAll(string(l.body), "\r\n", "\n"); got != want || l.params["format"] != "flowed" {
			t.Errorf("%q is written %q, want %q; %v", text, got, want, l.params)
		}
	}
	// A reader gets paragraphs back (RFC 3676 4.1), merged or not.
	tmpl := mustTemplate(t, message.TemplateConfig{Message: message.Message{From: base().From, Flowed: true}, Text: "Dear {{.a}}, " + words + "\n\nend\n"})
	m, err := render(t, tmpl, map[string]string{"a": words})
	if err != nil {
		t.Fatal(err)
	}
	body := strings.ReplaceAll(string(parse(t, build(t, &m)).leaves[0].body), " \r\n", " ")
	if want := strings.ReplaceAll(strings.ReplaceAll(m.Text, " \n", "\n"), "\n", "\r\n"); body != want {
		t.Errorf("%q\n%q", body, want)
	}
}

func TestEightBit(t *testing.T) {
	for text, want := range map[string]string{
		"Grüße\n": "8bit", "Hello\n": "7bit", "Привет\n": "8bit", strings.Repeat("é", 600): "base64", strings.Repeat("word ", 300) + "é": "quoted-printable",
		"é\nFrom x\n": "quoted-printable", "é and some more\n--=_x\n": "quoted-printable", "é\x1b": "quoted-printable",
	} {
		m := base()
		m.EightBit, m.Text, m.HTML = true, text, text
		for _, l := range parse(t, build(t, &m)).leaves {
			if got := l.header.Get("Content-Transfer-Encoding"); string(l.body) != canonical(text) || got != want && text != "é\x1b" {
				t.Errorf("%.20q: %s, %.60q", text, got, l.body)
			}
		}
	}
	inner := base()
	inner.EightBit, inner.Text = true, "Grüße\n"
	raw := build(t, &inner)
	m := base()
	m.Attachments = []message.Attachment{{Filename: "a.eml", ContentType: "message/rfc822", Content: raw}}
	if _, err := m.Bytes(); !errors.Is(err, message.ErrBadContentType) {
		t.Errorf("7-bit: %v", err)
	}
	m.EightBit = true
	l := parse(t, build(t, &m)).leaves[0]
	if !bytes.Equal(l.body, raw) || l.header.Get("Content-Transfer-Encoding") != "8bit" {
		t.Errorf("%s %q", l.header.Get("Content-Transfer-Encoding"), l.body)
	}
}

// TestDeclaredEightBit: what multiparts declare depends on the recipient's values, and
// parse looks at it.
func TestDeclaredEightBit(t *testing.T) {
	declared := func(raw []byte) int { return bytes.Count(raw, []byte("Transfer-Encoding: 8bit\r\n")) }
	inner := base()
	inner.EightBit, inner.Text = true, "Grüße\n"
	files := []message.Attachment{{Filename: "a.pdf", Content: []byte("a")}}
	images := []message.Attachment{{Filename: "a.png", ContentID: "a", Content: []byte("a")}}
	mails := []message.Attachment{{Filename: "a.eml", ContentType: "message/rfc822", Content: build(t, &inner)}}
	invitation := message.Calendar{Method: "REQUEST", Content: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nSUMMARY:é\r\nEND:VCALENDAR\r\n"}
	for name, test := range map[string]struct {
		m          message.Message
		text, html string // sources
		want       map[string]int
	}{
		"alternative":      {message.Message{EightBit: true}, "{{.a}}", "<p>{{.b}}", map[string]int{"xx": 0, "éx": 2, "xé": 2, "éé": 3}},
		"not allowed":      {message.Message{}, "{{.a}}", "<p>{{.b}}", map[string]int{"xx": 0, "éx": 0, "éé": 0}},
		"related":          {message.Message{EightBit: true, Inlines: images}, "{{.a}}", "<p>{{.b}}", map[string]int{"xx": 0, "éx": 2, "xé": 3, "éé": 4}},
		"mixed":            {message.Message{EightBit: true, Inlines: images, Attachments: files}, "{{.a}}", "<p>{{.b}}", map[string]int{"xx": 0, "éx": 3, "xé": 4, "éé": 5}},
		"one source fixed": {message.Message{EightBit: true, Attachments: files}, "é", "<p>{{.b}}", map[string]int{"xx": 3, "xé": 4}},
		"attached mail":    {message.Message{EightBit: true, Attachments: mails}, "{{.a}}", "<p>{{.b}}", map[string]int{"xx": 3, "éx": 5}}, // one of them in it
		"executed":         {message.Message{EightBit: true}, "{{if .a}}{{.a}}{{end}}", "<p>{{if .b}}{{.b}}{{end}}", map[string]int{"xx": 0, "éx": 2, "éé": 3}},
		"AMP":              {message.Message{EightBit: true}, "{{.a}}", "<p>{{.b}}", map[string]int{"éx": 2, "xé": 3}}, // HTML is AMP, too
		"invitation":       {message.Message{EightBit: true, Calendar: invitation}, "{{.a}}", "<p>{{.b}}", map[string]int{"xx": 2, "éx": 3}},
		"not as it is":     {message.Message{EightBit: true, Boundary: strings.Repeat("z", 60)}, "{{.a}}\nFrom x\n", "<p>{{.b}}", map[string]int{"xx": 0, "éx": 0, "xé": 2}},
		"one body":         {message.Message{EightBit: true}, "{{.a}}", "", map[string]int{"xx": 0, "éx": 1}},
	} {
		test.m.From = base().From
		cfg := message.TemplateConfig{Message: test.m, Text: test.text, HTML: test.html}
		if name == "AMP" {
			cfg.AMP = test.html
		}
		tmpl := mustTemplate(t, cfg)
		for values, want := range test.want {
			a := []rune(values)
			r := recipient(map[string]string{"a": string(a[0]), "b": string(a[1])})
			m, err := tmpl.Message(r)
			if err != nil {
				t.Fatal(err)
			}
			raw := build(t, &m)
			if parse(t, raw); declared(raw) != want {
				t.Errorf("%s, %s: %d times 8bit, want %d\n%s", name, values, declared(raw), want, raw)
			}
			if got, err := tmpl.Append(nil, r); err != nil || !bytes.Equal(got, raw) {
				t.Errorf("%s, %s: rendered %v\n%s\nnot\n%s", name, values, err, got, raw)
			}
		}
	}
}

func TestBoundary(t *testing.T) {
	m := base()
	m.Text, m.HTML, m.Boundary = "a", "b", "my.own-Boundary1"
	if p := parse(t, build(t, &m)); !strings.Contains(p.header.Get("Content-Type"), `boundary="=_my.own-Boundary1_1"`) {
		t.Errorf("%s", p.header.Get("Content-Type"))
	}
	inner := m
	inner.MessageID = "<2@example.org>"
	m.Attachments = []message.Attachment{{Filename: "a.eml", Content: build(t, &inner)}}
	if _, err := m.Bytes(); !errors.Is(err, message.ErrBadBoundary) {
		t.Error(err)
	}
	for _, bad := range []string{"a b", "a\"b", "ä", "a\r\nb", strings.Repeat("x", 61)} {
		m := base()
		m.Boundary = bad
		var fe *message.FieldError
		if _, err := m.Bytes(); !errors.As(err, &fe) || fe.Field != "Boundary" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// A reader who has seen a template's boundary cannot begin a part with it.
	tmpl := mustTemplate(t, message.TemplateConfig{Message: message.Message{From: m.From, Boundary: "known"}, Text: "{{.a}}\n", HTML: "{{.a}}\n"})
	for _, a := range []string{"--=_known_1", "x\n--=_known_1\nContent-Type: text/html\n\n<b>", "\r\n--=_known_1--\r\n", "-"} {
		m, err := render(t, tmpl, map[string]string{"a": a})
		if err != nil {
			t.Fatal(err)
		}
		if p := parse(t, build(t, &m)); len(p.leaves) != 2 || string(p.leaves[0].body) != canonical(a+"\n") {
			t.Errorf("%q: %d parts", a, len(p.leaves))
		}
	}
}
