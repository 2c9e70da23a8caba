package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

func mustTemplate(t testing.TB, cfg message.TemplateConfig) *message.Template {
	t.Helper()
	tmpl, err := newTemplate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// newTemplate takes the sender from base where the config has none.
func newTemplate(cfg message.TemplateConfig) (*message.Template, error) {
	if cfg.Message.From.Addr == "" {
		cfg.Message.From = base().From
	}
	return message.NewTemplate(cfg)
}

// recipient is base's, with the fields given.
func recipient(fields any) *message.Recipient {
	m := base()
	return &message.Recipient{To: m.To[0], Fields: fields, Date: m.Date, MessageID: m.MessageID}
}

// render renders for base's recipient in all ways there are, which must agree.
func render(t testing.TB, tmpl *message.Template, fields any) (message.Message, error) {
	t.Helper()
	r := recipient(fields)
	raw, err := tmpl.Append([]byte("before"), r)
	m, errMessage := tmpl.Message(r)
	if errMessage == nil && errors.Is(err, message.ErrTooLong) {
		_, errMessage = m.Bytes() // which a Message finds only when it is built
	}
	if fmt.Sprint(err) != fmt.Sprint(errMessage) {
		t.Errorf("Append says %v, Message %v", err, errMessage)
	}
	if errMessage != nil {
		if string(raw) != "before" {
			t.Error("Append appended in spite of an error")
		}
		return m, errMessage
	}
	if want := build(t, &m); string(raw) != "before"+string(want) {
		t.Errorf("Append and Message differ:\n%s\n%s", raw, want)
	}
	return m, nil
}

func TestTemplateFields(t *testing.T) {
	for _, tt := range []struct{ source, want string }{
		{"no fields", ""},
		{"{{.name}} {{.city}} {{.name}}", "city name"},
		{"{{$.name}}", "name"},
		{"{{if .a}}{{.b}}{{else if .c}}{{.d}}{{else}}{{.e}}{{end}}", "a b c d e"},
		{"{{with .a}}{{.inner}}{{$.b}}{{else}}{{.c}}{{end}}", "a b c"},
		{"{{with .}}{{.a}}{{end}}{{with $}}{{.b}}{{end}}", "a b"},
		{"{{range .a}}{{.inner}}{{$.b}}{{else}}{{.c}}{{end}}", "a b c"},
		{"{{range $i, $x := .a}}{{$x.inner}}{{$i}}{{end}}", "a"},
		{"{{range $x := .}}{{$x.inner}}{{end}}", ""},
		{"{{$x := .}}{{$x.a}}{{with .b}}{{$x.c}}{{end}}", "a b c"},
		{"{{$x := .a}}{{$x.inner}}{{$x = $}}{{$x.b}}", "a b"},
		{"{{if true}}{{$x := .}}{{$x.a}}{{end}}{{$x := .b}}{{$x.inner}}", "a b"},
		{"{{.a.b.c}} {{(.d).e}} {{($).f}} {{(index . \"g\").h}}", "a d f g"},
		{`{{index . "first name"}} {{index $ "b"}} {{index .c "inner"}} {{printf "%s" .d | printf "%s"}}`, "b c d first name"},
		{`{{"a" | index .}} {{("b") | index $}} {{index . ("c")}} {{index . .d}} {{"x" | printf "%s" | index .}}`, "a b c d"},
		{`{{and .a (or .b .c) (not .d) (eq .e "x")}}`, "a b c d e"},
		{`{{define "x"}}{{.a}}{{$.b}}{{end}}{{template "x" .}}`, "a b"},
		{`{{define "x"}}{{.inner}}{{$.inner}}{{end}}{{template "x" .a}}`, "a"},
		{`{{define "x"}}{{.inner}}{{end}}{{template "x" "y"}}`, ""},
		{`{{define "x"}}{{.unused}}{{end}}{{.a}}`, "a"},
		{`{{define "x"}}{{.a}}{{if .more}}{{template "x" .}}{{end}}{{end}}{{template "x" $}}`, "a more"},
		{`{{block "x" .}}{{.a}}{{end}}`, "a"},
		{`{{/* .comment */}}{{.a}}`, "a"},
	} {
		for part, cfg := range map[string]message.TemplateConfig{
			"subject": {Subject: tt.source}, "text": {Text: tt.source}, "html": {HTML: tt.source},
		} {
			if got := strings.Join(mustTemplate(t, cfg).Fields(), " "); got != tt.want {
				t.Errorf("%s %s: fields %q, want %q", part, tt.source, got, tt.want)
			}
		}
	}
}

func TestTemplateCheck(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{
		Subject: "Hi {{.name}}",
		Text:    "Dear {{.name}},\n{{if .vip}}…{{.nmae}}{{end}}",
		HTML:    `<p>{{.name}}</p>` + "\n\n" + `<a href="{{.url}}">{{index . "a b"}}</a>`,
	})
	if err := tmpl.Check([]string{"name", "vip", "url", "a b", "nmae"}); err != nil {
		t.Error(err)
	}
	err := tmpl.Check([]string{"name", "vip"})
	var te *message.TemplateError
	if !errors.As(err, &te) || !errors.Is(err, message.ErrMissingField) {
		t.Fatal(err)
	}
	if te.Part != "text" || te.Field != "nmae" || te.Line != 2 {
		t.Errorf("%+v", te)
	}
	want := "message: template text:2:17: missing field \"nmae\"\n" +
		"message: template html:3:12: missing field \"url\"\n" +
		"message: template html:3:30: missing field \"a b\""
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

// TestTemplateCheckNested: a string has no fields, wherever it comes from. What
// may be the data is let pass.
func TestTemplateCheckNested(t *testing.T) {
	for source, want := range map[string]string{
		"{{.a.x}}":                              "x",
		"{{.a.x.y}}":                            "x",
		"{{$.a.x}}":                             "x",
		"{{(.a).x}}":                            "x",
		"{{($).a.x}}":                           "x",
		"{{with .a}}{{.x}}{{end}}":              "x",
		"{{with .a}}{{$.a}}{{end}}":             "",
		"{{with .a}}{{.}}{{else}}{{.a}}{{end}}": "",
		"{{with .}}{{.a}}{{end}}":               "",
		"{{with $v := .a}}{{$v.x}}{{end}}":      "x",
		"{{if .a}}{{with .a}}{{if .}}{{.x}}{{end}}{{end}}{{end}}":           "x",
		"{{range $k, $v := .}}{{$k}}{{$v}}{{.}}{{end}}":                     "",
		"{{range $k, $v := .}}{{$v.x}}{{end}}":                              "x",
		"{{range .}}{{.x}}{{else}}{{.a}}{{end}}":                            "x",
		`{{(index . "a").x}}`:                                               "x",
		`{{with index . "a"}}{{.x}}{{end}}`:                                 "x",
		`{{with "a" | index .}}{{.x}}{{end}}`:                               "x",
		`{{with printf "%s" .a}}{{.x}}{{end}}`:                              "x",
		`{{with .a | printf "%s"}}{{.x}}{{end}}`:                            "x",
		`{{with or .a .b}}{{.x}}{{end}}`:                                    "x",
		`{{with and .a .}}{{.a}}{{end}}`:                                    "",
		`{{range and .a .}}{{.x}}{{end}}`:                                   "",
		`{{$v := .a}}{{if .b}}{{$v = .}}{{$v.a}}{{end}}`:                    "",
		`{{$v := .a}}{{if .b}}{{$v = .}}{{end}}{{$v.a}}`:                    "",
		`{{$v := .a}}{{range .}}{{with $v}}{{$.a}}{{end}}{{$v = $}}{{end}}`: "",
		`{{define "t"}}{{.x}}{{end}}{{template "t" .a}}`:                    "x",
		`{{define "t"}}{{.x}}{{end}}{{template "t"}}`:                       "x",
		`{{define "t"}}{{.a}}{{end}}{{template "t" .}}`:                     "",
	} {
		for _, cfg := range []message.TemplateConfig{{Text: source}, {HTML: source}} {
			err := mustTemplate(t, cfg).Check([]string{"a", "b"})
			var te *message.TemplateError
			if want == "" && err == nil {
				continue
			}
			if !errors.As(err, &te) || te.Field != want || !errors.Is(err, message.ErrMissingField) || te.Line != 1 || te.Column == 0 {
				t.Errorf("%s: %v, want %q", source, err, want)
			}
		}
	}
}

// TestTemplateErrorSaysPlaceOnce: the error of the template package has it too.
func TestTemplateErrorSaysPlaceOnce(t *testing.T) {
	_, parseErr := newTemplate(message.TemplateConfig{Text: "\n{{end}}"})
	_, htmlErr := newTemplate(message.TemplateConfig{HTML: "<p>\n<a {{if .x}}href='{{else}}{{end}}>"})
	_, execErr := render(t, mustTemplate(t, message.TemplateConfig{HTML: "<p>\n{{call .a}}"}), map[string]string{"a": "b"})
	for want, err := range map[string]error{
		"message: template text:2: unexpected {{end}}":                       parseErr,
		"message: template html:2:":                                          htmlErr,
		"message: template html:2:3: executing \"html\" at <call .a>: error": execErr,
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), ":2:") != 1 {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestTemplateRefused(t *testing.T) {
	for _, tt := range []struct {
		part string
		line int
		cfg  message.TemplateConfig
	}{
		{"subject", 1, message.TemplateConfig{Subject: "{{.name"}},
		{"text", 2, message.TemplateConfig{Text: "\n{{if .x}}{{.y}}\n"}},
		{"text", 1, message.TemplateConfig{Text: "{{nosuchfunc .x}}"}},
		{"text", 1, message.TemplateConfig{Text: `{{if .x}}{{template "nosuch" .}}{{end}}`}},
		{"html", 1, message.TemplateConfig{HTML: "{{end}}"}},
		{"html", 1, message.TemplateConfig{HTML: `{{if .x}}{{template "nosuch" .}}{{end}}`}},
		{"html", 2, message.TemplateConfig{HTML: "<p>text</p>\n<a {{if .x}}href='{{else}}{{end}}>"}},
		{"html", 0, message.TemplateConfig{HTML: `<a href={{.x}}"{{.y}}>`}}, // html/template does not say where
		{"html", 1, message.TemplateConfig{HTML: `{{.x | html | printf "%s"}}`}},
	} {
		if tt.part == "text" && tt.line == 2 {
			tt.line = 3 // at the end of the source
		}
		_, err := newTemplate(tt.cfg)
		var te *message.TemplateError
		if !errors.As(err, &te) || te.Part != tt.part || te.Line != tt.line {
			t.Errorf("%+v: %v", tt.cfg, err)
		}
	}
}

func TestTemplateRender(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{
		Subject: "{{.name}}: news\r\n",
		Text:    "Dear {{if .name}}{{.name}}{{else}}reader{{end}}",
		HTML:    `<p title="{{.name}}">{{.name}}</p><a href="https://example.org/?q={{.name}}">x</a><img src="cid:logo">`,
	})
	for _, tt := range []struct{ name, text, html string }{
		{"Ann", "Dear Ann", `<p title="Ann">Ann</p><a href="https://example.org/?q=Ann">x</a><img src="cid:logo">`},
		{"", "Dear reader", `<p title=""></p><a href="https://example.org/?q=">x</a><img src="cid:logo">`},
		{"<script>alert(1)</script>", "Dear <script>alert(1)</script>",
			`<p title="&lt;script&gt;alert(1)&lt;/script&gt;">&lt;script&gt;alert(1)&lt;/script&gt;</p><a href="https://example.org/?q=%3cscript%3ealert%281%29%3c%2fscript%3e">x</a><img src="cid:logo">`},
		{`"'&`, `Dear "'&`, `<p title="&#34;&#39;&amp;">&#34;&#39;&amp;</p><a href="https://example.org/?q=%22%27%26">x</a><img src="cid:logo">`},
		{"{{.x}}", "Dear {{.x}}", `<p title="{{.x}}">{{.x}}</p><a href="https://example.org/?q=%7b%7b.x%7d%7d">x</a><img src="cid:logo">`},
		{"Zoë 🎉", "Dear Zoë 🎉", `<p title="Zoë 🎉">Zoë 🎉</p><a href="https://example.org/?q=Zo%c3%ab%20%f0%9f%8e%89">x</a><img src="cid:logo">`},
	} {
		m, err := render(t, tmpl, map[string]string{"name": tt.name})
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != tt.name+": news" || m.Text != tt.text || m.HTML != tt.html {
			t.Errorf("%q:\n%s\n%s\n%s", tt.name, m.Subject, m.Text, m.HTML)
		}
		p := parse(t, build(t, &m))
		if got := decodeHeader(t, p.header.Get("Subject")); got != m.Subject {
			t.Errorf("subject %q", got)
		}
	}
}

func TestRenderErrors(t *testing.T) {
	for _, value := range []string{"a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x00b"} {
		tmpl := mustTemplate(t, message.TemplateConfig{Subject: "{{.name}}", Text: "{{.name}}"})
		var fe *message.FieldError
		if _, err := render(t, tmpl, map[string]string{"name": value}); !errors.As(err, &fe) || fe.Field != "Subject" || !errors.Is(err, message.ErrBadHeaderValue) {
			t.Errorf("%q: %v", value, err)
		}
	}
	type row struct{ Name string }
	for _, tt := range []struct {
		cfg     message.TemplateConfig
		data    any
		missing bool
		part    string
	}{
		{message.TemplateConfig{Subject: "{{.x}}"}, map[string]string{}, true, "subject"},
		{message.TemplateConfig{Subject: "{{.name}}", Text: "\n {{if .x}}{{end}}"}, map[string]string{"name": "a"}, true, "text"},
		{message.TemplateConfig{HTML: "<p>{{.x}}</p>{{.name}}"}, map[string]any{"name": "a"}, true, "html"},
		{message.TemplateConfig{HTML: "{{$.x}}"}, nil, true, "html"},
		{message.TemplateConfig{Text: "{{.x}}"}, row{"a"}, true, "text"},
		{message.TemplateConfig{Text: "{{.name.x}}"}, map[string]string{"name": "a"}, false, "text"},
		{message.TemplateConfig{Text: "{{index .name 99}}{{with .x}}{{end}}"}, map[string]string{"name": "a"}, false, "text"},
	} {
		_, err := render(t, mustTemplate(t, tt.cfg), tt.data)
		var te *message.TemplateError
		if !errors.As(err, &te) || te.Part != tt.part || te.Line == 0 || te.Column == 0 {
			t.Errorf("%+v: %v", tt.cfg, err)
			continue
		}
		if errors.Is(err, message.ErrMissingField) != tt.missing || (te.Field == "x") != tt.missing {
			t.Errorf("%+v: %v", tt.cfg, err)
		}
	}
}

func TestRenderConcurrently(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{
		Message: message.Message{From: base().From, Attachments: []message.Attachment{{Filename: "a.png", Content: png}}},
		Subject: "{{.n}}", Text: "{{.n}}", HTML: `<a title="{{.n}}">{{.n}}</a>{{if .n}}x{{end}}`,
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				n := fmt.Sprint(i, "-", j)
				m, err := render(t, tmpl, map[string]string{"n": n})
				if err != nil || m.Subject != n || m.Text != n || !strings.Contains(m.HTML, n) {
					t.Errorf("%s: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFieldsAreSorted(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{Subject: "{{.z}}", Text: "{{.b}}{{.a}}", HTML: "{{.m}}{{.z}}"})
	if got := tmpl.Fields(); !slices.Equal(got, []string{"a", "b", "m", "z"}) {
		t.Errorf("%q", got)
	}
}

// TestDatesInARow: renderings that follow each other share a Date only if both
// its second and its zone are the same.
func TestDatesInARow(t *testing.T) {
	zones := []*time.Location{time.UTC, time.FixedZone("", 3600), time.FixedZone("", -9*3600-1800)}
	for _, date := range []time.Time{testDate, time.Unix(0, 0)} {
		tmpl := mustTemplate(t, message.TemplateConfig{Text: "x"})
		for i := range 100 { // the memory of a rendering is not always there for the next
			r := recipient(nil)
			r.Date = date.Add(time.Duration((i+1)/2) * time.Second).In(zones[i/2%len(zones)]) // another second or another zone
			raw, err := tmpl.Append(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			if want := r.Date.Format(time.RFC1123Z); !strings.HasPrefix(string(raw), "Date: "+want+"\r\n") {
				t.Fatalf("rendering %d: %.40q, want %s", i, raw, want)
			}
		}
	}
}

// TestRenderedMessagesAreApart: whoever gets a Message may change its lists, and
// whoever made the template those of its config.
func TestRenderedMessagesAreApart(t *testing.T) {
	file := func(name string) message.Attachment {
		return message.Attachment{Filename: name + ".png", Content: png}
	}
	alter := func(m *message.Message, n string) {
		m.To[0].Name = n
		m.ReplyTo[0].Name, m.Headers[0].Value, m.Inlines[0].Filename, m.Attachments[0].Filename = n, n, n, n
		m.ReplyTo = append(m.ReplyTo, message.Address{Name: n, Addr: "a@example.org"})
		m.Headers = append(m.Headers, message.Header{Name: "X-More", Value: n})
		m.Inlines = append(m.Inlines, file("inline"+n))
		m.Attachments = append(m.Attachments, file("file"+n))
	}
	// The lists have room behind them, which an append takes.
	cfg := message.TemplateConfig{Message: message.Message{
		From:        base().From,
		ReplyTo:     append(make([]message.Address, 0, 8), message.Address{Addr: "r@example.org"}),
		Headers:     append(make([]message.Header, 0, 8), message.Header{Name: "X-A", Value: "a"}),
		Inlines:     append(make([]message.Attachment, 0, 8), file("inline")),
		Attachments: append(make([]message.Attachment, 0, 8), file("file")),
	}, Text: "{{.a}}", Headers: []message.Header{{Name: "X-B", Value: "{{.a}}"}}}
	tmpl := mustTemplate(t, cfg)
	first, err := render(t, tmpl, map[string]string{"a": "x"})
	if err != nil {
		t.Fatal(err)
	}
	want := build(t, &first)
	lists := func(m *message.Message) string {
		return fmt.Sprint(m.To, m.ReplyTo, m.Headers, m.Inlines, m.Attachments)
	}
	alteredBy := func(n string) string {
		m := first
		m.To, m.ReplyTo, m.Headers = slices.Clone(m.To), slices.Clone(m.ReplyTo), slices.Clone(m.Headers)
		m.Inlines, m.Attachments = slices.Clone(m.Inlines), slices.Clone(m.Attachments)
		alter(&m, n)
		return lists(&m)
	}
	cfg.Message.To = base().To
	alter(&cfg.Message, "config")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				n := fmt.Sprint(i, "-", j)
				m, err := tmpl.Message(recipient(map[string]string{"a": "x"}))
				if err != nil {
					t.Error(err)
					return
				}
				if raw, err := m.Bytes(); err != nil || !bytes.Equal(raw, want) {
					t.Errorf("%s: %v\n%s", n, err, raw)
					return
				}
				alter(&m, n)
				if got, want := lists(&m), alteredBy(n); got != want {
					t.Errorf("%s: %s\nwant %s", n, got, want)
				}
			}
		})
	}
	wg.Wait()
	if last, err := render(t, tmpl, map[string]string{"a": "x"}); err != nil || !bytes.Equal(build(t, &last), want) {
		t.Errorf("the template renders another message: %v\n%s", err, build(t, &last))
	}
}
