package message_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

// phrases are in many languages and scripts.
var phrases = []string{
	"the quick brown fox jumps over the lazy dog", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich", "Voix ambiguë d’un cœur qui au zéphyr préfère les jattes de kiwis",
	"El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia", "Příliš žluťoučký kůň úpěl ďábelské ódy", "Pchnąć w tę łódź jeża lub ośm skrzyń fig",
	"Съешь же ещё этих мягких французских булок", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "いろはにほへと ちりぬるを", "天地玄黃 宇宙洪荒", "키스의 고유조건은 입술끼리 만나야 하고", "نص حكيم له سر قاطع وذو شأن عظيم",
	"דג סקרן שט בים מאוכזב", "ऋषियों को सताने वाले दुष्ट राक्षसों", "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า", "Pijamalı hasta yağız şoföre çabucak güvendi", "Do bạch kim rất quý", "🦊 👩‍👩‍👧‍👦 🇪🇺 ✅",
	"a=b & c<d> \"e\" 'f' +g 100%", "From here. .dots --dashes -- =_x", "tab\tand   spaces",
}

var names = []string{"", "Ann", "Zoë Müller", "Иван Петров", "山田太郎", "O'Neil, John \"Jo\"", "محمد علي", "J. R. R. Tolkien", "a=?b?=", strings.Repeat("Long Name ", 7) + "End", "🦊"}

// A generator makes mails of all languages, lengths and structures.
type generator struct {
	*rand.Rand
	oneClick *message.OneClick
	shapes   map[string]int // how many mails had it
	n        int
}

func newGenerator(seed uint64) *generator {
	o, err := message.NewOneClick(message.OneClickConfig{URL: "https://example.org/u?l=1", Keys: [][]byte{make([]byte, 16)}, Mailto: "mailto:leave@example.org"})
	if err != nil {
		panic(err)
	}
	return &generator{Rand: rand.New(rand.NewPCG(seed, 0)), oneClick: o, shapes: map[string]int{}}
}

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }

// text is of n octets at least, in one language or several.
func (g *generator) text(n int) string {
	var b strings.Builder
	phrase := pick(g, phrases)
	for b.Len() < n {
		if g.one(12) {
			phrase = pick(g, phrases)
		}
		b.WriteString(phrase)
		b.WriteString(pick(g, []string{" ", ". ", "\n", "\r\n", "\n\n", ", ", "", "  \n", strings.Repeat("x", g.IntN(120))}))
	}
	return b.String()
}

func (g *generator) line() string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "", "\t", " ", "   ", " ").Replace(g.text(g.IntN(160))))
}

func (g *generator) length() int { return []int{1, 50, 500, 2000, 8000}[g.IntN(5)%(1+g.IntN(5))] }

// mail returns a mail and the message that it is of, half of them by way of a template.
func (g *generator) mail(t *testing.T) ([]byte, message.Message) {
	g.n++
	m := message.Message{
		From:      message.Address{Name: pick(g, names), Addr: pick(g, []string{"news@example.org", "zoe@bücher.example", `"a b"@example.org`})},
		Date:      time.Unix(g.Int64N(2e9), 0).In(time.FixedZone("", 60*(g.IntN(1440)-720))),
		MessageID: fmt.Sprintf("<%d@example.org>", g.n),
		EightBit:  g.one(4),
	}
	if g.one(4) {
		m.List = message.List{ID: "weekly.example.org", Name: pick(g, []string{"", "Weekly", "Die Wöchentliche"}), OneClick: g.oneClick, FeedbackID: "a:b:weekly"}
		g.shapes["list"]++
	}
	m.Headers = []message.Header{{Name: "X-Extra", Value: pick(g, []string{"", "value", "Grüße aus Köln", strings.Repeat("word ", 40) + "end"})}}
	g.files(&m)
	to := message.Address{Name: pick(g, names), Addr: fmt.Sprintf("reader%d@%s", g.n, pick(g, []string{"example.net", "例え.example", "[192.0.2.1]"}))}
	if g.one(2) {
		g.shapes["template"]++
		return g.rendered(t, m, to)
	}
	m.To = []message.Address{to}
	m.Subject = g.line()
	g.bodies(&m.Text, &m.AMP, &m.HTML)
	if m.Flowed = m.Text != "" && g.one(4); m.Flowed {
		m.Text = "Short lines\n\n> quoted\nare not flowed.\n-- \nSignature\n" // so that the text comes back as it is
		g.shapes["flowed"]++
	}
	raw, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return raw, m
}

// bodies fills the bodies, of a message or of a template.
func (g *generator) bodies(text, amp, html *string) {
	shape := g.IntN(8)
	if shape != 0 && shape != 1 {
		*text = g.text(g.length())
	}
	if shape > 2 || shape == 1 {
		*html = "<p>" + strings.ReplaceAll(strings.ReplaceAll(g.text(g.length()), "<", "&lt;"), "&lt;", "<br>") + "</p>"
	}
	if shape == 3 {
		*amp = "<html amp4email><p>" + g.text(g.length()) + "</p>"
	}
	g.shapes[[]string{"no body", "HTML only", "text only", "AMP", "alternative", "alternative", "alternative", "alternative"}[shape]]++
}

func (g *generator) files(m *message.Message) {
	content := func() []byte {
		b := make([]byte, g.IntN(1500))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return b
	}
	filenames := []string{"a.bin", "Übersicht 2026.bin", "отчёт.bin", "報告書.bin", "a \"b\" 'c' %20.bin", strings.Repeat("long", 30) + ".bin", "a;b=c.bin"}
	for i := range g.IntN(3) * g.IntN(2) {
		m.Inlines = append(m.Inlines, message.Attachment{Filename: pick(g, filenames), ContentType: "image/png", ContentID: fmt.Sprintf("img%d.x@example.org", i), Content: content()})
		g.shapes["inline"]++
	}
	for range g.IntN(3) * g.IntN(2) {
		m.Attachments = append(m.Attachments, message.Attachment{Filename: pick(g, filenames), ContentType: "application/octet-stream", Content: content()})
		g.shapes["attachment"]++
	}
	if g.one(8) {
		inner := message.Message{From: m.From, Subject: pick(g, phrases[:3]), Text: "An attached mail.", Date: m.Date, MessageID: "<inner@example.org>"}
		raw, err := inner.Bytes()
		if err != nil {
			panic(err)
		}
		// Readers disagree on whether the last line end is the boundary's.
		m.Attachments = append(m.Attachments, message.Attachment{Filename: "mail.eml", ContentType: "message/rfc822", Content: raw})
		g.shapes["attached mail"]++
	}
	if g.one(8) {
		m.Calendar = message.Calendar{Method: "REQUEST", Content: "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:" + pick(g, phrases) + "\nEND:VEVENT\nEND:VCALENDAR\n"}
		if g.one(2) {
			m.Calendar.Filename = "invite.ics"
		}
		g.shapes["calendar"]++
	}
}

// rendered makes the mail from a template, merged or executed, which must be the
// one that its Message is.
func (g *generator) rendered(t *testing.T, m message.Message, to message.Address) ([]byte, message.Message) {
	r := message.Recipient{To: to, Date: m.Date, MessageID: m.MessageID, Fields: map[string]string{"name": pick(g, phrases), "city": pick(g, names), "text": g.text(g.IntN(200))}}
	m.MessageID = ""
	cfg := message.TemplateConfig{Message: m, Subject: "{{.city}} " + g.line(), Headers: []message.Header{{Name: "X-Merged", Value: "{{.name}}"}}}
	g.bodies(&cfg.Text, &cfg.AMP, &cfg.HTML)
	holes := []string{"{{.name}}", "{{.city | default \"nowhere\"}}", "{{.text}}", "<a href=\"https://example.org/?q={{.name}}\">{{.city}}</a>"}
	if m.List.OneClick != nil {
		holes = append(holes, "<a href=\"{{unsubscribe}}\">unsubscribe</a>")
	}
	if g.one(4) {
		holes = append(holes, "{{if .city}}{{.city}}{{end}}")
	}
	for _, source := range []*string{&cfg.Text, &cfg.AMP, &cfg.HTML} {
		words := strings.Split(*source, " ")
		for range 6 {
			if i := g.IntN(len(words)); i > 1 {
				words[i] += pick(g, holes)
			}
		}
		*source = strings.Join(words, " ")
	}
	tmpl, err := message.NewTemplate(cfg)
	if err != nil {
		t.Fatalf("%v\n%q\n%q", err, cfg.Text, cfg.HTML)
	}
	raw, err := tmpl.Append(nil, &r)
	if err != nil {
		t.Fatal(err)
	}
	m, err = tmpl.Message(&r)
	if err != nil {
		t.Fatal(err)
	}
	if built := build(t, &m); !bytes.Equal(raw, built) {
		t.Fatalf("Append and Message differ:\n%s\n%s", raw, built)
	}
	return raw, m
}
