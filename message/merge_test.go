package message_test

import (
	"fmt"
	"html/template"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

// values are what gives encoders and escapers trouble.
var values = []string{
	"", " ", "a", "Zoë", "Ann & Co", `<b>"O'Neil"</b>`, "+1 555", "a=b", "100%", "%41%zz%", "%4", "tab\there", "two\nlines", "two\r\nlines", "ends\n", "\nbegins",
	"ends\r", "\rbegins", "\r", "\n", "\r\n\r\n", "From here", "rom ", ".", "..", "-", "--=_x", "=_x", "--", "trailing  ", "  leading", "Привет, мир", "日本語", "👩‍👩‍👧‍👦",
	"javascript:alert(1)", "JavaScript:x", "https://example.org/?a=b&c=d#e", "mailto:a@b", "/path?x y", "//host/a:b", "tel:1", "\u2028", "\ufdd0\ufffe", "\ufeff",
	"\x00", "a\x00b", "\x1b[2J", "\x7f", "\xff", "é\xe9", strings.Repeat("word ", 30), strings.Repeat("x", 80), strings.Repeat("x", 1100), strings.Repeat("é", 60),
	strings.Repeat("=", 40), strings.Repeat("line\n", 20), strings.Repeat(" ", 100), strings.Repeat("a ", 38) + "b",
}

// TestMergeIsExecution: whatever is merged gives the bytes that an execution
// by text/template or html/template and Message give. render compares them.
func TestMergeIsExecution(t *testing.T) {
	sources := []string{
		"{{.a}}", "{{.a}}{{.b}}", "x{{.a}}y", "{{.a}}\n", "\n{{.a}}", "\r\n{{.a}}\r\n", "F{{.a}}om x\n{{.b}}rom y", "-{{.a}}-=_{{.b}}\n", "a {{.a}} b {{.b}} c\n",
		strings.Repeat("word ", 15) + "{{.a}} " + strings.Repeat("word ", 40) + "{{.b}}" + strings.Repeat("word ", 40),
		strings.Repeat("x", 70) + "{{.a}}" + strings.Repeat("y", 300) + "{{.b}}" + strings.Repeat("=", 100),
		strings.Repeat("x", 980) + "{{.a}}" + strings.Repeat("x", 10) + "\n",
		"é {{.a}} \n{{.b}}  \nF{{.a}}", "Привет {{.a}}, " + strings.Repeat("мир ", 50), "{{.a | default \"é\"}}{{default \"\" .b}}{{.none | default \"Привет\"}}{{index . \"b\"}}{{index . \"none\"}}",
		"{{- .a -}}  {{/* comment */}} {{$.b}}.",
	}
	for _, source := range sources {
		html := "<p title=\"" + source + "\">" + source + "</p>" + `<a href="{{.a}}">x</a><a href='https://example.org/{{.b}}/?q={{.a}}#{{.b}}'>x</a><title>{{.a}}</title>`
		for _, cfg := range []message.TemplateConfig{
			{Text: source}, {HTML: html}, {Text: source, HTML: html, AMP: html, Subject: "Hi {{.c}}, {{.c | default \"you\"}}", Headers: []message.Header{{Name: "X-A", Value: "{{.c}} Grüße"}}},
		} {
			for _, eightBit := range []bool{false, true} {
				cfg.Message.EightBit = eightBit
				compareValues(t, cfg)
			}
		}
	}
}

func compareValues(t *testing.T, cfg message.TemplateConfig) {
	t.Helper()
	tmpl := mustTemplate(t, cfg)
	var want []string
	for name, source := range map[string]string{"subject": cfg.Subject, "text": cfg.Text, "html": cfg.HTML, "amp": cfg.AMP} {
		if source != "" {
			want = append(want, name)
		}
	}
	got := slices.DeleteFunc(tmpl.Merged(), func(s string) bool { return strings.HasPrefix(s, "header") })
	if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Fatalf("%.100q: merged are %q", cfg.Text, got)
	}
	for i, a := range values {
		b := values[(i*7+3)%len(values)]
		if _, err := render(t, tmpl, map[string]string{"a": a, "b": b, "c": a}); t.Failed() {
			t.Fatalf("%.100q with %.40q and %.40q: %v", cfg.Text+cfg.HTML, a, b, err)
		}
	}
}

// TestMergeAtRandom builds bodies of random pieces. Most bugs of splicing are at
// the seams.
func TestMergeAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"word ", "word", " ", "\n", "\r\n", "é", "=", ".", "From ", "--=_", "long-word-without-end-", "\t", "<b>", "&amp;", "日本", "x"}
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	text := func(most int) string {
		var b strings.Builder
		for range random.IntN(most) {
			for range 1 + random.IntN(3)*random.IntN(12) {
				b.WriteString(pick(pieces))
			}
			b.WriteString(pick(pieces))
		}
		return b.String()
	}
	for round := range 1500 {
		var source strings.Builder
		for range random.IntN(5) {
			source.WriteString(text(40) + "{{." + pick([]string{"a", "b", "c"}) + "}}")
		}
		source.WriteString(text(60))
		tmpl := mustTemplate(t, message.TemplateConfig{Text: source.String(), HTML: source.String(), Message: message.Message{EightBit: random.IntN(4) == 0}})
		if source.Len() > 0 && len(tmpl.Merged()) != 2 {
			t.Fatalf("not merged: %q", source.String())
		}
		for range 4 {
			fields := map[string]string{"a": pick(values), "b": text(4), "c": text(20)}
			if _, err := render(t, tmpl, fields); t.Failed() {
				t.Fatalf("round %d: %q with %q: %v", round, source.String(), fields, err)
			}
		}
	}
}

// TestNotMerged: what has more than fields is executed, and so are values that
// are not strings.
func TestNotMerged(t *testing.T) {
	for _, source := range []string{
		"{{if .a}}x{{end}}", "{{range .a}}x{{end}}", "{{with .a}}{{.}}{{end}}", `{{printf "%s" .a}}`, "{{$x := .a}}{{$x}}", `{{define "t"}}x{{end}}{{template "t"}}`,
		"{{len .a}}", "{{.}}", `{{"constant"}}`, `{{.a | printf "%s" | default "x"}}`, "\r{{.a}}\r{{.b}}",
	} {
		if got := mustTemplate(t, message.TemplateConfig{Text: source}).Merged(); len(got) != 0 {
			t.Errorf("%s: merged are %q", source, got)
		}
	}
	for _, source := range []string{"<script>{{.a}}</script>", "<style>{{.a}}</style>", "<a title={{.a}}>", `<a onclick="f({{.a}})">`, `<img srcset="{{.a}}">`, "<a {{.a}}>"} {
		if got := mustTemplate(t, message.TemplateConfig{HTML: source}).Merged(); len(got) != 0 {
			t.Errorf("%s: merged are %q", source, got)
		}
	}
	tmpl := mustTemplate(t, message.TemplateConfig{Text: "{{.a}}", HTML: `<p>{{.a}}</p><a href="{{.b}}">x</a>`})
	for _, fields := range []any{
		map[string]any{"a": 1, "b": 2.5}, map[string]any{"a": template.HTML("<b>x</b>"), "b": template.URL("tel:1")}, map[string]any{"a": 'x', "b": time.Second},
		map[string]template.HTML{"a": "<b>", "b": "x"}, map[string]any{"a": []string{"x"}, "b": "y"},
	} {
		if _, err := render(t, tmpl, fields); err != nil {
			t.Errorf("%v: %v", fields, err)
		}
	}
}

type person struct {
	Name, City string
	Age        int
	hidden     string
}

func (p *person) Greeting() string { return "Hello " + p.Name + p.hidden }

// TestFieldsFrom: maps, structs and funcs of the same fields give the same.
func TestFieldsFrom(t *testing.T) {
	cfg := message.TemplateConfig{Subject: "{{.Name}}", Text: "{{.Name}} of {{.City}}, {{.Nick | default \"friend\"}}", HTML: "{{.Name}}{{if .City}} of {{.City}}{{end}}"}
	tmpl := mustTemplate(t, cfg)
	get := message.FieldFunc(func(name string) (string, bool) {
		value, ok := map[string]string{"Name": "Zoë", "City": "Köln"}[name]
		return value, ok
	})
	for _, fields := range []any{
		map[string]string{"Name": "Zoë", "City": "Köln"}, map[string]any{"Name": "Zoë", "City": "Köln"}, person{Name: "Zoë", City: "Köln"}, &person{Name: "Zoë", City: "Köln"}, get, (func(string) (string, bool))(get),
	} {
		m, err := render(t, tmpl, fields)
		if err != nil || m.Subject != "Zoë" || m.Text != "Zoë of Köln, friend" || m.HTML != "Zoë of Köln" {
			t.Errorf("%T: %+v, %v", fields, m, err)
		}
	}
	other := mustTemplate(t, message.TemplateConfig{Text: "{{.Greeting}}, {{.Age}}"})
	if m, err := render(t, other, &person{Name: "Ann", Age: 30}); err != nil || m.Text != "Hello Ann, 30" {
		t.Errorf("%q, %v", m.Text, err)
	}
}

// TestMissing: the error names field and place, wherever the fields come from
// and whether the source is merged or executed.
func TestMissing(t *testing.T) {
	none := message.FieldFunc(func(string) (string, bool) { return "", false })
	for _, fields := range []any{map[string]string{}, map[string]any{}, person{}, &person{}, none, nil} {
		for _, more := range []string{"", "{{if true}}{{end}}"} {
			for part, cfg := range map[string]message.TemplateConfig{
				"subject": {Subject: more + "{{.nmae}}"}, "text": {Text: more + "{{.nmae}}"}, "html": {HTML: more + "{{.nmae}}"}, "amp": {AMP: more + "{{.nmae}}"},
				"header X-A": {Headers: []message.Header{{Name: "X-A", Value: more + "{{.nmae}}"}}},
			} {
				want := fmt.Sprintf("message: template %s:1:%d: missing field \"nmae\"", part, len(more)+3)
				if _, err := render(t, mustTemplate(t, cfg), fields); err == nil || err.Error() != want {
					t.Errorf("%T, %q: %v, want %s", fields, more, err, want)
				}
			}
		}
	}
}

func TestDefault(t *testing.T) {
	for source, want := range map[string]string{
		`{{.a | default "x"}}`: "A", `{{.none | default "x"}}`: "x", `{{.empty | default "x"}}`: "x", `{{default "x" .none}}`: "x", `{{default "x" .a}}`: "A",
		`{{$.none | default "x"}}`: "x", `{{if .none | default ""}}y{{else}}n{{end}}`: "n", `{{.none | default .a}}`: "A", `{{(default "x" .none) | printf "%s!"}}`: "x!",
		`{{with .a}}{{$.none | default "x"}}{{end}}`: "x", `{{$v := .}}{{$v.none | default "x"}}`: "x",
		`{{define "t"}}{{.none | default "x"}}{{end}}{{template "t" .}}`: "x",
	} {
		for _, cfg := range []message.TemplateConfig{{Text: source}, {HTML: source}} {
			tmpl := mustTemplate(t, cfg)
			m, err := render(t, tmpl, map[string]string{"a": "A", "empty": ""})
			if err != nil || m.Text+m.HTML != want {
				t.Errorf("%s: %q, %v", source, m.Text+m.HTML, err)
			}
			if err := tmpl.Check([]string{"a", "empty"}); err != nil {
				t.Errorf("%s: %v", source, err)
			}
		}
	}
}

// FuzzMerge: the same for whatever is merged around and into.
func FuzzMerge(f *testing.F) {
	f.Add("Dear ", ",\nhow are you", "Zoë", false)
	f.Add("<a href=\"https://example.org/?a=", "\">x</a>", "a&b=\r\n", true)
	f.Add(strings.Repeat("word ", 40), strings.Repeat("=x", 60), "From \n.", false)
	f.Add("é", " \n", "\n--=_", true)
	f.Fuzz(func(t *testing.T, before, after, value string, eightBit bool) {
		source := before + "{{.a}}" + after + "{{.a}}" + before
		tmpl, err := newTemplate(message.TemplateConfig{Text: source, HTML: source, Message: message.Message{EightBit: eightBit}})
		if err != nil {
			return
		}
		_, _ = render(t, tmpl, map[string]string{"a": value})
	})
}
