package preflight_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// TestOwnEightBit: nothing is held against how message declares 8bit, whichever
// part has it.
func TestOwnEightBit(t *testing.T) {
	base := message.Message{From: message.Address{Addr: "news@example.com"}, EightBit: true}
	inner := base
	inner.To, inner.Subject, inner.Text, inner.HTML = []message.Address{{Addr: "ann@example.org"}}, "Hello", "Grüße\n", "<p>x"
	mail, err := inner.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	images := []message.Attachment{{Filename: "a.png", ContentID: "a@x", Content: []byte("a")}}
	files := []message.Attachment{{Filename: "a.pdf", Content: []byte("a")}}
	mails := []message.Attachment{{Filename: "a.eml", ContentType: "message/rfc822", Content: mail}}
	for name, files := range map[string][2][]message.Attachment{
		"alternative": {}, "related": {images}, "mixed": {nil, files}, "all": {images, files}, "attached mail": {nil, mails},
	} {
		m := base
		m.Inlines, m.Attachments = files[0], files[1]
		tmpl, err := message.NewTemplate(message.TemplateConfig{Message: m, Subject: "x", Text: "{{.a}}", HTML: `<p>{{.b}}<img src="cid:a@x">`})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []map[string]string{{"a": "x", "b": "x"}, {"a": "é", "b": "x"}, {"a": "x", "b": "é"}, {"a": "é", "b": "é"}} {
			raw, err := tmpl.Append(nil, &message.Recipient{To: message.Address{Addr: "ann@example.org"}, Fields: f})
			if err != nil {
				t.Fatal(err)
			}
			if f["a"]+f["b"] != "xx" && !bytes.Contains(raw, []byte("é")) {
				t.Fatalf("nothing is 8-bit:\n%s", raw)
			}
			found := kinds(check(t, preflight.Config{}, string(raw)))
			if slices.Contains(found, preflight.EightBitBody) || slices.Contains(found, preflight.BadMIME) {
				t.Errorf("%s, %v: %v\n%s", name, f, found, raw)
			}
		}
	}
}
