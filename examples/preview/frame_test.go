package main

import (
	"bytes"
	"strings"
	"testing"
)

// framed returns the document for HTML in a mail with an image and a text as
// further parts.
func framed(source string) (document string, remote int) {
	m := &mail{html: &part{Type: "text/html", Content: []byte(source)}, parts: []part{
		{Type: "image/png", ContentID: "a b@x", Content: []byte("png")},
		{Type: "text/html", ContentID: "page", Content: []byte("<script>")},
	}}
	out, remote := frame(m)
	return string(out), remote
}

func TestFrame(t *testing.T) {
	const data = "data:image/png;base64,cG5n"
	for _, tt := range []struct {
		source, want string
		remote       int
	}{
		{`<!DOCTYPE html><P  class=x>as it <!-- stands --> &amp; is &#xe9;</P >`, "", 0},
		{`<img alt="x" src="cid:a%20b@x">`, `<img alt="x" src="` + data + `">`, 0},
		{`<IMG SRC=' CID:a b@x '/>`, `<img src="` + data + `"/>`, 0},
		{`<td background=cid:a%20b%40x style="background:url( 'cid:a%20b@x' )">`, `<td background="` + data + `" style="background:url( &#39;` + data + `&#39; )">`, 0},
		{`<style>p{background:URL(cid:a%20b@x)}</style><p>url(cid:a%20b@x) cid:a</p>`, `<style>p{background:URL(` + data + `)}</style><p>url(cid:a%20b@x) cid:a</p>`, 0},
		{`<img src="cid:nonesuch"><img src="cid:page"><img src="cid:%zz"><img src="cid:"><img src="ci">`, "", 0},
		{`<a href="cid:a%20b@x">`, `<a href="cid:a%20b@x" target="_blank" rel="noopener noreferrer">`, 0},
		{`<a TARGET="_top" rel="opener" href="https://example.org/?a=1&amp;b">x</a><a name=top>`,
			`<a href="https://example.org/?a=1&amp;b" target="_blank" rel="noopener noreferrer">x</a><a name=top>`, 0},
		{`<img src="https://a.example/"><img src="//b.example/"><table background=HTTP://c.example/><video poster="http://d.example/">`, "", 4},
		{`<style>@import "https://a.example/"; p{background:url("http://b.example/")}</style><p style="background:url(//c.example/)">`, "", 3},
		{`<link rel="stylesheet" href="https://a.example/"><p title="https://b.example">https://c.example</p>`, "", 1},
		{`<link rel=preconnect href="https://a.example/"><link rel="STYLESHEET" href="x">`, `<link><link rel="STYLESHEET" href="x">`, 0},
		{`<script>"<img src='cid:a%20b@x'>"</script><title><img src="cid:a%20b@x"></title>`, "", 0},
		{`<p>cut <img src="cid:a%20b@x`, "", 0},
	} {
		want := tt.want
		if want == "" {
			want = tt.source
		}
		if got, remote := framed(tt.source); got != want || remote != tt.remote {
			t.Errorf("%s\n got %s, %d\nwant %s, %d", tt.source, got, remote, want, tt.remote)
		}
	}
}

// FuzzFrame: HTML without what frame looks for is left to the octet, and what it
// makes of any is in a form that it leaves as it is.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`<p>Hello</p>`, `<img src="cid:a%20b@x">`, `<a href=x target=y>`, `<style>p{background:url(cid:a%20b@x)}`,
		`<link rel=preconnect>`, "<a\x00b href='\xff'>", `<![CDATA[<a href=x>]]>`, `<plaintext><a href=x>`, `<a href=x/>`, `<td style="background:url('CID:a b@x')">`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		once, remote := framed(string(source))
		twice, again := framed(once)
		if once != twice {
			t.Errorf("not stable:\n%q\n%q\n%q", source, once, twice)
		}
		if again > remote {
			t.Errorf("%q: %d remote links, then %d", source, remote, again)
		}
		lower := bytes.ToLower(source)
		if !bytes.Contains(lower, []byte("cid")) && !bytes.Contains(lower, []byte("<a")) && !bytes.Contains(lower, []byte("<link")) &&
			!strings.Contains(string(lower), "&") && once != string(source) {
			t.Errorf("changed without need:\n%q\n%q", source, once)
		}
	})
}
