package maillog_test

import (
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
)

// FuzzFates: whatever the log, reading it ends, and every row is sound. How the
// log is cut into reads does not matter, and no line without its recipient in
// it makes a row.
func FuzzFates(f *testing.F) {
	log, _ := sample(f)
	for line := range strings.Lines(log) {
		f.Add(line)
	}
	f.Add(log)
	f.Add("<22>1 2028-03-01T00:00:00Z mx postfix/smtp 1 - [a k=\"\\\"]\"] AB12: to=<\"a\\\">\"@x>, orig_to=<>, relay=, delay=1e300, status=sent\n")
	f.Fuzz(func(t *testing.T, log string) {
		c := maillog.Config{MaxLine: 512, Newest: march, Location: time.UTC}
		fates, stats := read(t, strings.NewReader(log), c)
		if again, s := read(t, iotest.OneByteReader(strings.NewReader(log)), c); !reflect.DeepEqual(fates, again) || s != stats {
			t.Fatalf("%+v, %+v; octet by octet %+v, %+v", fates, stats, again, s)
		}
		if len(fates) > stats.Lines-stats.Damaged {
			t.Fatalf("%d rows of %+v", len(fates), stats)
		}
		for _, f := range fates {
			switch f.Final {
			case maillog.Sent, maillog.Bounced, maillog.Deferred, maillog.Expired:
			default:
				t.Fatalf("final %q", f.Final)
			}
			if f.QueueID == "" || f.Attempts < 1 || f.Delay < 0 || len(f.Text) > 1000 || len(f.Code) != 0 && len(f.Code) != 3 {
				t.Fatalf("%+v", f)
			}
			if !utf8.ValidString(row(f) + f.Text + f.Host) {
				t.Fatalf("not UTF-8: %+v", f)
			}
			if utf8.ValidString(log) && !strings.Contains(log, "to=<"+f.Recipient+">") {
				t.Fatalf("%q is nobody's in the log", f.Recipient)
			}
		}
	})
}
