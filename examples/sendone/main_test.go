package main

import (
	"bytes"
	"encoding/pem"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// sendone runs the program and returns its exit code and what it wrote.
func sendone(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// file writes a file for a flag and returns its name.
func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// provider starts a server that wants a login, and returns the flags that lead
// to it.
func provider(t *testing.T, faults ...smtptest.Fault) (*smtptest.Server, []string) {
	t.Helper()
	server := smtptest.NewUnstartedServer()
	server.Users = map[string]string{"ada": "s3cret"}
	server.RequireAuth, server.NoPlaintextAuth = true, true
	server.Script(faults...)
	server.Start()
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return server, []string{
		"-addr", server.Addr, "-ca", file(t, "ca.pem", ca),
		"-user", "ada", "-password-file", file(t, "password", []byte("s3cret\r\nnot this\r\n")),
		"-from", "Ada <ada@example.com>", "-max-attempts", "1",
	}
}

func TestOutOfTheBox(t *testing.T) {
	code, out, errs := sendone(t, "not read")
	if code != exitAccepted || errs != "" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	for _, want := range []string{
		"accepted  zoe@example.net  250 ",
		"accepted  charles@example.org  250 ",
		"over TLS from user \"ada\"",
		"  MAIL FROM:<ada@example.com>\n  RCPT TO:<zoe@example.net>\n  RCPT TO:<charles@example.org>\n",
		"  Subject: A mail from sendone\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

func TestBuiltInRefusesNobody(t *testing.T) {
	code, out, _ := sendone(t, "", "-to", "nobody@example.net", "-tls", "implicit")
	if code != exitSome || !strings.HasPrefix(out, "rejected  nobody@example.net  ") || !strings.Contains(out, "received nothing") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestWholeMail(t *testing.T) {
	server, flags := provider(t)
	code, out, errs := sendone(t, "Dear Zoë,\nhere it is.\n", append(flags,
		"-to", "Zoë <zoe@example.net>, bob@example.org", "-to", "carol@example.org",
		"-subject", "Grüße", "-html", file(t, "mail.html", []byte("<p>here it is</p>")), "-text", "-",
		"-attach", file(t, "notes.txt", []byte("one\n")), "-attach", file(t, "more.bin", []byte{0, 1, 2}))...)
	if code != exitAccepted || errs != "" || strings.Count(out, "accepted  ") != 3 {
		t.Fatalf("exit code %d, %q:\n%s", code, errs, out)
	}
	taken := server.Messages()
	if len(taken) != 1 {
		t.Fatalf("%d messages taken", len(taken))
	}
	m := taken[0]
	if !m.TLS || m.User != "ada" || m.From != "ada@example.com" || len(m.To) != 3 || m.To[2].Address != "carol@example.org" {
		t.Errorf("taken %+v", m)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil || got != "Grüße" {
		t.Errorf("Subject %q, %v", got, err)
	}
	for _, want := range []string{"multipart/mixed", "multipart/alternative", "here it is.", "<p>here it is</p>", "notes.txt", "more.bin"} {
		if !bytes.Contains(m.Data, []byte(want)) {
			t.Errorf("mail lacks %q:\n%s", want, m.Data)
		}
	}
}

// TestOutcomes has the relay misbehave.
func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault smtptest.Fault
		want  []string // beginnings of lines
	}{
		{"rejected", smtptest.Fault{At: smtptest.PointRCPT, Match: "bob@", Do: smtptest.Answer("550 5.1.1 No such user")},
			[]string{"accepted  zoe@example.net  250 ", "rejected  bob@example.org  smtp: RCPT: 550 5.1.1 No such user"}},
		{"deferred", smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.Answer("451 4.3.0 Later")},
			[]string{"deferred  zoe@example.net  smtp: end of data: 451", "deferred  bob@example.org  smtp: end of data: 451"}},
		{"lost before the end", smtptest.Fault{At: smtptest.PointDATA, Do: smtptest.CloseConn()},
			[]string{"not-sent  zoe@example.net  ", "not-sent  bob@example.org  "}},
		{"lost behind the end", smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.AcceptAndClose()},
			[]string{"unknown   zoe@example.net  ", "unknown   bob@example.org  "}},
		{"wrong password", smtptest.Fault{At: smtptest.PointAUTH, Do: smtptest.Answer("535 5.7.8 Bad credentials")},
			[]string{"not-sent  zoe@example.net  ", "not-sent  bob@example.org  "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, flags := provider(t, test.fault)
			code, out, errs := sendone(t, "Hello.\n", append(flags, "-to", "zoe@example.net,bob@example.org")...)
			if code != exitSome || errs != "" {
				t.Errorf("exit code %d, %q", code, errs)
			}
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("lines:\n%s", out)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %q, want %q…", lines[i], want)
				}
			}
			if strings.Contains(out, "s3cret") {
				t.Error("the password is in the output")
			}
		})
	}
}

func TestNoRelay(t *testing.T) {
	server, flags := provider(t)
	server.Close()
	code, out, _ := sendone(t, "Hello.\n", append(flags, "-to", "zoe@example.net")...)
	if code != exitSome || !strings.HasPrefix(out, "not-sent  zoe@example.net  pool: relay is down or refuses us: ") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// TestUntrusted: without -ca the server's certificate is nobody's.
func TestUntrusted(t *testing.T) {
	server, _ := provider(t)
	code, out, _ := sendone(t, "Hello.\n", "-addr", server.Addr, "-from", "ada@example.com", "-to", "zoe@example.net")
	if code != exitSome || !strings.Contains(out, "certificate") || len(server.Messages()) != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestUsage(t *testing.T) {
	relay := []string{"-addr", "127.0.0.1:1", "-from", "ada@example.com", "-to", "zoe@example.net"}
	empty := file(t, "empty", nil)
	for _, test := range []struct {
		want string
		args []string
	}{
		{"not defined", []string{"-frm", "ada@example.com"}},
		{"unexpected argument", []string{"zoe@example.net"}},
		{"-from is missing", []string{"-addr", "127.0.0.1:1", "-to", "zoe@example.net"}},
		{"-to is missing", []string{"-addr", "127.0.0.1:1", "-from", "ada@example.com"}},
		{"missing port", []string{"-addr", "localhost", "-from", "ada@example.com", "-to", "zoe@example.net"}},
		{"-tls", append(relay, "-tls", "maybe")},
		{"-from", append(relay, "-from", "ada")},
		{"-to", append(relay, "-to", "zoe@")},
		{"-max-attempts", append(relay, "-max-attempts", "0")},
		{"go together", append(relay, "-user", "ada")},
		{"no such file", append(relay, "-user", "ada", "-password-file", empty+"x")},
		{"no certificate", append(relay, "-ca", empty)},
		{"-ca goes with -addr", []string{"-ca", empty}},
		{"no such file", append(relay, "-ca", empty+"x")},
		{"no such file", append(relay, "-text", empty+"x")},
		{"no such file", append(relay, "-html", empty+"x")},
		{"no such file", append(relay, "-attach", empty+"x")},
		{"standard input", append(relay, "-text", "-", "-html", "-")},
		{"Subject", append(relay, "-subject", "Hello\r\nBcc: eve@example.org")},
	} {
		code, out, errs := sendone(t, "Hello.\n", test.args...)
		if code != exitUsage || out != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%q: exit code %d, want %q in %q, output %q", test.args, code, test.want, errs, out)
		}
	}
	if code, out, errs := sendone(t, "", "-h"); code != exitAccepted || errs != "" || !strings.Contains(out, "-password-file") {
		t.Errorf("-h: exit code %d, %q, %q", code, out, errs)
	}
}
