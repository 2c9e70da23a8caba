package preflight_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// FuzzCheck: whatever the message and the DNS hold, there are findings of known
// kinds in one line each, the same each time, and a message with anything wrong
// in its lines has one.
func FuzzCheck(f *testing.F) {
	for _, fault := range faults {
		if msg := plant(f, fault); len(msg) < 5000 {
			f.Add([]byte(msg), returnPath, "v=spf1 include:x -all")
		}
	}
	for _, records := range goodZone() {
		f.Add([]byte(signed()), returnPath, records[0])
	}
	f.Add([]byte(strings.Repeat("DKIM-Signature: v=1; a=rsa-sha256; d=x; s=y; h=from; bh=; b=\r\n", 30)+newsletter), "", "v=DMARC1; p=none; adkim=s; aspf=s")
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n"+strings.Repeat("--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n", 50)), "x@y", "v=DKIM1; p=")
	known := allKinds(f)
	f.Fuzz(func(t *testing.T, msg []byte, path, record string) {
		checker, err := preflight.New(preflight.Config{Now: atNow, Resolver: every{record}})
		if err != nil {
			t.Fatal(err)
		}
		found := checker.Check(t.Context(), msg, path)
		for _, finding := range found {
			if !slices.Contains(known, finding.Kind) || finding.Where == "" || finding.Text == "" {
				t.Errorf("%+v", finding)
			}
			if s := finding.String(); strings.ContainsAny(s, "\r\n\x00\x1b") || !utf8.ValidString(s) || len(s) > 1000 {
				t.Errorf("%q", s)
			}
		}
		if again := checker.Check(t.Context(), msg, path); !slices.Equal(found, again) {
			t.Errorf("%v, and then %v", found, again)
		}
		bare := strings.ContainsAny(strings.ReplaceAll(string(msg), "\r\n", ""), "\r\n")
		if bare != slices.ContainsFunc(found, func(f preflight.Finding) bool { return f.Kind == preflight.BareNewline }) {
			t.Errorf("bare newline %v, found %v", bare, found)
		}
	})
}
