package interop_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// TestOpenSMTPD sends content with all the fields that OpenSMTPD adds where they
// are missing, and no more.
func TestOpenSMTPD(t *testing.T) {
	s := interop.Start(t, interop.OpenSMTPD)
	c := dial(t, s, interop.Open)
	fields := []byte("Date: Tue, 24 Nov 2026 00:00:00 +0000\r\nMessage-ID: <1@o.example>\r\nSubject: hello\r\n\r\n.\r\n\r\n")
	m := interop.Mail{ReturnPath: "list@o.example", OriginalTo: "b+tag@example.test", Content: fields}
	wantCode(t, c, m, 0)
	for to, code := range map[string]int{"bad1@example.test": 550, "tmp1@example.test": 450, "full1@example.test": 452, "bad1@discard.test": 0} {
		wantCode(t, c, mailTo("list@o.example", to, "hello"), code)
	}
	wantCode(t, c, mailTo("badsender@o.example", "a@example.test", "hello"), 550)
	wantCode(t, c, mailTo("tmpsender@o.example", "a@example.test", "hello"), 451)
	wantCode(t, c, mailTo("list@o.example", "a@example.test", "REJECTME please"), 550)
	wantMails(t, s, []interop.Mail{m})
}
