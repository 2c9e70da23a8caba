package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Limits of a record. They bound the memory, and what a quote that nobody closes
// can have us look at again.
const (
	maxRecord      = 64 << 10 // octets, and of one line of the file
	maxRecordLines = 100
)

var (
	errLongLine  = errors.New("line over 64 KiB")
	errBareQuote = errors.New("quote inside of a field that does not begin with one")
	errBehind    = errors.New("text behind the closing quote of a field")
	errOpenQuote = errors.New("quote is never closed")
)

// A record is a row of a CSV file as it stands there.
type record struct {
	line   int // where it begins, from 1
	fields []string
	err    error // it is none; fields are those before the fault
}

// A recordReader splits a CSV file (RFC 4180) into records. Unlike encoding/csv
// it finds its way back after a quote that nobody closes: a record of several
// lines is one only if it has width fields, else its first line is a bad record
// and the next begins a new one.
type recordReader struct {
	lines lineReader
	width int // the number of fields; 0: any, and no record has several lines
}

func newRecordReader(r io.Reader) *recordReader {
	b := bufio.NewReaderSize(r, maxRecord)
	if start, err := b.Peek(3); err == nil && string(start) == "\uFEFF" {
		_, _ = b.Discard(3) // cannot fail: they are in the buffer
	}
	return &recordReader{lines: lineReader{r: b}}
}

// next returns the next record. The error is io.EOF or that of the reader.
func (r *recordReader) next() (record, error) {
	var l line
	for l.text == "" && !l.tooLong {
		var err error
		if l, err = r.lines.next(); err != nil {
			return record{}, err
		}
	}
	if l.tooLong {
		return record{line: l.number, err: errLongLine}, nil
	}
	fields, err := splitFields(l.text)
	if errors.Is(err, errOpenQuote) && r.width > 0 {
		if joined, ok := r.join(l); ok {
			return record{line: l.number, fields: joined}, nil
		}
	}
	return record{line: l.number, fields: fields, err: err}, nil
}

// join reads on to the line that closes the quote that first leaves open. If
// that makes no record, the lines are given back.
func (r *recordReader) join(first line) ([]string, bool) {
	text := []byte(first.text)
	var taken []line
	for len(taken)+1 < maxRecordLines {
		l, err := r.lines.next()
		if err != nil {
			break // it comes again, behind the lines given back
		}
		taken = append(taken, l)
		if l.tooLong || len(text)+1+len(l.text) > maxRecord {
			break
		}
		text = append(append(text, '\n'), l.text...)
		if strings.Count(l.text, `"`)%2 == 0 {
			continue // the quote is still open
		}
		fields, err := splitFields(string(text))
		if err == nil && len(fields) == r.width {
			return fields, true
		}
		break // the record is over, and none
	}
	r.lines.unread(taken)
	return nil, false
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

// A line is one line of a file, without its end.
type line struct {
	number  int
	text    string // empty if tooLong
	tooLong bool
}

// A lineReader reads lines that end in LF or CRLF, and takes them back.
type lineReader struct {
	r      *bufio.Reader
	number int    // of the line read last
	back   []line // to be read again
	err    error
}

func (r *lineReader) next() (line, error) {
	if len(r.back) > 0 {
		l := r.back[0]
		r.back = r.back[1:]
		return l, nil
	}
	if r.err != nil {
		return line{}, r.err
	}
	text, err := r.r.ReadSlice('\n')
	l := line{number: r.number + 1}
	if errors.Is(err, bufio.ErrBufferFull) {
		l.tooLong = true
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.r.ReadSlice('\n')
		}
	} else {
		l.text = string(bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")))
	}
	if err != nil {
		r.err = err
		if !errors.Is(err, io.EOF) || len(text) == 0 {
			// Half a line before an error of the disk is no row.
			return line{}, err
		}
	}
	r.number++
	return l, nil
}

// unread has the lines come again.
func (r *lineReader) unread(lines []line) {
	r.back = append(lines, r.back...)
}
