package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
)

var errDryRun = errors.New("dry run")

const mailSuffix = ".eml"

// makeDryRun makes the directory. One with mails in it is refused: nobody could
// tell those of this run from them.
func makeDryRun(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("-dry-run: %w", err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("-dry-run: %w", err)
	}
	for _, f := range list {
		if strings.HasSuffix(f.Name(), mailSuffix) {
			return fmt.Errorf("-dry-run: %s has mails in it already, %s for one; remove them, or name another directory", dir, f.Name())
		}
	}
	return nil
}

// rehearse writes the letters into files instead of sending them.
func (p *program) rehearse(stop context.Context, m *mailing) (d dispatch, err error) {
	d.sunk = -1
	dir := m.options.dryRun
	stopWatch := p.watch(m, func() pool.Stats { return pool.Stats{} })
	defer stopWatch()
	begin := time.Now()
	for l := range m.letters(stop) {
		if err := os.WriteFile(filepath.Join(dir, l.filename()), l.content, 0o666); err != nil {
			m.ledger.enter(l.outcome(notSent, err))
			m.unwanted = errors.New("not written: another mail could not be")
			return d, fmt.Errorf("-dry-run: %w", err)
		}
		m.ledger.enter(l.outcome(notSent, errDryRun))
	}
	d.took = time.Since(begin)
	return d, nil
}

// filename is unique by the number of the row, and one that every file system
// takes.
func (l *letter) filename() string {
	const most = 80
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("@.+-_=", r):
			return r
		}
		return '_'
	}, l.email)
	return fmt.Sprintf("%07d-%s%s", l.row, name[:min(most, len(name))], mailSuffix)
}
