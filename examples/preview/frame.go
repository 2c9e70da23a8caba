package main

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A framer makes of a mail's HTML the document in the page's frame: parts that
// cid: links name are written into it, and links open elsewhere. What is left as it
// is, is left to the octet. It is no filter: what the document must not do, the
// frame's policy forbids.
type framer struct {
	mail   *mail
	out    bytes.Buffer
	remote int // what the document would load from elsewhere
}

var (
	cssURL    = regexp.MustCompile(`(?i)url\(\s*["']?\s*([^"')\s]+)`)
	cssImport = regexp.MustCompile(`(?i)@import\s+["']\s*(?:https?:)?//`)
	remoteURL = regexp.MustCompile(`(?i)^(?:https?:)?//`)
)

// frame returns the document for the mail's HTML.
func frame(m *mail) (document []byte, remote int) {
	f := &framer{mail: m}
	z := html.NewTokenizer(bytes.NewReader(m.html.Content))
	inStyle := false
	for {
		kind := z.Next()
		raw := bytes.Clone(z.Raw()) // Token lowers the case of names in there
		switch kind {
		case html.ErrorToken:
			f.out.Write(raw)
			return f.out.Bytes(), f.remote
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inStyle = t.DataAtom == atom.Style
			if f.rewrite(&t) {
				f.out.WriteString(t.String())
				continue
			}
		case html.EndTagToken:
			inStyle = false
		case html.TextToken:
			if inStyle {
				f.out.WriteString(f.style(string(raw)))
				continue
			}
		}
		f.out.Write(raw)
	}
}

// rewrite reports whether it has changed the tag.
func (f *framer) rewrite(t *html.Token) (changed bool) {
	if t.DataAtom == atom.Link && connects(t) {
		t.Attr = nil
		return true
	}
	for i := range t.Attr {
		a := &t.Attr[i]
		before := a.Val
		switch {
		case a.Key == "style":
			a.Val = f.style(before)
		case loads(t, a.Key):
			target := strings.TrimSpace(before)
			if linked := f.link(target); linked != target {
				a.Val = linked
			}
		}
		changed = changed || a.Val != before
	}
	if (t.DataAtom == atom.A || t.DataAtom == atom.Area) && openElsewhere(t) {
		changed = true
	}
	return changed
}

// connects reports whether a link element is there to open connections beforehand.
// No policy forbids that.
func connects(t *html.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "rel" && !strings.EqualFold(strings.TrimSpace(a.Val), "stylesheet") {
			return true
		}
	}
	return false
}

// loads reports whether what an attribute of t names can be loaded with the
// document. Scripts and frames cannot: no policy that the frame may have lets them.
func loads(t *html.Token, key string) bool {
	switch t.DataAtom {
	case atom.Script, atom.Iframe, atom.Frame, atom.Object, atom.Embed:
		return false
	}
	switch key {
	case "src", "srcset", "background", "poster":
		return true
	case "href":
		return t.DataAtom == atom.Link || t.DataAtom == atom.Image
	}
	return false
}

// openElsewhere has a link open in a new tab, which does not learn where it was.
func openElsewhere(t *html.Token) bool {
	isLink := false
	kept := t.Attr[:0:0]
	for _, a := range t.Attr {
		isLink = isLink || a.Key == "href"
		if a.Key != "target" && a.Key != "rel" {
			kept = append(kept, a)
		}
	}
	if isLink {
		t.Attr = append(kept, html.Attribute{Key: "target", Val: "_blank"}, html.Attribute{Key: "rel", Val: "noopener noreferrer"})
	}
	return isLink
}

// style treats the links of a style sheet.
func (f *framer) style(css string) string {
	f.remote += len(cssImport.FindAllStringIndex(css, -1))
	return cssURL.ReplaceAllStringFunc(css, func(match string) string {
		target := cssURL.FindStringSubmatch(match)[1]
		return strings.TrimSuffix(match, target) + f.link(target)
	})
}

// link counts a remote URL, and returns a data: URL for a cid: one.
func (f *framer) link(target string) string {
	if remoteURL.MatchString(target) {
		f.remote++
	}
	if len(target) < 4 || !strings.EqualFold(target[:4], "cid:") {
		return target
	}
	id := target[4:]
	if unescaped, err := url.PathUnescape(id); err == nil { // RFC 2392 2
		id = unescaped
	}
	p := f.mail.inline(id)
	if p == nil || !strings.HasPrefix(p.Type, "image/") {
		return target
	}
	return "data:" + p.Type + ";base64," + base64.StdEncoding.EncodeToString(p.Content)
}
