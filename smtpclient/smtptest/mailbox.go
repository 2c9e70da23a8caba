package smtptest

import (
	"strings"
	"unicode/utf8"
)

// isMailbox checks a Mailbox of RFC 5321 section 4.1.2, with the UTF-8 of RFC
// 6531 section 3.3. It does not use the clients' parser, whose mistakes it is
// to find. Lengths are not checked, and underscores in domains let pass.
func isMailbox(path string) bool {
	if !utf8.ValidString(path) {
		return false
	}
	at := localEnd(path)
	return at > 0 && at < len(path) && path[at] == '@' && isDomain(path[at+1:])
}

// localEnd returns where the local part at the beginning of s ends, or -1 if
// there is none.
func localEnd(s string) int {
	if strings.HasPrefix(s, `"`) {
		return quotedEnd(s)
	}
	end := strings.IndexByte(s, '@')
	if end < 0 || !dotted(s[:end], isAtext) {
		return -1
	}
	return end
}

// quotedEnd returns the index behind the quoted string at the beginning of s,
// or -1.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// isDomain checks a Domain or, by its brackets only, an address literal.
func isDomain(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && inner != "" && !strings.ContainsAny(inner, ` []\`)
	}
	return dotted(s, func(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' }) &&
		s[0] != '-' && s[len(s)-1] != '-' && !strings.Contains(s, "-.") && !strings.Contains(s, ".-")
}

// dotted reports non-empty words with single dots between.
func dotted(s string, inWord func(byte) bool) bool {
	word := false
	for i := range len(s) {
		switch {
		case s[i] != '.':
			if !inWord(s[i]) {
				return false
			}
			word = true
		case !word:
			return false
		default:
			word = false
		}
	}
	return word
}

// isAtext is RFC 5321 section 4.1.2 and RFC 6531 section 3.3.
func isAtext(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// isAlphanumeric takes all that is not ASCII for letters.
func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}

// hasControl reports ASCII control characters.
func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
