package message_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

// newsletter has 2 KB of text and 8 KB of HTML with six fields.
var newsletter = message.TemplateConfig{
	Subject: "{{.name}}, what is new in {{.city}}",
	Text:    "Dear {{.name}},\n\n" + strings.Repeat("Grüße and what happened this week in a few words.\n", 40) + "{{.email}}\n",
	HTML: `<p title="{{.city}}">Dear {{.name}},</p>` + strings.Repeat("<p class=\"text\">Grüße and what happened this week in a few words.</p>\n", 112) +
		`<a href="https://example.org/?u={{.email}}">unsubscribe</a>`,
}

var row = map[string]string{"name": "Zoë", "city": "Köln", "email": "zoe@example.net"}

func BenchmarkBytes(b *testing.B) {
	m, err := mustTemplate(b, newsletter).Message(recipient(row))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) { benchmarkAppend(b, newsletter, row) }

// BenchmarkAppendGeneral has a condition in each body.
func BenchmarkAppendGeneral(b *testing.B) {
	cfg := newsletter
	cfg.Text += "{{if .name}}.{{end}}"
	cfg.HTML += "{{if .name}}.{{end}}"
	benchmarkAppend(b, cfg, row)
}

// BenchmarkAppendCyrillic has bodies that take base64.
func BenchmarkAppendCyrillic(b *testing.B) {
	cfg := newsletter
	cfg.Text, cfg.HTML = strings.Repeat("Съешь же ещё этих мягких булок\n", 35)+"{{.name}}", strings.Repeat("<p>Съешь же ещё этих мягких французских булок</p>\n", 100)+"{{.name}}"
	benchmarkAppend(b, cfg, row)
}

// BenchmarkAppendLines merges a text of several lines.
func BenchmarkAppendLines(b *testing.B) {
	for name, line := range map[string]string{"ascii": "What happened this week in a few words.\n", "cyrillic": "Съешь же ещё этих мягких булок\n"} {
		b.Run(name, func(b *testing.B) {
			fields := map[string]string{"news": strings.Repeat(line, 50)}
			benchmarkAppend(b, message.TemplateConfig{Text: "Hello\n{{.news}}\nBye\n"}, fields)
		})
	}
}

func benchmarkAppend(b *testing.B, cfg message.TemplateConfig, fields any) {
	t := mustTemplate(b, cfg)
	r := recipient(fields)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		r.Date, r.MessageID = time.Time{}, ""
		var err error
		if buf, err = t.Append(buf[:0], r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAttachment10MB(b *testing.B) {
	m := base()
	m.Attachments = []message.Attachment{{Filename: "big.bin", Content: make([]byte, 10<<20)}}
	b.SetBytes(10 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}
