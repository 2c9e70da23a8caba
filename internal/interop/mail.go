package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Mail is a message in the maildir: one recipient's copy.
type Mail struct {
	ReturnPath string // without angle brackets
	OriginalTo string // the recipient as given to RCPT
	// Content is what was handed to the server, CRLF at the end of each line:
	// without the fields that the server has put on top.
	Content []byte
	// Received is the field that the server has put on top. It is different for
	// each message that the server took, so of two mails to one recipient that
	// have it in common the server has delivered one twice.
	Received string
}

// Mails waits until the server has delivered everything that it accepted, and
// takes all mail out of the maildir. The order is not that of arrival. All
// clients must have their replies before.
func (s *Server) Mails(ctx context.Context) ([]Mail, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := s.queued()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return takeMails(s.path(layouts[s.kind].maildir))
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return nil, s.failure()
		case <-ctx.Done():
			return nil, fmt.Errorf("interop: %d messages still in the queue: %w", n, ctx.Err())
		}
	}
}

// queued counts the messages that are not delivered. A message moves forward
// only, so looking into the queues in that order misses none.
func (s *Server) queued() (int, error) {
	n := 0
	whole := layouts[s.kind].whole
	for _, queue := range layouts[s.kind].queues {
		err := filepath.WalkDir(s.path(queue), func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil // moved on between the listing and the look
			case err == nil && !d.IsDir() && (whole == nil || whole(path, d)):
				n++
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// takeMails reads and removes the files of one of a maildir's directories.
func takeMails(dir string) ([]Mail, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the first delivery makes it
	}
	if err != nil {
		return nil, err
	}
	mails := make([]Mail, 0, len(entries))
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		mail, err := parseMail(file)
		if err != nil {
			return nil, fmt.Errorf("interop: %s: %w", path, err)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		mails = append(mails, mail)
	}
	return mails, nil
}

// parseMail splits a maildir's file into the fields on top, up to and with one
// Received, and the content below. Lines end as the server likes.
func parseMail(file []byte) (Mail, error) {
	var m Mail
	rest := file
	for {
		field, next := cutField(rest)
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		rest = next
		switch strings.ToLower(name) {
		case "return-path":
			m.ReturnPath = strings.TrimSuffix(strings.TrimPrefix(value, "<"), ">")
		case "x-original-to", "envelope-to": // Exim has the latter
			m.OriginalTo = value
		case "delivered-to":
			if m.OriginalTo == "" { // OpenSMTPD has no other
				m.OriginalTo = value
			}
		case "authentication-results": // Haraka's
		case "received":
			m.Received, m.Content = value, rest
			if !strings.HasSuffix(field, "\r") {
				m.Content = bytes.ReplaceAll(rest, []byte("\n"), []byte("\r\n"))
			}
			return m, nil
		default:
			return Mail{}, fmt.Errorf("the server's fields end with %q and not with Received", field)
		}
	}
}

// cutField takes the first header field off, with the lines that continue it.
func cutField(b []byte) (string, []byte) {
	end := 0
	for {
		i := bytes.IndexByte(b[end:], '\n')
		if i < 0 {
			return string(b), nil
		}
		end += i + 1
		if end == len(b) || b[end] != ' ' && b[end] != '\t' {
			return string(b[:end-1]), b[end:]
		}
	}
}
