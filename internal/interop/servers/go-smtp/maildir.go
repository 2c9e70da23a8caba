package main

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"sync/atomic"
)

// A maildir is safe for concurrent use.
type maildir struct {
	tmp, new string
	prefix   string // of the files: the process before a restart had others
	last     atomic.Int64
}

func openMaildir(dir string) (*maildir, error) {
	box := &maildir{tmp: filepath.Join(dir, "tmp"), new: filepath.Join(dir, "new"), prefix: fmt.Sprint(os.Getpid())}
	for _, dir := range []string{box.tmp, box.new} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	return box, nil
}

// deliver writes a file for each recipient, the envelope on top.
func (box *maildir) deliver(from string, to []string, content []byte) error {
	id := fmt.Sprintf("%s.%d", box.prefix, box.last.Add(1))
	for n, address := range to {
		name := fmt.Sprintf("%s.%d", id, n)
		file := fmt.Appendf(nil, "Return-Path: <%s>\r\nX-Original-To: %s\r\nReceived: by mx.example.test (go-smtp) id %s\r\n",
			from, quoted(address), id)
		tmp := filepath.Join(box.tmp, name)
		if err := os.WriteFile(tmp, append(file, content...), 0o600); err != nil {
			return err
		}
		if err := os.Rename(tmp, filepath.Join(box.new, name)); err != nil {
			return err
		}
	}
	return nil
}

// quoted undoes what go-smtp does to a local part that is a quoted string: it
// hands over what is quoted.
func quoted(address string) string {
	s := (&mail.Address{Address: address}).String()
	return s[1 : len(s)-1]
}
