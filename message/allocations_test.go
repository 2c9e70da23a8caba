//go:build !race

package message_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

// TestAllocations: two at most a rendering, with all that a newsletter has. Under
// the race detector a sync.Pool forgets some of what it is given.
func TestAllocations(t *testing.T) {
	cfg := newsletter
	cfg.Message = message.Message{From: base().From, List: listMessage(t).List, Attachments: []message.Attachment{{Filename: "a.pdf", Content: pdf}}}
	cfg.HTML += `<a href="{{unsubscribe}}">leave</a><a href="https://example.org/?q={{.city}}">{{.none | default "x"}}</a>`
	cfg.Headers = []message.Header{{Name: "X-City", Value: "in {{.city}}"}, {Name: "X-Name", Value: "{{.name}}"}}
	tmpl := mustTemplate(t, cfg)
	var buf []byte
	to := message.Address{Name: "Zoë Müller", Addr: "zoe@example.net"}
	n := testing.AllocsPerRun(200, func() {
		r := message.Recipient{To: to, Fields: row}
		var err error
		if buf, err = tmpl.Append(buf[:0], &r); err != nil {
			t.Fatal(err)
		}
	})
	if n > 2 {
		t.Errorf("%.0f allocations", n)
	}
}
