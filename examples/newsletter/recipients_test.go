package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// TestBadRows: each bad row has an outcome that names its line, and the good
// ones around it are sent.
func TestBadRows(t *testing.T) {
	rows := []struct {
		text  string
		email string // in the outcome
		says  string // "": accepted
	}{
		{"zoe@example.org,Zoë", "zoe@example.org", ""},
		{"one@example.org", "one@example.org", "1 fields, the header has 2"},
		{"three@example.org,a,b", "three@example.org", "3 fields"},
		{"nobody,No At", "nobody", "no @"},
		{",No Address", "", "empty"},
		{" space@example.org,Space", " space@example.org", "leading or trailing space"},
		{"a@b@example.org,Two", "a@b@example.org", "local part"},
		{"<angle@example.org>,Angle", "<angle@example.org>", "angle bracket"},
		{"cr@example.org,a\rb", "cr@example.org", "line break or NUL"},
		{"nul@example.org,a\x00b", "nul@example.org", "line break or NUL"},
		{"latin1@example.org,Zo\xeb", "latin1@example.org", "not UTF-8"},
		{"escape@example.org,\x1b[2J", "escape@example.org", "bad header value"},
		{`"bare@example.org,a"b`, "", "quote"},
		{`behind@example.org,"a"b`, "behind@example.org", "behind the closing quote"},
		{`open@example.org,"a`, "open@example.org", "never closed"},
		{"long@example.org," + strings.Repeat("x", maxRecord), "", "64 KiB"},
		{`"""quoted local""@example.org","O'Neill, ""Bob"""`, `"quoted local"@example.org`, ""},
		{"плюс@bücher.example,Плюс", "плюс@bücher.example", ""},
		{"literal@[192.0.2.1],", "literal@[192.0.2.1]", ""},
	}
	for _, end := range []string{"\n", "\r\n"} {
		var csv strings.Builder
		csv.WriteString("\uFEFFemail,name" + end)
		for _, r := range rows {
			csv.WriteString(r.text + end + end) // empty lines are no rows
		}
		tr := newTrial(t)
		list := tr.run(t.Context(), "-recipients", tr.file("r.csv", csv.String()), "-text", tr.file("t", "Dear {{.name}}"))
		tr.want(exitSome)
		if len(list) != len(rows) {
			t.Errorf("%d outcomes of %d rows", len(list), len(rows))
		}
		for i, r := range rows {
			found := false
			for _, o := range list {
				if o.Email != strings.ToValidUTF8(r.email, "\uFFFD") || !strings.Contains(o.Error, r.says) {
					continue
				}
				if r.says == "" {
					found = found || o.Outcome == accepted
				} else {
					found = found || o.Outcome == invalid && strings.HasPrefix(o.Error, lineText(2+2*i)) && o.Attempts == 0
				}
			}
			if !found {
				t.Errorf("row %d, %.40q: no such outcome", i, r.text)
			}
		}
	}
}

func lineText(n int) string { return row{line: n}.blame(errInterrupted).Error()[:len("line 10:")] }

// TestLineBreakInValue: the row is invalid and has one outcome; the mail that
// it was to smuggle in does not go out.
func TestLineBreakInValue(t *testing.T) {
	tr := newTrial(t)
	csv := "email,name\na@example.org,A\n\"b@example.org\",\"B\r\nBcc: c@example.org\"\nd@example.org,D\n"
	list := tr.run(t.Context(), "-recipients", tr.file("r.csv", csv), "-text", tr.file("t", "Dear {{.name}}"))
	tr.want(exitSome)
	if got, want := tallyOf(list), (tally{accepted: 2, invalid: 1}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	if o := fatesOf(t, list)["b@example.org"]; !strings.Contains(o.Error, "line 3: name") {
		t.Errorf("%+v", o)
	}
	if n := tr.reported("sink"); n != 2 {
		t.Errorf("the sink counts %d", n)
	}
}

// TestUnterminatedQuote: it costs one row, wherever it stands.
func TestUnterminatedQuote(t *testing.T) {
	tr := newTrial(t)
	var csv strings.Builder
	csv.WriteString("email,name\nopen@example.org,\"Q\n")
	const more = 3 * maxRecordLines
	for m := (&madeUp{n: more}); m.made < m.n; {
		r, _ := m.next()
		csv.WriteString(r.email + ",\"" + strings.ReplaceAll(r.fields["name"], `"`, `""`) + "\"\n")
	}
	list := tr.run(t.Context(), "-recipients", tr.file("r.csv", csv.String()), "-text", tr.file("t", "Dear {{.name}}"))
	tr.want(exitSome)
	if got, want := tallyOf(list), (tally{accepted: more, invalid: 1}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
}

// TestRowsInsideOfQuotes: what stands inside of a quoted cell gets no mail, and
// what stands behind it does.
func TestRowsInsideOfQuotes(t *testing.T) {
	victims := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "victim%d@example.org,x\n", i)
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		rows    string // with bob behind
		invalid int64
		says    string
	}{
		"width of one too many":     {"zoe@example.org,\"see\nvictim@example.org,hello\nend\",extra\n", 1, "line 2: 3 fields, the header has 2 (the row goes on to line 4)"},
		"width of one too few":      {"\"zoe@example.org\nvictim@example.org,hello\n\"\n", 1, "line 2: 1 fields"},
		"right width":               {"zoe@example.org,\"\nvictim@example.org,hello\n\"\n", 1, "line 2: note: line break"},
		"150 lines":                 {"zoe@example.org,\"\n" + victims(150) + "\"\n", 1, "line 2: record over 100 lines or 64 KiB (the row goes on to line 153)"},
		"64 KiB":                    {"zoe@example.org,\"" + strings.Repeat("x", maxRecord) + "\n" + victims(2) + "\"\n", 1, "over 100 lines or 64 KiB"},
		"text behind the quote":     {"zoe@example.org,\"see\n" + victims(2) + "\"\"end\" \n", 4, "closed as it should be"},
		"quotes that are not pairs": {"zoe@example.org,\"he said \"hello\", she\n" + victims(2) + "\" and went\"\n", 1 + 3, "behind the closing quote"},
		"never closed":              {"zoe@example.org,\"see\n" + victims(2) + "end\n", 4, "never closed"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t)
			list := tr.run(t.Context(), "-recipients", tr.file("r.csv", "email,note\n"+test.rows+"bob@example.org,ok\n"), "-text", tr.file("t", "x"))
			tr.want(exitSome)
			if got, want := tallyOf(list), (tally{accepted: 1, invalid: test.invalid}); !maps.Equal(got, want) {
				t.Errorf("outcomes %v, want %v", got, want)
			}
			says := false
			for _, o := range list {
				says = says || strings.Contains(o.Error, test.says)
				if (o.Outcome == accepted) != (o.Email == "bob@example.org") {
					t.Errorf("%+v", o)
				}
			}
			if !says {
				t.Errorf("nobody says %q: %+v", test.says, list)
			}
		})
	}
}

// TestStrayQuoteAmongBadRows: each of them costs itself only.
func TestStrayQuoteAmongBadRows(t *testing.T) {
	tr := newTrial(t)
	csv := "email,name,city\na@example.org,A,X\nb@example.org,\"B,X\n\"c@example.org\",\"C \"\"c\"\"\",X\nno-at,D,X\n" +
		"e@example.org,E,X\nf@example.org\n\ng@@example.org,G,X\nh@example.org,H,X\n"
	list := tr.run(t.Context(), "-recipients", tr.file("r.csv", csv), "-text", tr.file("t", "Dear {{.name}}"))
	tr.want(exitSome)
	fates := fatesOf(t, list)
	for _, email := range []string{"a@example.org", "c@example.org", "e@example.org", "h@example.org"} {
		if fates[email].Outcome != accepted {
			t.Errorf("%s: %+v", email, fates[email])
		}
	}
	if got, want := tallyOf(list), (tally{accepted: 4, invalid: 4}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
}

// TestNoRows: nobody to send to is nobody that was not accepted.
func TestNoRows(t *testing.T) {
	tr := newTrial(t)
	if list := tr.run(t.Context(), "-recipients", tr.file("r.csv", "email"), "-text", tr.file("t", "x")); len(list) != 0 {
		t.Errorf("outcomes %v", list)
	}
	tr.want(exitAccepted)
}

// TestShippedOnlyReservedDomains: nobody is written to who could exist.
func TestShippedOnlyReservedDomains(t *testing.T) {
	o, err := parseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, madeUpOnes := range []bool{false, true} {
		if madeUpOnes {
			o.n, o.given["n"] = 2000, true
		}
		s, err := openSource(o)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; ; n++ {
			r, err := s.next()
			if err != nil {
				if int64(n) > s.rows() || n < 1000 {
					t.Errorf("%d rows, %d expected", n, s.rows())
				}
				break
			}
			domain := r.email[strings.LastIndexByte(r.email, '@')+1:]
			reserved := strings.HasPrefix(domain, "[192.0.2.") || strings.HasPrefix(domain, "[IPv6:2001:db8:")
			for _, d := range []string{"example.com", "example.org", "example.net", "test", "example"} {
				reserved = reserved || strings.HasSuffix("."+strings.ToLower(domain), "."+d)
			}
			if r.err == nil && !reserved {
				t.Errorf("%q", r.email)
			}
		}
	}
}
