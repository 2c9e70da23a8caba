package maillog_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
)

// march is after the last line of testdata/fates.log.
var march = time.Date(2028, 3, 2, 0, 0, 0, 0, time.UTC)

func sample(t testing.TB) (log string, want []string) {
	t.Helper()
	b, err := os.ReadFile("testdata/fates.log")
	if err != nil {
		t.Fatal(err)
	}
	w, err := os.ReadFile("testdata/fates.want")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(w)) {
		if !strings.HasPrefix(line, "#") {
			want = append(want, strings.TrimSpace(line))
		}
	}
	return string(b), want
}

// row spells a fate as testdata/fates.want does.
func row(f maillog.Fate) string {
	removed := ""
	if f.Removed {
		removed = "removed"
	}
	fields := []string{f.QueueID, f.MessageID, f.Sender, f.Recipient, f.OrigTo, string(f.Final), f.DSN, f.Code,
		fmt.Sprint(f.Attempts), f.Relay, f.QueuedAs, removed}
	for i, s := range fields {
		if fields[i] = strings.ReplaceAll(s, " ", "␣"); s == "" {
			fields[i] = "-"
		}
	}
	return strings.Join(fields, " ")
}

func read(t testing.TB, r io.Reader, c maillog.Config) ([]maillog.Fate, maillog.Stats) {
	t.Helper()
	reader, err := maillog.NewReader(r, c)
	if err != nil {
		t.Fatal(err)
	}
	var fates []maillog.Fate
	for f, err := range reader.Fates() {
		if err != nil {
			t.Fatal(err)
		}
		fates = append(fates, f)
	}
	return fates, reader.Stats()
}

func checkRows(t testing.TB, fates []maillog.Fate, want []string) {
	t.Helper()
	for i := range max(len(fates), len(want)) {
		got, wanted := "nothing", "nothing"
		if i < len(fates) {
			got = row(fates[i])
		}
		if i < len(want) {
			wanted = want[i]
		}
		if got != wanted {
			t.Errorf("row %d:\n got %s\nwant %s", i, got, wanted)
		}
	}
}

func TestFates(t *testing.T) {
	log, want := sample(t)
	fates, stats := read(t, strings.NewReader(log), maillog.Config{Newest: march, Location: time.UTC})
	checkRows(t, fates, want)
	if lines := strings.Count(log, "\n"); stats != (maillog.Stats{Lines: lines}) {
		t.Errorf("%+v; want %d lines and no damage", stats, lines)
	}
	slow := fates[2]
	if want := time.Date(2028, 2, 28, 0, 10, 6, 0, time.UTC); !slow.Time.Equal(want) || slow.Delay != 605*time.Second {
		t.Errorf("%s: %s, %s; want %s, 605s", slow.Recipient, slow.Time, slow.Delay, want)
	}
	if slow.Host != "mx" || slow.Text != "250 2.6.0 <one@app.example> [InternalId=1] Queued mail for delivery" {
		t.Errorf("%s: host %q, text %q", slow.Recipient, slow.Host, slow.Text)
	}
}

// TestHeads: whatever writes the lines, and by whatever name, they say the same.
func TestHeads(t *testing.T) {
	log, want := sample(t)
	heads := map[string]func(stamp time.Time, host, tag, body string) string{
		"ISO 8601": func(s time.Time, host, tag, body string) string {
			return s.Format("2006-01-02T15:04:05.000000-07:00") + " " + host + " " + tag + " " + body
		},
		"journal": func(s time.Time, host, tag, body string) string {
			return s.Format("2006-01-02T15:04:05-0700") + " " + host + " " + tag + " " + body
		},
		"date and time apart": func(s time.Time, host, tag, body string) string {
			return s.Format("2006-01-02 15:04:05.000 ") + host + " " + tag + " " + body
		},
		"RFC 5424": func(s time.Time, host, tag, body string) string {
			name, pid, _ := strings.Cut(strings.TrimSuffix(tag, "]:"), "[")
			return "<22>1 " + s.Format(time.RFC3339) + " " + host + " " + name + " " + pid + ` - [a@1 k="] \" x"][b] ` + body
		},
		"RFC 5424, no data": func(s time.Time, host, tag, body string) string {
			name, pid, _ := strings.Cut(strings.TrimSuffix(tag, "]:"), "[")
			return "<22>1 " + s.Format(time.RFC3339) + " " + host + " " + name + " " + pid + " - - \ufeff" + body
		},
		"RFC 3164 with priority": func(s time.Time, host, tag, body string) string {
			return "<22>" + s.Format("Jan _2 15:04:05 ") + host + " " + tag + " " + body
		},
		"year behind the day": func(s time.Time, host, tag, body string) string {
			return s.Format("Jan _2 2006 15:04:05 ") + host + " " + tag + " " + body
		},
		"year in front": func(s time.Time, host, tag, body string) string {
			return s.Format("2006 Jan _2 15:04:05 ") + host + " " + tag + " " + body
		},
		"FreeBSD, verbose": func(s time.Time, host, tag, body string) string {
			return s.Format("Jan _2 15:04:05 ") + "<mail.info> " + host + " " + tag + " " + body
		},
		"Solaris": func(s time.Time, host, tag, body string) string {
			return s.Format("Jan _2 15:04:05 ") + host + " " + tag + " [ID 197553 mail.info] " + body
		},
		"no process id": func(s time.Time, host, tag, body string) string {
			name, _, _ := strings.Cut(tag, "[")
			return s.Format("Jan _2 15:04:05 ") + host + " " + name + ": " + body
		},
		"another syslog_name": func(s time.Time, host, tag, body string) string {
			return s.Format("Jan _2 15:04:05 ") + host + " " + strings.Replace(tag, "postfix/", "mta-out/slow/", 1) + " " + body
		},
		"CRLF and NUL": func(s time.Time, host, tag, body string) string {
			return "\x00\x00" + s.Format("Jan _2 15:04:05 ") + host + " " + tag + " " + body + "\r"
		},
	}
	for name, write := range heads {
		t.Run(name, func(t *testing.T) {
			fates, stats := read(t, strings.NewReader(rewrite(t, log, write)), maillog.Config{Newest: march, Location: time.UTC})
			checkRows(t, fates, want)
			if stats.Damaged != 0 {
				t.Errorf("%d lines damaged", stats.Damaged)
			}
			if want := time.Date(2028, 2, 28, 0, 10, 6, 0, time.UTC); !fates[2].Time.Equal(want) {
				t.Errorf("stamp read as %s; want %s", fates[2].Time, want)
			}
		})
	}
}

// rewrite gives every Postfix line of the sample another head.
func rewrite(t *testing.T, log string, write func(time.Time, string, string, string) string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		stamp, err := time.Parse("2006 Jan _2 15:04:05", "2028 "+line[:15])
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitN(line[16:], " ", 3)
		if !strings.HasPrefix(parts[1], "postfix/") {
			continue
		}
		b.WriteString(write(stamp, parts[0], parts[1], parts[2]) + "\n")
	}
	return b.String()
}

// TestLongQueueIDs: with enable_long_queue_ids.
func TestLongQueueIDs(t *testing.T) {
	log, want := sample(t)
	long := strings.NewReplacer("A1B2C3D4E5", "4dZzR21MYBz3Jwn", "B1B2C3D4E5", "4dZzR30MYBz3Jwp")
	fates, _ := read(t, strings.NewReader(long.Replace(log)), maillog.Config{Newest: march})
	checkRows(t, fates, strings.Split(long.Replace(strings.Join(want, "\n")), "\n"))
}

const head = "2028-03-01T00:00:00Z mx postfix/smtp[1]: "

// sent is a delivery line for a queue id and a recipient.
func sent(id, recipient string) string {
	return head + id + ": to=<" + recipient + ">, relay=r, delay=1, dsn=2.0.0, status=sent (250 Ok)\n"
}

func deferred(id, recipient string) string {
	return head + id + ": to=<" + recipient + ">, relay=r, delay=1, dsn=4.0.0, status=deferred (connect to r: Connection refused)\n"
}

// TestReuse: a short queue id stands for another message when its first one has
// left the queue, also if the log does not have that.
func TestReuse(t *testing.T) {
	first := head + "ABCDEF12: message-id=<1@x>\n" + head + "ABCDEF12: from=<s1@x.example>, size=1\n"
	second := head + "ABCDEF12: message-id=<2@x>\n" + head + "ABCDEF12: from=<s2@x.example>, size=1\n"
	want := []string{
		"ABCDEF12 <1@x> s1@x.example a@x.example - deferred 4.0.0 - 1 r - -",
		"ABCDEF12 <2@x> s2@x.example a@x.example - sent 2.0.0 250 1 r - -",
	}
	gone := append([]string(nil), want...)
	gone[0] = strings.Replace(gone[0], "- -", "- removed", 1)
	tests := []struct {
		name, between, second string
		want                  []string
	}{
		{"removed", head + "ABCDEF12: removed\n", second, []string{"ABCDEF12 <1@x> s1@x.example a@x.example - deferred 4.0.0 - 1 r - removed", want[1]}},
		{"arrival", head + "ABCDEF12: client=localhost[127.0.0.1]\n", second, want},
		{"pickup", head + "ABCDEF12: uid=0 from=<root>\n", second, want},
		{"another message id", "", second, want},
		{"another sender", "", head + "ABCDEF12: from=<s2@x.example>, size=1\n", []string{want[0], strings.Replace(want[1], "<2@x>", "-", 1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log := first + deferred("ABCDEF12", "a@x.example") + tt.between + tt.second + sent("ABCDEF12", "a@x.example")
			fates, _ := read(t, strings.NewReader(log), maillog.Config{})
			checkRows(t, fates, tt.want)
		})
	}
	t.Run("another host", func(t *testing.T) {
		log := first + deferred("ABCDEF12", "a@x.example") + strings.ReplaceAll(second+sent("ABCDEF12", "a@x.example"), " mx ", " mx2 ")
		fates, _ := read(t, strings.NewReader(log), maillog.Config{})
		checkRows(t, fates, want)
	})
	t.Run("the same message again", func(t *testing.T) {
		log := first + deferred("ABCDEF12", "a@x.example") + first + sent("ABCDEF12", "a@x.example")
		fates, _ := read(t, strings.NewReader(log), maillog.Config{})
		checkRows(t, fates, []string{"ABCDEF12 <1@x> s1@x.example a@x.example - sent 2.0.0 250 2 r - -"})
	})
}

// TestMaxHeld: what is not over is held within bounds, and comes out as it
// stands when it has to go, the one that was quiet for longest first.
func TestMaxHeld(t *testing.T) {
	var log strings.Builder
	for i := range 1000 {
		log.WriteString(deferred(fmt.Sprintf("AB%06X", i), "a@x.example"))
		log.WriteString(deferred("ABCDEF1234", "busy@x.example"))
	}
	fates, stats := read(t, strings.NewReader(log.String()), maillog.Config{MaxHeld: 20_000})
	if len(fates) != 1001 || stats.Evicted < 970 || stats.Evicted > 999 {
		t.Errorf("%d rows, %d messages evicted", len(fates), stats.Evicted)
	}
	for _, f := range fates {
		if f.Recipient == "busy@x.example" && f.Attempts != 1000 {
			t.Errorf("the busy message was evicted after %d attempts", f.Attempts)
		}
	}
	fates, stats = read(t, strings.NewReader(log.String()), maillog.Config{})
	if len(fates) != 1001 || stats.Evicted != 0 {
		t.Errorf("by default: %d rows, %d messages evicted", len(fates), stats.Evicted)
	}
}

// TestMaxHeldOneMessage: also a single message does not outgrow the bound.
func TestMaxHeldOneMessage(t *testing.T) {
	var log strings.Builder
	for i := range 1000 {
		log.WriteString(sent("ABCDEF1234", fmt.Sprintf("%d@x.example", i)))
	}
	fates, stats := read(t, strings.NewReader(log.String()), maillog.Config{MaxHeld: 20_000})
	if len(fates) != 1000 || stats.Evicted == 0 {
		t.Errorf("%d rows, %d messages evicted", len(fates), stats.Evicted)
	}
}

func TestLongLines(t *testing.T) {
	log := head + "AB12: to=<a@x.example>, relay=r, delay=1, dsn=5.0.0, status=bounced (" + strings.Repeat("ö", 100_000) + ")\n" +
		strings.Repeat("x", 100_000) + "\n" + sent("AB13", "b@x.example")
	fates, stats := read(t, strings.NewReader(log), maillog.Config{MaxLine: 4096})
	checkRows(t, fates, []string{
		"AB12 - - a@x.example - bounced 5.0.0 - 1 r - -",
		"AB13 - - b@x.example - sent 2.0.0 250 1 r - -",
	})
	if len(fates[0].Text) != 1000 || stats != (maillog.Stats{Lines: 3, Damaged: 1}) {
		t.Errorf("text of %d octets, %+v", len(fates[0].Text), stats)
	}
}

// TestCutLines: a line that ends too soon says nothing, or what the whole line
// says.
func TestCutLines(t *testing.T) {
	whole := strings.TrimSuffix(deferred("ABCDEF12", `"a b"@x.example`), "\n")
	status := strings.Index(whole, "status=deferred") + len("status=deferred")
	for n := range len(whole) {
		fates, stats := read(t, strings.NewReader(whole[:n]+"\n"+sent("AB13", "b@x.example")), maillog.Config{})
		cut := fates[:len(fates)-1]
		if n < status && len(cut) != 0 || n >= status && (len(cut) != 1 || cut[0].Final != maillog.Deferred) {
			t.Errorf("%q: %v", whole[:n], cut)
		}
		if to := strings.Index(whole, "to=<"); n >= to+4 && n < status && stats.Damaged != 1 {
			t.Errorf("%q is not counted as damaged", whole[:n])
		}
	}
}

// TestLeaveEarly: a loop that ends loses no row.
func TestLeaveEarly(t *testing.T) {
	log, want := sample(t)
	reader, err := maillog.NewReader(iotest.OneByteReader(strings.NewReader(log)), maillog.Config{Newest: march})
	if err != nil {
		t.Fatal(err)
	}
	var fates []maillog.Fate
	for more := true; more; {
		more = false
		for f := range reader.Fates() {
			fates = append(fates, f)
			more = true
			break
		}
	}
	checkRows(t, fates, want)
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	n, last := 0, error(nil)
	for f, err := range maillog.Fates(io.MultiReader(strings.NewReader(sent("AB12", "a@x.example")), iotest.ErrReader(broken))) {
		if last = err; err == nil && f.Recipient == "a@x.example" {
			n++
		}
	}
	if n != 1 || !errors.Is(last, broken) {
		t.Errorf("%d rows, then %v", n, last)
	}
}

func TestConfig(t *testing.T) {
	for field, c := range map[string]maillog.Config{
		"Config.MaxHeld": {MaxHeld: -1},
		"Config.MaxLine": {MaxLine: 511},
	} {
		if _, err := maillog.NewReader(strings.NewReader(""), c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: %v; want an error about %s", c, err, field)
		}
	}
}

// TestYears: a stamp without a year is from the last such day.
func TestYears(t *testing.T) {
	tests := []struct{ stamp, newest, want string }{
		{"Mar  1 12:00:00", "2028-03-01T13:00:00Z", "2028-03-01T12:00:00Z"},
		{"Mar  2 12:00:00", "2028-03-01T13:00:00Z", "2028-03-02T12:00:00Z"}, // clocks differ
		{"Mar  3 12:00:00", "2028-03-01T13:00:00Z", "2027-03-03T12:00:00Z"},
		{"Dec 31 23:59:59", "2028-01-01T00:00:10Z", "2027-12-31T23:59:59Z"},
		{"Feb 29 12:00:00", "2027-06-01T00:00:00Z", "2024-02-29T12:00:00Z"},
		{"Feb 29 12:00:00", "2103-06-01T00:00:00Z", "2096-02-29T12:00:00Z"},
		{"Feb 30 12:00:00", "2027-06-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"2027-02-30T12:00:00Z", "2027-06-01T00:00:00Z", "0001-01-01T00:00:00Z"},
	}
	for _, tt := range tests {
		newest, err := time.Parse(time.RFC3339, tt.newest)
		if err != nil {
			t.Fatal(err)
		}
		log := strings.Replace(sent("AB12", "a@x.example"), "2028-03-01T00:00:00Z", tt.stamp, 1)
		fates, _ := read(t, strings.NewReader(log), maillog.Config{Newest: newest, Location: time.UTC})
		if len(fates) != 1 || fates[0].Time.Format(time.RFC3339) != tt.want {
			t.Errorf("%s at %s: %v; want %s", tt.stamp, tt.newest, fates, tt.want)
		}
	}
}

func BenchmarkFates(b *testing.B) {
	log, _ := sample(b)
	log = strings.Repeat(log, 100)
	lines := strings.Count(log, "\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		for _, err := range maillog.Fates(strings.NewReader(log)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
