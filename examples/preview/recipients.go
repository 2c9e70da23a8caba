package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/examples/newsletter/shipped"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// emailColumn is the one column that a recipients file must have; nameColumn
// is the recipient's name, if there is one.
const (
	emailColumn = "email"
	nameColumn  = "name"
)

// A row is a recipient, or what stands in the place of one.
type row struct {
	number int // from 1, the header not counted
	line   int // in the file
	email  string
	fields map[string]string
	err    error // the row is invalid
}

// name is the recipient's, or empty.
func (r row) name() string { return r.fields[nameColumn] }

// A place is where a row is in the file.
type place struct {
	start, end int // offsets
	line       int
}

// Recipients is a CSV file in memory. Only the places of its rows are known
// beforehand, so that a million of them are no burden; a row is parsed when
// somebody looks at it.
type recipients struct {
	header  []string
	email   int // column
	content []byte
	places  []place
}

// readRecipients reads the file, or the shipped one if name is empty.
func readRecipients(name string) (*recipients, error) {
	if name == "" {
		content, err := shipped.Files.ReadFile("recipients.csv")
		if err != nil {
			return nil, err
		}
		return parseRecipients(content)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("-recipients: %w", err)
	}
	r, err := parseRecipients(content)
	if err != nil {
		return nil, fmt.Errorf("-recipients: %s: %w", name, err)
	}
	return r, nil
}

func parseRecipients(content []byte) (*recipients, error) {
	r := &recipients{content: bytes.TrimPrefix(content, []byte("\uFEFF"))}
	r.findRows()
	if len(r.places) == 0 {
		return nil, errors.New("empty: a header line with the column email is required")
	}
	first := r.places[0]
	r.places = r.places[1:]
	var err error
	if r.header, err = splitFields(r.text(first)); err != nil {
		return nil, fmt.Errorf("line %d: header: %w", first.line, err)
	}
	for i, name := range r.header {
		r.header[i] = strings.TrimSpace(name)
		if !utf8.ValidString(name) || strings.Contains(name, "\x00") {
			return nil, fmt.Errorf("line %d: header: column %q: not UTF-8 text", first.line, name)
		}
		if slices.Contains(r.header[:i], r.header[i]) {
			return nil, fmt.Errorf("line %d: header: column %q comes twice", first.line, name)
		}
	}
	if r.email = slices.Index(r.header, emailColumn); r.email < 0 {
		return nil, fmt.Errorf("line %d: header: no column email; columns are separated by commas, found %q", first.line, r.header)
	}
	if len(r.places) == 0 {
		return nil, errors.New("no recipients: there is nothing behind the header")
	}
	return r, nil
}

// maxRowLines is how many lines a quoted value may go on for. Such a row gets no
// mail, but it is one row.
const maxRowLines = 100

// findRows finds the rows: lines that are not empty.
func (r *recipients) findRows() {
	line := 0
	for start := 0; start < len(r.content); {
		p, next := r.lineAt(start)
		line++
		p.line = line
		if p.start < p.end {
			if end, lines := r.closing(p, next); lines > 0 {
				p.end = end
				_, next = r.lineAt(end)
				line += lines
			}
			r.places = append(r.places, p)
		}
		start = next
	}
}

// lineAt returns the line that begins at start, without its end, and where the
// next one begins.
func (r *recipients) lineAt(start int) (p place, next int) {
	next = len(r.content)
	if i := bytes.IndexByte(r.content[start:], '\n'); i >= 0 {
		next = start + i + 1
	}
	text := bytes.TrimSuffix(r.content[start:next], []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	return place{start: start, end: start + len(text)}, next
}

// closing looks for the line that ends a row which has a quote left open in its
// first line. It returns its end, and how many lines it is further down; 0 if the
// row is the first line alone. The quote that comes next has to close the value:
// if it does not, the one before was perhaps a mistake.
func (r *recipients) closing(p place, next int) (end, lines int) {
	if bytes.Count(r.content[p.start:p.end], []byte{'"'})%2 == 0 {
		return p.end, 0
	}
	for lines = 1; lines < maxRowLines && next < len(r.content); lines++ {
		var l place
		l, next = r.lineAt(next)
		if bytes.IndexByte(r.content[l.start:l.end], '"') < 0 {
			continue
		}
		if _, err := splitFields(string(r.content[p.start:l.end])); err == nil {
			return l.end, lines
		}
		break
	}
	return p.end, 0
}

func (r *recipients) text(p place) string { return string(r.content[p.start:p.end]) }

func (r *recipients) count() int { return len(r.places) }

// row returns a row by its number, 1 to count.
func (r *recipients) row(number int) row {
	p := r.places[number-1]
	to := row{number: number, line: p.line}
	fields, err := splitFields(r.text(p))
	if r.email < len(fields) {
		to.email = fields[r.email]
	}
	if err == nil {
		err = r.check(fields)
	}
	if err != nil {
		to.err = fmt.Errorf("line %d: %w", p.line, err)
		return to
	}
	to.fields = make(map[string]string, len(r.header))
	for i, name := range r.header {
		to.fields[name] = fields[i]
	}
	return to
}

// splitFields splits a record of one line.
func splitFields(line string) ([]string, error) {
	records := csv.NewReader(strings.NewReader(line))
	fields, err := records.Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fields, fmt.Errorf("%w in column %d", parse.Err, parse.Column)
	}
	return fields, err
}

// check reports what makes fields no row to send to, as examples/newsletter
// does.
func (r *recipients) check(fields []string) error {
	if len(fields) != len(r.header) {
		return fmt.Errorf("%d fields, the header has %d", len(fields), len(r.header))
	}
	for i, value := range fields {
		if strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("%s: line break or NUL in the value", r.header[i])
		}
		if !utf8.ValidString(value) {
			return fmt.Errorf("%s: not UTF-8", r.header[i])
		}
	}
	address := fields[r.email]
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

// byAddress returns the number of the first row with that address, letters
// large or small; 0 if there is none.
func (r *recipients) byAddress(address string) int {
	for _, n := range r.search(address, r.count()) {
		if strings.EqualFold(r.row(n).email, address) {
			return n
		}
	}
	return 0
}

// search returns the numbers of the rows that hold text somewhere, letters
// large or small, most at most.
func (r *recipients) search(text string, most int) []int {
	var found []int
	text = strings.ToLower(text)
	quoted := strings.ReplaceAll(text, `"`, `""`) // as it stands in a quoted value
	for i, p := range r.places {
		line := strings.ToLower(r.text(p))
		if strings.Contains(line, text) || quoted != text && strings.Contains(line, quoted) {
			if found = append(found, i+1); len(found) == most {
				break
			}
		}
	}
	return found
}
