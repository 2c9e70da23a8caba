package message_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

// Attacks on a message by what stands in its fields are tested here and where
// the part that fends them off has its tests:
//
//	header fields through any field     TestHeaderInjection, TestRefused, FuzzHeaders
//	recipients through display names    TestRecipientInjection, TestDisplayNames, FuzzParseAddress
//	names that look like addresses      TestInvisibleCharacters, TestAddressStringIsOneLine
//	MIME parts through bodies           TestPartInjection, TestBoundaryInText, TestAttachedMessage
//	paths through file names            TestFilenamePaths, TestHeaderInjection
//	header fields through merge data    TestMergeInjection, TestRenderErrors, FuzzTemplate
//	markup through merge data           TestMergeInjection, TestTemplateRender
//	templates through merge data        TestMergeInjection, TestTemplateRender
//	all of it through a template        TestRecipientData, FuzzRecipient
//	parts through a known boundary      TestBoundary
//	other people's unsubscribe tokens   TestForgedTokens, FuzzVerify
//
// What a message's bytes do on the wire is package smtpclient's, and has a table
// of its own there.

// poisons are what is to become a header field, or a body, of its own.
var poisons = []string{
	"x\r\nBcc: evil@example.net", "x\nBcc: evil@example.net", "x\rBcc: evil@example.net", "x\r\n\r\n<script>", "x\r\n Bcc: evil@example.net",
	"\r\nBcc: evil@example.net", "x\r\n", "x\n", "x\r", "x\x00y", "x\x0b\x0cBcc: evil@example.net", "x\x1b[2J",
	"x\u2028Bcc: evil@example.net", "x\u0085Bcc: evil@example.net", "=?utf-8?q?x=0D=0ABcc:_evil@example.net?=", "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5uZXQ=?=",
	"x\"; filename=\"../../evil.exe", "x; boundary=evil", "--evil", "x\\\r\nBcc: evil@example.net", "x%0D%0ABcc: evil@example.net",
}

// TestHeaderInjection puts each poison into each field. Either it is refused,
// or the message has the fields that were asked for and no others, each on
// lines of its own, and the same parts.
func TestHeaderInjection(t *testing.T) {
	file := func(set func(*message.Attachment, string)) func(*message.Message, string) {
		return func(m *message.Message, p string) { set(&m.Attachments[0], p) }
	}
	fields := map[string]func(*message.Message, string){
		"From.Name":    func(m *message.Message, p string) { m.From.Name = p },
		"From.Addr":    func(m *message.Message, p string) { m.From.Addr = "a@example.org" + p },
		"Sender.Name":  func(m *message.Message, p string) { m.Sender.Name = p },
		"To.Name":      func(m *message.Message, p string) { m.To[0].Name = p },
		"To.Addr":      func(m *message.Message, p string) { m.To[0].Addr = `"` + p + `"@example.org` },
		"Cc.Name":      func(m *message.Message, p string) { m.Cc[0].Name = p },
		"ReplyTo.Name": func(m *message.Message, p string) { m.ReplyTo[0].Name = p },
		"Bcc.Addr":     func(m *message.Message, p string) { m.Bcc[0].Addr = p },
		"Subject":      func(m *message.Message, p string) { m.Subject = p },
		"MessageID":    func(m *message.Message, p string) { m.MessageID = "<" + p + "@example.org>" },
		"Header.Name":  func(m *message.Message, p string) { m.Headers[0].Name = "X-Test" + p },
		"Header.Value": func(m *message.Message, p string) { m.Headers[0].Value = p },
		"List.ID":      func(m *message.Message, p string) { m.List.ID = "weekly" + p + ".example.org" },
		"List.Name":    func(m *message.Message, p string) { m.List.Name = p },
		"FeedbackID":   func(m *message.Message, p string) { m.List.FeedbackID = "a:" + p + ":weekly" },
		"Precedence":   func(m *message.Message, p string) { m.List.Precedence = "bulk" + p },
		"Recipient":    func(m *message.Message, p string) { m.List.Recipient = p },
		"Boundary":     func(m *message.Message, p string) { m.Boundary = p },
		"List header":  func(m *message.Message, p string) { m.Headers[1].Value = "<" + p + ">" },
		"Filename":     file(func(a *message.Attachment, p string) { a.Filename = p }),
		"ContentType":  file(func(a *message.Attachment, p string) { a.ContentType = "text/" + p }),
		"type's value": file(func(a *message.Attachment, p string) { a.ContentType = "text/plain; x=" + p }),
		"ContentID":    file(func(a *message.Attachment, p string) { a.ContentID = p }),
	}
	refused, built := 0, 0
	for name, set := range fields {
		for _, poison := range poisons {
			m := fullMessage()
			set(&m, poison)
			raw, err := m.Bytes()
			var fe *message.FieldError
			if errors.As(err, &fe) && raw == nil {
				refused++
				if strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
					t.Errorf("%s with %q: the error has it as it is: %q", name, poison, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s with %q: %v", name, poison, err)
				continue
			}
			built++
			checkIntact(t, name+" with "+poison, &m, raw)
		}
	}
	t.Logf("cases %d: %d refused, %d built", refused+built, refused, built)
	if refused < 150 || built < 50 {
		t.Errorf("%d refused, %d built", refused, built)
	}
}

// fullMessage has something in every field.
func fullMessage() message.Message {
	m := base()
	m.Sender = message.Address{Addr: "office@example.org"}
	m.Cc, m.Bcc = []message.Address{{Addr: "c@example.net"}}, []message.Address{{Addr: "secret@example.net"}}
	m.ReplyTo = []message.Address{{Addr: "r@example.org"}}
	m.Headers = []message.Header{{Name: "X-Test", Value: "v"}, {Name: "List-Help", Value: "<mailto:u@example.org>"}}
	o, err := message.NewOneClick(message.OneClickConfig{URL: "https://example.org/", Keys: keys})
	if err != nil {
		panic(err)
	}
	m.List = message.List{ID: "weekly.example.org", Name: "Weekly", OneClick: o, Recipient: "r", FeedbackID: "a:weekly"}
	m.Text, m.HTML = "Hi", "<p>Hi</p>"
	m.Attachments = []message.Attachment{{Filename: "a.txt", Content: []byte("file")}}
	return m
}

// checkIntact checks that raw has m's fields and parts, and no more.
func checkIntact(t *testing.T, name string, m *message.Message, raw []byte) {
	t.Helper()
	checkWire(t, raw, m.NeedsSMTPUTF8())
	want := []string{"Date", "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "Subject",
		m.Headers[0].Name, m.Headers[1].Name, "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Precedence", "MIME-Version", "Content-Type"}
	if got := fieldNames(raw); !slices.Equal(got, want) {
		t.Errorf("%q: fields %q", name, got)
	}
	p := parse(t, raw)
	types := []string{"text/plain", "text/html"}
	if len(p.leaves) != 3 || p.leaves[0].typ != types[0] || p.leaves[1].typ != types[1] || string(p.leaves[2].body) != "file" {
		t.Errorf("%q: %d parts:\n%s", name, len(p.leaves), raw)
		return
	}
	if strings.ContainsAny(p.leaves[2].filename(t), `/\`) {
		t.Errorf("%q: file name %q", name, p.leaves[2].filename(t))
	}
	for _, field := range []string{"From", "To", "Cc", "Reply-To"} {
		if list, err := p.header.AddressList(field); err != nil || len(list) != 1 {
			t.Errorf("%q: %s is %v, %v", name, field, list, err)
		}
	}
}

// injectable has every place of a template that data get to.
func injectable(t testing.TB) *message.Template {
	return mustTemplate(t, message.TemplateConfig{
		Message: message.Message{From: base().From, List: message.List{ID: "weekly.example.org", OneClick: oneClick(t, message.OneClickConfig{})}},
		Subject: "{{.a}}", Text: "{{.a}}{{unsubscribe}}", HTML: "<p title='{{.a}}'>{{.a}}</p>", AMP: "<p>{{.a}}</p>{{if .a}}.{{end}}",
		Headers: []message.Header{{Name: "X-A", Value: "{{.a}}"}, {Name: "X-B", Value: "<{{.a}}> {{.a}}"}},
	})
}

// checkInjectable renders for a recipient of whom all is made of data, and
// reports whether that was refused. If not, the message has its own fields and
// parts, and no others.
func checkInjectable(t *testing.T, tmpl *message.Template, data, addr string) (refused bool) {
	t.Helper()
	r := recipient(map[string]string{"a": data})
	r.To, r.Unsubscribe = message.Address{Name: data, Addr: addr}, data
	raw, err := tmpl.Append(nil, r)
	if err != nil {
		var fe *message.FieldError
		if !errors.As(err, &fe) || raw != nil {
			t.Errorf("%q: %v, %q", data, err, raw)
		}
		return true
	}
	m, err := tmpl.Message(r)
	if err != nil {
		t.Fatal(err)
	}
	if built := build(t, &m); !bytes.Equal(raw, built) {
		t.Errorf("%q: Append and Message differ:\n%s\n%s", data, raw, built)
	}
	want := []string{"Date", "From", "To", "Message-ID", "Subject", "X-A", "X-B", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "MIME-Version", "Content-Type"}
	if got := fieldNames(raw); !slices.Equal(got, want) {
		t.Errorf("%q: fields %q", data, got)
	}
	_, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	ctype, _ := fieldLines(t, raw, "Content-Type")
	p := parse(t, []byte("Content-Type: "+ctype+"\r\n\r\n"+body))
	if len(p.leaves) != 3 || p.leaves[0].typ != "text/plain" || p.leaves[1].typ != "text/x-amp-html" || p.leaves[2].typ != "text/html" {
		t.Errorf("%q: %d parts:\n%s", data, len(p.leaves), raw)
	}
	return false
}

func TestRecipientData(t *testing.T) {
	tmpl := injectable(t)
	refused := 0
	for _, poison := range poisons {
		for _, addr := range []string{"bob@example.net", poison, poison + "@example.net", "a@" + poison, `"` + poison + `"@example.net`} {
			if checkInjectable(t, tmpl, poison, addr) {
				refused++
			}
		}
	}
	if n := 5 * len(poisons); refused < n/2 || refused > n-5 {
		t.Errorf("%d of %d refused", refused, n)
	}
}

// TestRecipientInjection: a display name that looks like the rest of a list is
// a display name.
func TestRecipientInjection(t *testing.T) {
	for _, name := range []string{
		"evil@example.net", "evil@example.net,", "Ann <evil@example.net>", "Ann\" <evil@example.net>, \"", "<evil@example.net>", "x, evil@example.net",
		"group: evil@example.net;", "(", ")", "\\", "\\\"", "\\\" <evil@example.net>,", "=?utf-8?q?=3Cevil=40example=2Enet=3E?=", "é <evil@example.net>, é",
		"=?utf-8?q?a?= <evil@example.net>", strings.Repeat("x", 70) + "\" <evil@example.net>", strings.Repeat("é", 60) + "\", <evil@example.net>",
	} {
		m := base()
		m.From.Name, m.To[0].Name = name, name
		raw := build(t, &m)
		p := parse(t, raw)
		for field, want := range map[string]string{"From": m.From.Addr, "To": m.To[0].Addr} {
			list, err := p.header.AddressList(field)
			if err != nil || len(list) != 1 || list[0].Address != want || list[0].Name != name {
				t.Errorf("%q: %s is read as %v, %v", name, field, list, err)
			}
		}
	}
}

// TestPartInjection: a body that has the message's own boundary in it, learnt
// from an earlier build with the same Message-ID, begins no part.
func TestPartInjection(t *testing.T) {
	first := fullMessage()
	raw := build(t, &first)
	var boundaries []string
	for _, at := range strings.Split(string(raw), "boundary=")[1:] {
		boundaries = append(boundaries, strings.Trim(strings.FieldsFunc(at, func(r rune) bool { return r == ';' || r == '\r' })[0], `"`))
	}
	if len(boundaries) < 2 {
		t.Fatalf("boundaries %q", boundaries)
	}
	for _, b := range boundaries {
		for _, line := range []string{"--" + b, "--" + b + "--", "\n--" + b + "\nContent-Type: text/html\n\n<script>evil</script>\n--" + b + "--"} {
			m := fullMessage()
			m.Text, m.HTML = "Hi\n"+line+"\n", "<p>Hi</p>\n"+line+"\n"
			raw := build(t, &m)
			p := parse(t, raw)
			if len(p.leaves) != 3 || string(p.leaves[0].body) != canonical(m.Text) || string(p.leaves[1].body) != canonical(m.HTML) {
				t.Errorf("%q: %d parts:\n%s", line, len(p.leaves), raw)
			}
		}
	}
}

// TestMergeInjection: data that come from a file of somebody else's, quoted line
// breaks and all.
func TestMergeInjection(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{
		Subject: "Hello {{.name}}",
		Text:    "Dear {{.name}}, see {{.url}}",
		HTML:    `<p title="{{.name}}" title='{{.name}}'>{{.name}}</p><a href="{{.url}}">x</a><script>f({{.name}})</script><style>p{color:{{.name}}}</style>`,
	})
	for value, ok := range map[string]bool{
		"Ann\r\nBcc: evil@example.net": false, "Ann\nBcc: evil@example.net": false, "Ann\r\n\r\nbody": false, "Ann\x00": false, "\x1b[2J": false,
		"{{.secret}}": true, `{{template "x"}}`: true, "{{call .name}}": true, "%0D%0ABcc: evil@example.net": true,
		"<script>evil()</script>": true, `" onclick="evil()`: true, `' onclick='evil()`: true, "</p><img src=x onerror=evil()>": true,
		"</script><script>evil()": true, "</style><script>evil()</script>": true, "red}body{background:url(javascript:evil())": true,
		"\u2028evil()": true, "<!--": true, "-->": true, "=?utf-8?q?=0D=0ABcc:_evil?=": true,
	} {
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		_ = w.WriteAll([][]string{{"name", "url"}, {value, "javascript:evil('" + value + "')"}}) // to memory
		rows, err := csv.NewReader(&file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		data := map[string]string{"name": rows[1][0], "url": rows[1][1]}
		m, err := render(t, tmpl, data)
		if (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
		if err != nil {
			if !errors.Is(err, message.ErrBadHeaderValue) {
				t.Errorf("%q: %v", value, err)
			}
			continue
		}
		checkMerged(t, &m, data)
	}
}

// checkMerged checks what TestMergeInjection's template has come to.
func checkMerged(t *testing.T, m *message.Message, data map[string]string) {
	t.Helper()
	value := data["name"]
	if m.Subject != "Hello "+value {
		t.Errorf("%q: subject %q", value, m.Subject)
	}
	// What the source has of each, and no more.
	for mark, n := range map[string]int{
		"<script": 1, "</script": 1, "<style": 1, "</style": 1, "<p": 1, "<img": 0, `="" onclick`: 0, `='' onclick`: 0,
		`href="javascript`: 0, "color:red": 0, "<!--": 0,
	} {
		if got := strings.Count(m.HTML, mark); got != n {
			t.Errorf("%q: %d times %s in %s", value, got, mark, m.HTML)
		}
	}
	raw := build(t, m)
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	if got := slices.Sorted(maps.Keys(parsed.Header)); !slices.Equal(got, want) {
		t.Errorf("%q: fields %q", value, got)
	}
}
