package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readRecords reads all records behind the header. A line is a row if it has as
// many fields.
func readRecords(t *testing.T, r io.Reader) (list []record) {
	t.Helper()
	rr := newRecordReader(r)
	header, err := rr.header()
	if err != nil || header.err != nil {
		t.Fatal(err, header.err)
	}
	rr.isRow = func(fields []string, err error) bool { return err == nil && len(fields) == len(header.fields) }
	for {
		rec, err := rr.next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, rec)
	}
}

func TestRecords(t *testing.T) {
	long := strings.Repeat("x", maxRecord)
	for name, test := range map[string]struct {
		in   string
		want []record // behind the header
		pipe []record // of what cannot go back, if that is different
	}{
		"LF":             {"h,i\na,b\n", []record{{line: 2, fields: []string{"a", "b"}}}, nil},
		"CRLF":           {"h,i\r\na,b\r\n", []record{{line: 2, fields: []string{"a", "b"}}}, nil},
		"no end":         {"h,i\na,b", []record{{line: 2, fields: []string{"a", "b"}}}, nil},
		"BOM":            {"\uFEFFh,i\na,\n", []record{{line: 2, fields: []string{"a", ""}}}, nil},
		"empty lines":    {"\n\r\nh,i\n\n\na,b\n\n", []record{{line: 6, fields: []string{"a", "b"}}}, nil},
		"quotes":         {"h,i\n\"a,\"\"b\"\"\",\"\"\n", []record{{line: 2, fields: []string{`a,"b"`, ""}}}, nil},
		"joined":         {"h,i\na,\"b\r\n\nc\"\nd,e\n", []record{{line: 2, fields: []string{"a", "b\n\nc"}}, {line: 5, fields: []string{"d", "e"}}}, nil},
		"bare quote":     {"h,i\na,b\"c\nd,e\n", []record{{line: 2, fields: []string{"a"}, err: errBareQuote}, {line: 3, fields: []string{"d", "e"}}}, nil},
		"behind quote":   {"h,i\na,\"b\"c\nd,e\n", []record{{line: 2, fields: []string{"a"}, err: errBehind}, {line: 3, fields: []string{"d", "e"}}}, nil},
		"open to end":    {"h,i\na,\"b\nc,d\n", []record{{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}}}, nil},
		"open in quotes": {"h,i\na,\"b\nc,\"d\"\n", []record{{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}}}, nil},
		"open twice": {"h,i\na,\"b\nc,\"d\ne,f\n", []record{
			{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c"}, err: errWithin}, {line: 4, fields: []string{"e", "f"}}}, nil},
		"joined, other width": {"h,i\na,\"b\nc\",d\ne,f\n", []record{
			{line: 2, fields: []string{"a", "b\nc", "d"}}, {line: 4, fields: []string{"e", "f"}}}, nil},
		"joined, bad end": {"h,i\na,\"b\nc,d\n\",e\"f\ng,h\n", []record{
			{line: 2, fields: []string{"a", "b\nc,d\n"}, err: errBareQuote}, {line: 5, fields: []string{"g", "h"}}}, nil},
		"open, rows, text, rows": {"h,i\na,\"b\nc,d\n\ntext\ne,f\n", []record{
			{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}, err: errWithin},
			{line: 5, fields: []string{"text"}, err: errWithin}, {line: 6, fields: []string{"e", "f"}}}, nil},
		"quotes inside": {"h,i\na,\"say \"b\", he\nc,d\ne\" to\nf,g\n", []record{
			{line: 2, fields: []string{"a"}, err: errBehind}, {line: 3, fields: []string{"c", "d"}, err: errWithin},
			{line: 4, err: errWithin}, {line: 5, fields: []string{"f", "g"}}}, nil},
		"bare, then open": {"h,i\nx\"y,\"b\nc,d\ne\"\nf,g\n", []record{
			{line: 2, err: errBareQuote}, {line: 5, fields: []string{"f", "g"}}}, nil},
		"two bare quotes": {"h,i\na,5\"\nb,c\nd,7\"\n", []record{
			{line: 2, fields: []string{"a"}, err: errBareQuote}, {line: 3, fields: []string{"b", "c"}}, {line: 4, fields: []string{"d"}, err: errBareQuote}}, nil},
		"long line":      {"h,i\n" + long + ",b\nc,d\n", []record{{line: 2, err: errLongLine}, {line: 3, fields: []string{"c", "d"}}}, nil},
		"long last line": {"h,i\n" + long + ",b", []record{{line: 2, err: errLongLine}}, nil},
		"long, quoted":   {"h,i\na,\"" + long + "\"\r\nc,d\n", []record{{line: 2, err: errLongLine}, {line: 3, fields: []string{"c", "d"}}}, nil},
		"long and open": {"h,i\na,\"" + long + "\nc,d\n\"\ne,f\n", []record{{line: 2, err: errLongRecord}, {line: 5, fields: []string{"e", "f"}}}, []record{
			{line: 2, err: errLongLine}, {line: 3, fields: []string{"c", "d"}, err: errWithin}, {line: 4, err: errWithin}, {line: 5, fields: []string{"e", "f"}}}},
		"open and long": {"h,i\na,\"b\nc,d\n" + long + "\"\"\nc,d\n\"\r\ne,f\n", []record{{line: 2, fields: []string{"a"}, err: errLongRecord}, {line: 7, fields: []string{"e", "f"}}}, []record{
			{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}, err: errWithin}, {line: 4, err: errWithin},
			{line: 5, fields: []string{"c", "d"}, err: errWithin}, {line: 6, err: errWithin}, {line: 7, fields: []string{"e", "f"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := readRecords(t, strings.NewReader(test.in))
			if !slices.EqualFunc(got, test.want, sameRecord) {
				t.Errorf("%.200v", got)
			}
			if test.pipe == nil {
				test.pipe = test.want
			}
			got = readRecords(t, iotest.OneByteReader(strings.NewReader(test.in)))
			if !slices.EqualFunc(got, test.pipe, sameRecord) {
				t.Errorf("pipe: %.200v", got)
			}
		})
	}
}

func sameRecord(a, b record) bool {
	return a.line == b.line && slices.Equal(a.fields, b.fields) && errors.Is(a.err, b.err)
}

// rowsWithStrayQuotes has a stray quote in every hundredth row.
func rowsWithStrayQuotes(rows int) string {
	var in strings.Builder
	in.WriteString("\uFEFFh,i\n")
	for i := range rows {
		if i%maxRecordLines == 0 {
			in.WriteString("a,\"open\n")
		} else {
			in.WriteString("a,b\n")
		}
	}
	return in.String()
}

// TestStrayQuotes: behind the limits of a record a file is read on, and no line
// of it is lost.
func TestStrayQuotes(t *testing.T) {
	const rows = 5 * maxRecordLines
	in := strings.NewReader(rowsWithStrayQuotes(rows) + "a,\"no stray one\"\n")
	list := readRecords(t, in)
	for i, r := range list {
		if bad := i < rows && i%maxRecordLines == 0; (r.err != nil) != bad || r.line != i+2 {
			t.Errorf("%+v", r)
		}
	}
	if len(list) != rows+1 {
		t.Errorf("%d records", len(list))
	}
}

// TestStrayQuotesInPipe: no row is read that could be none, and no line is lost.
func TestStrayQuotesInPipe(t *testing.T) {
	const rows = 5 * maxRecordLines
	for in, good := range map[string]int{
		rowsWithStrayQuotes(rows):                                maxRecordLines - 1, // behind the last one the file ends soon
		rowsWithStrayQuotes(1+maxRecordLines) + "a,\"b\"\na,b\n": 2,                  // and here too
		rowsWithStrayQuotes(maxRecordLines) + "a,b\n":            0,
		rowsWithStrayQuotes(maxRecordLines) + "a,\"b\"\na,b\n":   2, // the quote shows it
		rowsWithStrayQuotes(maxRecordLines) + "a,\",b\na,b\n":    1, // the quote closes the first
	} {
		list := readRecords(t, iotest.HalfReader(strings.NewReader(in)))
		for i, r := range list {
			if (r.err == nil) != (i >= len(list)-good) || r.line != i+2 {
				t.Errorf("%d good ones: %+v", good, r)
			}
		}
		if want := strings.Count(in, "\n") - 1; len(list) != want {
			t.Errorf("%d records of %d lines", len(list), want)
		}
	}
}

// TestRewind: a stray quote at the end of a file whose beginning was read by
// somebody else.
func TestRewind(t *testing.T) {
	in := strings.NewReader("other\n" + rowsWithStrayQuotes(maxRecordLines) + strings.Repeat("c,d\r\n", 10*maxRecordLines))
	if _, err := in.Seek(int64(len("other\n")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	list := readRecords(t, in)
	if len(list) != 11*maxRecordLines {
		t.Fatalf("%d records", len(list))
	}
	for i, r := range list[1:] {
		if r.err != nil || r.line != i+3 || (r.fields[0] == "c") != (i >= maxRecordLines-1) {
			t.Errorf("%d: %+v", i, r)
		}
	}
}

// TestRecordsReadError: behind a quote that is perhaps closed where nobody can
// read there is no row.
func TestRecordsReadError(t *testing.T) {
	boom := errors.New("boom")
	rr := newRecordReader(io.MultiReader(strings.NewReader("h,i\na,\"b\nc,d\nhalf"), iotest.ErrReader(boom)))
	if _, err := rr.header(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []record{{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}, err: errWithin}} {
		if got, err := rr.next(); err != nil || !sameRecord(got, want) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := rr.next(); !errors.Is(err, boom) {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzRecords: no line comes twice, and what encoding/csv reads as a record, of
// several lines too, comes out as one: the same or, over the limits, a bad one.
// From a pipe further bad ones may come out of it.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("h,i\na,\"b\nc\"\n\"d\",e\n"))
	f.Add([]byte("h\n\"\n\"\"\n"))
	f.Add([]byte("\uFEFFh,i\r\na,\"b\r\n"))
	f.Add([]byte("h,i\na,\"b\nc,d\ne\",x\nf,g\n"))
	f.Add([]byte("h,i\na,\"" + strings.Repeat("c,d\n", 150) + "\"\nf,g\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if h, err := newRecordReader(bytes.NewReader(in)).header(); err != nil || h.err != nil || len(in) > maxRecord {
			return
		}
		want := readWithCSV(bytes.TrimPrefix(in, []byte("\uFEFF")))
		compareRecords(t, readRecords(t, bytes.NewReader(in)), want, false)
		compareRecords(t, readRecords(t, iotest.DataErrReader(bytes.NewReader(in))), want, true)
	})
}

func compareRecords(t *testing.T, list, want []record, pipe bool) {
	t.Helper()
	next := 1
	for _, r := range list {
		if r.line < next || r.last < r.line {
			t.Fatalf("line %d comes again", r.line)
		}
		next = r.last + 1
	}
	for _, w := range want {
		if len(list) == 0 || list[0].line != w.line {
			t.Fatalf("%+v, encoding/csv has %+v", list, w)
		}
		if long := w.last-w.line >= maxRecordLines; !long && !sameRecord(list[0], w) {
			t.Fatalf("%+v, encoding/csv has %+v", list[0], w)
		}
		n := 1
		for ; n < len(list) && list[n].line <= w.last; n++ {
			if !pipe || list[n].err == nil {
				t.Fatalf("within %+v: %+v", w, list[n])
			}
		}
		list = list[n:]
	}
}

// readWithCSV returns the records behind the header, up to the first fault.
func readWithCSV(in []byte) (list []record) {
	r := csv.NewReader(bytes.NewReader(in))
	r.FieldsPerRecord = -1
	for {
		fields, err := r.Read()
		if err != nil {
			return list[min(1, len(list)):]
		}
		at, _ := r.FieldPos(0)
		last := bytes.Count(bytes.TrimSuffix(in[:r.InputOffset()], []byte("\n")), []byte("\n")) + 1
		list = append(list, record{line: at, last: last, fields: fields})
	}
}
