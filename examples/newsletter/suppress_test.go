package main

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// TestSuppress: who is suppressed gets no mail and an outcome that says why, and
// is nobody's failure.
func TestSuppress(t *testing.T) {
	ledger, err := bounce.NewLedger(bounce.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	tr := newTrial(t)
	at := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	ledger.Suppress("ANN@example.org", at, "no-mailbox")
	ledger.Suppress("zoe@xn--bcher-kva.example", at, "complaint")
	ledger.Suppress("eve@example.org", at, "no-mailbox")
	ledger.Release("eve@example.org", at)
	name := filepath.Join(tr.dir, "suppressed")
	if err := ledger.Save(name); err != nil {
		t.Fatal(err)
	}
	args := []string{"-suppress", name, "-text", tr.file("t", "x"),
		"-recipients", tr.file("r.csv", "email\nann@example.org\nbob@example.org\nzoe@bücher.example\neve@example.org\n")}

	server := newServer(t)
	server.Start()
	list := tr.run(t.Context(), append(args, "-addr", server.Addr, "-tls", "none")...)
	tr.want(exitAccepted)
	if got, want := tallyOf(list), (tally{accepted: 2, notSent: 2}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	fates := fatesOf(t, list)
	for email, says := range map[string]string{"ann@example.org": "suppressed: no-mailbox", "zoe@bücher.example": "suppressed: complaint"} {
		if got, want := fates[email], (outcome{Email: email, Outcome: notSent, Error: says}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if n := tr.reported("suppressed"); n != 2 || strings.Contains(tr.stdout.String(), "\nnot-sent:") {
		t.Errorf("report:\n%s", tr.stdout.String())
	}
	for _, m := range server.Messages() {
		if to := m.To[0].Address; to != "bob@example.org" && to != "eve@example.org" {
			t.Errorf("mail to %s", to)
		}
	}
	if n := len(server.Messages()); n != 2 {
		t.Errorf("%d messages", n)
	}

	dir := filepath.Join(tr.dir, "mails")
	fates = fatesOf(t, tr.run(t.Context(), append(args, "-dry-run", dir)...))
	tr.want(exitAccepted)
	if n := len(readDryRun(t, dir)); n != 2 || fates["ann@example.org"].Error != "suppressed: no-mailbox" || fates["bob@example.org"].Error != errDryRun.Error() {
		t.Errorf("%d mails, %v", n, fates)
	}
}

// TestSuppressBesideFailures: a suppressed recipient does not hide one who was
// not accepted, and a bad row is one, whatever the list says.
func TestSuppressBesideFailures(t *testing.T) {
	tr := newTrial(t)
	var csv strings.Builder
	csv.WriteString("email\nann@example.org\n ann@example.org\n")
	list := tr.run(t.Context(), "-suppress", tr.file("s", "ann@example.org\n"), "-recipients", tr.file("r.csv", csv.String()), "-text", tr.file("t", "x"))
	tr.want(exitSome)
	if got, want := tallyOf(list), (tally{notSent: 1, invalid: 1}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	if out := tr.stdout.String(); !strings.Contains(out, "\ninvalid:") || strings.Contains(out, "more") {
		t.Errorf("report:\n%s", out)
	}
}
