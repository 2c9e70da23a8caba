package bounce_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// FuzzParse holds that whatever comes in, there is no panic, what comes out is
// fit to be printed and consistent, and line ends make no difference.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/mails/*.eml")
	if err != nil || len(names) == 0 {
		f.Fatal("no mails", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("From: MAILER-DAEMON@x.example\n\nann@alpha.example on abcde\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := bounce.Parse(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, bounce.ErrNoMail) || r != nil {
				t.Fatalf("report %v, error %v", r, err)
			}
			return
		}
		checkSane(t, r)
		if bytes.IndexByte(data, '\r') >= 0 {
			return
		}
		crlf, err := bounce.Parse(bytes.NewReader(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))))
		if err != nil || !reflect.DeepEqual(r, crlf) {
			t.Errorf("with CRLF: %+v, %v\nwith LF: %+v", crlf, err, r)
		}
	})
}

func checkSane(t *testing.T, r *bounce.Report) {
	t.Helper()
	if !r.Kind.IsBounce() && r.Kind != bounce.Feedback && len(r.Recipients) > 0 {
		t.Errorf("a mail of the kind %v has recipients", r.Kind)
	}
	if (r.Kind == bounce.Feedback) != (r.Feedback != nil) {
		t.Errorf("kind %v, feedback %v", r.Kind, r.Feedback)
	}
	seen := map[string]bool{}
	for _, c := range r.Recipients {
		for _, s := range []string{c.Address, c.Final, c.Original, c.Who, c.Status, c.Diagnostic, c.RemoteMTA} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
				t.Errorf("not printable: %q", s)
			}
		}
		if c.Address == "" || seen[strings.ToLower(c.Address)] {
			t.Errorf("recipient %q is empty or comes twice", c.Address)
		}
		seen[strings.ToLower(c.Address)] = true
		if len(c.Diagnostic) > 1000 || c.Code != 0 && (c.Code < 200 || c.Code > 599) {
			t.Errorf("diagnostic %q, code %d", c.Diagnostic, c.Code)
		}
		if c.Status != "" && strings.Count(c.Status, ".") != 2 {
			t.Errorf("status %q", c.Status)
		}
	}
}

// FuzzLedger holds that what a Ledger reads and writes it reads again as the same.
func FuzzLedger(f *testing.F) {
	f.Add("ann@alpha.example\nsuppress\t2026-05-04T10:00:05Z\tben@beta.example\tno-mailbox\t550 no\n")
	f.Add("suppress\t0000-01-01T00:00:00+14:00\tx\t\t\nsuppress\t2026-05-04T10:00:05Z\t\u00a0\t\t\n")
	f.Add("soft\t2026-05-04T10:00:05Z\tben@beta.example\tmailbox-full\tid\nrelease\t2026-05-04T10:00:05Z\tcleo@gamma.example\n# x\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := bounce.NewLedger(bounce.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.ReadFrom(strings.NewReader(text)); err != nil {
			return
		}
		var once, twice strings.Builder
		if _, err := first.WriteTo(&once); err != nil {
			t.Fatal(err)
		}
		second, err := bounce.NewLedger(bounce.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := second.ReadFrom(strings.NewReader(once.String())); err != nil {
			t.Fatalf("%v\n%s", err, once.String())
		}
		if _, err := second.WriteTo(&twice); err != nil || once.String() != twice.String() {
			t.Errorf("%v\n%q\n%q", err, once.String(), twice.String())
		}
	})
}

// FuzzMbox holds that a mail comes out of an mbox as it went in.
func FuzzMbox(f *testing.F) {
	f.Add("Subject: a\n\nbody\n", "Subject: b\n\n>From x\nFrom y\n")
	f.Add("Subject: a\n\nFrom a@b.example Mon May  4 10:00:05 2026\n", "From: b\n\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsAny(a+b, "\r") {
			return
		}
		p, err := bounce.New(bounce.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var box strings.Builder
		var want []string
		for _, m := range []string{a, b} {
			m = strings.TrimRight(m, "\n") + "\n"
			box.WriteString(fromLine)
			for line := range strings.Lines(m) {
				if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
					box.WriteByte('>')
				}
				box.WriteString(line)
			}
			box.WriteString("\n")
			r, err := bounce.Parse(strings.NewReader(m + "\n"))
			if err != nil {
				want = append(want, "error")
				continue
			}
			want = append(want, r.Kind.String()+r.Subject+r.From)
		}
		var got []string
		for m := range p.Mbox("box", strings.NewReader(box.String())) {
			if m.Err != nil {
				got = append(got, "error")
				continue
			}
			got = append(got, m.Report.Kind.String()+m.Report.Subject+m.Report.From)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
