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

// readRecords reads all records behind the first, which gives the width.
func readRecords(t *testing.T, r io.Reader) (list []record) {
	t.Helper()
	rr := newRecordReader(r)
	for {
		rec, err := rr.next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if rr.width == 0 {
			rr.width = len(rec.fields)
		}
		list = append(list, rec)
	}
}

func TestRecords(t *testing.T) {
	long := strings.Repeat("x", maxRecord)
	for name, test := range map[string]struct {
		in   string
		want []record // behind the header
	}{
		"LF":             {"h,i\na,b\n", []record{{line: 2, fields: []string{"a", "b"}}}},
		"CRLF":           {"h,i\r\na,b\r\n", []record{{line: 2, fields: []string{"a", "b"}}}},
		"no end":         {"h,i\na,b", []record{{line: 2, fields: []string{"a", "b"}}}},
		"BOM":            {"\uFEFFh,i\na,\n", []record{{line: 2, fields: []string{"a", ""}}}},
		"empty lines":    {"\n\r\nh,i\n\n\na,b\n\n", []record{{line: 6, fields: []string{"a", "b"}}}},
		"quotes":         {"h,i\n\"a,\"\"b\"\"\",\"\"\n", []record{{line: 2, fields: []string{`a,"b"`, ""}}}},
		"joined":         {"h,i\na,\"b\r\n\nc\"\nd,e\n", []record{{line: 2, fields: []string{"a", "b\n\nc"}}, {line: 5, fields: []string{"d", "e"}}}},
		"bare quote":     {"h,i\na,b\"c\nd,e\n", []record{{line: 2, fields: []string{"a"}, err: errBareQuote}, {line: 3, fields: []string{"d", "e"}}}},
		"behind quote":   {"h,i\na,\"b\"c\nd,e\n", []record{{line: 2, fields: []string{"a"}, err: errBehind}, {line: 3, fields: []string{"d", "e"}}}},
		"open to end":    {"h,i\na,\"b\nc,d\n", []record{{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}}}},
		"open in quotes": {"h,i\na,\"b\nc,\"d\"\n", []record{{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c", "d"}}}},
		"open twice": {"h,i\na,\"b\nc,\"d\ne,f\n", []record{
			{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{"c"}, err: errOpenQuote}, {line: 4, fields: []string{"e", "f"}}}},
		"joined, other width": {"h,i\na,\"b\nc\",d\ne,f\n", []record{
			{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, err: errBareQuote}, {line: 4, fields: []string{"e", "f"}}}},
		"long line":      {"h,i\n" + long + ",b\nc,d\n", []record{{line: 2, err: errLongLine}, {line: 3, fields: []string{"c", "d"}}}},
		"long last line": {"h,i\n" + long + ",b", []record{{line: 2, err: errLongLine}}},
		"long join":      {"h,i\na,\"b\n" + long[:maxRecord-5] + "\nc,d\n", []record{{line: 2, fields: []string{"a"}, err: errOpenQuote}, {line: 3, fields: []string{long[:maxRecord-5]}}, {line: 4, fields: []string{"c", "d"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in))} {
				got := readRecords(t, r)[1:]
				if !slices.EqualFunc(got, test.want, sameRecord) {
					t.Errorf("%.200v", got)
				}
			}
		})
	}
}

func sameRecord(a, b record) bool {
	return a.line == b.line && slices.Equal(a.fields, b.fields) && errors.Is(a.err, b.err)
}

// TestOpenQuoteIsBounded: the look-ahead ends, and no line is lost to it.
func TestOpenQuoteIsBounded(t *testing.T) {
	var in strings.Builder
	in.WriteString("h,i\n")
	const rows = 5 * maxRecordLines
	for i := range rows {
		if i%maxRecordLines == 0 {
			in.WriteString("a,\"open\n")
		} else {
			in.WriteString("a,b\n")
		}
	}
	in.WriteString("a,\"closes nothing that is near\"\n")
	bad := 0
	list := readRecords(t, strings.NewReader(in.String()))[1:]
	for _, r := range list {
		if r.err != nil {
			bad++
		}
	}
	if len(list) != rows+1 || bad != rows/maxRecordLines {
		t.Errorf("%d records, %d bad", len(list), bad)
	}
}

func TestRecordsReadError(t *testing.T) {
	boom := errors.New("boom")
	rr := newRecordReader(io.MultiReader(strings.NewReader("h,i\na,\"b\nhalf"), iotest.ErrReader(boom)))
	rr.width = 2
	lines := 0
	for {
		_, err := rr.next()
		if err == nil {
			lines++
			continue
		}
		if !errors.Is(err, boom) || lines != 2 {
			t.Errorf("%d records, then %v", lines, err)
		}
		return
	}
}

// FuzzRecords: lines are not lost, and what encoding/csv can read whole comes
// out the same.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("h,i\na,\"b\nc\"\n\"d\",e\n"))
	f.Add([]byte("h\n\"\n\"\"\n"))
	f.Add([]byte("\uFEFFh,i\r\na,\"b\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.Contains(in, []byte("\r")) || len(in) > maxRecord {
			return // encoding/csv treats CR differently at the end of the file
		}
		list := readRecords(t, bytes.NewReader(in))
		next := 1
		for _, r := range list {
			if r.line < next {
				t.Fatalf("line %d comes again", r.line)
			}
			next = r.line + 1
		}
		want, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(in, []byte("\uFEFF")))).ReadAll()
		if err != nil || len(want) == 0 || strings.Contains(strings.Join(want[0], ""), "\n") {
			return
		}
		for _, r := range want {
			if strings.Count(strings.Join(r, ""), "\n") > maxRecordLines-2 {
				return
			}
		}
		if !slices.EqualFunc(list, want, func(r record, w []string) bool { return r.err == nil && slices.Equal(r.fields, w) }) {
			t.Fatalf("%v, encoding/csv has %q", list, want)
		}
	})
}
