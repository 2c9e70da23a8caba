package bounce_test

import (
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// TestAttacks reads mails made to take long: a step that looks at everything
// again for each line takes minutes for one of them, and the test its time limit.
func TestAttacks(t *testing.T) {
	head := "From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n"
	n := 4 << 20
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	many := func(f string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.ReplaceAll(f, "#", string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676%26))+string(rune('a'+i/17576%26))))
		}
		return b.String()
	}
	for name, s := range map[string]string{
		"boundaries":  head + "Content-Type: multipart/mixed; boundary=b\n\n" + rep("--b"),
		"boundaries2": head + "Content-Type: multipart/mixed; boundary=b\n\n" + rep("--b \n"),
		"parts":       head + "Content-Type: multipart/mixed; boundary=b\n\n" + rep("--b\n\nx\n"),
		"at":          head + "\n" + rep("@"),
		"addr":        head + "\n" + rep("a@b.c "),
		"lines":       head + "\n" + many("<#@x.example>: 550 5.1.1 no such user\n"),
		"linesnone":   head + "\n" + many("<#@x.example>: hello\n"),
		"dsn":         head + "Content-Type: multipart/report; boundary=b\n\n--b\n\n" + many("#@x.example\n")[:100000] + "\n--b\nContent-Type: message/delivery-status\n\n" + many("Final-Recipient: rfc822; #@x.example\nAction: failed\n\n"),
		"dsn2":        head + "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" + many("Final-Recipient: rfc822; #@x.example\n"),
		"550":         head + "\n" + rep("550 5.1.1 "),
		"quote":       head + "\n" + rep("\"@"),
		"headers":     rep("A: b\n"),
		"continue":    "A: b\n" + rep(" b\n"),
		"fields":      head + "\n" + rep("A: b\n c\n"),
		"html":        head + "Content-Type: text/html\n\n" + rep("<br>"),
		"html2":       head + "Content-Type: text/html\n\n" + rep("<"),
		"words":       head + "Subject: " + rep("=?utf-8?q?=?= ") + "\n\n",
		"subject":     "Subject: " + rep("=?utf-8?b?") + "\n" + head + "\n\n",
		"json":        head + "\n" + `{"notificationType":` + rep("["),
		"cr":          head + "\n" + rep("\r"),
		"nest":        head + "Content-Type: multipart/mixed; boundary=b\n\n" + rep("--b\nContent-Type: multipart/mixed; boundary=b\n\n"),
		"xtext":       head + "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: utf-8; " + rep(`\x{`) + "\n",
		"to":          "To: " + rep("a@b.c, ") + "\n" + head + "\nx",
		"xfr":         head + "X-Failed-Recipients: " + many("#@b.c, ") + "\n\nx",
		"params":      head + "Content-Type: multipart/mixed; " + rep("a=b;") + "\n\nx",
		"literals":    "To: " + rep("a@[") + "\n" + head + "\nx",
		"literals2":   head + "\n" + rep("a@["),
		"quotes":      "To: " + rep("\"@x") + "\n" + head + "\nx",
		"dashes":      head + "Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", n/64) + "\n\n" + rep("-"),
		"dashes2":     head + "Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", 150) + "\n\n" + rep("-"),
		"octets":      "Subject: " + rep("\xff") + "\n" + head + "\nx",
		"returned":    head + "Content-Type: message/rfc822\n\nSubject: " + rep("\xff") + "\nTo: " + rep("\xff") + "\n\n",
		"rest":        head + "\n" + many("<#@x.example>\n")[:40000] + "\n" + rep(strings.Repeat("4.9.9x 9", 400)+"\n"),
		"statustext":  head + "\n" + many("Final-Recipient: rfc822; #@x.example\n")[:40000] + "\n" + rep(strings.Repeat("4.9.9x 9", 400)+"\n"),
		"feedback":    head + "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n" + rep("Feedback-Type: abuse\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := bounce.Parse(strings.NewReader(s))
			if err != nil {
				t.Fatal(err)
			}
			checkSane(t, r)
			if len(r.Recipients) > 1000 {
				t.Errorf("%d recipients", len(r.Recipients))
			}
		})
	}
}
