package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const mails = "../../bounce/testdata/mails"

// run runs the program and returns its exit code and output.
func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := program{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs}
	return p.run(args), out.String(), errs.String()
}

func decode(t *testing.T, stdout string) (rows []map[string]any) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		rows = append(rows, r)
	}
	return rows
}

func TestRows(t *testing.T) {
	code, out, errs := run(t, "", filepath.Join(mails, "dsn-two-groups.eml"), filepath.Join(mails, "other-reply.eml"), filepath.Join(mails, "arf-abuse.eml"), filepath.Join(mails, "text-html-only.eml"))
	if code != exitRead || errs != "" {
		t.Fatal(code, errs)
	}
	list := decode(t, out)
	if len(list) != 5 {
		t.Fatal(out)
	}
	keys := []string{"file", "kind", "recipient", "original_recipient", "verp_recipient", "action", "status", "code", "class", "hard", "feedback_type", "diagnostic", "remote_mta", "message_id", "error"}
	for _, r := range list {
		for _, k := range keys {
			if _, ok := r[k]; !ok || len(r) != len(keys) {
				t.Errorf("keys of %v", r)
				break
			}
		}
	}
	for i, want := range []map[string]any{
		{"kind": "dsn", "recipient": "ben@beta.example", "status": "5.2.2", "code": 552.0, "class": "mailbox-full", "hard": false, "action": "failed", "message_id": "n.4711@example.net"},
		{"kind": "dsn", "recipient": "cleo@home.gamma.example", "original_recipient": "cleo@gamma.example", "action": "delayed", "remote_mta": "mx.gamma.example", "hard": false},
		{"kind": "other", "recipient": "", "hard": nil, "code": 0.0},
		{"kind": "feedback", "recipient": "ann@alpha.example", "feedback_type": "abuse", "class": "complaint", "hard": nil},
		{"kind": "bounce", "recipient": "ida@webmail.example", "hard": true, "status": "5.1.1"},
	} {
		for k, v := range want {
			if list[i][k] != v {
				t.Errorf("row %d: %s is %v, want %v", i, k, list[i][k], v)
			}
		}
	}
}

func TestDirectory(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(mails, "*.eml"))
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
	code, out, errs := run(t, "", "-summary", mails)
	if code != exitRead {
		t.Fatal(code, errs)
	}
	var files []string
	for _, r := range decode(t, out) {
		if !slices.Contains(files, r["file"].(string)) {
			files = append(files, r["file"].(string))
		}
	}
	if len(files) != len(names)+1 { // want.jsonl is no mail: one row says so
		t.Errorf("%d files in the output, %d mails", len(files), len(names))
	}
	for _, want := range []string{"kind", "dsn", "auto-reply", "no-mailbox", "complaint"} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in the summary:\n%s", want, errs)
		}
	}
}

func TestVERP(t *testing.T) {
	name := filepath.Join(mails, "text-notes.eml")
	for want, args := range map[string][]string{
		"ann@alpha.example": {"-return-path", "other@example.net", "-return-path", "news@lists.example.net", name},
		"":                  {"-return-path", "other@example.net", name},
	} {
		code, out, errs := run(t, "", args...)
		if code != exitRead || decode(t, out)[0]["verp_recipient"] != want {
			t.Error(args, code, out, errs)
		}
	}
	if _, out, _ := run(t, "", "-header", "X-Recipient", name); decode(t, out)[0]["verp_recipient"] != "ann@alpha.example" {
		t.Error(out)
	}
}

func TestStandardInput(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(mails, "dsn-postfix.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := run(t, string(data), "-"); code != exitRead || decode(t, out)[0]["kind"] != "dsn" {
		t.Error(code, out, errs)
	}
	code, out, _ := run(t, "\x00\x00", "-")
	if r := decode(t, out); code != exitSome || r[0]["error"] == "" || r[0]["kind"] != "" {
		t.Error(code, out)
	}
}

func TestSuppress(t *testing.T) {
	file := filepath.Join(t.TempDir(), "suppressed.txt")
	args := []string{"-suppress", file, "-return-path", "news@lists.example.net", filepath.Join(mails, "text-notes.eml"), filepath.Join(mails, "dsn-utf8.eml")}
	var last string
	for range 2 {
		if code, _, errs := run(t, "", args...); code != exitRead {
			t.Fatal(code, errs)
		}
		data, err := os.ReadFile(file)
		if err != nil || strings.Count(string(data), "\nsuppress\t") != 1 || !strings.Contains(string(data), "\tann@alpha.example\tno-mailbox\t") {
			t.Fatalf("%s %v", data, err)
		}
		if last != "" && last != string(data) {
			t.Errorf("reading again changes the file:\n%s\n%s", last, data)
		}
		last = string(data)
	}
}

func TestUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"no path":          {},
		"-soft-limit":      {"-soft-limit", "0", "x"},
		"-soft-days":       {"-soft-days", "0", "x"},
		"-verp: ":          {"-return-path", "a@b.example", "-verp", "x", mails},
		"-verp-delimiters": {"-return-path", "a@b.example", "-verp-delimiters", "x", mails},
		"-return-path":     {"-return-path", "nobody", mails},
		"HeaderField":      {"-header", "a b", mails},
		"no such file":     {filepath.Join(mails, "none")},
		"flag provided":    {"-none", "x"},
	} {
		if code, _, errs := run(t, "", args...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: %d, %s", args, code, errs)
		}
	}
	if code, out, _ := run(t, "", "-h"); code != exitRead || !strings.Contains(out, "-return-path") {
		t.Error(code, out)
	}
}
