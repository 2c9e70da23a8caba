package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// TestIMAP reads the mails of testdata from a real Dovecot, and has the same
// output as for the files.
func TestIMAP(t *testing.T) {
	server := interop.Start(t, interop.Dovecot)
	names, err := filepath.Glob(filepath.Join(mails, "*.eml"))
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
	var want []string
	for range 6 { // several batches
		for _, name := range names {
			_, out, _ := run(t, "", name)
			want = append(want, withoutFiles(t, out)...)
		}
	}
	c := dialStore(t, server)
	for range 6 {
		for _, name := range names {
			appendMail(t, c, name)
		}
	}

	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(interop.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	login := []string{"-imap-user", interop.User, "-imap-password-file", password, "-imap-ca", server.CAFile()}
	for mode, port := range map[string]interop.Port{"implicit": interop.IMAPS, "starttls": interop.IMAP} {
		code, out, errs := run(t, "", append(login, "-imap", server.Addr(port), "-imap-tls", mode)...)
		if got := withoutFiles(t, out); code != exitRead || !slices.Equal(got, want) {
			t.Errorf("%s: status %d, %d rows, want %d; %s", mode, code, len(got), len(want), errs)
		}
		if !strings.Contains(out, fmt.Sprintf(`"file":"imap://%s/INBOX;UID=1"`, server.Addr(port))) {
			t.Error("no UID in the output")
		}
		if n := seenMails(t, c); n != 0 {
			t.Errorf("%d mails are marked as seen by reading", n)
		}
	}

	marking := append(login, "-imap", server.Addr(interop.IMAPS), "-imap-new")
	nowhere := append(slices.Clone(marking), "-suppress", filepath.Join(t.TempDir(), "none", "suppressed.txt"))
	if code, _, _ := run(t, "", nowhere...); code != exitUsage {
		t.Error("status", code)
	}
	if n := seenMails(t, c); n != 0 {
		t.Errorf("%d mails are marked as seen, and none was kept", n)
	}
	if _, out, errs := run(t, "", marking...); !slices.Equal(withoutFiles(t, out), want) {
		t.Error(errs)
	}
	if n := seenMails(t, c); n != 6*len(names) {
		t.Errorf("%d mails are marked as seen, want %d", n, 6*len(names))
	}
	if code, out, errs := run(t, "", marking...); code != exitRead || out != "" {
		t.Error(code, out, errs)
	}
	appendMail(t, c, names[0])
	if _, out, _ := run(t, "", marking...); len(decode(t, out)) == 0 {
		t.Error("a new mail was not read")
	}

	for want, args := range map[string][]string{
		"login":       {"-imap", server.Addr(interop.IMAPS), "-imap-user", interop.User, "-imap-password-file", names[0], "-imap-ca", server.CAFile()},
		"certificate": {"-imap", server.Addr(interop.IMAPS), "-imap-user", interop.User, "-imap-password-file", password},
		"-imap":       append(login, "-imap", server.Addr(interop.IMAPS), "-imap-mailbox", "None"),
	} {
		if code, _, errs := run(t, "", args...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: %d, %s", want, code, errs)
		}
	}
}

func TestIMAPAddr(t *testing.T) {
	for in, want := range map[string]string{
		"[::1]": "[::1]:993", "::1": "[::1]:993", "[::1]:1993": "[::1]:1993", "mail.example": "mail.example:993", "mail.example:1": "mail.example:1",
	} {
		if got := (&options{imap: in}).imapAddr(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// withoutFiles returns the rows without the file, which differs.
func withoutFiles(t *testing.T, out string) (list []string) {
	for _, r := range decode(t, out) {
		delete(r, "file")
		list = append(list, fmt.Sprint(r))
	}
	return list
}

func dialStore(t *testing.T, s *interop.Server) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialTLS(s.Addr(interop.IMAPS), &imapclient.Options{TLSConfig: s.TLS()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(interop.User, interop.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func appendMail(t *testing.T, c *imapclient.Client, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := c.Append("INBOX", int64(len(data)), nil)
	if _, err := cmd.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func seenMails(t *testing.T, c *imapclient.Client) int {
	t.Helper()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return len(found.AllUIDs())
}
