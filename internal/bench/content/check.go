package content

import (
	"bytes"
	"fmt"
)

// number returns the number that stands in b behind a word: its eight
// digits, or -1 if they are not there.
func number(b []byte, before string) int {
	k := bytes.Index(b, []byte(before))
	if k < 0 || len(b) < k+len(before)+digits {
		return -1
	}
	n := 0
	for _, d := range b[k+len(before):][:digits] {
		if d < '0' || d > '9' {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// RecipientNumber returns the number in a recipient's address, or in a line that
// has the address in it; -1 if there is none.
func RecipientNumber(line []byte) int { return number(line, "user") }

// CheckExact reports whether mail, without dot-stuffing, is mail i, octet for
// octet.
func CheckExact(mail []byte, i int) error {
	want := Append(nil, i)
	if bytes.Equal(mail, want) {
		return nil
	}
	k := 0
	for k < min(len(mail), len(want)) && mail[k] == want[k] {
		k++
	}
	return fmt.Errorf("mail %d has %d octets and differs from octet %d on: %.60q, want %.60q", i, len(mail), k, mail[k:], want[k:])
}

// CheckNumbers reports whether a mail that its sender built itself has the
// number i wherever mail i has it.
func CheckNumbers(mail []byte, i int) error {
	header, text, ok := bytes.Cut(mail, []byte("\r\n\r\n"))
	if !ok {
		return fmt.Errorf("mail %d has no text", i)
	}
	for _, part := range []struct {
		name, before string
		in           []byte
	}{
		{"To", "user", field(header, "to")},
		{"Message-ID", "m", field(header, "message-id")},
		{"link", "https://bench.example/u/", text},
	} {
		if n := number(part.in, part.before); n != i {
			return fmt.Errorf("mail to recipient %d has %d in its %s", i, n, part.name)
		}
	}
	return nil
}

// field returns the first line of a header field, whose name is in lower case,
// from behind the colon on.
func field(header []byte, name string) []byte {
	for line := range bytes.Lines(header) {
		if n, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.ToLower(n)) == name {
			return value
		}
	}
	return nil
}
