package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/mail"
	"strings"
	"testing"
)

// TestMergeFieldInjection: a list of subscribers is what strangers typed into a
// form. Whatever stands in a name or an address, each mail that goes out has one
// recipient, in the envelope and in the header, and no header field that the
// program did not write; a row that cannot have such a mail has none.
func TestMergeFieldInjection(t *testing.T) {
	const evil = "evil@example.net"
	names := []string{
		"Bcc: " + evil, "<" + evil + ">", evil, "Ann <" + evil + ">,", "\", " + evil + ", \"", "\\\" <" + evil + ">", "a;b:c,d(e)",
		"{{.email}}", `{{template "x"}}`, "{{define \"text\"}}", "<script>evil()</script>", "=?utf-8?q?=0D=0ABcc:_" + evil + "?=", "%0D%0ABcc: " + evil,
		"x\r\nBcc: " + evil, "x\nBcc: " + evil, "x\rBcc: " + evil, "x\r\n\r\nevil", "x\x00", "\x1b[2J", "x\u2028Bcc: " + evil, "\r\n.\r\nMAIL FROM:<" + evil + ">",
		"=cmd|'/c calc'!A1", "é\" <" + evil + ">",
	}
	addresses := []string{
		"a@example.org\r\nRCPT TO:<" + evil + ">", "a@example.org> NOTIFY=NEVER", "a@example.org>,<" + evil, "a@example.org, " + evil, "<a@example.org>",
		`"a@example.org> SIZE=1"@example.org`, "\"a\r\nRCPT TO:<" + evil + ">\"@example.org", "Ann <a@example.org>", "a@example.org,b@example.org", "@" + evil,
		`"a NOTIFY=NEVER"@example.org`, // a good one, for a recipient of that name
	}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"email", "name"}}
	for i, name := range names {
		rows = append(rows, []string{fmt.Sprintf("r%d@example.org", i), name})
	}
	for _, address := range addresses {
		rows = append(rows, []string{address, "Ann"})
	}
	_ = w.WriteAll(rows) // to memory

	server := newServer(t)
	server.Start()
	tr := newTrial(t)
	list := tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-recipients", tr.file("r.csv", file.String()),
		"-subject", "News for {{.name}}", "-text", tr.file("t.txt", "Dear {{.name}}"), "-html", tr.file("t.html", "<p>{{.name}}</p>"))
	tr.want(exitSome)
	messages := server.Messages()
	got := tallyOf(list)
	if int(got[accepted]) != len(messages) || got[accepted] < 12 || got[invalid] < 12 || int(got[accepted]+got[invalid]) < len(names) {
		t.Errorf("outcomes %v, %d messages", got, len(messages))
	}
	for _, m := range messages {
		if len(m.To) != 1 || m.To[0].Params != "" || !strings.HasSuffix(m.To[0].Address, "@example.org") {
			t.Errorf("envelope %+v", m.To)
			continue
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		to, err := parsed.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address == evil || parsed.Header.Get("Bcc") != "" {
			t.Errorf("%s: To %v, %v, Bcc %q", m.To[0].Address, to, err, parsed.Header.Get("Bcc"))
		}
		if bytes.Contains(m.Data, []byte("<script")) && bytes.Contains(m.Data, []byte("<p><script")) {
			t.Errorf("%s: markup of a stranger's:\n%s", m.To[0].Address, m.Data)
		}
	}
}
