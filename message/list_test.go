package message_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

func listMessage(t testing.TB) message.Message {
	m := base()
	m.List = message.List{ID: "weekly.example.org", Name: "Die Wöchentliche", OneClick: oneClick(t, message.OneClickConfig{Mailto: "mailto:leave@example.org?subject=leave"}), FeedbackID: "october:weekly:example"}
	return m
}

func TestListFields(t *testing.T) {
	m := listMessage(t)
	raw := build(t, &m)
	want := []string{"Date", "From", "To", "Message-ID", "Subject", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Precedence",
		"MIME-Version", "Content-Transfer-Encoding", "Content-Type"}
	if got := fieldNames(raw); !slices.Equal(got, want) {
		t.Errorf("fields %q", got)
	}
	for name, want := range map[string]string{
		"List-Id": "=?utf-8?q?Die_W=C3=B6chentliche?= <weekly.example.org>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Feedback-ID": "october:weekly:example", "Precedence": "bulk",
	} {
		if got, _ := fieldLines(t, raw, name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	value, _ := fieldLines(t, raw, "List-Unsubscribe")
	uri, rest, _ := strings.Cut(value, ", ")
	u, err := url.Parse(strings.Trim(uri, "<>"))
	if err != nil || u.Scheme != "https" || rest != "<mailto:leave@example.org?subject=leave>" {
		t.Fatalf("%s, %v", value, err)
	}
	if who, err := m.List.OneClick.Verify(u.Query().Get("token")); err != nil || who != "bob@example.net" {
		t.Errorf("names %q, %v", who, err)
	}
	for precedence, want := range map[string]bool{"": true, "none": false, "list": true} {
		m.List.Precedence = precedence
		if got := slices.Contains(fieldNames(build(t, &m)), "Precedence"); got != want {
			t.Errorf("Precedence %q: %v", precedence, got)
		}
	}
}

func TestListRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		field  string
		change func(*message.Message)
	}{
		"two recipients":  {"List.Recipient", func(m *message.Message) { m.To = append(m.To, m.To...) }},
		"nobody":          {"List.Recipient", func(m *message.Message) { m.To = nil }},
		"Bcc":             {"List.Recipient", func(m *message.Message) { m.Bcc = m.To }},
		"long recipient":  {"List.Recipient", func(m *message.Message) { m.List.Recipient = strings.Repeat("x", 255) }},
		"ID of one label": {"List.ID", func(m *message.Message) { m.List.ID = "weekly" }},
		"ID":              {"List.ID", func(m *message.Message) { m.List.ID = "a.b>\r\nBcc: x" }},
		"name alone":      {"List.ID", func(m *message.Message) { m.List.ID = "" }},
		"name":            {"List.Name", func(m *message.Message) { m.List.Name = "a\nb" }},
		"feedback":        {"List.FeedbackID", func(m *message.Message) { m.List.FeedbackID = "a:b:c:d:sender" }},
		"feedback sender": {"List.FeedbackID", func(m *message.Message) { m.List.FeedbackID = "a:b" }},
		"feedback space":  {"List.FeedbackID", func(m *message.Message) { m.List.FeedbackID = "a b:sender" }},
		"precedence":      {"List.Precedence", func(m *message.Message) { m.List.Precedence = "urgent" }},
		"header too": {"Headers[0].Name", func(m *message.Message) {
			m.Headers = []message.Header{{Name: "list-unsubscribe", Value: "<mailto:a@b>"}}
		}},
		"List-Id too": {"Headers[0].Name", func(m *message.Message) { m.Headers = []message.Header{{Name: "LIST-ID", Value: "<a.b>"}} }},
	} {
		m := listMessage(t)
		tt.change(&m)
		var fe *message.FieldError
		if _, err := m.Bytes(); !errors.As(err, &fe) || fe.Field != tt.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := listMessage(t)
	m.Bcc, m.List.Recipient = m.To, "reader 7"
	build(t, &m)
}

// TestUnsubscribeInTemplates: the recipient's own URL, in every part, merged and
// executed alike.
func TestUnsubscribeInTemplates(t *testing.T) {
	o := oneClick(t, message.OneClickConfig{URL: "https://example.org/u?l=1&t={token}&x='"})
	for _, more := range []string{"", "{{if .a}}{{end}}"} {
		tmpl := mustTemplate(t, message.TemplateConfig{
			Message: message.Message{From: base().From, List: message.List{OneClick: o}},
			Text:    more + "Leave: {{unsubscribe}}", HTML: more + `<a href="{{unsubscribe}}">leave</a>{{with .a}}{{unsubscribe}}{{end}}`,
			Headers: []message.Header{{Name: "X-Leave", Value: "<{{unsubscribe}}>"}},
		})
		for who, want := range map[string]string{"": "bob@example.net", "7": "7"} {
			r := recipient(map[string]string{"a": ""})
			r.Unsubscribe = who
			m, err := tmpl.Message(r)
			if err != nil {
				t.Fatal(err)
			}
			u, err := o.URL(want)
			if err != nil {
				t.Fatal(err)
			}
			escaped := strings.ReplaceAll(strings.ReplaceAll(u, "&", "&amp;"), "'", "%27")
			if m.Text != "Leave: "+u || m.HTML != `<a href="`+escaped+`">leave</a>` || m.Headers[0].Value != "<"+u+">" {
				t.Errorf("%q\n%q\n%q, want %s", m.Text, m.HTML, m.Headers, u)
			}
			raw, err := tmpl.Append(nil, r)
			if err != nil || string(raw) != string(build(t, &m)) {
				t.Errorf("Append and Message differ, %v:\n%s", err, raw)
			}
		}
	}
	_, err := newTemplate(message.TemplateConfig{Text: "{{unsubscribe}}"})
	var te *message.TemplateError
	if !errors.As(err, &te) || !strings.Contains(err.Error(), "OneClick") {
		t.Error(err)
	}
}
