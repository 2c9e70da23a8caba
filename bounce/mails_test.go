package bounce_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// A wanted is a line of testdata/mails/want.jsonl: what is in a mail.
type wanted struct {
	File, Kind, Feedback string
	Recipients           []struct {
		Address, Status string
		Code            int
		Class, Action   string
	}
}

func wants(t testing.TB) (list []wanted) {
	t.Helper()
	data, err := os.ReadFile("testdata/mails/want.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var w wanted
		if err := json.Unmarshal([]byte(line), &w); err != nil {
			t.Fatal(err)
		}
		list = append(list, w)
	}
	if len(list) < 20 {
		t.Fatalf("%d mails", len(list))
	}
	return list
}

func TestMails(t *testing.T) {
	for _, w := range wants(t) {
		t.Run(strings.TrimSuffix(w.File, ".eml"), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata/mails", w.File))
			if err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string][]byte{
				"LF":   data,
				"CRLF": bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")),
				"CR":   bytes.ReplaceAll(data, []byte("\n"), []byte("\r")),
			} {
				r, err := bounce.Parse(bytes.NewReader(content))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				check(t, name, r, w)
			}
		})
	}
}

func check(t *testing.T, name string, r *bounce.Report, w wanted) {
	t.Helper()
	if r.Kind.String() != w.Kind {
		t.Errorf("%s: kind %v, want %s", name, r.Kind, w.Kind)
	}
	if r.Feedback != nil && r.Feedback.Type != w.Feedback || r.Feedback == nil && w.Feedback != "" {
		t.Errorf("%s: feedback %+v, want %q", name, r.Feedback, w.Feedback)
	}
	if len(r.Recipients) != len(w.Recipients) {
		t.Fatalf("%s: recipients %+v, want %+v", name, r.Recipients, w.Recipients)
	}
	for i, got := range r.Recipients {
		want := w.Recipients[i]
		if got.Address != want.Address || got.Status != want.Status || got.Code != want.Code || string(got.Class) != want.Class || string(got.Action) != want.Action {
			t.Errorf("%s: recipient %+v\nwant %+v", name, got, want)
		}
	}
}
