package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), nil, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
	const accepted = "the welcome mail was accepted"
	for _, scene := range []struct{ name, says, mails string }{
		{"Ada", accepted, "1"},
		{"Bob", accepted, "1"},
		{"Carol", "signup: this address takes no mail: smtp: RCPT: 550", "0"},
		{"Dave", accepted, "1"},
		{"Eve", "signup: it is not known whether the mail was sent: ", "1"},
		{"Frank", "signup: it is not known whether the mail was sent: ", "0"},
	} {
		_, rest, found := strings.Cut(out.String(), scene.name+": the relay ")
		lines := strings.SplitN(rest, "\n", 4)
		if !found || len(lines) < 4 {
			t.Fatalf("%s is missing:\n%s", scene.name, out.String())
		}
		if !strings.HasPrefix(lines[1], "    the application: "+scene.says) || lines[2] != "    mails at the relay: "+scene.mails {
			t.Errorf("%s: %q", scene.name, lines[1:3])
		}
	}
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"-x"}, nil, &out, &errs); code != 2 || !strings.Contains(errs.String(), `"-x"`) {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}

func TestInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, errs bytes.Buffer
	if code := run(ctx, nil, nil, &out, &errs); code != 1 || !strings.Contains(errs.String(), "canceled") {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}
