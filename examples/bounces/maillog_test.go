package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const logFile = "../../bounce/maillog/testdata/fates.log"

func TestMailLog(t *testing.T) {
	mail := filepath.Join(mails, "dsn-postfix.eml")
	code, out, errs := run(t, "", "-summary", "-maillog", logFile, "-maillog", logFile, mail)
	if code != exitRead {
		t.Fatal(code, errs)
	}
	list := decode(t, out)
	if list[0]["kind"] != "dsn" || len(list) < 20 || len(list)%2 != 1 {
		t.Fatalf("%d rows:\n%s", len(list), out)
	}
	fates := map[any]int{}
	keys := []string{"file", "queue_id", "message_id", "sender", "recipient", "orig_to", "final", "dsn", "code", "attempts", "relay"}
	for _, r := range list[1:] {
		fates[r["final"]]++
		for _, k := range keys {
			if _, ok := r[k]; !ok || len(r) != len(keys) || r["file"] != logFile {
				t.Errorf("keys of %v", r)
				break
			}
		}
	}
	for _, final := range []string{"sent", "bounced", "deferred", "expired"} {
		if fates[final] == 0 || !strings.Contains(errs, final) {
			t.Errorf("%d are %s\n%s", fates[final], final, errs)
		}
	}
}

func TestMailLogRow(t *testing.T) {
	log := `2028-03-01T00:00:01.5+01:00 mx postfix-out/cleanup[7]: 4Tk2Xy1Zq8z5Q3: message-id=<42@shop.example>
2028-03-01T00:00:01.6+01:00 mx postfix-out/qmgr[2]: 4Tk2Xy1Zq8z5Q3: from=<b+1@shop.example>, size=900, nrcpt=1 (queue active)
2028-03-01T00:00:02.7+01:00 mx postfix-out/smtp[8]: 4Tk2Xy1Zq8z5Q3: to=<ann@a.example>, orig_to=<anna@a.example>, relay=mx.a.example[192.0.2.1]:25, delay=1, dsn=4.2.2, status=deferred (host mx.a.example[192.0.2.1] said: 452 4.2.2 full)
2028-03-01T01:00:02.7+01:00 mx postfix-out/smtp[8]: 4Tk2Xy1Zq8z5Q3: to=<ann@a.example>, orig_to=<anna@a.example>, relay=mx.a.example[192.0.2.1]:25, delay=1, dsn=4.2.2, status=deferred (host mx.a.example[192.0.2.1] said: 452 4.2.2 full)
2028-03-01T01:00:02.8+01:00 mx postfix-out/qmgr[2]: 4Tk2Xy1Zq8z5Q3: from=<b+1@shop.example>, status=expired, returned to sender
2028-03-01T01:00:02.9+01:00 mx postfix-out/qmgr[2]: 4Tk2Xy1Zq8z5Q3: removed
`
	want := `{"file":"-","queue_id":"4Tk2Xy1Zq8z5Q3","message_id":"<42@shop.example>","sender":"b+1@shop.example","recipient":"ann@a.example",` +
		`"orig_to":"anna@a.example","final":"expired","dsn":"4.2.2","code":"452","attempts":2,"relay":"mx.a.example[192.0.2.1]:25"}` + "\n"
	if code, out, errs := run(t, log, "-maillog", "-"); code != exitRead || out != want || errs != "" {
		t.Errorf("%d %s\ngot  %swant %s", code, errs, out, want)
	}
}

func TestMailLogUsage(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, []byte("\x1f\x8b\x08 compressed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"no such file":   {"-maillog", "none"},
		"is no log":      {"-maillog", binary},
		"once only":      {"-maillog", "-", "-"},
		"only logs":      {"-maillog", logFile, "-suppress", filepath.Join(t.TempDir(), "s")},
		"is a directory": {"-maillog", mails},
	} {
		if code, _, errs := run(t, "", args...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: %d, %s", args, code, errs)
		}
	}
	if code, out, errs := run(t, "", "-maillog", os.DevNull); code != exitRead || out != "" || errs != "" {
		t.Error(code, out, errs)
	}
}
