package message_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/jhillyerd/enmime"
)

// fieldNames lists the names of all header fields in their order.
func fieldNames(raw []byte) (names []string) {
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && line[0] != ' ' && line[0] != '\t' {
			names = append(names, name)
		}
	}
	return names
}

// fieldLines gives the unfolded value of a field and its lines.
func fieldLines(t testing.TB, raw []byte, name string) (string, []string) {
	t.Helper()
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var lines []string
	for line := range strings.SplitSeq(string(header), "\r\n") {
		switch {
		case strings.HasPrefix(line, name+":"):
			lines = []string{line}
		case len(lines) > 0 && strings.HasPrefix(line, " "):
			lines = append(lines, line)
		case len(lines) > 0:
			return strings.TrimPrefix(strings.TrimPrefix(strings.Join(lines, ""), name+":"), " "), lines
		}
	}
	if len(lines) == 0 {
		t.Fatalf("no %s in\n%s", name, header)
	}
	return strings.TrimPrefix(strings.TrimPrefix(strings.Join(lines, ""), name+":"), " "), lines
}

func TestFieldsOnce(t *testing.T) {
	m := base()
	m.Sender = message.Address{Addr: "office@example.org"}
	m.Cc = []message.Address{{Addr: "c@example.net"}}
	m.Bcc = []message.Address{{Name: "Secret", Addr: "secret@example.net"}}
	m.ReplyTo = []message.Address{{Addr: "r@example.org"}, {Addr: "s@example.org"}}
	m.Headers = []message.Header{{"X-B", "1"}, {"X-A", "2"}, {"X-B", "3"}}
	raw := build(t, &m)
	want := []string{"Date", "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "Subject",
		"X-B", "X-A", "X-B", "MIME-Version", "Content-Transfer-Encoding", "Content-Type"}
	if got := fieldNames(raw); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
	if bytes.Contains(bytes.ToLower(raw), []byte("secret")) {
		t.Error("a blind copy is named")
	}
}

func TestSenderIsAuthor(t *testing.T) {
	m := base()
	m.Sender = m.From
	if names := fieldNames(build(t, &m)); slices.Contains(names, "Sender") {
		t.Error("Sender repeats From")
	}
}

func TestNoRecipientsShown(t *testing.T) {
	for group, want := range map[string]string{
		"":                          "undisclosed-recipients:;",
		"Recipient list suppressed": "Recipient list suppressed:;",
		"Readers (all)":             `"Readers (all)":;`,
		"Empfänger":                 "=?utf-8?q?Empf=C3=A4nger?= :;",
	} {
		m := base()
		m.To, m.ToGroup = nil, group
		m.Bcc = []message.Address{{Addr: "secret@example.net"}}
		if got, _ := fieldLines(t, build(t, &m), "To"); got != want {
			t.Errorf("%q: To: %s", group, got)
		}
	}
}

func TestSubject(t *testing.T) {
	for _, subject := range []string{
		"", "Hello", " leading", "trailing ", "two  spaces", "a\ttab", " ", "=?utf-8?q?not_encoded?=", "1 =?",
		"Grüße aus Köln", "Привет, мир", "日本語の件名", "مرحبا بالعالم", "👩‍👩‍👧‍👦 family 🎉",
		strings.Repeat("word ", 60) + "end", strings.Repeat("x", 3000), strings.Repeat("ü", 3000), strings.Repeat("🎉", 500),
		strings.Repeat("a  ", 500) + "b", strings.Repeat("ä b ", 300) + "c", strings.Repeat(" ", 1200), "ends in colon:", "?=",
	} {
		m := base()
		m.Subject = subject
		raw := build(t, &m)
		value, lines := fieldLines(t, raw, "Subject")
		for i, line := range lines {
			if len(line) > 78 {
				t.Errorf("%.40q: line of %d octets", subject, len(line))
			}
			if i > 0 && strings.TrimSpace(line) == "" {
				t.Errorf("%.40q: blank folded line", subject)
			}
		}
		if got := decodeHeader(t, value); got != subject {
			t.Errorf("subject %q comes back as %q", subject, got)
		}
		for word := range strings.FieldsSeq(value) {
			if strings.HasPrefix(word, "=?") && len(word) > 75 {
				t.Errorf("encoded word of %d octets", len(word))
			}
		}
		if got := decodeHeader(t, parse(t, raw).header.Get("Subject")); got != subject {
			t.Errorf("net/mail reads %q as %q", subject, got)
		}
		if env, err := enmime.ReadEnvelope(bytes.NewReader(raw)); err != nil || strings.TrimSpace(env.GetHeader("Subject")) != strings.TrimSpace(subject) {
			t.Errorf("enmime reads %q as %q, %v", subject, env.GetHeader("Subject"), err)
		}
	}
}

func TestDisplayNames(t *testing.T) {
	for _, name := range []string{
		"", "Ann", "Ann B. Smith", "Smith, John", `O"Neil \ Co`, "a  b", " x ", "(c) <d>", "=?utf-8?q?x?=", "tab\tbed",
		"Zoë", "Müller, Jörg (Vertrieb) <x>", "日本 太郎", "محمد", "🎉🎉", strings.Repeat("long name ", 40) + "x",
		strings.Repeat("x", 1500), strings.Repeat("é", 1500), `"`, "@", "a:b;c",
	} {
		m := base()
		m.From.Name = name
		m.To = []message.Address{{Name: name, Addr: "a@example.net"}, {Name: name, Addr: `"q, q"@example.net`}}
		raw := build(t, &m)
		_, lines := fieldLines(t, raw, "To")
		for _, line := range lines {
			if len(line) > 78 {
				t.Errorf("%.40q: line of %d octets", name, len(line))
			}
		}
		p := parse(t, raw)
		for _, field := range []string{"From", "To"} {
			list, err := p.header.AddressList(field)
			if err != nil {
				t.Errorf("%s of %q: %v", field, name, err)
				continue
			}
			for _, a := range list {
				if a.Name != name {
					t.Errorf("name %q comes back as %q", name, a.Name)
				}
			}
		}
	}
}

func TestFurtherHeaders(t *testing.T) {
	long := "<https://example.org/" + strings.Repeat("u", 500) + ">"
	for _, tt := range []struct{ value, want string }{
		{"plain", "plain"},
		{"  trimmed\t", "trimmed"},
		{"", ""},
		{long + ", <mailto:u@example.org>", long + ", <mailto:u@example.org>"},
		{"Größe <list.example.org>", "=?utf-8?b?R3LDtsOfZQ==?= <list.example.org>"},
		{"a ü ü b =?x?=", "a =?utf-8?b?w7wgw7w=?= b =?utf-8?q?=3D=3Fx=3F=3D?="},
		{"=?utf-8?q?made_by_the_caller?=", "=?utf-8?q?made_by_the_caller?="},
		{strings.Repeat("<id@example.org> ", 200), strings.TrimSpace(strings.Repeat("<id@example.org> ", 200))},
	} {
		m := base()
		m.Headers = []message.Header{{Name: "X-Test", Value: tt.value}}
		got, lines := fieldLines(t, build(t, &m), "X-Test")
		if got != tt.want {
			t.Errorf("%.60q: %q", tt.value, got)
		}
		for _, line := range lines {
			if len(line) > 78 && !strings.Contains(line, "https:") {
				t.Errorf("line of %d octets", len(line))
			}
		}
	}
}

func TestDates(t *testing.T) {
	for _, date := range []time.Time{
		testDate,
		time.Date(2026, 12, 31, 23, 59, 59, 999, time.UTC),
		time.Date(1999, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 3215)),
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 200*3600)),
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", -9*3600-1800)),
	} {
		m := base()
		m.Date = date
		p := parse(t, build(t, &m))
		if got, err := mail.ParseDate(p.header.Get("Date")); err != nil || !got.Equal(date.Truncate(time.Second)) {
			t.Errorf("%v comes back as %v, %v", date, got, err)
		}
	}
}

func TestMessageIDForms(t *testing.T) {
	for _, id := range []string{"a.b+c@example.org", "<a.b+c@example.org>"} {
		m := base()
		m.MessageID = id
		raw := build(t, &m)
		if got, _ := fieldLines(t, raw, "Message-ID"); got != "<a.b+c@example.org>" {
			t.Errorf("%s: %s", id, got)
		}
	}
	m := base()
	m.From.Addr, m.MessageID = "zoë@bücher.example", ""
	if raw := build(t, &m); !bytes.Contains(raw, []byte("@xn--bcher-kva.example>\r\n")) {
		t.Errorf("Message-ID %s", m.MessageID)
	}
}
