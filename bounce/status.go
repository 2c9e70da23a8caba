package bounce

import (
	"slices"
	"strconv"
	"strings"
)

// A statusAt is an enhanced status code found in a text.
type statusAt struct {
	code string
	rank int // how sure it is: 3 behind a reply code, 2 marked by '#', 1 bare
}

// findStatus returns the best enhanced status code (RFC 3463 2) of class 4 or 5
// in s: of those that stand in the surest place the first one that is not X.0.0
// or X.4.7, else the first.
func findStatus(s string) statusAt {
	var best statusAt
	for i := 0; i+5 <= len(s); i++ {
		if c := s[i]; c != '4' && c != '5' || s[i+1] != '.' {
			continue
		}
		n := statusLen(s[i:])
		if n == 0 {
			continue
		}
		found := statusAt{s[i : i+n], statusRank(s, i, i+n)}
		if found.rank > best.rank || found.rank > 0 && found.rank == best.rank && isOuter(best.code) && !isOuter(found.code) {
			best = found
		}
		i += n - 1
	}
	return best
}

// isOuter reports a code that a more telling one may stand behind: a generic one,
// or X.4.7, which says that time has run out and not why.
func isOuter(status string) bool { return isGeneric(status) || status[1:] == ".4.7" }

// isGeneric reports a code that tells no more than its class.
func isGeneric(status string) bool {
	return status == "" || strings.HasSuffix(status, ".0.0")
}

// statusLen returns the length of the code that s begins with, 0 if it is none:
// a digit, up to seven for the subject, up to three digits for the detail.
func statusLen(s string) int {
	if len(s) < 5 || s[1] != '.' || s[2] < '0' || s[2] > '7' || s[3] != '.' {
		return 0
	}
	n := 4
	for n < len(s) && n < 7 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 4 || n < len(s) && (isAlnum(s[n]) || s[n] == '.' && n+1 < len(s) && isAlnum(s[n+1])) {
		return 0 // an address, a version
	}
	return n
}

// statusRank tells by what is around it whether s[start:end] is a code at all.
func statusRank(s string, start, end int) int {
	if start == 0 || s[start-1] == '\n' {
		return 2
	}
	switch c := s[start-1]; {
	case c == '-' || c == ' ' || c == '\t':
		before := strings.TrimRight(s[:start-1], " \t:")
		if n := len(before); n >= 3 && isReplyCode(before[n-3:]) && (n == 3 || !isAlnum(before[n-4]) && before[n-4] != '.') {
			return 3
		}
		if c == '-' {
			return 0
		}
		word := strings.ToLower(before[strings.LastIndexAny(before, " \t\n(")+1:])
		if slices.Contains(numberedWords[:], strings.TrimRight(word, ",")) {
			return 0
		}
		return bareRank(s, start, end)
	case c == '#':
		return 2
	case strings.IndexByte("(['\":;,=<", c) >= 0:
		return bareRank(s, start, end)
	}
	return 0
}

// numberedWords stand before numbers with dots that are no status codes: of
// releases, sections and dates.
var numberedWords = [...]string{
	"version", "v", "release", "exim", "sendmail", "postfix", "qmail", "build", "server", "smtpsvc", "ver", "ver.",
	"mdaemon", "exchange", "domino", "notes", "james", "zimbra", "imail", "section", "sections", "sec.", "§", "chapter",
	"abschnitt", "am", "den", "vom", "bis", "le", "el",
}

// statusWords announce a status code, earlier in its line.
var statusWords = [...]string{"status", "code", "error", "dsn", "smtp", "said", "response", "reply", "enhanced", "permanent", "temporary", "failure"}

// bareRank is for a code without a mark: it is one if it is registered, or if the
// line has announced it.
func bareRank(s string, start, end int) int {
	before := s[max(0, start-40):start]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	if isRegistered(s[start:end]) || containsAny(strings.ToLower(before), statusWords[:]) {
		return 1
	}
	return 0
}

// registered is the highest detail for each subject that the IANA registry of
// enhanced status codes has.
var registered = [...]int{0, 10, 4, 5, 7, 6, 10, 30}

// isRegistered reports a code of the IANA registry, or one with three digits of
// detail, as Exchange Online has.
func isRegistered(code string) bool {
	subject := int(code[2] - '0')
	detail, err := strconv.Atoi(code[4:])
	return err == nil && (detail <= registered[subject] || detail >= 100 && subject != 0)
}

// isReplyCode reports three digits that are an SMTP reply code of refusal
// (RFC 5321 4.2.1).
func isReplyCode(s string) bool {
	return len(s) >= 3 && (s[0] == '4' || s[0] == '5') && s[1] >= '0' && s[1] <= '5' && s[2] >= '0' && s[2] <= '9'
}

// statusField reads the value of a Status field: the code, and the comment that
// some systems put behind it.
func statusField(s string) (code, comment string) {
	s = strings.Trim(s, " \t")
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	code, comment = s[:i], strings.Trim(s[i:], " \t()")
	if c := code; len(c) < 5 || c[0] != '2' && c[0] != '4' && c[0] != '5' || c[1] != '.' || strings.Count(c, ".") != 2 {
		return "", comment
	}
	return code, comment
}

// findCode returns the first SMTP reply code of refusal in s, 0 if there is none.
// It has to stand where such codes stand, and not within a text: many numbers are
// in bounces.
func findCode(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		if !isReplyCode(s[i:]) || s[i:i+3] == "404" || !codePlace(s[:i]) || isAmount(s[i+3:]) {
			continue
		}
		if i+3 < len(s) {
			if c := s[i+3]; c != ' ' && c != '-' && c != ':' && c != '\n' && c != '\t' && c != ',' && c != '.' && c != ';' && c != '\'' && c != '"' {
				continue
			}
		}
		return int(s[i]-'0')*100 + int(s[i+1]-'0')*10 + int(s[i+2]-'0')
	}
	return 0
}

// isAmount reports a number whose unit comes behind it.
func isAmount(after string) bool {
	unit := strings.ToLower(strings.TrimLeft(after[:min(len(after), 12)], " \t"))
	for _, u := range [...]string{"kb", "mb", "gb", "kib", "mib", "byte", "octet", "line", "kbyte", "mbyte", "k)", "messages"} {
		if strings.HasPrefix(unit, u) {
			return true
		}
	}
	return false
}

// codePlace reports whether a reply code can stand behind before: at the start of
// a line, or behind a mark or a word that announces it.
func codePlace(before string) bool {
	t := strings.TrimRight(before, " \t")
	if t == "" {
		return true
	}
	switch c := t[len(t)-1]; {
	case c == '\n':
		return true
	case c == ':' && isMeasure(t[:len(t)-1]):
		return false
	case strings.IndexByte(":;>'\"([|#", c) >= 0:
		return len(t) < len(before) || c != ':' || !endsInDigit(t[:len(t)-1])
	case len(t) == len(before):
		return false
	case c == ',':
		return true
	}
	word := strings.ToLower(t[strings.LastIndexAny(t, " \t\n")+1:])
	switch word {
	case "said", "response", "responsecode", "error", "code", "reply", "returned", "<<<", "<--", "<-", "...", "with", "status", "smtp", "reason":
		return true
	}
	return strings.HasSuffix(word, "...")
}

// isMeasure reports a label of a number that is no reply code.
func isMeasure(label string) bool {
	switch strings.ToLower(label[strings.LastIndexAny(label, " \t\n(")+1:]) {
	case "size", "port", "lines", "length", "bytes", "octets", "id":
		return true
	}
	return false
}

func endsInDigit(s string) bool {
	return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9'
}
