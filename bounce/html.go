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

// writeText writes text with each run of white space, line ends included, as one
// space.
func writeText(b *strings.Builder, s string) {
	space := false
	for _, r := range html.UnescapeString(s) {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
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
