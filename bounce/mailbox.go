package bounce

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Path reads the mails at a path: an mbox, a maildir, a directory of mails, or a
// file with one mail. A directory with the subdirectories new and cur is a
// maildir; a file is an mbox if it begins with a From_ line.
//
// An error of the path itself is returned at once.
func (p *Parser) Path(path string) (iter.Seq[Mail], error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("bounce: %w", err)
	}
	if info.IsDir() {
		if isMaildir(path) {
			return p.Maildir(path), nil
		}
		return p.Dir(path), nil
	}
	return p.fileOrMbox(path), nil
}

// fileOrMbox reads a file as Reader does.
func (p *Parser) fileOrMbox(path string) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Mail{File: path, Err: fmt.Errorf("bounce: %w", err)})
			return
		}
		defer f.Close()
		p.Reader(path, f)(yield)
	}
}

// Reader reads the mails from r: those of an mbox if it begins with a From_ line,
// else one. name is for Mail.File.
func (p *Parser) Reader(name string, r io.Reader) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		b := bufio.NewReaderSize(r, 64<<10)
		if first, _ := b.Peek(256); isMboxLine(first) { // an error comes again
			p.Mbox(name, b)(yield)
			return
		}
		m := Mail{File: name}
		m.Report, m.Err = p.Parse(b)
		yield(m)
	}
}

func isMaildir(path string) bool {
	for _, sub := range [...]string{"new", "cur"} {
		if info, err := os.Stat(filepath.Join(path, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// file reads a file with one mail.
func (p *Parser) file(path string) Mail {
	m := Mail{File: path}
	f, err := os.Open(path)
	if err != nil {
		m.Err = fmt.Errorf("bounce: %w", err)
		return m
	}
	defer f.Close()
	m.Report, m.Err = p.Parse(f)
	return m
}

// Maildir reads the mails of a maildir, those in new before those in cur, by
// name. Nothing is moved or marked. A file that has gone since the directory was
// read (another program marks it as seen) is passed over.
func (p *Parser) Maildir(path string) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		for _, sub := range [...]string{"new", "cur"} {
			entries, err := os.ReadDir(filepath.Join(path, sub))
			if err != nil && !yield(Mail{File: filepath.Join(path, sub), Err: fmt.Errorf("bounce: %w", err)}) {
				return
			}
			for _, e := range entries {
				if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
					continue
				}
				m := p.file(filepath.Join(path, sub, e.Name()))
				if errors.Is(m.Err, fs.ErrNotExist) {
					continue
				}
				if !yield(m) {
					return
				}
			}
		}
	}
}

// Dir reads all files in a directory and the ones below it, by name, but for
// those whose name begins with a dot: one mail each, or an mbox where a file
// begins with a From_ line.
func (p *Parser) Dir(path string) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				if !yield(Mail{File: name, Err: fmt.Errorf("bounce: %w", err)}) {
					return fs.SkipAll
				}
				return nil
			case name != path && strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			case e.IsDir():
				return nil
			}
			for m := range p.fileOrMbox(name) {
				if !yield(m) {
					return fs.SkipAll
				}
			}
			return nil
		})
		_ = err // always nil: the function returns nothing else
	}
}
