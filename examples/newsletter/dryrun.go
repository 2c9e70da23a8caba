package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var errDryRun = errors.New("dry run")

// rehearse writes the letters into files instead of sending them.
func (p *program) rehearse(stop context.Context, m *mailing) (d dispatch, err error) {
	d.sunk = -1
	dir := m.options.dryRun
	stopWatch := p.watch(m)
	defer stopWatch()
	begin := time.Now()
	for l := range m.letters(stop) {
		if err := os.WriteFile(filepath.Join(dir, l.filename()), l.content, 0o666); err != nil {
			m.ledger.enter(l.outcome(notSent, err))
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
	return fmt.Sprintf("%07d-%s.eml", l.row, name[:min(most, len(name))])
}
