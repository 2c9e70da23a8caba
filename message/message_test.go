package message_test

import (
	"bytes"
	"errors"
	"flag"
	"net/mail"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/jhillyerd/enmime"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	png = []byte("\x89PNG\r\n\x1a\n\x00\x01\x02")
	pdf = []byte("%PDF-1.7\n\xe2\xe3\xcf\xd3\n")
)

// shapes are all structures a message can have.
var shapes = []struct {
	name   string
	fill   func(*message.Message)
	leaves []string // path and type
}{
	{"empty", func(m *message.Message) {}, []string{"text/plain"}},
	{"text", func(m *message.Message) { m.Text = "Hello,\nBob." }, []string{"text/plain"}},
	{"html", func(m *message.Message) { m.HTML = "<p>Grüße</p>" }, []string{"text/html"}},
	{"alternative", func(m *message.Message) { m.Text, m.HTML = "Hi", "<p>Hi</p>" },
		[]string{"alternative text/plain", "alternative text/html"}},
	{"related", func(m *message.Message) {
		m.HTML = `<img src="cid:logo@example.org">`
		m.Inlines = []message.Attachment{{Filename: "logo.png", ContentID: "logo@example.org", Content: png}}
	}, []string{"related text/html", "related image/png"}},
	{"mixed", func(m *message.Message) {
		m.Text = "See there."
		m.Attachments = []message.Attachment{{Filename: "a.pdf", Content: pdf}}
	}, []string{"mixed text/plain", "mixed application/pdf"}},
	{"attachment", func(m *message.Message) {
		m.Attachments = []message.Attachment{{Filename: "a.pdf", Content: pdf}, {Filename: "empty.txt"}}
	}, []string{"mixed application/pdf", "mixed text/plain"}},
	{"inline-text", func(m *message.Message) {
		m.Text = "An image below."
		m.Inlines = []message.Attachment{{Filename: "logo.png", Content: png}}
	}, []string{"mixed text/plain", "mixed image/png"}},
	{"all", func(m *message.Message) {
		m.Text, m.HTML = "Привет, мир", `<p>Привет</p><img src="cid:logo.png">`
		m.Inlines = []message.Attachment{{Filename: "logo.png", Content: png}}
		m.Attachments = []message.Attachment{
			{Filename: "Übersicht.pdf", Content: pdf},
			{Filename: "list.csv", Content: []byte("a,b\nc,d\n")},
		}
	}, []string{"mixed alternative text/plain", "mixed alternative related text/html", "mixed alternative related image/png",
		"mixed application/pdf", "mixed text/csv"}},
}

func TestStructure(t *testing.T) {
	for _, tt := range shapes {
		t.Run(tt.name, func(t *testing.T) {
			m := base()
			tt.fill(&m)
			raw := build(t, &m)
			p := parse(t, raw)
			var got []string
			for _, l := range p.leaves {
				got = append(got, strings.TrimSpace(l.path+" "+l.typ))
			}
			if !slices.Equal(got, tt.leaves) {
				t.Errorf("parts %q, want %q", got, tt.leaves)
			}
			if m.Text != "" {
				if got := string(p.leaves[0].body); got != canonical(m.Text) {
					t.Errorf("text %q", got)
				}
			}
			if m.HTML != "" {
				if l := p.find(t, "text/html"); string(l.body) != canonical(m.HTML) {
					t.Errorf("html %q", l.body)
				}
			}
			compareEnmime(t, &m, raw)
			compareFiles(t, &m, p)
			golden(t, tt.name, raw)
		})
	}
}

// compareFiles compares inlines and attachments as the standard library reads them.
func compareFiles(t *testing.T, m *message.Message, p parsed) {
	t.Helper()
	var files []leaf
	for _, l := range p.leaves {
		if l.header.Get("Content-Disposition") != "" {
			files = append(files, l)
		}
	}
	want := slices.Concat(m.Inlines, m.Attachments)
	if len(files) != len(want) {
		t.Fatalf("%d files, want %d", len(files), len(want))
	}
	for i, a := range want {
		if !bytes.Equal(files[i].body, a.Content) {
			t.Errorf("%s: content %q", a.Filename, files[i].body)
		}
		if got := files[i].filename(t); got != a.Filename {
			t.Errorf("file name %q, want %q", got, a.Filename)
		}
		id := a.ContentID
		if i < len(m.Inlines) && id == "" {
			id = a.Filename
		}
		if got := strings.Trim(files[i].header.Get("Content-Id"), "<>"); got != id {
			t.Errorf("content ID %q, want %q", got, id)
		}
	}
}

// compareEnmime compares all of a message as enmime reads it.
func compareEnmime(t *testing.T, m *message.Message, raw []byte) {
	t.Helper()
	env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range env.Errors {
		if m.Text != "" || e.Name != enmime.ErrorPlainTextFromHTML {
			t.Errorf("enmime: %v", e)
		}
	}
	if m.Text != "" && env.Text != canonical(m.Text) {
		t.Errorf("enmime text %q", env.Text)
	}
	if env.HTML != canonical(m.HTML) {
		t.Errorf("enmime html %q", env.HTML)
	}
	if got := env.GetHeader("Subject"); got != m.Subject {
		t.Errorf("enmime subject %q", got)
	}
	parts := slices.Concat(env.Inlines, env.Attachments, env.OtherParts)
	for _, a := range slices.Concat(m.Inlines, m.Attachments) {
		if !slices.ContainsFunc(parts, func(p *enmime.Part) bool {
			return p.FileName == a.Filename && bytes.Equal(p.Content, a.Content) && (a.ContentID == "" || p.ContentID == a.ContentID)
		}) {
			t.Errorf("enmime does not find %q", a.Filename)
		}
	}
}

func golden(t *testing.T, name string, raw []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".eml")
	if *update {
		if err := os.WriteFile(file, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, want) {
		t.Errorf("differs from %s:\n%s", file, raw)
	}
}

func TestSetOnce(t *testing.T) {
	m := base()
	m.Date, m.MessageID = time.Time{}, ""
	m.Text, m.HTML = "a", "<b>a</b>"
	other := m
	first := build(t, &m)
	if m.Date.IsZero() || !strings.HasSuffix(m.MessageID, "@example.org>") {
		t.Fatalf("Date %v, MessageID %q", m.Date, m.MessageID)
	}
	if second := build(t, &m); !bytes.Equal(first, second) {
		t.Error("the second call gives other bytes")
	}
	build(t, &other)
	if other.MessageID == m.MessageID {
		t.Error("two messages share a Message-ID")
	}
}

func TestInvalidIsUntouched(t *testing.T) {
	m := message.Message{From: message.Address{Addr: "a@example.org"}, Text: "\x00"}
	if _, err := m.Bytes(); err == nil || !m.Date.IsZero() || m.MessageID != "" {
		t.Errorf("err %v, Date %v, MessageID %q", err, m.Date, m.MessageID)
	}
}

// enmime's builder appends to arrays that derived builders share.
func TestSharedSlices(t *testing.T) {
	m := base()
	m.To = append(make([]message.Address, 0, 8), m.To...)
	m.Attachments = append(make([]message.Attachment, 0, 8), message.Attachment{Filename: "one.txt", Content: []byte("1")})
	m.Headers = append(make([]message.Header, 0, 8), message.Header{Name: "X-A", Value: "1"})
	before := build(t, &m)
	a, b := m, m
	a.To = append(slices.Clone(a.To), message.Address{Addr: "carl@example.net"})
	a.Attachments = append(slices.Clone(a.Attachments), message.Attachment{Filename: "two.txt"})
	b.Subject = "Other"
	rawA, rawB := build(t, &a), build(t, &b)
	if !bytes.Contains(rawA, []byte("carl@")) || bytes.Contains(rawB, []byte("carl@")) || bytes.Contains(rawB, []byte("two.txt")) {
		t.Error("messages that share slices are not independent")
	}
	if after := build(t, &m); !bytes.Equal(before, after) {
		t.Error("building the copies changed the original")
	}
	if want := base().To; !reflect.DeepEqual(m.To, want) {
		t.Errorf("To changed to %v", m.To)
	}
}

func TestEnvelope(t *testing.T) {
	addrs := func(list ...string) (a []message.Address) {
		for _, s := range list {
			a = append(a, message.Address{Addr: s})
		}
		return a
	}
	m := message.Message{
		From: message.Address{Addr: "ann@bücher.example"},
		To:   addrs("bob@example.net", "BOB@example.net", "bob@EXAMPLE.net"),
		Cc:   addrs("c@BÜCHER.example", "c@xn--bcher-kva.example", `"a b"@example.net`, "x@[192.0.2.1]"),
		Bcc:  addrs("zoë@bücher.example", "bob@example.net", "secret@example.net"),
	}
	sender, rcpts, err := m.Envelope()
	if err != nil {
		t.Fatal(err)
	}
	if sender != "ann@xn--bcher-kva.example" {
		t.Errorf("sender %q", sender)
	}
	want := []string{"bob@example.net", "BOB@example.net", "c@xn--bcher-kva.example", `"a b"@example.net`,
		"x@[192.0.2.1]", "zoë@bücher.example", "secret@example.net"}
	if !slices.Equal(rcpts, want) {
		t.Errorf("recipients %q, want %q", rcpts, want)
	}
	m.Sender = message.Address{Addr: "office@example.org"}
	if sender, _, _ = m.Envelope(); sender != "office@example.org" {
		t.Errorf("sender %q", sender)
	}
}

func TestEnvelopeErrors(t *testing.T) {
	for _, tt := range []struct {
		m    message.Message
		want error
	}{
		{message.Message{}, message.ErrNoFrom},
		{message.Message{From: message.Address{Addr: "a@b"}}, message.ErrNoRecipients},
		{message.Message{From: message.Address{Addr: "a"}}, message.ErrBadAddress},
		{message.Message{From: message.Address{Addr: "a@b"}, Bcc: []message.Address{{}}}, message.ErrBadAddress},
	} {
		if _, _, err := tt.m.Envelope(); !errors.Is(err, tt.want) {
			t.Errorf("%v, want %v", err, tt.want)
		}
	}
}

func TestManyRecipients(t *testing.T) {
	m := base()
	m.To = nil
	for i := range 5000 {
		m.To = append(m.To, message.Address{Name: []string{"", "Zoë Ω", "Smith, John", "Ann"}[i%4], Addr: "someone" + strings.Repeat("x", i%40) + "@example.net"})
	}
	raw := build(t, &m)
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if len(line) > 78 {
			t.Fatalf("line of %d octets: %s", len(line), line)
		}
	}
	msg := parse(t, raw)
	list, err := msg.header.AddressList("To")
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range list {
		if a.Name != m.To[i].Name || a.Address != m.To[i].Addr {
			t.Fatalf("%d: %v, want %v", i, a, m.To[i])
		}
	}
	if len(list) != 5000 {
		t.Errorf("%d recipients", len(list))
	}
}

func TestLargeAttachment(t *testing.T) {
	m := base()
	content := bytes.Repeat([]byte("0123456789"), 1<<20)
	m.Attachments = []message.Attachment{{Filename: "big.bin", Content: content}}
	n := testing.AllocsPerRun(1, func() {
		if raw, err := m.Bytes(); err != nil || len(raw) < len(content) {
			t.Errorf("%d octets, %v", len(raw), err)
		}
	})
	if n > 1000 {
		t.Errorf("%.0f allocations", n)
	}
	p := parse(t, build(t, &m))
	if !bytes.Equal(p.leaves[0].body, content) {
		t.Error("content differs")
	}
}

func TestNewMessageID(t *testing.T) {
	for domain, want := range map[string]string{
		"example.org":    "@example.org>",
		"bücher.example": "@xn--bcher-kva.example>",
		"[192.0.2.1]":    "@[192.0.2.1]>",
		"":               "@message.invalid>",
		"a b\r\nX: y":    "@message.invalid>",
	} {
		a, b := message.NewMessageID(domain), message.NewMessageID(domain)
		if a == b || !strings.HasPrefix(a, "<") || !strings.HasSuffix(a, want) {
			t.Errorf("%q: %s, %s", domain, a, b)
		}
		m := base()
		m.MessageID = a
		build(t, &m)
	}
}

func TestNeedsSMTPUTF8(t *testing.T) {
	utf8 := message.Address{Name: "Zoë", Addr: "zoë@bücher.example"}
	for name, set := range map[string]func(*message.Message){
		"From":    func(m *message.Message) { m.From = utf8 },
		"Sender":  func(m *message.Message) { m.Sender = utf8 },
		"To":      func(m *message.Message) { m.To[0] = utf8 },
		"Cc":      func(m *message.Message) { m.Cc = []message.Address{utf8} },
		"Bcc":     func(m *message.Message) { m.Bcc = []message.Address{utf8} },
		"ReplyTo": func(m *message.Message) { m.ReplyTo = []message.Address{utf8} },
	} {
		m := base()
		if m.NeedsSMTPUTF8() {
			t.Error("an ASCII message needs SMTPUTF8")
		}
		set(&m)
		if !m.NeedsSMTPUTF8() {
			t.Errorf("%s is not seen", name)
		}
		raw := build(t, &m)
		if has := bytes.Contains(raw, []byte("<zoë@bücher.example>")); has != (name != "Bcc") {
			t.Errorf("%s: raw address in the header: %v", name, has)
		}
		if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
			t.Error(err)
		}
	}
	m := base()
	m.From.Addr = "ann@bücher.example"
	if m.NeedsSMTPUTF8() {
		t.Error("an IDN domain alone needs SMTPUTF8")
	}
}
