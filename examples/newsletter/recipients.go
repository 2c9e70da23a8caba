package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/examples/newsletter/shipped"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// shippedInvalid is the number of rows of shipped/recipients.csv that are
// broken on purpose.
const shippedInvalid = 5

// emailColumn is the one column that a recipients file must have; nameColumn
// is the recipient's name, if there is one.
const (
	emailColumn = "email"
	nameColumn  = "name"
)

// A row is a recipient, or what stands in the place of one.
type row struct {
	number int // from 1, the header not counted
	line   int // in the file; 0: it is from none
	email  string
	fields map[string]string
	err    error // the row is invalid
}

// blame returns err with the line of the row.
func (r row) blame(err error) error {
	if r.line == 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", r.line, err)
}

// A source hands out rows, one at a time.
type source interface {
	columns() []string
	// next returns a row. The error, io.EOF at the end, ends them all.
	next() (row, error)
	// rows is their number, as far as it is known without reading them; 0: it
	// is not.
	rows() int64
	// Close has next return an error soon, also one that waits for input.
	Close() error
}

// openSource opens the recipients that the flags name.
func openSource(o *options) (source, error) {
	if o.given["n"] {
		return &madeUp{n: o.n}, nil
	}
	if o.recipients != "" {
		f, err := os.Open(o.recipients)
		if err != nil {
			return nil, fmt.Errorf("-recipients: %w", err)
		}
		s, err := newCSVSource(f, f)
		if err != nil {
			_ = f.Close() // only read
			return nil, fmt.Errorf("-recipients: %s: %w", o.recipients, err)
		}
		s.file = f
		return s, nil
	}
	data, err := shipped.Files.ReadFile("recipients.csv")
	if err != nil {
		return nil, err
	}
	s, err := newCSVSource(bytes.NewReader(data), io.NopCloser(nil))
	if err != nil {
		return nil, err
	}
	s.lines = int64(bytes.Count(data, []byte("\n")))
	return s, nil
}

// A csvSource reads recipients from a CSV file.
type csvSource struct {
	io.Closer
	records *recordReader
	header  []string
	email   int // column
	number  int // of the last row
	file    *os.File
	lines   int64
}

// newCSVSource reads the header.
func newCSVSource(r io.Reader, c io.Closer) (*csvSource, error) {
	records := newRecordReader(r)
	first, err := records.header()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("empty: a header line with the column email is required")
	case err != nil:
		return nil, err
	case first.err != nil:
		return nil, fmt.Errorf("line %d: header: %w", first.line, first.err)
	}
	header := first.fields
	for i, name := range header {
		header[i] = strings.TrimSpace(name)
		if err := checkName(header[i], header[:i]); err != nil {
			return nil, fmt.Errorf("line %d: header: %w", first.line, err)
		}
	}
	email := slices.Index(header, emailColumn)
	if email < 0 {
		return nil, fmt.Errorf("line %d: header: no column email; columns are separated by commas, found %q", first.line, header)
	}
	s := &csvSource{Closer: c, records: records, header: header, email: email}
	records.isRow = s.looksLikeRow
	return s, nil
}

// checkName checks the name of a column; before are those before it.
func checkName(name string, before []string) error {
	switch {
	case strings.Contains(name, "\x00") || !utf8.ValidString(name):
		return fmt.Errorf("column %q: not UTF-8 text; UTF-16, perhaps", name)
	case slices.Contains(before, name):
		return fmt.Errorf("column %q comes twice", name)
	}
	return nil
}

func (s *csvSource) columns() []string { return s.header }

func (s *csvSource) next() (row, error) {
	rec, err := s.records.next()
	if err != nil {
		return row{}, err
	}
	s.number++
	r := row{number: s.number, line: rec.line}
	if s.email < len(rec.fields) {
		r.email = rec.fields[s.email]
	}
	if err := s.check(rec); err != nil {
		r.err = err
		return r, nil
	}
	r.fields = make(map[string]string, len(s.header))
	for i, name := range s.header {
		r.fields[name] = rec.fields[i]
	}
	return r, nil
}

// check reports what makes a record no row to send to.
func (s *csvSource) check(rec record) error {
	err := s.checkFields(rec)
	if err != nil && rec.last > rec.line {
		return fmt.Errorf("%w (the row goes on to line %d)", err, rec.last)
	}
	return err
}

func (s *csvSource) checkFields(rec record) error {
	if rec.err != nil {
		return rec.err
	}
	if len(rec.fields) != len(s.header) {
		return fmt.Errorf("%d fields, the header has %d", len(rec.fields), len(s.header))
	}
	for i, value := range rec.fields {
		if strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("%s: line break or NUL in the value", s.header[i])
		}
		if !utf8.ValidString(value) {
			return fmt.Errorf("%s: not UTF-8", s.header[i])
		}
	}
	return checkEmail(rec.fields[s.email])
}

// checkEmail reports what makes an address no address, without the prefix that
// suits a message refused.
func checkEmail(address string) error {
	if strings.TrimSpace(address) != address {
		return fmt.Errorf("%s: leading or trailing space", emailColumn)
	}
	err := smtpclient.CheckAddress(address)
	var refused *smtpclient.RefusedError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s: %s", emailColumn, refused.Detail)
	}
	return err
}

// looksLikeRow tells a row, good or bad, from text. A row has something like an
// address in its place, or as many fields as the header without the spaces that
// are behind a comma in a sentence.
func (s *csvSource) looksLikeRow(fields []string, err error) bool {
	if s.email < len(fields) {
		email := fields[s.email]
		if strings.Contains(email, "@") && (checkEmail(email) == nil || !strings.Contains(strings.TrimSpace(email), " ")) {
			return true
		}
	}
	if err != nil || len(fields) != len(s.header) || len(fields) == 1 || strings.Contains(fields[s.email], " ") {
		return false
	}
	return !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, " ") })
}

// rows counts the lines of a file, which is far quicker than sending them and
// only serves the progress bar.
func (s *csvSource) rows() int64 {
	if s.lines == 0 && s.file != nil {
		s.lines = countLines(s.file)
	}
	return max(0, s.lines-1)
}

// countLines returns 0 for what is no regular file.
func countLines(f *os.File) (n int64) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	buf := make([]byte, 256<<10)
	for at := int64(0); at < info.Size(); {
		got, err := f.ReadAt(buf, at)
		n += int64(bytes.Count(buf[:got], []byte("\n")))
		if at += int64(got); err != nil || got == 0 {
			break
		}
	}
	return n
}
