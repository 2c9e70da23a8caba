package message

import (
	"slices"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

const (
	foldAt  = 78  // RFC 5322 2.1.1: lines SHOULD have no more, without CRLF
	maxLine = 998 // … and MUST have no more
)

// A field writes a header field behind what out has, atom by atom; between
// atoms it may be folded. enmime folds too, but encodes a whole value as soon as
// one octet of it is not ASCII, addresses included, and never looks at the 998.
//
// An atom has no CR or LF: what goes into the atoms has been checked.
type field struct {
	out   []byte
	name  string
	line  int  // where the present line starts in out
	atom  int  // where the present atom starts, its space included
	begun bool // there is an atom
	long  bool // a line went over maxLine
}

func openField(out []byte, name string) field {
	f := field{out: out, name: name, line: len(out)}
	f.out = append(append(f.out, name...), ':')
	return f
}

// begin starts an atom: what is appended to out until end.
func (f *field) begin() {
	f.atom = len(f.out)
	f.out = append(f.out, ' ')
}

// end moves the atom to a line of its own where its line got too long.
func (f *field) end() {
	length, own := len(f.out)-f.line, len(f.out)-f.atom
	if length > foldAt && (f.begun || own <= foldAt || length > maxLine) {
		f.out = slices.Insert(f.out, f.atom, '\r', '\n')
		f.line = f.atom + len("\r\n")
		length = own
	}
	f.begun = true
	f.long = f.long || length > maxLine
}

// add writes an atom.
func (f *field) add(atom string) {
	f.begin()
	f.out = append(f.out, atom...)
	f.end()
}

// close finishes the field.
func (f *field) close() ([]byte, error) {
	f.out = append(f.out, "\r\n"...)
	if f.long {
		return f.out, &FieldError{Field: goName(f.name), Reason: ErrTooLong}
	}
	return f.out, nil
}

// goName gives the name that the field of a header has in Message: errors name
// what the caller has set.
func goName(header string) string { return strings.ReplaceAll(header, "-", "") }

// nextAtom cuts s at the first single space; more reports whether there was
// one. Longer runs of white space stay inside of an atom: many readers make one
// space of them where a line is folded.
func nextAtom(s string) (atom, rest string, more bool) {
	if strings.IndexByte(s, ' ') < 0 {
		return s, "", false
	}
	for i := 1; i+1 < len(s); i++ {
		if s[i] == ' ' && !isWSP(s[i-1]) && !isWSP(s[i+1]) {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// words writes s as it is, to be folded at its single spaces, and last behind
// the last atom.
func (f *field) words(s, last string) {
	if s != "" && len(f.out)-f.line+1+len(s)+len(last) <= foldAt {
		f.begin()
		f.out = append(append(f.out, s...), last...)
		f.end()
		return
	}
	for s != "" {
		atom, rest, more := nextAtom(s)
		f.begin()
		f.out = append(f.out, atom...)
		if !more {
			f.out = append(f.out, last...)
		}
		f.end()
		s = rest
	}
}

// appendAtom appends a field of one atom.
func appendAtom(out []byte, name, atom string) ([]byte, error) {
	if isShort(name, atom) {
		out = append(append(append(out, name...), ": "...), atom...)
		return append(out, "\r\n"...), nil
	}
	f := openField(out, name)
	f.add(atom)
	return f.close()
}

// isShort reports a field that is not folded.
func isShort(name, value string) bool { return len(name)+len(": ")+len(value) <= foldAt }

// trimSpace takes white space off both ends.
func trimSpace(s string) string {
	if s == "" || !isWSP(s[0]) && !isWSP(s[len(s)-1]) {
		return s
	}
	return strings.Trim(s, " \t")
}

// text writes text of the classes that a reader gets back exactly. Text that cannot
// stand as it is, or that would look like an encoded word, is encoded as a whole.
func (f *field) text(s string, classes class) {
	if classes&classUTF8 == 0 && isPlainText(s, classes) {
		f.words(s, "")
	} else {
		f.encode(s)
	}
}

// isPlainText reports short words of ASCII with single spaces between, none of
// which looks like an encoded word.
func isPlainText(s string, classes class) bool {
	if len(s) <= maxWord && classes&(classCoded|classTab) == 0 {
		return singleSpaces(s) // nothing else can be wrong
	}
	word := 0 // where it starts
	for i := range len(s) {
		c := s[i]
		if inWord[c] {
			continue
		}
		switch {
		case c == ' ' && word < i && i-word <= maxWord && i < len(s)-1:
			word = i + 1
		case c != '=' || i+1 < len(s) && s[i+1] == '?':
			return false
		}
	}
	return len(s)-word <= maxWord
}

// inWord has what text may have in its words without a further look.
var inWord = func() (table [256]bool) {
	for c := byte('!'); c <= '~'; c++ {
		table[c] = c != '='
	}
	return table
}()

// value writes the trimmed value, of the classes, of a further header: ASCII as it is, since it may
// have a structure; words that are not ASCII, in runs, as encoded words.
func (f *field) value(s string, classes class) {
	if classes&classUTF8 == 0 {
		f.words(s, "")
		return
	}
	needs := func(w string) bool { return !address.IsASCII(w) || strings.Contains(w, "=?") }
	for s != "" {
		atom, rest, more := nextAtom(s)
		if !needs(atom) {
			f.add(atom)
			s = rest
			continue
		}
		run := len(atom) // of words that are encoded together
		for more {
			var next string
			if next, _, more = nextAtom(s[run+1:]); !needs(next) {
				break
			}
			run += 1 + len(next)
		}
		f.encode(s[:run])
		s = s[min(run+1, len(s)):]
	}
}

// phrase writes a display name (RFC 5322 3.2.5): bare where all words are
// atoms, quoted where it is short ASCII, else encoded. It reports whether it
// ended in an encoded word, which must have a space behind it (RFC 2047 5).
func (f *field) phrase(name, last string) (encoded bool) {
	if len(name) > maxWord || !isQuotable(name) {
		f.encode(name)
		return true
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r != ' ' && !address.IsAtext(byte(r)) }) || !singleSpaces(name) {
		f.begin()
		f.out = append(appendQuoted(f.out, name), last...)
		f.end()
		return false
	}
	f.words(name, last)
	return false
}

// isQuotable reports ASCII that can stand in a quoted string and is not taken
// for an encoded word by readers that look for them there.
func isQuotable(s string) bool {
	return address.IsASCII(s) && !strings.Contains(s, "=?") && strings.IndexByte(s, '\t') < 0
}

// singleSpaces reports that spaces stand alone, and neither first nor last.
func singleSpaces(s string) bool {
	return !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") && !strings.Contains(s, "  ")
}

// appendQuoted appends a quoted string (RFC 5322 3.2.4).
func appendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return append(out, '"')
}

// address writes one mailbox, with last behind it. It reports what is wrong with
// the address; then it has written something to look at.
func (f *field) address(a Address, last string) error {
	if isPlainMailbox(a.Addr) {
		f.mailbox(a.Name, a.Addr, last)
		return nil
	}
	mb, err := parseMailbox(a.Addr)
	if err != nil {
		f.mailbox(a.Name, a.Addr, last)
		return err
	}
	f.mailbox(a.Name, mb.String(), last)
	return nil
}

// mailbox writes a display name and an addr-spec, which may stand alone.
func (f *field) mailbox(name, spec, last string) {
	if name != "" {
		f.phrase(name, "")
	}
	f.begin()
	if name != "" {
		f.out = append(append(append(f.out, '<'), spec...), '>')
	} else {
		f.out = append(f.out, spec...)
	}
	f.out = append(f.out, last...)
	f.end()
}
