package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// testKey is an Ed25519 key.
const testKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"

// file writes a file for a flag and returns its name.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// handlerFor returns the handler that the flags make.
func handlerFor(t *testing.T, args ...string) http.Handler {
	t.Helper()
	o, err := parseOptions(args)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEditions(o)
	if err != nil {
		t.Fatal(err)
	}
	return newHandler(e)
}

// ask asks for a page.
func ask(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1:8025"
	h.ServeHTTP(w, r)
	return w
}

// page returns a page and the text that a person sees of it.
func page(t *testing.T, h http.Handler, target string) (source, text string) {
	t.Helper()
	w := ask(h, target)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: status %d\n%s", target, w.Code, w.Body)
	}
	return w.Body.String(), textOf(w.Body.String())
}

// textOf returns the text of a document, spaces as in the source.
func textOf(source string) string {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return ""
	}
	var text strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	return text.String()
}

// must reports each want that is not in got.
func must(t *testing.T, where, got string, want ...string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(got, s) {
			t.Errorf("%s lacks %q:\n%.2000s", where, s, got)
		}
	}
}

// TestShipped looks at all pages of one shipped mail.
func TestShipped(t *testing.T) {
	h := handlerFor(t)
	_, text := page(t, h, "/")
	must(t, "index", text, "1 to 50 of 1200", "soren.kjaergard.3@example.net", "Søren Kjærgård", "Århus")

	source, text := page(t, h, "/row/3/html")
	must(t, "HTML", text, "October in the Reading Room, Søren Kjærgård", "The Reading Room <newsletter@example.com>", "3 of 1200", "Nothing in it is loaded")
	must(t, "HTML", source, `src="/row/3/frame"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, `href="/row/2/html"`, `href="/row/4/html"`, `href="/row/3/html?width=phone"`)

	source, text = page(t, h, "/row/3/frame")
	must(t, "frame", text, "Dear Søren Kjærgård,", "waits for you in Århus this month", "As a patron you have")
	must(t, "frame", source, `src="data:image/png;base64,iVBOR`, `<a href="https://reading-room.example/lamplighter" style="color:#8c2f39" target="_blank" rel="noopener noreferrer">`)

	_, text = page(t, h, "/row/3/text")
	must(t, "text", text, "\nDear Søren Kjærgård,\n", "\n* Thursday readings, 19:30\n")
	_, text = page(t, h, "/row/3/source")
	must(t, "source", text, "To: =?utf-8?q?S=C3=B8ren_Kj=C3=A6rg=C3=A5rd?= <soren.kjaergard.3@example.net>\n", "Dear S=C3=B8ren Kj=C3=A6rg=C3=A5rd,\n")
	_, text = page(t, h, "/row/3/headers")
	must(t, "headers", text, "Søren Kjærgård <soren.kjaergard.3@example.net>", "=?utf-8?q?S=C3=B8ren", "multipart/alternative", "shelf.png", "image/png")
	_, text = page(t, h, "/row/3/findings")
	must(t, "findings", text, "no-unsubscribe", "Nothing was looked up", "not signed here")
}

// TestOneMail: whatever is asked about a row is of one mail, until another edition
// is there.
func TestOneMail(t *testing.T) {
	csv := file(t, "readers.csv", "email,name\nzoe@example.org,Zoë\n")
	letter := file(t, "mail.txt", "Dear {{.name}}\n")
	h := handlerFor(t, "-recipients", csv, "-text", letter, "-subject", "Hello")
	mail := ask(h, "/row/1/mail.eml").Body.String()
	_, source := page(t, h, "/row/1/source")
	must(t, "source", source, strings.ReplaceAll(mail, "\r\n", "\n"))

	if err := os.WriteFile(letter, []byte("Hello again, {{.name}}!\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, text := page(t, h, "/row/1/text")
	must(t, "text", text, "Hello again, Zoë!")
	if err := os.WriteFile(letter, []byte("Hello {{.nmae}}, mistyped\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := ask(h, "/row/1/text")
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d with a broken template", w.Code)
	}
	must(t, "failure", textOf(w.Body.String()), "the files have changed", `"nmae"`)
	if err := os.WriteFile(letter, []byte("Mended, {{.name}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, text = page(t, h, "/row/1/text")
	must(t, "text", text, "Mended, Zoë")
}

// TestSignedBulk: with all that newsletters should have, nothing is found.
func TestSignedBulk(t *testing.T) {
	key := file(t, "key.pem", testKey)
	h := handlerFor(t, "-list-id", "The Weekly <weekly.example.com>", "-dkim-key", key, "-dkim-selector", "spring",
		"-unsubscribe-url", "https://example.com/unsubscribe", "-unsubscribe-key", file(t, "secret", "# keys\n\n"+strings.Repeat("ab", 16)+"\r\n"+strings.Repeat("cd", 16)))
	_, text := page(t, h, "/row/3/findings")
	must(t, "findings", text, "Nothing is to be held against this mail.", "spring._domainkey.example.com.")
	_, text = page(t, h, "/row/3/headers")
	must(t, "headers", text, "DKIM-Signature", "d=example.com; s=spring", "List-Id", "The Weekly <weekly.example.com>", "<https://example.com/unsubscribe?token=", "List-Unsubscribe=One-Click")
}

func TestFindingsBySeverity(t *testing.T) {
	h := handlerFor(t, "-html", file(t, "mail.html", `<p>Hello <img src="cid:missing"></p>`), "-recipients", file(t, "r.csv", "email\nzoe@example.org\n"))
	source, text := page(t, h, "/row/1/findings")
	must(t, "findings", text, "broken-cid", "no-text", "no-unsubscribe")
	lastError := strings.LastIndex(source, `<li class="error">`)
	firstWarning := strings.Index(source, `<li class="warning">`)
	if lastError < 0 || firstWarning < 0 || firstWarning < lastError {
		t.Errorf("last error at %d, first warning at %d:\n%s", lastError, firstWarning, source)
	}
	if w := ask(h, "/row/1/text"); !strings.Contains(w.Body.String(), "The mail has no plain text.") {
		t.Errorf("%s", w.Body)
	}
}

func TestTextOnly(t *testing.T) {
	h := handlerFor(t, "-text", file(t, "mail.txt", "Hello\n"), "-recipients", file(t, "r.csv", "email\nzoe@example.org\n"))
	_, text := page(t, h, "/row/1/html")
	must(t, "HTML", text, "The mail has no HTML.")
	if w := ask(h, "/row/1/frame"); w.Code != http.StatusNotFound {
		t.Errorf("frame: status %d", w.Code)
	}
}

func TestAttachments(t *testing.T) {
	name := file(t, "Grüße.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	h := handlerFor(t, "-attach", name)
	_, text := page(t, h, "/row/1/headers")
	must(t, "parts", text, "Grüße.svg", "attachment")
	w := ask(h, "/row/1/part/3")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "<svg") {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type":            "application/octet-stream",
		"Content-Disposition":     "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.svg",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": downloadPolicy,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if w := ask(h, "/row/1/part/4"); w.Code != http.StatusNotFound {
		t.Errorf("a part that is not there: status %d", w.Code)
	}
}

func TestLongSourceIsCut(t *testing.T) {
	h := handlerFor(t, "-attach", file(t, "large.bin", strings.Repeat("\x00\xff", 200_000)))
	source, text := page(t, h, "/row/1/source")
	must(t, "source", text, "These are the first 2")
	if len(source) > 2*maxSource {
		t.Errorf("the page has %d octets", len(source))
	}
	if got := ask(h, "/row/1/mail.eml").Body.Len(); got < 400_000 {
		t.Errorf("saved %d octets", got)
	}
}

// TestFinding: where the picker leads.
func TestFinding(t *testing.T) {
	h := handlerFor(t)
	for q, want := range map[string]string{
		"3":                               "/row/3/html",
		" 1200 ":                          "/row/1200/html",
		"soren.kjaergard.3@example.net":   "/row/3/html",
		"Soren.Kjaergard.3@EXAMPLE.net":   "/row/3/html",
		`"john..doe"@example.com`:         "/row/21/html",
		"1201":                            "/?q=1201",
		"0":                               "/?q=0",
		"":                                "/?q=",
		"Jürgen":                          "/?q=J%C3%BCrgen",
		"//evil.example/":                 "/?q=%2F%2Fevil.example%2F",
		"3&tab=//evil.example&width=none": "/?q=3%26tab%3D%2F%2Fevil.example%26width%3Dnone",
	} {
		w := ask(h, "/go?"+url.Values{"q": {q}}.Encode())
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("%q: status %d, %q, want %q", q, w.Code, got, want)
		}
	}
	for query, want := range map[string]string{
		"q=3&tab=text&width=phone&remote=1": "/row/3/text?remote=1&width=phone",
		"q=3&tab=//evil.example":            "/row/3/html",
	} {
		if got := ask(h, "/go?"+query).Header().Get("Location"); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	_, text := page(t, h, "/?q=ren%C3%A9e+VAN")
	must(t, "search", text, "28 of 1200", "Renée van 't Hof")
	_, text = page(t, h, "/?q=example")
	must(t, "search", text, "50 or more of 1200")
	_, text = page(t, h, "/?q=nobody-at-all")
	must(t, "search", text, "Nobody is to be found")
}

func TestPaging(t *testing.T) {
	h := handlerFor(t)
	for _, tt := range []struct{ query, shows, previous, next string }{
		{"", "1 to 50 of", "", "/?page=2"},
		{"?page=2", "51 to 100 of", "/?page=1", "/?page=3"},
		{"?page=24", "1151 to 1200 of", "/?page=23", ""},
		{"?page=99999999999999999999", "1 to 50 of", "", "/?page=2"},
		{"?page=9999", "1151 to 1200 of", "/?page=23", ""},
		{"?page=-3", "1 to 50 of", "", "/?page=2"},
	} {
		source, text := page(t, h, "/"+tt.query)
		must(t, "page "+tt.query, text, tt.shows)
		for rel, want := range map[string]string{"prev": tt.previous, "next": tt.next} {
			if got := strings.Contains(source, `rel="`+rel+`"`); got != (want != "") || !strings.Contains(source, want) {
				t.Errorf("page %s, %s: want %q:\n%s", tt.query, rel, want, source)
			}
		}
	}
}

// TestNoMail: rows that get none say why, and are no dead end.
func TestNoMail(t *testing.T) {
	h := handlerFor(t, "-recipients", file(t, "r.csv", "email,n\nzoe@example.org,1\nno address,2\nbob@example.org,0\n"),
		"-text", file(t, "m.txt", `{{index "ab" (len (slice "abc" 0 (len .n)))}}{{if eq .n "0"}}{{slice .n 7}}{{end}}`))
	if w := ask(h, "/row/1/text"); w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for number, want := range map[string]string{"2": "line 3: email: ", "3": "slice"} {
		w := ask(h, "/row/"+number+"/text")
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("row %s: status %d", number, w.Code)
		}
		must(t, "row "+number, textOf(w.Body.String()), want, "gets no mail")
		must(t, "row "+number, w.Body.String(), `rel="prev"`)
		if w := ask(h, "/row/"+number+"/frame"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("frame of row %s: status %d", number, w.Code)
		}
	}
	_, text := page(t, h, "/")
	must(t, "index", text, "no address", "invalid line 3: email: ")
}

func TestRun(t *testing.T) {
	get := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), args, &out, &errs)
		return code, out.String(), errs.String()
	}
	code, out, errs := get("-get", "/go?q=3&tab=text")
	if code != exitDone || errs != "" || !strings.Contains(out, "Dear Søren") {
		t.Errorf("code %d, %q:\n%s", code, errs, out)
	}
	if code, out, errs := get("-get", "/row/9999/text"); code != exitPage || errs != "" || !strings.Contains(out, "there is no row 9999") {
		t.Errorf("code %d, %q:\n%s", code, errs, out)
	}
	if code, out, _ := get("-h"); code != exitDone || !strings.Contains(out, "-unsubscribe-url") {
		t.Errorf("code %d:\n%s", code, out)
	}
	if code, out, errs := get("-get", "row/3"); code != exitUsage || out != "" || !strings.Contains(errs, "-get") {
		t.Errorf("code %d, %q:\n%s", code, errs, out)
	}
}

// TestServes: the program prints where it serves, and ends with its context.
func TestServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan int)
	go func() {
		code := run(ctx, nil, w, io.Discard)
		w.Close()
		ended <- code
	}()
	out := make([]byte, 200)
	n, err := r.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, r)
	target, _, _ := strings.Cut(string(out[:n]), "\n")
	response, err := http.Get(target + "row/3/text")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || !strings.Contains(string(body), "Dear Søren") {
		t.Errorf("%v: %s", err, body)
	}
	cancel()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
}
