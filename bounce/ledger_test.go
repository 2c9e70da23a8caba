package bounce_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
)

var day0 = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// bounced is a report about one recipient.
func bounced(id, address string, class bounce.Class, at time.Time) *bounce.Report {
	return &bounce.Report{
		Kind: bounce.DSN, Date: at, MessageID: "b-" + id, Original: &bounce.Original{MessageID: id},
		Recipients: []bounce.Recipient{{Address: address, Who: address, Action: bounce.Failed, Class: class, Diagnostic: "550 some words"}},
	}
}

func newLedger(t *testing.T, r bounce.Rules) *bounce.Ledger {
	t.Helper()
	l, err := bounce.NewLedger(r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func suppressed(t *testing.T, l *bounce.Ledger, address, want string) {
	t.Helper()
	if reason, yes := l.Suppressed(address); reason != want || yes != (want != "") {
		t.Errorf("%s: %q, %v, want %q", address, reason, yes, want)
	}
}

func TestLedgerAtOnce(t *testing.T) {
	l := newLedger(t, bounce.Rules{})
	if got := l.Record(bounced("1", "Ann@Alpha.example", bounce.NoMailbox, day0), day0); fmt.Sprint(got) != "[Ann@Alpha.example]" {
		t.Error(got)
	}
	if got := l.Record(bounced("2", "ann@alpha.example", bounce.NoMailbox, day0), day0); got != nil {
		t.Error("suppressed twice:", got)
	}
	suppressed(t, l, "ann@ALPHA.example", "no-mailbox")
	suppressed(t, l, "<ann@alpha.example>", "no-mailbox")
	suppressed(t, l, "bob@alpha.example", "")

	l.Record(&bounce.Report{Kind: bounce.Feedback, Feedback: &bounce.FeedbackReport{Type: "abuse"}, Recipients: []bounce.Recipient{{Address: "cleo@x.example", Who: "cleo@x.example", Class: bounce.Complaint}}}, day0)
	suppressed(t, l, "cleo@x.example", "complaint")
	l.Record(&bounce.Report{Kind: bounce.Feedback, Feedback: &bounce.FeedbackReport{Type: "abuse"}, Who: "dan@x.example"}, day0)
	suppressed(t, l, "dan@x.example", "complaint")
	l.Record(&bounce.Report{Kind: bounce.Feedback, Feedback: &bounce.FeedbackReport{Type: "auth-failure"}, Recipients: []bounce.Recipient{{Address: "eva@x.example", Who: "eva@x.example", Class: bounce.OtherFeedback}}}, day0)
	suppressed(t, l, "eva@x.example", "")
	l.Record(&bounce.Report{Kind: bounce.AutoReply, Who: "fay@x.example"}, day0)
	suppressed(t, l, "fay@x.example", "")
	if n := len(l.Suppressions()); n != 3 {
		t.Errorf("%d suppressions", n)
	}
}

func TestLedgerSoft(t *testing.T) {
	rules := bounce.Rules{SoftLimit: 3, SoftWindow: 10 * day}
	record := func(l *bounce.Ledger, id string, class bounce.Class, at time.Time) bool {
		return len(l.Record(bounced(id, "ann@alpha.example", class, at), at.Add(time.Minute))) > 0
	}
	t.Run("within the window", func(t *testing.T) {
		l := newLedger(t, rules)
		if record(l, "1", bounce.Full, day0) || record(l, "2", bounce.Network, day0.Add(day)) {
			t.Error("too soon")
		}
		if !record(l, "3", bounce.Full, day0.Add(2*day)) {
			t.Error("not at the third one")
		}
		suppressed(t, l, "ann@alpha.example", "mailbox-full")
	})
	t.Run("over a longer time", func(t *testing.T) {
		l := newLedger(t, rules)
		for i := range 10 {
			if record(l, fmt.Sprint(i), bounce.Full, day0.Add(time.Duration(i)*6*day)) {
				t.Error("suppressed at", i)
			}
		}
	})
	t.Run("one message counts once", func(t *testing.T) {
		l := newLedger(t, rules)
		for range 5 {
			if record(l, "1", bounce.Full, day0) {
				t.Error("suppressed by reading again")
			}
		}
	})
	t.Run("about the sender", func(t *testing.T) {
		l := newLedger(t, rules)
		for i, c := range []bounce.Class{bounce.Spam, bounce.Blocked, bounce.Auth, bounce.Policy, bounce.TooLarge, bounce.RateLimited} {
			if record(l, fmt.Sprint(i), c, day0) {
				t.Error("suppressed by", c)
			}
		}
	})
	t.Run("success in between", func(t *testing.T) {
		l := newLedger(t, rules)
		record(l, "1", bounce.Full, day0)
		record(l, "2", bounce.Full, day0.Add(day))
		r := bounced("3", "ann@alpha.example", bounce.Success, day0.Add(2*day))
		r.Recipients[0].Action = bounce.Delivered
		l.Record(r, day0.Add(2*day))
		if record(l, "4", bounce.Full, day0.Add(3*day)) {
			t.Error("what was before the success counts")
		}
	})
	t.Run("delays", func(t *testing.T) {
		l := newLedger(t, rules)
		for i := range 5 {
			r := bounced(fmt.Sprint(i), "ann@alpha.example", bounce.NoMailbox, day0)
			r.Recipients[0].Action = bounce.Delayed
			if l.Record(r, day0) != nil {
				t.Error("a delay suppresses")
			}
		}
	})
	t.Run("never", func(t *testing.T) {
		l := newLedger(t, bounce.Rules{SoftLimit: -1})
		for i := range 20 {
			if record(l, fmt.Sprint(i), bounce.Full, day0) {
				t.Error("suppressed")
			}
		}
	})
	t.Run("by rule of the caller", func(t *testing.T) {
		l := newLedger(t, bounce.Rules{SoftLimit: 1, Counts: func(r *bounce.Recipient) bool { return r.Class == bounce.Spam }})
		if record(l, "1", bounce.Full, day0) || !record(l, "2", bounce.Spam, day0) {
			t.Error("Counts was not asked")
		}
	})
	if _, err := bounce.NewLedger(bounce.Rules{SoftWindow: -1}); err == nil || !strings.Contains(err.Error(), "Rules.SoftWindow") {
		t.Error(err)
	}
}

func TestLedgerRelease(t *testing.T) {
	l := newLedger(t, bounce.Rules{SoftLimit: 1})
	old := bounced("1", "ann@alpha.example", bounce.NoMailbox, day0)
	l.Record(old, day0)
	if !l.Release("ANN@alpha.example", day0.Add(day)) || l.Release("bob@alpha.example", day0) {
		t.Error("Release reports the wrong thing")
	}
	if l.Record(old, day0.Add(2*day)) != nil {
		t.Error("what was before the release counts when it is read again")
	}
	suppressed(t, l, "ann@alpha.example", "")
	if l.Record(bounced("2", "ann@alpha.example", bounce.NoMailbox, day0.Add(3*day)), day0.Add(3*day)) == nil {
		t.Error("what comes after the release does not count")
	}
	if !l.Suppress("bob@alpha.example", day0, "asked to") || l.Suppress("bob@alpha.example", day0, "again") {
		t.Error("Suppress reports the wrong thing")
	}
	suppressed(t, l, "bob@alpha.example", "asked to")
}

func TestLedgerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "suppressed.txt")
	rules := bounce.Rules{SoftLimit: 2}
	l, err := bounce.LoadLedger(path, rules)
	if err != nil {
		t.Fatal(err)
	}
	hard := bounced("1", "ann@alpha.example", bounce.NoMailbox, day0)
	hard.Recipients[0].Diagnostic = "550\tno\r\nsuch user"
	l.Record(hard, day0)
	l.Record(bounced("2", "ben@beta.example", bounce.Full, day0), day0)
	l.Record(bounced("3", "cleo@gamma.example", bounce.NoMailbox, day0), day0)
	l.Release("cleo@gamma.example", day0.Add(day))
	l.Suppress("jörg@bücher.example", day0, "by hand")
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	again, err := bounce.LoadLedger(path, rules)
	if err != nil {
		t.Fatal(err)
	}
	suppressed(t, again, "ann@alpha.example", "no-mailbox")
	suppressed(t, again, "jörg@xn--bcher-kva.example", "by hand")
	suppressed(t, again, "ben@beta.example", "")
	if again.Record(bounced("3", "cleo@gamma.example", bounce.NoMailbox, day0), day0.Add(2*day)) != nil {
		t.Error("the release was not kept")
	}
	if again.Record(bounced("2", "ben@beta.example", bounce.Full, day0), day0) != nil || again.Record(bounced("4", "ben@beta.example", bounce.Full, day0), day0) == nil {
		t.Error("the soft bounce was not kept")
	}
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(path); string(second) != string(first) {
		t.Errorf("not the same file:\n%s\n%s", first, second)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
}

func TestLedgerReadFrom(t *testing.T) {
	l := newLedger(t, bounce.Rules{})
	if _, err := l.ReadFrom(strings.NewReader("# by hand\n\nann@alpha.example\r\n<ben@beta.example>\nsuppress\t2026-05-04T10:00:00Z\tcleo@gamma.example\n")); err != nil {
		t.Fatal(err)
	}
	suppressed(t, l, "ann@alpha.example", "listed")
	suppressed(t, l, "ben@beta.example", "listed")
	if _, yes := l.Suppressed("cleo@gamma.example"); !yes {
		t.Error("a line without a reason does not count")
	}
	for _, line := range []string{"no address", "ann@alpha.example and others", "suppress\tyesterday\tann@alpha.example", "other\t2026-05-04T10:00:00Z\tann@alpha.example", "soft\t2026-05-04T10:00:00Z", "soft\t2026-05-04T10:00:00Z\t"} {
		var bad *bounce.LineError
		if _, err := l.ReadFrom(strings.NewReader("# head\n" + line + "\n")); !errors.As(err, &bad) || bad.Line != 2 {
			t.Errorf("%q: %v", line, err)
		}
	}
}
