package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func tryRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), &out, &errs, args)
	return code, out.String(), errs.String()
}

// TestLoop: everything that came back is traced to its recipient, exactly those
// whom it should be are suppressed, and the next newsletters leave them out.
func TestLoop(t *testing.T) {
	const n = 300
	dir := t.TempDir()
	code, out, errs := tryRun(t, "-n", fmt.Sprint(n), "-rounds", "3", "-dir", dir)
	if code != exitTraced || errs != "" {
		t.Fatal(code, out, errs)
	}
	once, later := 0, 0
	list, err := os.ReadFile(filepath.Join(dir, "suppressed.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		who := fmt.Sprintf("reader.%d@example.org", i+1)
		reason := ""
		switch fateOf(who) {
		case unknownUser, unknownUserText:
			reason = "no-mailbox"
			once++
		case complaint:
			reason = "complaint"
			once++
		case fullMailbox:
			reason = "mailbox-full"
			later++
		}
		if got := strings.Contains(string(list), "\t"+who+"\t"+reason+"\t") || strings.Contains(string(list), "\t"+who+"\t"+reason+"\n"); got != (reason != "") {
			t.Errorf("%s: suppressed for %q: %t", who, reason, got)
		}
	}
	if once == 0 || later == 0 {
		t.Fatal("nothing of some sort has come back")
	}
	for _, want := range []string{
		fmt.Sprintf("no. 1: %d sent, 0 left out", n),
		fmt.Sprintf("no. 2: %d sent, %d left out", n-once, once),
		fmt.Sprintf("no. 3: %d sent, %d left out", n-once-later, once+later),
		fmt.Sprintf("%d get no more mail", once+later),
		"auto-reply, 1 forged;", "auto-reply, 3 forged;",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	// A second run knows what the first one has learned.
	if code, out, _ := tryRun(t, "-n", fmt.Sprint(n), "-rounds", "1", "-dir", dir); code != exitTraced || !strings.Contains(out, fmt.Sprintf("%d left out", once+later)) {
		t.Error(code, out)
	}
}

func TestUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"-n: 0": {"-n", "0"}, "-rounds": {"-rounds", "101"}, "-sessions": {"-sessions", "-1"}, "unexpected": {"x"},
		"not a directory": {"-dir", "main.go"},
	} {
		if code, _, errs := tryRun(t, args...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: %d, %s", args, code, errs)
		}
	}
	if code, out, _ := tryRun(t, "-h"); code != exitTraced || !strings.Contains(out, "-rounds") {
		t.Error(code, out)
	}
}
