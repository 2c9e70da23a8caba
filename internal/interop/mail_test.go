package interop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

const delivered = `Return-Path: <list-a=x.example@o.example>
X-Original-To: "a b"@example.test
Delivered-To: "a b"@example.test
Received: from client.test (localhost [127.0.0.1])
	by mx.example.test (Postfix) with ESMTPSA id 1234
	for <a@example.test>
Received: from elsewhere
Subject: hello
 and more

body
`

// Exim's own fields stand above the same content.
const deliveredByExim = `Return-path: <list-a=x.example@o.example>
Envelope-to: "a b"@example.test
Received: from [127.0.0.1] (helo=client.test)
	by mx.example.test with esmtpsa
	for "a b"@example.test;
	Tue, 24 Nov 2026 03:44:14 +0000
`

func TestParseMailOfExim(t *testing.T) {
	_, content, _ := strings.Cut(delivered, "for <a@example.test>\n")
	got, err := interop.ParseMail([]byte(deliveredByExim + content))
	if err != nil {
		t.Fatal(err)
	}
	want, err := interop.ParseMail([]byte(delivered))
	if err != nil {
		t.Fatal(err)
	}
	if got.ReturnPath != want.ReturnPath || got.OriginalTo != want.OriginalTo || string(got.Content) != string(want.Content) {
		t.Errorf("%q; want %q", got, want)
	}
}

// OpenSMTPD has the recipient in Delivered-To alone; Haraka has a field more, and
// keeps the ends of lines.
func TestParseMailOfOthers(t *testing.T) {
	for _, file := range []string{
		"Return-Path: <s@o.example>\nDelivered-To: a@example.test\nReceived: from x\n\tid 1\nSubject: hello\n\nbody\n",
		"Return-Path: <s@o.example>\r\nX-Original-To: a@example.test\r\nAuthentication-Results: mx;\r\n\tauth=pass\r\n" +
			"Received: from x\r\n\tid 1\r\nSubject: hello\r\n\r\nbody\r\n",
	} {
		got, err := interop.ParseMail([]byte(file))
		if err != nil {
			t.Errorf("%q: %v", file, err)
		}
		if got.ReturnPath != "s@o.example" || got.OriginalTo != "a@example.test" ||
			string(got.Content) != "Subject: hello\r\n\r\nbody\r\n" || !strings.HasSuffix(got.Received, "id 1") {
			t.Errorf("%q: %+v", file, got)
		}
	}
}

func TestParseMail(t *testing.T) {
	got, err := interop.ParseMail([]byte(delivered))
	if err != nil {
		t.Fatal(err)
	}
	if got.ReturnPath != "list-a=x.example@o.example" || got.OriginalTo != `"a b"@example.test` {
		t.Errorf("envelope %q, %q", got.ReturnPath, got.OriginalTo)
	}
	want := "Received: from elsewhere\r\nSubject: hello\r\n and more\r\n\r\nbody\r\n"
	if string(got.Content) != want {
		t.Errorf("content %q; want %q", got.Content, want)
	}
}

func TestParseMailRefusesWhatTheServerDidNotWrite(t *testing.T) {
	for _, file := range []string{"", "\n", "Return-Path: <>\n", "Return-Path: <>\nSubject: x\n\n", "no field"} {
		if m, err := interop.ParseMail([]byte(file)); err == nil {
			t.Errorf("%q: %+v; want an error", file, m)
		}
	}
}

func TestTakeMailsEmptiesTheMaildir(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1", "2"} {
		file := strings.ReplaceAll(delivered, "body", "body "+name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{2, 0} {
		mails, err := interop.TakeMails(dir)
		if err != nil || len(mails) != want {
			t.Fatalf("%d mails, %v; want %d", len(mails), err, want)
		}
	}
	if mails, err := interop.TakeMails(filepath.Join(dir, "not-yet")); len(mails) != 0 || err != nil {
		t.Errorf("no maildir yet: %v, %v", mails, err)
	}
}
