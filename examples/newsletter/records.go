package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a record. They bound the memory, and what a stray quote can have us
// look at again.
const (
	maxRecord      = maxLine // octets
	maxRecordLines = 100
)

var (
	errLongLine   = errors.New("line over 64 KiB")
	errLongRecord = errors.New("record over 100 lines or 64 KiB")
	errBareQuote  = errors.New("quote inside of a field that does not begin with one")
	errBehind     = errors.New("text behind the closing quote of a field")
	errOpenQuote  = errors.New("quote is never closed as it should be, before a comma or at the end of a line")
	errCR         = errors.New("CR in the line; line ends are CR alone, perhaps, and must be LF or CRLF")
	errWithin     = errors.New("perhaps text of that field, not a row")
)

// A record is a row of a CSV file as it stands there.
type record struct {
	line   int // where it begins, from 1
	last   int // the line where it ends
	fields []string
	err    error // it is none; fields are those before the fault
}

// A recordReader splits a CSV file (RFC 4180) into records. It must not take a
// line of a quoted field for a record, because a mail would go to whoever is
// named there, and should find its way back after a stray quote, one that nobody
// closes. For a quote that is open at the end of a line there are three cases:
//
//   - The next quote that is not one of a pair stands before a comma or a line
//     end. It closes the field: all lines are one record, however long.
//   - There is none up to the end of the file.
//   - It stands elsewhere. It is the opening quote of a later record then, or
//     the field has quotes that should be pairs.
//
// In the last two the line is a bad record, and those behind it, as far as the
// limits of a record go or the quotes are balanced, are looked at: up to the
// last of them that does not look like a row they are perhaps text of the field,
// and each is a bad record. Behind that one, reading goes on as if nothing had
// been.
//
// Where the limits are passed, the reader looks for the next quote all the same,
// and then goes back. In what cannot go back, a pipe, each line is a bad record
// until a quote shows what the first one was.
type recordReader struct {
	lines lineReader
	// isRow reports whether the fields of a line, up to its first fault, are
	// those of a row, if perhaps a bad one.
	isRow func(fields []string, err error) bool

	bad []record // to come before all else
	// In a pipe, the quote that the limits of a record were passed with.
	opened  int // its line; 0: none
	quotes  quoting
	allRows bool // what is behind it looks like rows
}

func newRecordReader(r io.Reader) *recordReader {
	rr := &recordReader{lines: newLineReader(r)}
	rr.lines.skipMark()
	return rr
}

// header returns the first record, which has one line. It comes before all
// others.
func (r *recordReader) header() (record, error) {
	for {
		l, err := r.lines.next()
		switch {
		case err != nil:
			return record{}, err
		case strings.Contains(l.text, "\r"):
			return record{line: l.number, last: l.number, err: errCR}, nil
		case l.text != "":
			return single(l), nil
		}
	}
}

// next returns the next record. The error is io.EOF or that of the reader.
func (r *recordReader) next() (record, error) {
	for {
		if len(r.bad) > 0 {
			rec := r.bad[0]
			r.bad = r.bad[1:]
			return rec, nil
		}
		l, err := r.lines.next()
		if err != nil {
			return record{}, err
		}
		switch {
		case r.opened > 0:
			r.skip(l)
		case l.text != "":
			return r.from(l), nil
		}
	}
}

// from reads the record that begins with a line.
func (r *recordReader) from(l line) record {
	var q quoting
	ended := r.follow(&q, l)
	if !ended {
		return r.open(l, q)
	}
	return single(l)
}

// follow follows the quotes of a line and reports whether the record ends.
func (r *recordReader) follow(q *quoting, l line) (ended bool) {
	q.text([]byte(l.text))
	if l.tooLong {
		r.lines.rest(q.text)
	}
	return q.lineEnd()
}

// A search is one for the quote that closes the one open at the end of first.
type search struct {
	first  line
	quotes quoting
	window []line // what is behind first, up to the limits
	size   int    // octets up to there
	beyond *line  // the one at which the limits were passed
}

// add adds a line to the window, if there is room.
func (s *search) add(l line) {
	s.size += 1 + len(l.text)
	if l.tooLong || len(s.window)+1 >= maxRecordLines || s.size > maxRecord {
		s.beyond = &l
		return
	}
	s.window = append(s.window, l)
}

// open reads on from a line at whose end a quote is open.
func (r *recordReader) open(first line, q quoting) record {
	s := &search{first: first, quotes: q, size: len(first.text)}
	if first.tooLong {
		s.size = maxRecord
	}
	for {
		l, err := r.lines.next()
		if err != nil {
			// Whether the quote is closed behind what cannot be read, nobody knows.
			return r.stray(s, !errors.Is(err, io.EOF), false)
		}
		if s.beyond == nil {
			s.add(l)
		}
		if s.beyond != nil && !r.lines.canRewind() {
			return r.beginSkip(s, l)
		}
		ended := r.follow(&s.quotes, l)
		switch {
		case ended && !s.quotes.muddled:
			return s.whole(l.number)
		case ended, s.beyond != nil && s.quotes.muddled:
			return r.stray(s, false, ended && s.beyond == nil)
		}
	}
}

// whole returns the record of all lines up to last.
func (s *search) whole(last int) record {
	rec := record{line: s.first.number, last: last}
	if s.beyond != nil {
		rec.err = errLongRecord
		if !s.first.tooLong {
			rec.fields, _ = splitFields(s.first.text)
		}
		return rec
	}
	text := s.first.text
	for _, l := range s.window {
		text += "\n" + l.text
	}
	rec.fields, rec.err = splitFields(text)
	return rec
}

// stray returns the bad record of the first line. Those behind it that perhaps
// are none become bad ones too: all, or those up to the last that does not look
// like a row. balanced says that the last one closes what was open, if in an odd
// way.
func (r *recordReader) stray(s *search, all, balanced bool) record {
	n := len(s.window)
	if !all {
		n = r.doubtful(s.window, balanced)
	}
	for _, l := range s.window[:n] {
		r.reject(l, s.first.number)
	}
	if s.beyond != nil && !all {
		r.lines.rewind(*s.beyond)
	}
	r.lines.unread(s.window[n:])
	return single(s.first)
}

// single returns the record of one line.
func single(l line) record {
	rec := record{line: l.number, last: l.number, err: errLongLine}
	if !l.tooLong {
		rec.fields, rec.err = splitFields(l.text)
	}
	return rec
}

// doubtful returns the number of lines up to the last that does not look like a
// row.
func (r *recordReader) doubtful(lines []line, balanced bool) (n int) {
	for i, l := range lines {
		if l.text == "" {
			continue
		}
		fields, err := splitFields(l.text)
		odd := balanced && i == len(lines)-1 && (errors.Is(err, errBareQuote) || errors.Is(err, errBehind))
		if odd || !r.isRow(fields, err) {
			n = i + 1
		}
	}
	return n
}

// reject makes a bad record of a line behind a quote that opened in another.
func (r *recordReader) reject(l line, opened int) {
	if l.text == "" {
		return
	}
	rec := record{line: l.number, last: l.number}
	if !l.tooLong {
		rec.fields, _ = splitFields(l.text)
	}
	rec.err = fmt.Errorf("behind the quote that opens in line %d: %w", opened, errWithin)
	r.bad = append(r.bad, rec)
}

// beginSkip gives up what is behind a quote in a pipe, from the line on at which
// the limits were passed.
func (r *recordReader) beginSkip(s *search, l line) record {
	r.opened, r.quotes = s.first.number, s.quotes
	r.allRows = r.doubtful(s.window, false) == 0
	for _, w := range s.window {
		r.reject(w, r.opened)
	}
	r.skip(l)
	return single(s.first)
}

// skip gives up a line, unless it shows that the quote was a stray one.
func (r *recordReader) skip(l line) {
	ended := r.follow(&r.quotes, l)
	if r.quotes.muddled && r.allRows && !l.tooLong {
		r.opened = 0
		r.lines.unread([]line{l})
		return
	}
	r.reject(l, r.opened)
	if ended {
		r.opened = 0
	}
}

// splitFields splits a record. With an error come the fields before the fault.
func splitFields(s string) (fields []string, err error) {
	for {
		var field string
		if strings.HasPrefix(s, `"`) {
			if field, s, err = quotedField(s[1:]); err != nil {
				return fields, err
			}
		} else {
			end := strings.IndexByte(s, ',')
			if end < 0 {
				end = len(s)
			}
			field, s = s[:end], s[end:]
			if strings.Contains(field, `"`) {
				return fields, errBareQuote
			}
		}
		fields = append(fields, field)
		if s == "" {
			return fields, nil
		}
		s = s[1:] // the comma
	}
}

// quotedField splits off a field behind its opening quote.
func quotedField(s string) (field, rest string, err error) {
	for {
		before, after, ok := strings.Cut(s, `"`)
		field += before
		switch {
		case !ok:
			return "", "", errOpenQuote
		case after == "" || after[0] == ',':
			return field, after, nil
		case after[0] != '"':
			return "", "", errBehind
		}
		field += `"`
		s = after[1:]
	}
}
