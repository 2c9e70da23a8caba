package main

import (
	"slices"
	"strings"
	"testing"
)

func TestRows(t *testing.T) {
	r, err := parseRecipients([]byte("\uFEFFname, email ,city\r\n" +
		"Zoë,zoe@example.org,Portland\r\n" +
		"\n" +
		"\"Smith, \"\"JJ\"\"\",john@example.org,\n" +
		"Bob,bob@example.org\n" +
		"\"two\nlines\",lines@example.org,York\n" +
		"\"open,open@example.org,York\n" +
		"Eve,eve@@example.org,\n" +
		"Mallory, mal@example.org,\n" +
		"\xff,ff@example.org,\n" +
		"last,last@example.org,Paris"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"name", "email", "city"}; !slices.Equal(r.header, want) {
		t.Errorf("header %q", r.header)
	}
	for i, want := range []struct {
		line       int
		name, says string // of a good row and a bad one
	}{
		{2, "Zoë", ""},
		{4, `Smith, "JJ"`, ""},
		{5, "", "line 5: 2 fields, the header has 3"},
		{6, "", "line 6: name: line break"},
		{8, "", "line 8: "},
		{9, "", "line 9: email: "},
		{10, "", "line 10: email: leading or trailing space"},
		{11, "", "line 11: name: not UTF-8"},
		{12, "last", ""},
	} {
		got := r.row(i + 1)
		switch {
		case got.number != i+1 || got.line != want.line:
			t.Errorf("row %d: number %d, line %d", i+1, got.number, got.line)
		case want.says == "" && (got.err != nil || got.name() != want.name):
			t.Errorf("row %d: name %q, %v", i+1, got.name(), got.err)
		case want.says != "" && (got.err == nil || !strings.Contains(got.err.Error(), want.says)):
			t.Errorf("row %d: %v, want %q", i+1, got.err, want.says)
		}
	}
	if r.count() != 9 {
		t.Errorf("%d rows", r.count())
	}
	if n := r.byAddress("LAST@example.org"); n != 9 {
		t.Errorf("found in row %d", n)
	}
}

// TestShippedRows: the shipped file has broken rows, and rows have the numbers
// that examples/newsletter gives them.
func TestShippedRows(t *testing.T) {
	r, err := readRecipients("")
	if err != nil {
		t.Fatal(err)
	}
	invalid := 0
	for n := range r.count() {
		if r.row(n+1).err != nil {
			invalid++
		}
	}
	if r.count() != 1200 || invalid != 5 {
		t.Errorf("%d rows, %d of them invalid", r.count(), invalid)
	}
}

func TestRowGoesOnForLong(t *testing.T) {
	for lines, want := range map[int]int{maxRowLines - 1: 2, maxRowLines: maxRowLines + 2} {
		r, err := parseRecipients([]byte("email,name\na@example.org,\"" + strings.Repeat("x\n", lines) + "\"\nb@example.org,B\n"))
		if err != nil {
			t.Fatal(err)
		}
		if r.count() != want {
			t.Errorf("%d lines: %d rows, want %d", lines, r.count(), want)
		}
		if n := r.byAddress("b@example.org"); n != want {
			t.Errorf("%d lines: the last row is %d, want %d", lines, n, want)
		}
	}
}

// FuzzRows: every row can be looked at, no octet of the file is in two of them,
// and one that is good has what encoding/csv reads in it.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"email,name\na@example.org,A\n", "email\n\"a@example.org\"\n", "email,n\na@example.org,\"x\ny\"\nb@example.org,B", "email\r\n\r\na@example.org\r\n", "email,n\na,\"\n\"\n\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := parseRecipients(content)
		if err != nil {
			return
		}
		end, line := 0, 1
		for n := 1; n <= r.count(); n++ {
			to, p := r.row(n), r.places[n-1]
			if p.start < end || p.end <= p.start || to.line <= line {
				t.Fatalf("row %d at %+v, line %d, behind %d, line %d", n, p, to.line, end, line)
			}
			end, line = p.end, to.line
			if to.err != nil {
				continue
			}
			if len(to.fields) != len(r.header) || to.fields[emailColumn] != to.email || !strings.Contains(to.email, "@") {
				t.Errorf("row %+v", to)
			}
			if found := r.byAddress(to.email); found == 0 || found > n {
				t.Errorf("row %d is not found by %q: %d", n, to.email, found)
			}
		}
	})
}
