package bounce

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A span is an address found in a text: text[start:end] is what it takes there.
type span struct {
	address    string
	start, end int
}

// nextAddress finds the first address in s at or behind from.
func nextAddress(s string, from int) (span, bool) {
	for from < len(s) {
		i := strings.IndexByte(s[from:], '@')
		if i < 0 {
			return span{}, false
		}
		at := from + i
		start, end := localStart(s, at), domainEnd(s, at+1)
		start = skipPrefix(s, start, at)
		if start < at && end > at+1 {
			return span{s[start:end], start, end}, true
		}
		from = at + 1
	}
	return span{}, false
}

// skipPrefix steps over what stands glued to an address: quotes, bullets, and
// the "SMTP=" of an X.400 address.
func skipPrefix(s string, start, at int) int {
	for start < at && strings.IndexByte("'`*|=.-/#&", s[start]) >= 0 {
		start++
	}
	for _, p := range [...]string{"smtp=", "rfc822=", "to=", "mailto="} {
		if at-start > len(p) && strings.EqualFold(s[start:start+len(p)], p) {
			return start + len(p)
		}
	}
	return start
}

// localStart returns where the local part before s[at] begins.
func localStart(s string, at int) int {
	if at > 0 && s[at-1] == '"' {
		least := max(0, at-69)
		if i := strings.LastIndexByte(s[least:at-1], '"'); i >= 0 && strings.IndexByte(s[least+i:at], '\n') < 0 {
			return least + i
		}
		return at
	}
	i := at
	for i > 0 {
		if c := s[i-1]; c < utf8.RuneSelf {
			if !isAtext(c) && c != '.' {
				break
			}
			i--
			continue
		}
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if !inAddress(r) || isIdeograph(r) && i < at && s[i] < utf8.RuneSelf {
			break
		}
		i -= n
	}
	return i
}

// domainEnd returns where the domain that begins at s[i] ends, i if there is none.
func domainEnd(s string, i int) int {
	if i < len(s) && s[i] == '[' {
		if j := strings.IndexByte(s[i:min(len(s), i+50)], ']'); j > 1 && !strings.ContainsAny(s[i:i+j], " \t\n@") {
			return i + j + 1
		}
		return i
	}
	start := i
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			if !isAlnum(c) && c != '-' && c != '.' && c != '_' {
				break
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !inAddress(r) || isIdeograph(r) && isAlnum(s[i-1]) {
			break
		}
		i += n
	}
	return start + len(strings.TrimRight(s[start:i], ".-_"))
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isAtext reports the characters of an atom (RFC 5322 3.2.3).
func isAtext(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// inAddress reports the characters beyond ASCII that are in an address and not
// around it.
func inAddress(r rune) bool {
	return r != utf8.RuneError && !unicode.IsPunct(r) && !unicode.IsSpace(r) && !unicode.IsControl(r)
}

// isIdeograph reports letters of scripts that put no spaces between words, so that
// a word may stand glued to an address.
func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// hasDot reports whether the domain of an address has a dot or is a literal.
func hasDot(address string) bool {
	i := strings.LastIndexByte(address, '@')
	return strings.IndexByte(address[i+1:], '.') > 0 || strings.HasSuffix(address, "]")
}

// maxAddress is more than an address can have (RFC 5321 4.5.3.1), for those in
// the wild; in octets.
const maxAddress = 500

// typedAddress reads the value of a field such as Final-Recipient: a type, a
// semicolon, and an address of that type. The type may be missing. What is no
// mail address comes back as it is, ok being false.
func typedAddress(s string) (address string, ok bool) {
	if len(s) > 4*maxAddress {
		s = s[:4*maxAddress]
	}
	s = strings.Trim(s, " \t")
	if i := strings.IndexByte(s, ';'); i >= 0 && i < 40 && strings.IndexByte(s[:i], '@') < 0 {
		kind := strings.ToLower(strings.Trim(s[:i], " \t"))
		s = strings.Trim(s[i+1:], " \t")
		if strings.HasPrefix(kind, "utf-8") || strings.Contains(s, `\x{`) {
			s = unescapeUTF8(s)
		}
	}
	if strings.Contains(s, "=?") || !isASCII(s) {
		s = decodeWords(s)
	}
	return bareAddress(s)
}

// unescapeUTF8 undoes the \x{…} of a utf-8-addr-xtext (RFC 6533 3).
func unescapeUTF8(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, `\x{`)
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '}')
		r, ok := rune(0), end > 3 && end < 10
		for j := i + 3; ok && j < i+end; j++ {
			d := unhex(s[j])
			ok = d >= 0
			r = r<<4 | rune(d)
		}
		if !ok || !utf8.ValidRune(r) || r < ' ' {
			b.WriteString(s[:i+3])
			s = s[i+3:]
			continue
		}
		b.WriteString(s[:i])
		b.WriteRune(r)
		s = s[i+end+1:]
	}
	return b.String() + s
}

// bareAddress takes brackets, quotes around all of it, a source route, comments
// and a display name off an address. ok is false if there is no @.
func bareAddress(s string) (address string, ok bool) {
	s = strings.Trim(s, " \t")
	if i := strings.IndexByte(s, '<'); i >= 0 {
		if j := strings.IndexByte(s[i:], '>'); j > 0 {
			s = s[i+1 : i+j]
		} else {
			s = s[i+1:]
		}
	}
	s = strings.Trim(s, " \t<>")
	if strings.HasPrefix(s, "@") {
		if i := strings.IndexByte(s, ':'); i > 0 {
			s = s[i+1:] // RFC 5321 C, a source route
		}
	}
	if a, found := nextAddress(s, 0); found {
		return a.address, true
	}
	return strings.TrimRight(s, " \t"), false
}

// sameAddress compares as mail systems do in practice: letter case is no
// difference.
func sameAddress(a, b string) bool { return strings.EqualFold(a, b) }
