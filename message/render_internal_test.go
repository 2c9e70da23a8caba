package message

import "testing"

// TestFreeForgets: slots and changed values that wait for the next recipient hold on to
// no text of the last one's.
func TestFreeForgets(t *testing.T) {
	tmpl, err := NewTemplate(TemplateConfig{
		Message: Message{From: Address{Addr: "news@example.com"}},
		Subject: "{{.name}}", Text: "Dear {{.name}}\n", HTML: "<p>Dear {{.name}}</p>",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := tmpl.state()
	r := &Recipient{To: Address{Addr: "ann@example.net"}, Fields: map[string]string{"name": "Zoë & Änn"}}
	if err := tmpl.settle(s, r); err != nil {
		t.Fatal(err)
	}
	for i, p := range tmpl.parts {
		if err := tmpl.render(s, &s.parts[i], p, r); err != nil {
			t.Fatal(err)
		}
	}
	if s.slots[0].quoted == s.slots[0].text || len(s.changed) == 0 {
		t.Fatalf("%+v, %d changed", s.slots[0], len(s.changed))
	}
	tmpl.free(s)
	for _, f := range s.slots {
		if f.text != "" || f.quoted != "" || f.known || f.plain {
			t.Errorf("%+v", f)
		}
	}
	for _, v := range s.changed {
		if v != (value{}) {
			t.Errorf("%+v", v)
		}
	}
}
