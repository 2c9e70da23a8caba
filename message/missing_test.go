package message_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

// A holder embeds a pointer that can be nil.
type holder struct{ *Person }

// Person is exported, so that its fields are promoted.
type Person struct{ Name string }

// TestMissingAlike: what is nil is missing, merged and executed alike.
func TestMissingAlike(t *testing.T) {
	var nobody *string
	for _, more := range []string{"", "{{if true}}{{end}}"} {
		bare := mustTemplate(t, message.TemplateConfig{Text: more + "<{{.Name}}>"})
		defaulted := mustTemplate(t, message.TemplateConfig{Text: more + `<{{.Name | default "x"}}>`})
		indexed := mustTemplate(t, message.TemplateConfig{Text: more + `<{{index . "Name"}}>`})
		for _, fields := range []any{nil, map[string]any{"Name": nil}, map[string]any{"Name": nobody}, struct{ Name *string }{}, holder{}, message.FieldFunc(nil)} {
			if _, err := render(t, bare, fields); !errors.Is(err, message.ErrMissingField) {
				t.Errorf("%#v: %v", fields, err)
			}
			if m, err := render(t, defaulted, fields); err != nil || m.Text != "<x>" {
				t.Errorf("%#v: %q, %v", fields, m.Text, err)
			}
			if m, err := render(t, indexed, fields); err != nil || m.Text != "<>" {
				t.Errorf("%#v: %q, %v", fields, m.Text, err)
			}
		}
	}
}

// TestOwnLists: a Message of a template may be changed.
func TestOwnLists(t *testing.T) {
	cfg := message.TemplateConfig{Text: "Hi"}
	cfg.Message.Headers = []message.Header{{Name: "X-A", Value: "1"}}
	tmpl := mustTemplate(t, cfg)
	cfg.Message.Headers[0].Value = "2"
	m, err := tmpl.Message(recipient(nil))
	if err != nil || m.Headers[0].Value != "1" {
		t.Errorf("%v, %v", m.Headers, err)
	}
	m.Headers[0].Value = "3"
	if m, err = tmpl.Message(recipient(nil)); err != nil || m.Headers[0].Value != "1" {
		t.Errorf("%v, %v", m.Headers, err)
	}
}

func TestUnsubscribeRefused(t *testing.T) {
	o := oneClick(t, message.OneClickConfig{URL: "https://example.org/u?k={token}"})
	for _, source := range []string{"{{unsubscribe | upper}}", "{{upper unsubscribe}}", "{{(unsubscribe) | upper}}", "{{$u := unsubscribe}}"} {
		cfg := message.TemplateConfig{Text: source, Funcs: map[string]any{"upper": strings.ToUpper}}
		cfg.Message.List.OneClick = o
		var te *message.TemplateError
		if _, err := newTemplate(cfg); !errors.As(err, &te) || te.Line != 1 {
			t.Errorf("%s: %v", source, err)
		}
	}
}
