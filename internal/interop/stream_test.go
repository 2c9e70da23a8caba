package interop_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

const streamWindow = 8

// A spoiler makes one message of a window fail.
type spoiler struct {
	name  string
	spoil func(*smtpclient.Mail)
	// want is what becomes of the recipients: of all, or of each.
	want []smtpclient.Outcome
	// closes: the server answers 421, and what is behind that in the window can
	// have any outcome. Postfix closes, Exim goes on.
	closes bool
}

func spoilers() []spoiler {
	const yes, no, later, unsent = smtpclient.Accepted, smtpclient.Rejected, smtpclient.Deferred, smtpclient.NotSent
	return []spoiler{
		{"sender refused", from("badsender"), outcomes(no), false},
		{"sender deferred", from("tmpsender"), outcomes(later), false},
		{"sender closes", from("close"), outcomes(unsent), true},
		{"recipient refused", to("bad"), outcomes(no), false},
		{"recipient deferred", to("tmp"), outcomes(later), false},
		{"recipient full", to("full"), outcomes(later), false},
		{"first of two refused", to("bad", "good"), outcomes(no, yes), false},
		{"second of two refused", to("good", "bad"), outcomes(yes, no), false},
		{"both refused", to("bad", "tmp"), outcomes(no, later), false},
		{"recipient closes", to("close"), outcomes(unsent), true},
		{"content refused", reject, outcomes(no), false},
		{"content refused for two", func(m *smtpclient.Mail) { to("good", "too")(m); reject(m) }, outcomes(no), false},
	}
}

func outcomes(o ...smtpclient.Outcome) []smtpclient.Outcome { return o }

func from(local string) func(*smtpclient.Mail) {
	return func(m *smtpclient.Mail) {
		_, domain, _ := strings.Cut(m.From, "@")
		m.From = local + "@" + domain
	}
}

// to gives a message recipients by the prefixes of their addresses.
func to(prefixes ...string) func(*smtpclient.Mail) {
	return func(m *smtpclient.Mail) {
		own := m.To[0].Address
		m.To = nil
		for _, prefix := range prefixes {
			m.To = append(m.To, smtpclient.Recipient{Address: prefix + "-" + own})
		}
	}
}

func reject(m *smtpclient.Mail) {
	m.Content = []byte(strings.Replace(string(m.Content), "Subject: ", "Subject: REJECTME ", 1))
}

// Every failure at every place of a window of eight: each mail that arrives is
// under its own envelope, and no other than the accepted ones arrives, unless it
// is Unknown.
func TestStreamWrongEnvelope(t *testing.T) {
	for _, kind := range []interop.Kind{interop.Postfix, interop.Exim} {
		t.Run(string(kind), func(t *testing.T) {
			s := interop.Start(t, kind)
			var books windowLedger
			for _, failure := range spoilers() {
				t.Run(failure.name, func(t *testing.T) {
					began := time.Now()
					for position := range streamWindow {
						runWindow(t, s, &books, failure, position)
					}
					books.check(t, s)
					t.Logf("%d windows in %v: %v", streamWindow, time.Since(began).Round(time.Millisecond), books.counts)
					clear(books.counts)
				})
			}
		})
	}
}

// runWindow sends a window with a failure at the position and checks the
// outcomes.
func runWindow(t *testing.T, s *interop.Server, books *windowLedger, failure spoiler, position int) {
	t.Helper()
	mails := windowOf(fmt.Sprintf("%s-%d", strings.ReplaceAll(failure.name, " ", "-"), position))
	failure.spoil(mails[position])
	for i, r := range stream(t, s, interop.Open, nil, mails) {
		books.enter(mails[i], r)
		for n, got := range r.Recipients {
			want := smtpclient.Accepted
			switch {
			case failure.closes && (i > position || i == position && n > 0):
				continue // the ledger knows whether it is true
			case i == position:
				want = failure.want[n%len(failure.want)]
			}
			if got.Outcome != want {
				t.Errorf("failure at %d: message %d to %s: %v; want %v (%v)", position, i, got.Address, got.Outcome, want, got.Err)
			}
		}
	}
}

// windowOf returns a window of messages, each of which differs from all others
// in sender, recipients and content. Every other has two recipients.
func windowOf(name string) []*smtpclient.Mail {
	mails := make([]*smtpclient.Mail, streamWindow)
	for i := range mails {
		id := fmt.Sprintf("%s-%d", name, i)
		own := id + "@" + interop.Domain
		m := &smtpclient.Mail{From: "list@" + id + ".sender.test", To: smtpclient.Recipients(own)}
		if i%2 == 1 {
			m.To = smtpclient.Recipients(own, "too-"+own)
		}
		m.Content = fmt.Appendf(nil, "Subject: %s\r\nFrom: %s\r\n\r\n.\r\n.body of %s\r\n%s",
			id, m.From, id, strings.Repeat("line\r\n", 10*i))
		mails[i] = m
	}
	return mails
}

// stream sends mails over one session and returns their results.
func stream(t *testing.T, s *interop.Server, port interop.Port, trace *smtpclient.Trace, mails []*smtpclient.Mail) []*smtpclient.Result {
	t.Helper()
	session, err := smtpclient.Dial(t.Context(), smtpclient.Config{
		Addr: s.Addr(port), Security: smtpclient.Plaintext,
		Mode: smtpclient.ModeStream, Window: streamWindow, Trace: trace,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if session.Mode() != smtpclient.ModeStream {
		t.Fatalf("mode %v", session.Mode())
	}
	results := make([]*smtpclient.Result, len(mails))
	for i, m := range mails {
		session.Start(m, func(r *smtpclient.Result) { results[i] = r })
	}
	session.Flush()
	for i, r := range results {
		if r == nil {
			t.Fatalf("message %d has no result after Flush", i)
		}
	}
	return results
}

// A windowLedger holds what came of every mail against what has arrived, from one
// look into the maildir to the next: an Unknown one may come late.
type windowLedger struct {
	entries map[string]*entry
	counts  map[smtpclient.Outcome]int
}

type entry struct {
	outcome smtpclient.Outcome
	copies  int
}

func mailKey(from, to string, content []byte) string {
	return fmt.Sprintf("%s -> %s: %q", from, to, content)
}

func (l *windowLedger) enter(m *smtpclient.Mail, r *smtpclient.Result) {
	if l.entries == nil {
		l.entries, l.counts = map[string]*entry{}, map[smtpclient.Outcome]int{}
	}
	for _, got := range r.Recipients {
		l.entries[mailKey(m.From, got.Address, m.Content)] = &entry{outcome: got.Outcome}
		l.counts[got.Outcome]++
	}
}

func (l *windowLedger) check(t *testing.T, s *interop.Server) {
	t.Helper()
	mails, err := s.Mails(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		key := mailKey(m.ReturnPath, m.OriginalTo, m.Content)
		if e := l.entries[key]; e != nil {
			e.copies++
		} else {
			t.Errorf("under an envelope that is not its own: %s", key)
		}
	}
	for key, e := range l.entries {
		switch {
		case e.copies > 1,
			e.copies == 0 && e.outcome == smtpclient.Accepted,
			e.copies == 1 && e.outcome != smtpclient.Accepted && e.outcome != smtpclient.Unknown:
			t.Errorf("%v, and %d copies have arrived: %s", e.outcome, e.copies, key)
		}
	}
}

// What RSET is for, so that the test above is known to see what it looks for:
// without it a mail goes out under the envelope of one whose recipients were all
// refused, and is answered 250. Postfix ends a transaction with a refused BDAT
// and keeps it open behind a refused DATA; behind that, Exim hangs up.
func TestRSETKeepsEnvelopesApart(t *testing.T) {
	for _, tt := range []struct {
		kind   interop.Kind
		end    func(interop.Mail) string
		strays bool // without RSET
	}{
		{interop.Exim, chunk, true},
		{interop.Postfix, chunk, false},
		{interop.Postfix, func(interop.Mail) string { return "DATA\r\n" }, true},
	} {
		refused := mailTo("a@sender.test", "bad-a@example.test", "for a")
		group := envelope(refused) + tt.end(refused)
		t.Run(fmt.Sprintf("%s %.4s", tt.kind, tt.end(refused)), func(t *testing.T) {
			s := interop.Start(t, tt.kind)
			for _, reset := range []string{"", "RSET\r\n"} {
				m := mailTo("b@sender.test", "b@example.test", "for b")
				replies := sayAtOnce(t, s, group+reset+envelope(m)+chunk(m)+"QUIT\r\n")
				if tt.strays && reset == "" {
					m.ReturnPath = refused.ReturnPath
				}
				t.Logf("with %q: %q", reset, replies)
				wantMails(t, s, []interop.Mail{m})
			}
		})
	}
}

func envelope(m interop.Mail) string {
	return fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\n", m.ReturnPath, m.OriginalTo)
}

func chunk(m interop.Mail) string {
	return fmt.Sprintf("BDAT %d LAST\r\n%s", len(m.Content), m.Content)
}

// sayAtOnce writes the group behind EHLO and returns all that the server says.
func sayAtOnce(t *testing.T, s *interop.Server, group string) []byte {
	t.Helper()
	c := dial(t, s, interop.Open)
	if err := c.Hello("client.test"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c.Text.W, group); err != nil {
		t.Fatal(err)
	}
	if err := c.Text.W.Flush(); err != nil {
		t.Fatal(err)
	}
	replies, err := io.ReadAll(c.Text.R)
	if err != nil {
		t.Fatal(err)
	}
	return replies
}

// Exim takes a RSET for junk if there was one before since the last message
// whose content it read, as there is behind a message that was refused before,
// and at the eleventh answers 554 and closes (smtp_accept_max_nonmail). What is
// then in the window, and no more, is Unknown.
func TestStreamRefusals(t *testing.T) {
	for _, kind := range []interop.Kind{interop.Postfix, interop.Exim} {
		t.Run(string(kind), func(t *testing.T) {
			s := interop.Start(t, kind)
			var mails []*smtpclient.Mail
			for n := range 6 {
				mails = append(mails, windowOf(fmt.Sprint(n))...)
			}
			for i := 0; i < len(mails); i += 2 {
				to("bad")(mails[i])
			}
			var books windowLedger
			unknown := 0
			for i, r := range stream(t, s, interop.Open, nil, mails) {
				books.enter(mails[i], r)
				if r.Recipients[0].Outcome == smtpclient.Unknown {
					unknown++
				}
			}
			books.check(t, s)
			t.Logf("%v", books.counts)
			if unknown > streamWindow || kind == interop.Postfix && unknown > 0 {
				t.Errorf("%d messages are Unknown", unknown)
			}
		})
	}
}

// Exim answers 421 to the sixth message of a connection, goes on, and refuses
// the rest: all eight verdicts are there.
func TestStreamLimited(t *testing.T) {
	s := interop.Start(t, interop.Exim)
	mails := windowOf("limited")
	var books windowLedger
	for i, r := range stream(t, s, interop.Limited, nil, mails) {
		books.enter(mails[i], r)
		want := smtpclient.Accepted
		if i >= 5 {
			want = smtpclient.NotSent
		}
		if got := r.Recipients[0]; got.Outcome != want {
			t.Errorf("message %d: %v; want %v (%v)", i, got.Outcome, want, got.Err)
		}
	}
	books.check(t, s)
}

// A message over the server's SIZE is refused on this side, and not an octet of
// it goes out: Exim would not read its chunk, but take the content for commands.
func TestStreamOversize(t *testing.T) {
	for _, kind := range []interop.Kind{interop.Postfix, interop.Exim} {
		t.Run(string(kind), func(t *testing.T) {
			s := interop.Start(t, kind)
			var books windowLedger
			for position := range streamWindow {
				runOversize(t, s, &books, position)
			}
			books.check(t, s)
		})
	}
}

func runOversize(t *testing.T, s *interop.Server, books *windowLedger, position int) {
	t.Helper()
	mails := windowOf(fmt.Sprintf("large-%d", position))
	large := mails[position]
	large.Content = append(large.Content, strings.Repeat("0123456789\r\n", 100)...)
	var wire wire
	for i, r := range stream(t, s, interop.Small, wire.trace(), mails) {
		books.enter(mails[i], r)
		switch {
		case i != position && r.Err != nil:
			t.Errorf("large one at %d: message %d: %v", position, i, r.Err)
		case i == position && !errors.Is(r.Err, smtpclient.ErrTooLarge):
			t.Errorf("large one at %d: %v; want ErrTooLarge", position, r.Err)
		}
	}
	commands := wire.commands.String()
	if strings.Contains(commands, large.From) || strings.Contains(commands, large.To[0].Address) {
		t.Errorf("its envelope went out:\n%s", commands)
	}
	if wire.contents != streamWindow-1 {
		t.Errorf("%d contents went out for %d mails that fit", wire.contents, streamWindow-1)
	}
	last := mails[len(mails)-1] // goes by DATA
	if position == len(mails)-1 {
		last = mails[position-1]
	}
	stuffed := strings.Count("\r\n"+string(last.Content), "\r\n.")
	if named := wire.commands.Len() + wire.octets + stuffed + len(".\r\n"); wire.wrote != named {
		t.Errorf("%d octets went out, %d of them in commands and contents", wire.wrote, named)
	}
}

// A wire is what a session has written, as told to its trace. All hooks that it
// uses are called by the goroutine that sends.
type wire struct {
	commands strings.Builder // with CRLF
	contents int
	octets   int // of the contents
	wrote    int // in all
}

func (w *wire) trace() *smtpclient.Trace {
	return &smtpclient.Trace{
		Command: func(_ uint64, line string) { w.commands.WriteString(line + "\r\n") },
		Content: func(_ uint64, octets int) { w.contents++; w.octets += octets },
		Wrote:   func(_ uint64, n int) { w.wrote += n },
	}
}
