package preflight

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// active are the elements that readers take out, if they do not distrust the whole
// mail for them.
var active = []atom.Atom{atom.Script, atom.Iframe, atom.Frame, atom.Object, atom.Embed, atom.Applet, atom.Form}

// cssCID is a link to a part in a style sheet.
var cssCID = regexp.MustCompile(`(?i)url\(\s*["']?\s*cid:([^"')\s]*)`)

// gmailClip is how much HTML Gmail shows, in octets.
const gmailClip = 102 << 10

// checkHTML checks what the HTML parts are by themselves.
func (m *mail) checkHTML(parts []part) {
	for i := range parts {
		p := &parts[i]
		if p.typ != "text/html" || p.aside {
			continue
		}
		if len(p.text) > gmailClip {
			m.find(LargeHTML, p.where, "%d KB: Gmail shows 102, and hides the rest with what is at the end of it", len(p.text)>>10)
		}
		var elements []string
		p.links, elements = scanHTML(p.text)
		for _, e := range elements {
			m.find(ActiveHTML, p.where, "<%s>", e)
		}
	}
}

// checkLinks looks for the parts that the HTML parts link to.
func (m *mail) checkLinks(parts []part) {
	ids := map[string]bool{}
	for _, p := range parts {
		if p.id != "" {
			ids[p.id] = true
		}
	}
	for _, p := range parts {
		for _, id := range p.links {
			if !ids[id] {
				m.find(BrokenCID, p.where, "cid:%s is not the Content-ID of any part", clip(id))
			}
		}
	}
}

// scanHTML returns the cid: links and the active elements, each once.
func scanHTML(text []byte) (links, elements []string) {
	z := html.NewTokenizer(bytes.NewReader(text))
	add := func(list []string, s string) []string {
		if slices.Contains(list, s) {
			return list
		}
		return append(list, s)
	}
	style := func(css string) {
		for _, match := range cssCID.FindAllStringSubmatch(css, -1) {
			links = add(links, unescape(match[1]))
		}
	}
	inStyle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return links, elements
		case html.TextToken:
			if inStyle {
				style(string(z.Text()))
			}
		case html.CommentToken:
			if inner, ok := conditional(string(z.Text())); ok {
				within, _ := scanHTML([]byte(inner)) // of one level: no comment has another
				for _, id := range within {
					links = add(links, id)
				}
			}
		case html.EndTagToken:
			inStyle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inStyle = t.DataAtom == atom.Style
			if slices.Contains(active, t.DataAtom) {
				elements = add(elements, t.Data)
			}
			for _, a := range t.Attr {
				if a.Key == "style" {
					style(a.Val)
				}
				for _, v := range attributeLinks(a) {
					if len(v) >= 4 && strings.EqualFold(v[:4], "cid:") {
						links = add(links, unescape(v[4:]))
					}
				}
			}
		}
	}
}

// urlAttributes are the attributes that hold one URL.
var urlAttributes = strings.Fields("src href background poster data action cite longdesc usemap xlink:href")

// attributeLinks returns the URLs in an attribute.
func attributeLinks(a html.Attribute) []string {
	switch {
	case a.Key == "srcset" || a.Key == "imagesrcset":
		var list []string
		for candidate := range strings.SplitSeq(a.Val, ",") {
			if words := strings.Fields(candidate); len(words) > 0 {
				list = append(list, words[0])
			}
		}
		return list
	case slices.Contains(urlAttributes, a.Key):
		return []string{strings.TrimSpace(a.Val)}
	}
	return nil
}

// conditional returns the HTML in a comment that Outlook reads: [if mso]>...<![endif].
func conditional(comment string) (string, bool) {
	condition, inner, ok := strings.Cut(comment, "]>")
	if !ok || !strings.HasPrefix(strings.TrimSpace(condition), "[if") {
		return "", false
	}
	inner, _, _ = strings.Cut(inner, "<![endif]")
	return inner, true
}

// unescape undoes percent-encoding (RFC 2392 2).
func unescape(id string) string {
	if s, err := url.PathUnescape(id); err == nil {
		return s
	}
	return id
}
