package bounce_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bulksmtp/bulksmtp/bounce"
)

func newParser(t *testing.T, c bounce.Config) *bounce.Parser {
	t.Helper()
	p, err := bounce.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// seen lists what came out of a mailbox: kind or error, one a mail.
func seen(mails iter.Seq[bounce.Mail]) (list []string) {
	for m := range mails {
		name := filepath.Base(m.File)
		if m.Number > 0 {
			name = fmt.Sprint(m.Number)
		}
		if m.Err != nil {
			list = append(list, name+" error")
			continue
		}
		list = append(list, name+" "+m.Report.Kind.String())
	}
	return list
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

const fromLine = "From MAILER-DAEMON@x.example Mon May  4 10:00:05 2026\n"

func TestMbox(t *testing.T) {
	p := newParser(t, bounce.Config{})
	mail := read(t, "dsn-postfix")
	quoted := strings.Replace(mail, "The news of this month.", ">From here on\n>>From there\nFrom what I hear, nothing new\n\nFrom nowhere\n\n>From MAILER-DAEMON Mon May  4 10:00:05 2026", 1)
	damaged := "\x00\x00\n\x00"
	mbox := fromLine + quoted + "\n" + fromLine + damaged + "\n\n" + fromLine + read(t, "auto-vacation") + "\n" + fromLine + read(t, "arf-abuse")
	same(t, seen(p.Mbox("box", strings.NewReader(mbox))), "1 dsn", "2 error", "3 auto-reply", "4 feedback")
	same(t, seen(p.Mbox("box", strings.NewReader(strings.ReplaceAll(mbox, "\n", "\r\n")))), "1 dsn", "2 error", "3 auto-reply", "4 feedback")
	same(t, seen(p.Mbox("box", strings.NewReader(strings.ReplaceAll(mbox, "\n", "\r")))), "1 dsn", "2 error", "3 auto-reply", "4 feedback")
	same(t, seen(p.Mbox("box", iotest.OneByteReader(strings.NewReader(mbox)))), "1 dsn", "2 error", "3 auto-reply", "4 feedback")
	same(t, seen(p.Mbox("box", strings.NewReader(""))))
	same(t, seen(p.Mbox("box", strings.NewReader(strings.TrimPrefix(mail, "\n")))), "1 dsn")

	broken := errors.New("broken")
	var last error
	for m := range p.Mbox("box", io.MultiReader(strings.NewReader(fromLine+mail+"\n"+fromLine), iotest.ErrReader(broken))) {
		last = m.Err
	}
	if !errors.Is(last, broken) {
		t.Error(last)
	}
	for range p.Mbox("box", strings.NewReader(mbox)) {
		break // must not panic
	}
}

// Memory does not grow with an mbox, nor with a mail in it that is over the limit.
func TestMboxMemory(t *testing.T) {
	p := newParser(t, bounce.Config{MaxSize: 64 << 10})
	mail := []byte(fromLine + read(t, "dsn-postfix") + "\n")
	huge := io.MultiReader(strings.NewReader(fromLine+"From: a@b.example\nSubject: huge\n\n"), io.LimitReader(zeros{}, 64<<20), strings.NewReader("\n\n"))
	var many io.Reader = &repeater{data: mail, times: 20000}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, truncated, most := 0, 0, uint64(0)
	for m := range p.Mbox("box", io.MultiReader(huge, many)) {
		if m.Err != nil {
			t.Fatal(m.Err)
		}
		n++
		if m.Report.Truncated {
			truncated++
		}
		if n%4000 == 1 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			most = max(most, after.HeapAlloc)
		}
	}
	if n != 20001 || truncated != 1 {
		t.Errorf("%d mails, %d truncated", n, truncated)
	}
	if most > before.HeapAlloc+4<<20 {
		t.Errorf("%d octets in use, %d before", most, before.HeapAlloc)
	}
}

// A repeater gives the same data a number of times.
type repeater struct {
	data  []byte
	times int
	at    int
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[r.at:])
	if r.at += n; r.at == len(r.data) {
		r.at, r.times = 0, r.times-1
	}
	return n, nil
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func paths(t *testing.T, p *bounce.Parser, path string) []string {
	t.Helper()
	mails, err := p.Path(path)
	if err != nil {
		t.Fatal(err)
	}
	return seen(mails)
}

func TestPath(t *testing.T) {
	p := newParser(t, bounce.Config{})
	dir := t.TempDir()
	maildir := filepath.Join(dir, "Maildir")
	write(t, filepath.Join(maildir, "new", "2.host"), read(t, "dsn-postfix"))
	write(t, filepath.Join(maildir, "cur", "1.host:2,S"), read(t, "auto-vacation"))
	write(t, filepath.Join(maildir, "cur", ".hidden"), "x")
	write(t, filepath.Join(maildir, "tmp", "3.host"), read(t, "arf-abuse"))
	same(t, paths(t, p, maildir), "2.host dsn", "1.host:2,S auto-reply")

	mails := filepath.Join(dir, "mails")
	write(t, filepath.Join(mails, "a.eml"), read(t, "other-reply"))
	write(t, filepath.Join(mails, "b", "c.eml"), read(t, "text-qmail"))
	write(t, filepath.Join(mails, "d.eml"), "")
	write(t, filepath.Join(mails, "e.mbox"), fromLine+read(t, "arf-abuse")+"\n"+fromLine+read(t, "dsn-utf8"))
	write(t, filepath.Join(mails, ".git", "config"), "x")
	same(t, paths(t, p, mails), "a.eml other", "c.eml bounce", "d.eml error", "1 feedback", "2 dsn")
	same(t, paths(t, p, filepath.Join(mails, "e.mbox")), "1 feedback", "2 dsn")
	same(t, paths(t, p, filepath.Join(mails, "a.eml")), "a.eml other")

	if _, err := p.Path(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestLinkedDirectory(t *testing.T) {
	p := newParser(t, bounce.Config{})
	dir := t.TempDir()
	put(t, filepath.Join(dir, "target", "a.eml"), read(t, "dsn-postfix"))
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Skip(err)
	}
	mails, err := p.Path(link)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range mails {
		if n++; m.File != filepath.Join(link, "a.eml") || m.Err != nil {
			t.Errorf("%+v", m)
		}
	}
	if n != 1 {
		t.Errorf("%d mails", n)
	}
}

// A mail that another program moves from new to cur meanwhile comes once.
func TestMaildirMoves(t *testing.T) {
	p := newParser(t, bounce.Config{})
	dir := t.TempDir()
	put(t, filepath.Join(dir, "new", "1.a.x"), read(t, "dsn-postfix"))
	put(t, filepath.Join(dir, "cur", "2.b.x:2,S"), read(t, "dsn-postfix"))
	n := 0
	for m := range p.Maildir(dir) {
		if n++; n == 1 {
			if err := os.Rename(m.File, filepath.Join(dir, "cur", "1.a.x:2,S")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d mails", n)
	}
}

// A line of a text that begins with "From " and a time is no From_ line.
func TestMboxLines(t *testing.T) {
	p := newParser(t, bounce.Config{})
	mail := strings.Replace(read(t, "dsn-postfix"), "The news of this month.", "Hello,\n\nFrom 10:30 on we met.\n\nFrom Mon to Tue at 10:30 we\n\nFrom us on Mon May  4 10:00:05 2026 to all\n", 1)
	for _, from := range []string{
		fromLine, "\n\n" + fromLine, "From - Mon May  4 10:00:05 2026\n", "From a@x.example Mon May  4 10:00:05 +0200 2026\n",
		"From a@x.example Mon May  4 10:00:05 MEST 2026 remote from x\n", "From a@x.example Mon, 4 May 2026 10:00:05 +0000\n",
		"From \"a b\"@x.example  Mon May 4 10:00 2026\r\n",
	} {
		same(t, seen(p.Reader("x", strings.NewReader(from+mail+"\n"+fromLine+mail))), "1 dsn", "2 dsn")
	}
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
