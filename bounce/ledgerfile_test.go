package bounce_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// reload writes a Ledger and reads it again.
func reload(t *testing.T, l *bounce.Ledger, rules bounce.Rules) *bounce.Ledger {
	t.Helper()
	var b strings.Builder
	if _, err := l.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	again := newLedger(t, rules)
	if _, err := again.ReadFrom(strings.NewReader(b.String())); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return again
}

// What a mail calls an address may be anything: the file stays readable.
func TestLedgerNoAddress(t *testing.T) {
	l := newLedger(t, bounce.Rules{SoftLimit: 1})
	for _, who := range []string{"\u00a0", "", "x", "@x.example", "x@", "a\u0085@x.example", "\ta@x.example\u2028"} {
		l.Record(bounced("1", who, bounce.NoMailbox, day0), day0)
		l.Record(bounced("2", who, bounce.Full, day0), day0)
		l.Suppress(who, day0, "by hand")
		l.Release(who, day0)
	}
	if n := len(l.Suppressions()); n != 0 {
		t.Errorf("%d suppressions", n)
	}
	reload(t, l, bounce.Rules{})
}

func TestLedgerSpaces(t *testing.T) {
	rules := bounce.Rules{SoftLimit: 2}
	l := newLedger(t, rules)
	l.Suppress(`"a  b"@x.example`, day0, "by hand")
	l.Record(bounced("<a  b@x.example>", "ann@alpha.example", bounce.Full, day0), day0)
	again := reload(t, l, rules)
	suppressed(t, again, `"a  b"@x.example`, "by hand")
	if again.Record(bounced("<a  b@x.example>", "ann@alpha.example", bounce.Full, day0), day0) != nil {
		t.Error("a message counts again")
	}
}

// A release holds for reports whose date does not tell that they are old.
func TestLedgerReleaseDates(t *testing.T) {
	for name, at := range map[string]time.Time{"no date": {}, "a date to come": day0.Add(9999 * day)} {
		for _, class := range []bounce.Class{bounce.NoMailbox, bounce.Full} {
			rules := bounce.Rules{SoftLimit: 1}
			l := newLedger(t, rules)
			old := bounced("1", "ann@alpha.example", class, at)
			other := bounced("2", "ann@alpha.example", class, at)
			anonymous := &bounce.Report{Kind: bounce.DSN, Date: at, Recipients: old.Recipients}
			for _, r := range []*bounce.Report{old, other, anonymous} {
				l.Record(r, day0)
			}
			l = reload(t, l, rules)
			l.Release("ann@alpha.example", day0.Add(day))
			l = reload(t, l, rules)
			for _, r := range []*bounce.Report{old, other, anonymous} {
				if l.Record(r, day0.Add(2*day)) != nil {
					t.Errorf("%s: %s counts when it is read again", name, class)
				}
			}
			if l.Record(bounced("3", "ann@alpha.example", class, at), day0.Add(3*day)) == nil {
				t.Errorf("%s: a later %s does not count", name, class)
			}
		}
	}
}

func TestReceivedDate(t *testing.T) {
	r, err := bounce.Parse(strings.NewReader("Received: from a by b; Mon, 4 May 2026 10:00:00 +0000\nReceived: from c by a; Mon, 4 May 2026 09:00:00 +0000\nSubject: x\n\n"))
	if err != nil || !r.Received.Equal(day0) || !r.Date.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	l := newLedger(t, bounce.Rules{})
	old := bounced("1", "ann@alpha.example", bounce.NoMailbox, time.Time{})
	old.Received = day0
	l.Release("ann@alpha.example", day0.Add(day))
	if l.Record(old, day0.Add(2*day)) != nil {
		t.Error("the date of receipt does not count")
	}
}

// A soft bounce from before a success is over, though it is read after it.
func TestLedgerSuccessFirst(t *testing.T) {
	rules := bounce.Rules{SoftLimit: 1}
	l := newLedger(t, rules)
	good := bounced("1", "ann@alpha.example", bounce.Success, day0.Add(day))
	good.Recipients[0].Action = bounce.Delivered
	l.Record(good, day0.Add(2*day))
	l = reload(t, l, rules)
	if l.Record(bounced("2", "ann@alpha.example", bounce.Full, day0), day0.Add(2*day)) != nil {
		t.Error("it counts")
	}
	failed := bounced("3", "ann@alpha.example", bounce.Success, day0.Add(3*day))
	l.Record(failed, day0.Add(5*day)) // Action failed: no success
	if l.Record(bounced("4", "ann@alpha.example", bounce.Full, day0.Add(2*day)), day0.Add(5*day)) == nil {
		t.Error("a failure was taken for a success")
	}
}

// A slow or stuck writer holds up nobody.
func TestLedgerWriteUnlocked(t *testing.T) {
	l := newLedger(t, bounce.Rules{})
	l.Suppress("ann@alpha.example", day0, strings.Repeat("long ", 10000))
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := l.WriteTo(w)
		done <- err
	}()
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	suppressed(t, l, "ben@beta.example", "")
	r.Close()
	if err := <-done; err == nil {
		t.Error("no error")
	}
}

func TestLedgerSaveLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target.txt"), filepath.Join(dir, "link.txt")
	if err := os.WriteFile(target, []byte("ann@alpha.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	l := newLedger(t, bounce.Rules{})
	l.Suppress("ben@beta.example", day0, "by hand")
	if err := l.Save(link); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone", err)
	}
	if data, _ := os.ReadFile(target); !strings.Contains(string(data), "ben@beta.example") {
		t.Errorf("%s", data)
	}
}
