package message_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

// TestTemplateConfig: each mistake is found before anybody is written to.
func TestTemplateConfig(t *testing.T) {
	from := base().From
	to := base().To
	for field, cfg := range map[string]message.TemplateConfig{
		"From":                       {},
		"From.Name":                  {Message: message.Message{From: message.Address{Name: "a\nb", Addr: "a@b"}}},
		"Message.To":                 {Message: message.Message{From: from, To: to}},
		"Message.Cc":                 {Message: message.Message{From: from, Cc: to}},
		"Message.Bcc":                {Message: message.Message{From: from, Bcc: to}},
		"Message.Subject":            {Message: message.Message{From: from, Subject: "x"}},
		"Message.Text":               {Message: message.Message{From: from, Text: "x"}},
		"Message.HTML":               {Message: message.Message{From: from, HTML: "x"}},
		"Message.AMP":                {Message: message.Message{From: from, AMP: "x"}},
		"Message.MessageID":          {Message: message.Message{From: from, MessageID: "1@b"}},
		"Message.List.Recipient":     {Message: message.Message{From: from, List: message.List{Recipient: "x"}}},
		"List.ID":                    {Message: message.Message{From: from, List: message.List{ID: "x"}}},
		"Boundary":                   {Message: message.Message{From: from, Boundary: "a b"}},
		"Boundary ":                  {Message: message.Message{From: from, Boundary: "ab", Attachments: []message.Attachment{{Filename: "a.eml", Content: []byte("X: =_ab_1\r\n\r\n")}}}},
		"Headers[0].Name":            {Message: message.Message{From: from}, Headers: []message.Header{{Name: "Bcc", Value: "x"}}},
		"Headers[1].Name":            {Message: message.Message{From: from, Headers: []message.Header{{Name: "X-A"}}}, Headers: []message.Header{{Name: "X B", Value: "x"}}},
		"Text":                       {Message: message.Message{From: from}, Text: "a\x00"},
		"HTML":                       {Message: message.Message{From: from}, HTML: "\xff"},
		"AMP":                        {Message: message.Message{From: from}, AMP: "\xff"},
		"Attachments[0].Filename":    {Message: message.Message{From: from, Attachments: []message.Attachment{{Filename: "a\nb"}}}},
		"Calendar.Content":           {Message: message.Message{From: from, Calendar: message.Calendar{Content: "x"}}},
		"Funcs":                      {Message: message.Message{From: from}, Funcs: map[string]any{"default": strings.ToUpper}},
		"Funcs ":                     {Message: message.Message{From: from}, Funcs: map[string]any{"x": 1}},
		"Funcs  ":                    {Message: message.Message{From: from}, Funcs: map[string]any{"x": func() {}}},
		"Funcs   ":                   {Message: message.Message{From: from}, Funcs: map[string]any{"a b": strings.ToUpper}},
		"Funcs    ":                  {Message: message.Message{From: from}, Funcs: map[string]any{"x": nil}},
		"Funcs     ":                 {Message: message.Message{From: from}, Funcs: map[string]any{"unsubscribe": strings.ToUpper}},
		"Inlines[0].ContentID":       {Message: message.Message{From: from, Inlines: []message.Attachment{{Content: png}}}},
		"Attachments[0].ContentType": {Message: message.Message{From: from, Attachments: []message.Attachment{{ContentType: "multipart/mixed"}}}},
	} {
		var fe *message.FieldError
		if _, err := message.NewTemplate(cfg); !errors.As(err, &fe) || fe.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestTemplateFuncs(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{
		Subject: "{{upper .a}}", Text: "{{upper .a}}", HTML: "{{upper .a}}", Headers: []message.Header{{Name: "X-A", Value: "{{upper .a}}"}},
		Funcs: map[string]any{"upper": strings.ToUpper},
	})
	m, err := render(t, tmpl, map[string]string{"a": "<zoë>"})
	if err != nil || m.Subject != "<ZOË>" || m.Text != "<ZOË>" || m.HTML != "&lt;ZOË&gt;" || m.Headers[0].Value != "<ZOË>" {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestRecipients: what a Recipient can have wrong, and what is made up for it.
func TestRecipients(t *testing.T) {
	tmpl := mustTemplate(t, message.TemplateConfig{Text: "Hi"})
	for field, change := range map[string]func(*message.Recipient){
		"To":         func(r *message.Recipient) { r.To.Addr = "" },
		"To[0]":      func(r *message.Recipient) { r.To.Addr = "a b@c" },
		"To[0].Name": func(r *message.Recipient) { r.To.Name = "a\nb" },
		"Date":       func(r *message.Recipient) { r.Date = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"MessageID":  func(r *message.Recipient) { r.MessageID = "x" },
	} {
		r := recipient(nil)
		change(r)
		var fe *message.FieldError
		if raw, err := tmpl.Append([]byte("x"), r); !errors.As(err, &fe) || fe.Field != field || string(raw) != "x" {
			t.Errorf("%s: %v", field, err)
		}
		if _, err := tmpl.Message(r); !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	r := message.Recipient{To: message.Address{Addr: "ann@example.net"}}
	first, err := tmpl.Append(nil, &r)
	if err != nil || r.Date.IsZero() || !strings.HasSuffix(r.MessageID, "@example.org>") {
		t.Fatalf("%v, %+v", err, r)
	}
	if second, err := tmpl.Append(nil, &r); err != nil || !bytes.Equal(first, second) {
		t.Errorf("%v: the second rendering differs", err)
	}
	fixed := mustTemplate(t, message.TemplateConfig{Message: message.Message{From: base().From, Date: testDate}, Text: "Hi"})
	r = message.Recipient{To: r.To}
	if _, err := fixed.Append(nil, &r); err != nil || !r.Date.Equal(testDate) {
		t.Errorf("%v, %v", r.Date, err)
	}
}

// TestReproducible: boundary, date and Message-ID given, two templates make the
// same bytes.
func TestReproducible(t *testing.T) {
	cfg := message.TemplateConfig{Message: message.Message{From: base().From, Boundary: "fixed"}, Text: "Hi {{.a}}", HTML: "<p>Hi {{.a}}</p>"}
	one, err1 := mustTemplate(t, cfg).Append(nil, recipient(row2))
	two, err2 := mustTemplate(t, cfg).Append(nil, recipient(row2))
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Errorf("%v, %v:\n%s\n%s", err1, err2, one, two)
	}
	golden(t, "rendered", one)
}

var row2 = map[string]string{"a": "Zoë"}
