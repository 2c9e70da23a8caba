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
const ledgerHead = "# suppressions: what, when, address, reason, detail, ids, between tabs"

// A LineError tells which line of a ledger's file is not one.
type LineError struct {
	Line int // from 1 on
	Text string
}

// Error implements error.
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
//
// A symbolic link stays one: the file that it leads to is replaced.
func (l *Ledger) Save(path string) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
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
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir makes a rename last over a loss of power. Where a directory cannot be
// synced, as on Windows, the rename is all there is.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// WriteTo writes the Ledger as lines of text, as it is at one moment:
//
//	suppress	2026-05-04T10:00:05Z	ann@alpha.example	no-mailbox	550 5.1.1 User unknown	n.4710@example.net
//	soft	2026-05-04T10:00:05Z	ben@beta.example	mailbox-full	n.4711@example.net
//	success	2026-05-04T10:00:05Z	dora@gamma.example
//	release	2026-05-04T10:00:05Z	cleo@gamma.example	n.4709@example.net
//
// What comes last in a line are the ids of the messages that reports were about,
// or of the reports. It does not hold up other calls while w is written to.
func (l *Ledger) WriteTo(w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	b := bufio.NewWriter(counted)
	fmt.Fprintln(b, ledgerHead)
	for _, cells := range l.snapshot() {
		writeCells(b, cells)
	}
	err := b.Flush()
	return counted.n, err
}

// snapshot returns all lines.
func (l *Ledger) snapshot() (lines [][]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.list() {
		line := []string{"suppress", stamp(s.Since), s.Address, s.Reason, s.Detail}
		lines = append(lines, append(line, l.reports[ledgerKey(s.Address)]...))
	}
	for _, key := range sortedKeys(l.soft) {
		for _, s := range l.soft[key] {
			lines = append(lines, []string{"soft", stamp(s.at), key, string(s.class), s.id})
		}
	}
	var newest time.Time
	for _, at := range l.succeeded {
		if at.After(newest) {
			newest = at
		}
	}
	for _, key := range sortedKeys(l.succeeded) {
		if at := l.succeeded[key]; newest.Sub(at) <= l.rules.SoftWindow { // others are out of every window
			lines = append(lines, []string{"success", stamp(at), key})
		}
	}
	for _, key := range sortedKeys(l.released) {
		line := []string{"release", stamp(l.released[key].at), key}
		lines = append(lines, append(line, l.released[key].ids...))
	}
	return lines
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

// oneCell takes what ends a cell or a line out of one.
var oneCell = strings.NewReplacer("\t", " ", "\r", " ", "\n", " ")

// writeCells writes a line. An error comes out of Flush.
func writeCells(b *bufio.Writer, cells []string) {
	for i, c := range cells {
		if i > 0 {
			b.WriteByte('\t')
		}
		oneCell.WriteString(b, c)
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
		if ok = ok && len(strings.Fields(cells[0])) == 1 && isKey(ledgerKey(a)); ok {
			l.suppress(Suppression{Address: a, Since: time.Now(), Reason: "listed"})
		}
		return ok
	}
	if len(cells) < 3 {
		return false
	}
	at, err := time.Parse(time.RFC3339, cells[1])
	key := ledgerKey(cells[2])
	if y := at.UTC().Year(); err != nil || y < 0 || y > 9999 || !isKey(key) {
		return false
	}
	cells = append(cells, "", "")
	switch cells[0] {
	case "suppress":
		s := Suppression{Address: cells[2], Since: at, Reason: cells[3], Detail: cells[4]}
		l.suppress(s, readIDs(cells[5:])...)
	case "soft":
		if _, ok := l.suppressed[key]; !ok {
			l.soft[key] = append(l.soft[key], softBounce{at, cleanID(cells[4]), Class(cells[3])})
		}
	case "success":
		l.succeeded[key] = at
	case "release":
		ids := readIDs(cells[3:])
		l.released[key] = release{at, ids[:min(len(ids), maxReports)]}
	default:
		return false
	}
	return true
}

// readIDs reads the ids at the end of a line.
func readIDs(cells []string) (ids []string) {
	for _, c := range cells {
		if id := cleanID(c); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
