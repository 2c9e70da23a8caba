package content

import (
	"fmt"
	"strings"
)

// The sources of a newsletter, 2 KB of text and 8 KB of HTML, that merges six
// fields in nine places, in the language of text/template and html/template.
var (
	NewsletterSubject = "{{.name}}, your weekly update from the bench"
	NewsletterText    = newsletterText()
	NewsletterHTML    = newsletterHTML()
)

// NewsletterFields returns the fields of newsletter i. They need no escaping in
// HTML, so that builders without templates need not know how.
func NewsletterFields(i int) map[string]string {
	return map[string]string{
		"name": names[i%len(names)], "city": cities[i%len(cities)], "plan": plans[i%len(plans)],
		"number": part("%", i), "coupon": part("SAVE-%", i), "link": Link(i),
	}
}

var (
	names  = []string{"Ann Miller", "Zoë Müller", "Bob", "José Ñúñez", "Çağla Şahin", "John Smith Jr."}
	cities = []string{"Oslo", "Köln", "Reykjavík", "Bath", "A Coruña"}
	plans  = []string{"reader", "member", "patron"}
)

func newsletterText() string {
	var b strings.Builder
	b.WriteString("Dear {{.name}},\n\nthis is the weekly update. Unsubscribe at any time:\n{{.link}}\n\n")
	for i := 0; b.Len() < 2048; i++ {
		b.WriteString([]string{
			"The quick brown fox jumps over the lazy dog near the river bank.\n",
			"Sphinx of black quartz, judge my vow; pack my box with five dozen jugs.\n",
			"Throughput is a matter of round trips, system calls and copies.\n\n",
		}[i%3])
	}
	return b.String()
}

func newsletterHTML() string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>Weekly update</title></head>\n" +
		"<body style=\"font-family:Arial,sans-serif;color:#222\">\n<p>Dear {{.name}} of {{.city}},</p>\n" +
		"<p>you are a {{.plan}}, number {{.number}}. Your coupon is <b>{{.coupon}}</b>.</p>\n<table width=\"600\" cellpadding=\"0\" align=\"center\">\n")
	for i := 0; b.Len() < 8192-120; i++ {
		fmt.Fprintf(&b, "<tr><td style=\"padding:12px 24px;border-bottom:1px solid #eee\"><h2 style=\"margin:0\">Story %d — café prices rise 5 €</h2>"+
			"<p>The quick brown fox jumps over the lazy dog. <a href=\"https://bench.example/s/%d?utm_source=mail&amp;utm_medium=weekly\">Read more</a></p></td></tr>\n", i, i)
	}
	b.WriteString("</table>\n<p><a href=\"{{.link}}\">Unsubscribe</a></p>\n</body></html>\n")
	return b.String()
}

// A Filler fills a source by joining strings, for builders without templates:
// what that takes should not be what is measured.
type Filler []string // text and names of fields in turn

// NewFiller cuts a source at its fields.
func NewFiller(source string) Filler {
	var f Filler
	for {
		before, rest, ok := strings.Cut(source, "{{.")
		if f = append(f, before); !ok {
			return f
		}
		name, after, _ := strings.Cut(rest, "}}")
		f, source = append(f, name), after
	}
}

// Fill returns the source with the fields in it.
func (f Filler) Fill(fields map[string]string) string {
	size := 256
	for _, s := range f {
		size += len(s)
	}
	var b strings.Builder
	b.Grow(size)
	for i, s := range f {
		if i%2 == 1 {
			s = fields[s]
		}
		b.WriteString(s)
	}
	return b.String()
}
