package message

import (
	"bytes"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

const (
	foldAt  = 78  // RFC 5322 2.1.1: lines SHOULD have no more, without CRLF
	maxLine = 998 // … and MUST have no more
)

// A field writes a header field out of atoms, the pieces between which it may
// be folded. enmime folds too, but encodes a whole value as soon as one octet of
// it is not ASCII, addresses included, and never looks at the 998.
//
// An atom has no CR or LF: what goes into the atoms has been checked.
type field struct {
	buf  *bytes.Buffer
	name string
	col  int
	long bool // a line went over maxLine
}

func newField(buf *bytes.Buffer, name string) *field {
	buf.WriteString(name)
	buf.WriteByte(':')
	return &field{buf: buf, name: name, col: len(name) + 1}
}

// add writes an atom behind a space or, where the line would get too long,
// on a line of its own.
func (f *field) add(atom string) {
	first := f.col == len(f.name)+1
	if f.col+1+len(atom) > foldAt && (!first || 1+len(atom) <= foldAt || f.col+1+len(atom) > maxLine) {
		f.buf.WriteString("\r\n")
		f.col = 0
	}
	f.buf.WriteByte(' ')
	f.buf.WriteString(atom)
	f.col += 1 + len(atom)
	f.long = f.long || f.col > maxLine
}

// end finishes the field.
func (f *field) end() error {
	f.buf.WriteString("\r\n")
	if f.long {
		return &FieldError{Field: goName(f.name), Reason: ErrTooLong}
	}
	return nil
}

// goName gives the name that the field of a header has in Message: errors name
// what the caller has set.
func goName(header string) string { return strings.ReplaceAll(header, "-", "") }

// writeField writes a whole field.
func writeField(buf *bytes.Buffer, name string, atoms ...string) error {
	f := newField(buf, name)
	for _, a := range atoms {
		f.add(a)
	}
	return f.end()
}

// splitAtoms cuts s at each single space. Longer runs of white space stay
// inside of an atom: many readers make one space of them where a line is folded.
func splitAtoms(s string) []string {
	var atoms []string
	start := 0
	for i := 1; i+1 < len(s); i++ {
		if s[i] == ' ' && !isWSP(s[i-1]) && !isWSP(s[i+1]) {
			atoms = append(atoms, s[start:i])
			start = i + 1
		}
	}
	if start < len(s) {
		atoms = append(atoms, s[start:])
	}
	return atoms
}

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// subjectAtoms writes text that a reader gets back exactly. Text that cannot
// stand as it is, or that would look like an encoded word, is encoded as a whole.
func subjectAtoms(s string) []string {
	atoms := splitAtoms(s)
	for _, a := range atoms {
		if len(a) > maxWord || !address.IsASCII(a) || strings.Contains(a, "=?") || strings.ContainsAny(a, " \t") {
			return encodedWords(s)
		}
	}
	return atoms
}

// valueAtoms writes the value of a further header: ASCII as it is, since it may
// have a structure; words that are not ASCII, in runs, as encoded words.
func valueAtoms(s string) []string {
	words := splitAtoms(strings.Trim(s, " \t"))
	if address.IsASCII(s) {
		return words
	}
	needs := func(w string) bool { return !address.IsASCII(w) || strings.Contains(w, "=?") }
	var atoms []string
	for i := 0; i < len(words); {
		if !needs(words[i]) {
			atoms = append(atoms, words[i])
			i++
			continue
		}
		run := i
		for i < len(words) && needs(words[i]) {
			i++
		}
		atoms = append(atoms, encodedWords(strings.Join(words[run:i], " "))...)
	}
	return atoms
}

// phraseAtoms writes a display name (RFC 5322 3.2.5): bare where all words are
// atoms, quoted where it is short ASCII, else encoded.
func phraseAtoms(name string) []string {
	if !address.IsASCII(name) || strings.Contains(name, "=?") || strings.ContainsRune(name, '\t') || len(name) > maxWord {
		return encodedWords(name)
	}
	words := splitAtoms(name)
	for _, w := range words {
		for i := range len(w) {
			if !address.IsAtext(w[i]) {
				return []string{quote(name)}
			}
		}
	}
	return words
}

// addressAtoms writes one mailbox. The address has been checked.
func addressAtoms(a Address) []string {
	mb, err := parseMailbox(a.Addr)
	spec := mb.String()
	if err != nil {
		spec = a.Addr // only for String: nothing is built of it
	}
	if a.Name == "" {
		return []string{spec}
	}
	return append(phraseAtoms(a.Name), "<"+spec+">")
}
