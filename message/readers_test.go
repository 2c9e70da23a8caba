package message_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/mail"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/jhillyerd/enmime"
)

// A reading is what a reader makes of a mail.
type reading struct {
	Subject                               string
	From, To                              [][2]string // name and address
	MessageID, Unsubscribe, ListID, Extra string
	Parts                                 []readPart
}

type readPart struct {
	Type, Disposition, Filename, ContentID, Method, Format string
	Content                                                []byte
}

// expected is what readers are to make of a message.
func expected(m *message.Message) reading {
	r := reading{Subject: m.Subject, MessageID: m.MessageID, From: pairs(m.From), To: pairs(m.To...), Extra: extra(m)}
	if o := m.List.OneClick; o != nil {
		who := m.List.Recipient
		if who == "" {
			_, recipients, _ := m.Envelope()
			who = recipients[0]
		}
		headers, err := o.Headers(who)
		if err != nil {
			panic(err)
		}
		r.Unsubscribe = headers[0].Value
	}
	if m.List.ID != "" {
		r.ListID = strings.TrimSpace(m.List.Name + " <" + m.List.ID + ">")
	}
	body := func(text string, p readPart) {
		if text != "" {
			p.Content = []byte(canonical(text))
			r.Parts = append(r.Parts, p)
		}
	}
	format := ""
	if m.Flowed {
		format = "flowed"
	}
	body(m.Text, readPart{Type: "text/plain", Format: format})
	body(m.AMP, readPart{Type: "text/x-amp-html"})
	body(m.HTML, readPart{Type: "text/html"})
	files := func(list []message.Attachment, disposition string) {
		for _, a := range list {
			p := readPart{Type: a.ContentType, Disposition: disposition, Filename: a.Filename, ContentID: a.ContentID, Content: a.Content}
			if p.Content == nil {
				p.Content = []byte{}
			}
			r.Parts = append(r.Parts, p)
		}
	}
	if m.HTML != "" {
		files(m.Inlines, "inline")
	}
	body(m.Calendar.Content, readPart{Type: "text/calendar", Method: m.Calendar.Method})
	if m.HTML == "" {
		files(m.Inlines, "inline")
	}
	files(m.Attachments, "attachment")
	if m.Calendar.Filename != "" {
		files([]message.Attachment{{ContentType: "application/ics", Filename: m.Calendar.Filename, Content: []byte(canonical(m.Calendar.Content))}}, "attachment")
		r.Parts[len(r.Parts)-1].Method = m.Calendar.Method
	}
	if len(r.Parts) == 0 {
		r.Parts = []readPart{{Type: "text/plain", Format: format, Content: []byte{}}}
	}
	return r
}

func extra(m *message.Message) string {
	for _, h := range m.Headers {
		if h.Name == "X-Extra" {
			return h.Value
		}
	}
	return ""
}

func pairs(list ...message.Address) (p [][2]string) {
	for _, a := range list {
		bare := message.Address{Addr: a.Addr}
		p = append(p, [2]string{a.Name, bare.String()})
	}
	return p
}

// TestReaders has thousands of generated mails read by enmime, by the standard
// library and by Python.
func TestReaders(t *testing.T) {
	const n = 2000
	var mails [][]byte
	var want []reading
	g := newGenerator(7)
	for i := range n {
		raw, m := g.mail(t)
		mails = append(mails, raw)
		want = append(want, expected(&m))
		checkWire(t, raw, m.NeedsSMTPUTF8() || m.EightBit)
		compareReading(t, i, "enmime", raw, readEnmime(t, raw), want[i])
		compareReading(t, i, "net/mail", raw, readStandard(t, raw), want[i])
	}
	for shape, count := range g.shapes {
		if count < n/100 {
			t.Errorf("%s: %d mails", shape, count)
		}
	}
	t.Run("python", func(t *testing.T) {
		for i, got := range readPython(t, mails) {
			compareReading(t, i, "Python", mails[i], got, want[i])
		}
	})
}

func compareReading(t *testing.T, i int, reader string, raw []byte, got, want reading) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	have, wanted := shown(got), shown(want)
	for i := range max(len(have), len(wanted)) {
		if i >= len(have) || i >= len(wanted) || have[i] != wanted[i] {
			have, wanted = have[min(i, len(have)):], wanted[min(i, len(wanted)):]
			break
		}
	}
	t.Fatalf("mail %d: %s reads\n%.500s\nwant\n%.500s\n%.1500s", i, reader, have, wanted, raw)
}

// shown is the reading field by field.
func shown(r reading) []string {
	fields := []string{r.Subject, fmt.Sprint(r.From), fmt.Sprint(r.To), r.MessageID, r.Unsubscribe, r.ListID, r.Extra}
	for _, p := range r.Parts {
		fields = append(fields, fmt.Sprintf("%q %q %q %q %q %q", p.Type, p.Disposition, p.Filename, p.ContentID, p.Method, p.Format), string(p.Content))
	}
	return fields
}

func readStandard(t *testing.T, raw []byte) reading {
	p := parse(t, raw)
	get := func(name string) string { return decodeHeader(t, p.header.Get(name)) }
	r := reading{Subject: get("Subject"), MessageID: get("Message-ID"), Unsubscribe: get("List-Unsubscribe"), ListID: unquoted(get("List-Id")), Extra: get("X-Extra")}
	for _, a := range []struct {
		name string
		to   *[][2]string
	}{{"From", &r.From}, {"To", &r.To}} {
		list, err := p.header.AddressList(a.name)
		if err != nil {
			t.Fatalf("%s: %v\n%s", a.name, err, raw)
		}
		for _, addr := range list {
			bare, err := message.ParseAddress((&mail.Address{Address: addr.Address}).String())
			if err != nil {
				t.Fatal(err)
			}
			*a.to = append(*a.to, [2]string{addr.Name, bare.Addr})
		}
	}
	for _, l := range p.leaves {
		disposition, params, _ := mime.ParseMediaType(l.header.Get("Content-Disposition"))
		r.Parts = append(r.Parts, readPart{l.typ, disposition, params["filename"], strings.Trim(l.header.Get("Content-Id"), "<>"), l.params["method"], l.params["format"], l.body})
	}
	return r
}

// unquoted takes the quotes off a phrase.
func unquoted(s string) string {
	if strings.HasPrefix(s, `"`) {
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `"`, "").Replace(s)
	}
	return s
}

func readEnmime(t *testing.T, raw []byte) reading {
	root, err := enmime.ReadParts(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	env, err := enmime.EnvelopeFromPart(root)
	if err != nil {
		t.Fatal(err)
	}
	r := reading{Subject: env.GetHeader("Subject"), MessageID: env.GetHeader("Message-ID"), Unsubscribe: env.GetHeader("List-Unsubscribe"),
		ListID: unquoted(env.GetHeader("List-Id")), Extra: env.GetHeader("X-Extra")}
	for _, a := range []struct {
		name string
		to   *[][2]string
	}{{"From", &r.From}, {"To", &r.To}} {
		list, err := env.AddressList(a.name)
		if err != nil {
			t.Fatalf("%s: %v\n%s", a.name, err, raw)
		}
		for _, addr := range list {
			bare, err := message.ParseAddress((&mail.Address{Address: addr.Address}).String())
			if err != nil {
				t.Fatal(err)
			}
			*a.to = append(*a.to, [2]string{addr.Name, bare.Addr})
		}
	}
	readEnmimePart(t, root, &r)
	return r
}

func readEnmimePart(t *testing.T, p *enmime.Part, r *reading) {
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		readEnmimePart(t, c, r)
	}
	if strings.HasPrefix(p.ContentType, "multipart/") {
		return
	}
	content := p.Content
	if content == nil {
		content = []byte{}
	}
	for _, e := range p.Errors {
		if e.Severe || e.Name == enmime.ErrorMalformedHeader {
			t.Errorf("enmime: %v", e)
		}
	}
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
	}
	r.Parts = append(r.Parts, readPart{p.ContentType, p.Disposition, p.FileName, p.ContentID, params["method"], params["format"], content})
}

// readPython skips the test where there is no Python, unless
// BULKSMTP_REQUIRE_SERVERS is 1.
func readPython(t *testing.T, mails [][]byte) []reading {
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("BULKSMTP_REQUIRE_SERVERS") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var in, out, errors bytes.Buffer
	for _, raw := range mails {
		in.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/read.py")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &errors
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errors.String())
	}
	var list []reading
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r reading
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	if len(list) != len(mails) {
		t.Fatalf("%d of %d mails read", len(list), len(mails))
	}
	return list
}
