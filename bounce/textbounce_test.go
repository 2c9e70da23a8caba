package bounce_test

import (
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// TestAttribution holds that a report is about no sender, no list and no helper.
func TestAttribution(t *testing.T) {
	head := "From: MAILER-DAEMON@x.example\nTo: bounces@lists.example.net\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
	returned := "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nYour message could not be delivered.\n\n--b\nContent-Type: message/rfc822\n\n"
	arf := "From: fbl@x.example\nTo: abuse@example.net\nSubject: complaint\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nAn abuse report.\n\n" +
		"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\n"
	for name, c := range map[string]struct{ text, want string }{
		"To is the list that it came back to": {strings.ReplaceAll(head, "bounces@", "news@") + returned + "From: Eva <eva@example.net>\nTo: news@lists.example.net\nSubject: x\n\n--b--\n", ""},
		"To is the list of the header":        {head + returned + "From: Eva <eva@example.net>\nTo: news@lists.example.net\nList-Post: <mailto:news@lists.example.net>\nSubject: x\n\n--b--\n", ""},
		"an older hop went to the list": {head + returned + "Received: from a by b; Mon, 4 May 2026 10:00:00 +0000\nReceived: from c by a for <news@lists.example.net>; Mon, 4 May 2026 10:00:00 +0000\n" +
			"From: Eva <eva@example.net>\nTo: ann@alpha.example\nSubject: x\n\n--b--\n", "ann@alpha.example"},
		"the last hop went to the recipient": {head + returned + "Received: from a by b for <ann@alpha.example>; Mon, 4 May 2026 10:00:00 +0000\n" +
			"From: news@lists.example.net\nTo: news@lists.example.net\nSubject: x\n\n--b--\n", "ann@alpha.example"},
		"reported by":        {head + "\nThe mail could not be delivered, user unknown.\nReported by admin@x.example\n\nann@alpha.example: user unknown\n", "ann@alpha.example"},
		"moved to":           {head + "\nThe mail could not be delivered:\n\n<ann@alpha.example>: 550 5.1.6 user has moved to <carl@alpha.example>\n", "ann@alpha.example"},
		"a new address":      {head + "\nDelivery to ann@alpha.example has failed, mail was not delivered.\nThe new address is carl@alpha.example\n", "ann@alpha.example"},
		"ARF about a list":   {arf + "From: Eva <eva@example.net>\nTo: news@lists.example.net\nList-Post: <mailto:news@lists.example.net>\nSubject: x\n\n--b--\n", ""},
		"ARF to the sender":  {arf + "From: news@lists.example.net\nTo: news@lists.example.net\nSubject: x\n\n--b--\n", ""},
		"ARF with recipient": {arf + "From: news@lists.example.net\nTo: ann@alpha.example\nSubject: x\n\n--b--\n", "ann@alpha.example"},
	} {
		r, err := bounce.Parse(strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if !r.Kind.IsBounce() && r.Kind != bounce.Feedback {
			t.Errorf("%s: %v", name, r.Kind)
		}
		var got []string
		for _, rcpt := range r.Recipients {
			got = append(got, rcpt.Address)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: %q, want %q", name, g, c.want)
		}
	}
}

// What says that nothing was delivered is no success, in whatever words.
func TestNoSuccess(t *testing.T) {
	r, err := bounce.Parse(strings.NewReader("From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: failure notice\n\n<ann@alpha.example>: the message could not be delivered successfully\n"))
	if err != nil || len(r.Recipients) != 1 || r.Recipients[0].Class == bounce.Success {
		t.Errorf("%+v, %v", r, err)
	}
}
