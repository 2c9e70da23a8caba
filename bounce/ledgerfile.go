package bounce

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ledgerHead is the first line of a file that a Ledger writes.
const ledgerHead = "# suppressions: what, when, address, reason or id, detail, between tabs"

// A LineError tells which line of a ledger's file is not one.
type LineError struct {
	Line int // from 1 on
	Text string
}

func (e *LineError) Error() string {
	return fmt.Sprintf("bounce: line %d of the ledger: %q", e.Line, e.Text)
}

// LoadLedger reads a Ledger from a file that Save has written, or somebody by
// hand: see ReadFrom. A file that does not exist is an empty Ledger.
func LoadLedger(path string, rules Rules) (*Ledger, error) {
	l, err := NewLedger(rules)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("bounce: %w", err)
	}
	defer f.Close()
	if _, err := l.ReadFrom(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// Save writes the Ledger to a file, which is replaced at once by the new one or
// stays as it was. Who may read it is for the owner to decide: mode 0600.
func (l *Ledger) Save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("bounce: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("bounce: %w", err)
		}
	}()
	if _, err = l.WriteTo(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// WriteTo writes the Ledger as lines of text:
//
//	suppress	2026-05-04T10:00:05Z	ann@alpha.example	no-mailbox	550 5.1.1 User unknown
//	soft	2026-05-04T10:00:05Z	bob@beta.example	mailbox-full	n.4711@example.net
//	release	2026-05-04T10:00:05Z	cleo@gamma.example
func (l *Ledger) WriteTo(w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	b := bufio.NewWriter(counted)
	fmt.Fprintln(b, ledgerHead)
	for _, s := range l.Suppressions() {
		writeCells(b, "suppress", stamp(s.Since), s.Address, s.Reason, s.Detail)
	}
	l.mu.Lock()
	for _, key := range sortedKeys(l.soft) {
		for _, s := range l.soft[key] {
			writeCells(b, "soft", stamp(s.at), key, string(s.class), s.id)
		}
	}
	for _, key := range sortedKeys(l.released) {
		writeCells(b, "release", stamp(l.released[key]), key)
	}
	l.mu.Unlock()
	err := b.Flush()
	return counted.n, err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// writeCells writes a line. An error comes out of Flush.
func writeCells(b *bufio.Writer, cells ...string) {
	for i, c := range cells {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(strings.Join(strings.Fields(c), " "))
	}
	b.WriteByte('\n')
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// ReadFrom adds what r has, in the form that WriteTo writes. Empty lines and those
// that begin with '#' are passed over. A line with an address alone is a
// suppression, too, for the reason "listed": a list may be kept by hand. The
// error for another line is a *LineError.
func (l *Ledger) ReadFrom(r io.Reader) (int64, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var n int64
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimRight(lines.Text(), " \t\r")
		n += int64(len(lines.Bytes())) + 1
		if text == "" || text[0] == '#' {
			continue
		}
		if !l.readLine(strings.Split(text, "\t")) {
			return n, &LineError{number, text}
		}
	}
	if err := lines.Err(); err != nil {
		return n, fmt.Errorf("bounce: reading the ledger: %w", err)
	}
	return n, nil
}

func (l *Ledger) readLine(cells []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(cells) == 1 {
		a, ok := bareAddress(cells[0])
		if ok && len(strings.Fields(cells[0])) == 1 {
			l.suppress(a, time.Now(), "listed", "")
		}
		return ok && len(strings.Fields(cells[0])) == 1
	}
	if len(cells) < 3 {
		return false
	}
	who := strings.Join(strings.Fields(cells[2]), " ")
	at, err := time.Parse(time.RFC3339, cells[1])
	if at = at.UTC(); who == "" || err != nil || at.Year() < 0 || at.Year() > 9999 { // by its zone
		return false
	}
	cells = append(cells, "", "")
	key := ledgerKey(who)
	switch cells[0] {
	case "suppress":
		l.suppress(who, at, cells[3], cells[4])
	case "soft":
		if _, ok := l.suppressed[key]; !ok {
			l.soft[key] = append(l.soft[key], softBounce{at, cells[4], Class(cells[3])})
		}
	case "release":
		l.released[key] = at
	default:
		return false
	}
	return true
}
