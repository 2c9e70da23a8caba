package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// TestMain lets the test's own file stand in for the program that starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == roleSink || os.Args[1] == roleSend) {
		main()
	}
	// Under the race detector a process sleeps for a second when it ends.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	os.Exit(m.Run())
}

// TestGate sends a few hundred mails by every sender and looks at each of them.
func TestGate(t *testing.T) {
	for _, s := range sender.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if s.Missing != nil {
				t.Skip(s.Missing)
			}
			b := &bench{self: self(t)}
			if err := b.pass(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTable makes a very short run of two senders.
func TestTable(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"-scenario", "loopback-1", "-only", "^floor overlap", "-seconds", "0.1", "-noise", "1", "-runs", "1"}
	if code := run(t.Context(), args, nil, &out, &errs); code != exitMeasured {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	table := out.String()
	for _, want := range []string{"loopback-1: loopback, one session\n", "| net/smtp, reused ", "| floor overlap "} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	t.Log(table)
}

func TestJSON(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"-scenario", "rtt20-10", "-only", "^floor envelope", "-seconds", "0.1", "-noise", "1", "-runs", "1", "-json"}
	if code := run(t.Context(), args, nil, &out, &errs); code != exitMeasured {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	lines := bytes.SplitAfter(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(lines), out.Bytes())
	}
	var s summary
	if err := json.Unmarshal(lines[1], &s); err != nil {
		t.Fatal(err)
	}
	if s.Sender != "floor envelope" || s.Rate <= 0 || s.CPU <= 0 || s.Allocs < 0 || s.RateRatio <= 0 || s.CPURatio <= 0 || len(s.Runs) != 1 {
		t.Errorf("%s", lines[1])
	}
	// The runs' ends have round trips of their own.
	if s.RoundTrips < 1.8 || s.RoundTrips > 2.2 {
		t.Errorf("%v round trips, want 2", s.RoundTrips)
	}
}

// TestBuilding makes a very short run of two builders.
func TestBuilding(t *testing.T) {
	for _, more := range []string{"", "-json"} {
		var out, errs bytes.Buffer
		args := strings.Fields("-build -only Template$ -seconds 0.1 -runs 1 " + more)
		if code := run(t.Context(), args, nil, &out, &errs); code != exitMeasured {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		for _, want := range []string{"enmime", "bulksmtp Template"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"-seconds 0", "-seconds NaN", "-seconds 61", "-runs -1", "-noise 2", "-runs x", "-build -runs 0", "-scenario (", "-scenario nowhere", "-scenario loopback", "-only (", "-nonsense", "extra"} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), nil, &out, &errs); code != exitUsage || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %q", args, code, errs.String())
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"-h"}, nil, &out, &errs); code != exitMeasured || !strings.Contains(out.String(), "loopback-64") || !strings.Contains(out.String(), sender.Baseline) {
		t.Errorf("-h: exit code %d, %s", code, out.String())
	}
}

// TestRoles: a role that goes wrong says so.
func TestRoles(t *testing.T) {
	for _, args := range []string{"send -name nobody", "send -nonsense", "sink -nonsense", "send -name mox -n x"} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errs); code != exitFailed || errs.Len() == 0 {
			t.Errorf("%s: exit code %d, %q", args, code, errs.String())
		}
	}
}

func TestVerify(t *testing.T) {
	for name, c := range map[string]sink.Counts{
		"missing":   {Messages: 9},
		"one more":  {Messages: 11},
		"misplaced": {Messages: 10, Misplaced: 1},
		"twice":     {Messages: 10, Duplicates: 1},
		"refused":   {Messages: 10, Refused: 1},
	} {
		if verify(&c, 10) == nil {
			t.Errorf("%s: nothing wrong", name)
		}
	}
	if err := verify(&sink.Counts{Messages: 10}, 10); err != nil {
		t.Error(err)
	}
}
