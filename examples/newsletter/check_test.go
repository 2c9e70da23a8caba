package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// A zoneResolver answers from a map, and notes what it is asked for.
type zoneResolver struct {
	records map[string]string
	asked   []string
}

func (z *zoneResolver) LookupTXT(_ context.Context, name string) ([]string, error) {
	z.asked = append(z.asked, name)
	if r, ok := z.records[name]; ok {
		return []string{r}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// good are flags for mails that nothing is to be held against.
func (tr *trial) good() []string {
	return []string{"-check", "-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", filepath.Join(tr.dir, "u.key"),
		"-dkim-key", tr.file("ed.pem", edKeyPEM(tr.t)), "-dkim-selector", "spring"}
}

// TestCheckErrors: with an error nothing is sent, and no earlier outcomes are
// overwritten.
func TestCheckErrors(t *testing.T) {
	for name, args := range map[string][]string{
		string(preflight.NoUnsubscribe): {"-check"},
		string(preflight.BrokenCID):     {"-html", `<img src="cid:none@x">`},
		string(preflight.DKIMUnaligned): {"-dkim-domain", "example.net"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t)
			server.Start()
			tr := newTrial(t)
			old := tr.file("outcomes.jsonl", "{}\n")
			if args[0] != "-check" {
				args = append(tr.good(), args...)
			}
			for i, a := range args {
				if strings.HasPrefix(a, "<img") {
					args[i] = tr.file("h", a)
				}
			}
			tr.code = tr.program.run(t.Context(), append([]string{"-outcomes", old, "-addr", server.Addr, "-tls", "none", "-n", "100"}, args...))
			tr.want(exitUsage)
			if n := server.Counters().Connections; n != 0 {
				t.Errorf("%d connections", n)
			}
			out := tr.stdout.String()
			if !strings.Contains(out, "["+name+"], in all of them") || !strings.Contains(out, "in the first 20 mails, to amelie") || strings.Contains(out, "recipients ") {
				t.Errorf("says:\n%s", out)
			}
			if got := tr.stderr.String(); !strings.Contains(got, "-check: 1 error") {
				t.Errorf("says %q", got)
			}
			if data, err := os.ReadFile(old); err != nil || string(data) != "{}\n" {
				t.Errorf("the outcomes are %q, %v", data, err)
			}
		})
	}
}

// TestCheckGoesOn: warnings do not keep mails from being sent, and the rows that
// were looked at get theirs like all others.
func TestCheckGoesOn(t *testing.T) {
	for _, test := range []struct {
		args []string
		says []string
	}{
		{nil, []string{"nothing is to be held against the first 20 mails", `spring._domainkey.example.com`}},
		{[]string{"-return-path", "b@example.net"}, []string{"0 errors and 1 warning", "[return-path-unaligned], in all of them"}},
	} {
		server := newServer(t)
		server.Start()
		tr := newTrial(t)
		tr.resolver = nil // of no use
		const n = 200
		list := tr.run(t.Context(), append(append(tr.good(), "-addr", server.Addr, "-tls", "none", "-n", fmt.Sprint(n)), test.args...)...)
		tr.want(exitAccepted)
		if len(fatesOf(t, list)) != n {
			t.Errorf("%d outcomes", len(list))
		}
		checkArrivals(t, server, fatesOf(t, list))
		for _, s := range test.says {
			if out := tr.stdout.String(); !strings.Contains(out, s) {
				t.Errorf("does not say %q:\n%s", s, out)
			}
		}
	}
}

// TestCheckSample: bad rows and suppressed ones are not looked at; a finding in
// one mail names its recipient; unsigned mails are the relay's to sign.
func TestCheckSample(t *testing.T) {
	tr := newTrial(t)
	csv := "email,name\nann@example.org,Ann\nbroken,B\neve@example.org,Eve\nbob@example.org,Bob\nzoe@example.org,Zoe\n"
	args := []string{"-check", "-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", filepath.Join(tr.dir, "u.key"),
		"-recipients", tr.file("r.csv", csv), "-suppress", tr.file("s", "eve@example.org"), "-text", tr.file("t", "x")}
	list := tr.run(t.Context(), append(args, "-html", tr.file("h", `{{if eq .name "Bob" "Eve"}}<script>x</script>{{end}}<p>Dear {{.name}}</p>`))...)
	tr.want(exitSome) // the broken row
	if len(fatesOf(t, list)) != 5 || tallyOf(list)[accepted] != 3 {
		t.Errorf("%+v", list)
	}
	for _, s := range []string{"0 errors and 1 warning in the first 3 mails, to ann@example.org and so on up to zoe@example.org\n",
		"[active-html], in 1 of them, the first to bob@example.org\n", "the relay has to do that"} {
		if out := tr.stdout.String(); !strings.Contains(out, s) {
			t.Errorf("does not say %q:\n%s", s, out)
		}
	}
}

// TestCheckNobody: an empty list has no mail to look at.
func TestCheckNobody(t *testing.T) {
	tr := newTrial(t)
	tr.run(t.Context(), "-check", "-recipients", tr.file("r.csv", "email\n"), "-text", tr.file("t", "x"))
	tr.want(exitAccepted)
	if out := tr.stdout.String(); !strings.Contains(out, "nobody") {
		t.Errorf("says:\n%s", out)
	}
}

// TestCheckDryRun: the check comes before the files, and says nothing with -quiet
// if there is nothing.
func TestCheckDryRun(t *testing.T) {
	tr := newTrial(t)
	dir := filepath.Join(tr.dir, "mails")
	tr.run(t.Context(), append(tr.good(), "-n", "30", "-dry-run", dir, "-quiet")...)
	tr.want(exitAccepted)
	if n := len(readDryRun(t, dir)); n != 30 || tr.stdout.String() != "" {
		t.Errorf("%d mails; says %q", n, tr.stdout.String())
	}
	tr.run(t.Context(), "-check", "-n", "30", "-dry-run", filepath.Join(tr.dir, "more"), "-quiet")
	tr.want(exitUsage)
	if out := tr.stdout.String(); !strings.HasPrefix(out, "  error: List-Unsubscribe") {
		t.Errorf("says %q", out)
	}
	if names, err := filepath.Glob(filepath.Join(tr.dir, "more", "*")); err != nil || len(names) > 0 {
		t.Errorf("written: %q, %v", names, err)
	}
}

// TestCheckDNS: the records are looked up for one mail, and only if asked for.
func TestCheckDNS(t *testing.T) {
	records := zone(t, dkim.Key{Domain: "example.com", Selector: "spring", Signer: edKey})
	records["example.com"], records["_dmarc.example.com"] = "v=spf1 mx -all", "v=DMARC1; p=none"
	another := zone(t, dkim.Key{Domain: "example.com", Selector: "spring", Signer: rsaKey()})
	another["example.com"], another["_dmarc.example.com"] = records["example.com"], records["_dmarc.example.com"]
	for name, test := range map[string]struct {
		records map[string]string
		code    int
		says    string
	}{
		"good":        {records, exitAccepted, "nothing is to be held against"},
		"nothing":     {nil, exitUsage, "[no-dkim-key], in 1 of them"},
		"another key": {another, exitUsage, "[dkim-fails], in 1 of them"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t)
			z := &zoneResolver{records: test.records}
			tr.resolver = z
			tr.run(t.Context(), append(tr.good(), "-check-dns", "-n", "50")...)
			tr.want(test.code)
			if out := tr.stdout.String(); !strings.Contains(out, test.says) {
				t.Errorf("says:\n%s", out)
			}
			if len(z.asked) == 0 || len(z.asked) > 10 {
				t.Errorf("asked for %q", z.asked)
			}
			z.asked = nil
			tr.run(t.Context(), append(tr.good(), "-n", "50")...)
			tr.want(exitAccepted)
			if len(z.asked) > 0 {
				t.Errorf("asked for %q", z.asked)
			}
		})
	}
}

// TestCheckInterrupted: a pipe into which nobody writes does not keep the check.
// What was read is sent, if there is still something to be sent.
func TestCheckInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("email\nzoe@example.org\n"); err != nil {
		t.Fatal(err)
	}
	tr := newTrial(t)
	o, err := parseOptions([]string{"-check", "-text", tr.file("t", "x"), "-n", "1"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if m.source, err = newCSVSource(r, r); err != nil {
		t.Fatal(err)
	}
	stop, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	n := 0
	for l := range m.sample(stop) {
		n++
		if l.email != "zoe@example.org" {
			t.Errorf("%+v", l)
		}
		interrupt()
	}
	for l := range m.letters(stop) {
		t.Errorf("%+v", l)
	}
	if n != 1 || !m.interrupted || m.readErr != nil || m.ledger.counts().total() != 0 {
		t.Errorf("%d letters, %t, %v", n, m.interrupted, m.readErr)
	}
}
