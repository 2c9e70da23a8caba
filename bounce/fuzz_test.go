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
