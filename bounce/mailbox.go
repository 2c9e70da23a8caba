package bounce

import (
	"bufio"
	"bytes"
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
		if target, err := filepath.EvalSymlinks(path); err == nil && target != filepath.Clean(path) {
			return p.linked(path, target), nil
		}
		if isMaildir(path) {
			return p.Maildir(path), nil
		}
		return p.Dir(path), nil
	}
	return p.fileOrMbox(path), nil
}

// linked reads a directory that a symbolic link leads to: the files are named as
// the link leads to them.
func (p *Parser) linked(path, target string) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		mails := p.Dir(target)
		if isMaildir(target) {
			mails = p.Maildir(target)
		}
		for m := range mails {
			if rest, ok := strings.CutPrefix(m.File, target); ok {
				m.File = filepath.Join(path, rest)
			}
			if !yield(m) {
				return
			}
		}
	}
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
		if first, _ := b.Peek(256); isMboxLine(firstLine(first)) { // an error comes again
			p.Mbox(name, b)(yield)
			return
		}
		m := Mail{File: name}
		m.Report, m.Err = p.Parse(b)
		yield(m)
	}
}

// firstLine returns the first line that is not empty.
func firstLine(b []byte) []byte {
	b = bytes.TrimLeft(b, "\r\n")
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		b = b[:i]
	}
	return b
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
// read (another program marks it as seen) is passed over; one that moves from new
// to cur meanwhile comes once. Only regular files are read, and links to them.
func (p *Parser) Maildir(path string) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		seen := map[string]bool{} // names without the flags that cur adds
		for _, sub := range [...]string{"new", "cur"} {
			entries, err := os.ReadDir(filepath.Join(path, sub))
			if err != nil && !yield(Mail{File: filepath.Join(path, sub), Err: fmt.Errorf("bounce: %w", err)}) {
				return
			}
			for _, e := range entries {
				name, _, _ := strings.Cut(e.Name(), ":")
				if strings.HasPrefix(name, ".") || seen[name] || !isRegular(filepath.Join(path, sub), e) {
					continue
				}
				m := p.file(filepath.Join(path, sub, e.Name()))
				if errors.Is(m.Err, fs.ErrNotExist) {
					continue
				}
				seen[name] = true
				if !yield(m) {
					return
				}
			}
		}
	}
}

// isRegular reports a regular file, or a link to one: opening another, such as a
// named pipe, may never end.
func isRegular(dir string, e fs.DirEntry) bool {
	switch e.Type() {
	case 0:
		return true
	case fs.ModeSymlink:
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		return err != nil || info.Mode().IsRegular() // reading has the error
	}
	return false
}

// Dir reads all files in a directory and the ones below it, by name, but for
// those whose name begins with a dot: one mail each, or an mbox where a file
// begins with a From_ line. Only regular files are read, and links to them.
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
			case e.IsDir(), !isRegular(filepath.Dir(name), e):
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
