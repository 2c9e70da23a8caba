package bounce

import (
	"strings"

	"golang.org/x/net/html"
)

// htmlText returns the text of an HTML document, with a line end where a browser
// would begin a line.
func htmlText(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(maxText)
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if hidden == 0 {
				writeText(&b, string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if isHidden(string(name)) {
				hidden++
			} else if isBlock(string(name)) {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if isHidden(string(name)) && hidden > 0 {
				hidden--
			} else if isBlock(string(name)) {
				b.WriteByte('\n')
			}
		}
	}
}

// writeText writes text with its white space, line ends included, as one space.
func writeText(b *strings.Builder, s string) {
	s = html.UnescapeString(s)
	for i, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.TrimRight(line, " \t"))
	}
}

func isHidden(tag string) bool { return tag == "script" || tag == "style" || tag == "title" }

func isBlock(tag string) bool {
	switch tag {
	case "br", "p", "div", "tr", "td", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "hr", "pre", "blockquote", "dt", "dd", "body":
		return true
	}
	return false
}
