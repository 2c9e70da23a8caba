package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const hostileName = `<script>document.title='ran'</script>"'><img src=x onerror="document.title='ran'">`

// hostile returns the flags of a mail that does what it can. In the template
// there is what examples/newsletter would send as it stands; beacon is another
// server.
func hostile(t *testing.T, beacon string) []string {
	csv := "email,name\nzoe@example.org,\"" + strings.ReplaceAll(hostileName, `"`, `""`) + "\"\n"
	letter := `<!DOCTYPE html><html><head><title>hostile</title>
<meta http-equiv="refresh" content="0;url=BEACON/refresh">
<base href="BEACON/base/">
<link rel="preconnect" href="BEACON"><link rel="dns-prefetch" href="BEACON"><link rel="prefetch" href="BEACON/prefetch">
<link rel="stylesheet" href="BEACON/sheet.css">
<style>@import "BEACON/import.css"; body { background: url("BEACON/background.png") }</style>
<script>document.title='ran'; document.documentElement.id='ran'; new Image().src='BEACON/script'; try { parent.document.title='ran' } catch (e) {}</script>
<script src="BEACON/script.js"></script>
</head><body onload="document.title='ran'">
<p>Dear {{.name}}, the text of the mail</p>
<img src="BEACON/image.png" onerror="document.title='ran'"><img src=x onerror="document.title='ran'">
<svg onload="document.title='ran'"><image href="BEACON/svg.png"/><script>document.title='ran'</script></svg>
<iframe src="BEACON/frame"></iframe><iframe srcdoc="<script>parent.document.title='ran'</script>"></iframe>
<object data="BEACON/object"></object><embed src="BEACON/embed"><video src="BEACON/video" poster="BEACON/poster.png" autoplay></video>
<form action="BEACON/form"><input autofocus onfocus="document.title='ran'"></form>
<a href="javascript:document.title='ran'" target="_top">link</a>
</body></html>`
	letter = strings.ReplaceAll(letter, "BEACON", beacon)
	return []string{
		"-recipients", file(t, "r.csv", csv), "-html", file(t, "m.html", letter),
		"-text", file(t, "m.txt", "Dear {{.name}}, </pre><script>document.title='ran'</script>\n"),
		"-subject", "{{.name}}</title><script>document.title='ran'</script>", "-from", `"<b>bold</b>" <a@example.com>`,
		"-attach", file(t, "<b>bold<b>.txt", "text"),
	}
}

// TestHostileMail: no page has an element that a mail has made up, the frame
// excepted, which has its policy.
func TestHostileMail(t *testing.T) {
	h := handlerFor(t, hostile(t, "https://evil.example")...)
	for _, target := range []string{"/", "/?q=%3Cscript%3E", "/row/1/html", "/row/1/html?remote=1&width=phone", "/row/1/text", "/row/1/source", "/row/1/headers", "/row/1/findings", "/nonesuch%3Cscript%3E"} {
		w := ask(h, target)
		source := w.Body.String()
		for _, made := range []string{"<script", "<img", "<b>bold", "onerror=\"", "</pre><", "evil.example\""} {
			if strings.Contains(strings.ToLower(source), made) {
				t.Errorf("%s has %q:\n%s", target, made, source)
			}
		}
		if got := w.Header().Get("Content-Security-Policy"); got != pagePolicy {
			t.Errorf("%s: policy %q", target, got)
		}
	}
	_, text := page(t, h, "/row/1/headers")
	must(t, "headers", text, hostileName, "</title><script>")
	_, text = page(t, h, "/row/1/text")
	must(t, "text", text, "Dear "+hostileName+", </pre><script>document.title='ran'</script>\n")
	_, text = page(t, h, "/row/1/html")
	must(t, "HTML", text, "Remote content: 7 links", "Load remote content")
}

// TestFramePolicy: what the frame's document may do.
func TestFramePolicy(t *testing.T) {
	h := handlerFor(t, hostile(t, "https://evil.example")...)
	for query, remote := range map[string]bool{"": false, "?remote=1": true, "?remote=true": false, "?remote=0&remote=1": false} {
		policy := ask(h, "/row/1/frame"+query).Header().Get("Content-Security-Policy")
		directives := map[string]string{}
		for _, d := range strings.Split(policy, "; ") {
			name, value, _ := strings.Cut(d, " ")
			directives[name] = value
		}
		if directives["default-src"] != "'none'" || directives["script-src"] != "" || directives["frame-src"] != "" || directives["object-src"] != "" ||
			directives["form-action"] != "'none'" || directives["base-uri"] != "'none'" || directives["sandbox"] != "allow-popups allow-popups-to-escape-sandbox" {
			t.Errorf("%q: policy %q", query, policy)
		}
		if got := strings.Contains(directives["img-src"], "https:"); got != remote {
			t.Errorf("%q: img-src %q", query, directives["img-src"])
		}
	}
}

// TestOnlyLoopbackHosts: a name that another site has made to lead here gets
// nothing (DNS rebinding).
func TestOnlyLoopbackHosts(t *testing.T) {
	h := handlerFor(t)
	for host, want := range map[string]int{
		"localhost":            http.StatusOK,
		"localhost:8025":       http.StatusOK,
		"127.0.0.1:8025":       http.StatusOK,
		"127.8.9.10":           http.StatusOK,
		"[::1]:8025":           http.StatusOK,
		"[::1]":                http.StatusOK,
		"[::ffff:127.0.0.1]:1": http.StatusOK,
		"":                     http.StatusMisdirectedRequest,
		"evil.example":         http.StatusMisdirectedRequest,
		"evil.example:8025":    http.StatusMisdirectedRequest,
		"localhost.evil.test":  http.StatusMisdirectedRequest,
		"127.0.0.1.evil.test":  http.StatusMisdirectedRequest,
		"192.0.2.1:8025":       http.StatusMisdirectedRequest,
		"[2001:db8::1]:8025":   http.StatusMisdirectedRequest,
		"0.0.0.0:8025":         http.StatusMisdirectedRequest,
	} {
		for _, target := range []string{"/", "/row/1/mail.eml", "/style.css"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, target, nil)
			r.Host = host
			h.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s at host %q: status %d, want %d", target, host, w.Code, want)
			}
			if w.Code != http.StatusOK && strings.Contains(w.Body.String(), "example.com") {
				t.Errorf("host %q: %s", host, w.Body)
			}
		}
	}
}

// TestNothingElse: paths lead to pages, and nowhere else.
func TestNothingElse(t *testing.T) {
	h := handlerFor(t)
	for _, target := range []string{
		"/assets/mail.html", "/mail.html", "/style.css/", "/row/", "/row/0/html", "/row/-1/html", "/row/1201/html", "/row/x/html", "/row/1/nonesuch",
		"/row/99999999999999999999/html", "/row/1/part/x", "/row/1/part/-1", "/row/1/part/..%2f..%2fgo.mod", "/%2e%2e/%2e%2e/go.mod", "/..%2f..%2fgo.mod", "/row/..%2f1/html",
	} {
		if w := ask(h, target); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "module github.com") {
			t.Errorf("%s: status %d\n%s", target, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost/row/1/html", nil))
	if w.Code == http.StatusOK {
		t.Errorf("POST: status %d", w.Code)
	}
}
