package maillog

import (
	"strings"
	"time"
)

// cutStamp takes the stamp off the front of a line: "Nov  2 05:48:01", with a
// year before or behind the day or none, or ISO 8601.
func cutStamp(s string) (stamp, rest string) {
	n := 0 // words of the stamp
	switch words := firstWords(s, 4); {
	case len(words) > 0 && isISODate(words[0]):
		n = 1
		if len(words[0]) == len("2006-01-02") {
			n = 2
		}
	case len(words) > 3 && isYear(words[0]) && isMonth(words[1]):
		n = 4
	case len(words) > 3 && isMonth(words[0]) && isYear(words[2]):
		n = 4
	case len(words) > 2 && isMonth(words[0]) && isClock(words[2]):
		n = 3
	}
	rest = s
	for range n {
		_, rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	}
	return strings.TrimSpace(s[:len(s)-len(rest)]), strings.TrimLeft(rest, " ")
}

// firstWords returns at most n words from the front of s.
func firstWords(s string, n int) (words []string) {
	words = make([]string, 0, 4)
	for s != "" && len(words) < n {
		word, rest, _ := strings.Cut(s, " ")
		words = append(words, word)
		s = strings.TrimLeft(rest, " ")
	}
	return words
}

func isYear(s string) bool { return len(s) == 4 && isDigits(s) }

func isClock(s string) bool { return len(s) >= 8 && s[2] == ':' && s[5] == ':' && isDigits(s[:2]) }

func isISODate(s string) bool {
	return len(s) >= 10 && isDigits(s[:4]) && s[4] == '-' && isDigits(s[5:7]) && s[7] == '-' && isDigits(s[8:10])
}

func isMonth(s string) bool {
	return len(s) == 3 && strings.Contains("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", s)
}

// Forms of stamps that say all, in the order of how common they are. Parsing
// takes fractions of seconds without being asked.
var fullStamps = [...]string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"Jan 2 2006 15:04:05", "2006 Jan 2 15:04:05",
}

// parseStamp reads a stamp. One without a zone is taken to be in loc, one
// without a year to be from the year that ends a day after newest.
func parseStamp(stamp string, newest time.Time, loc *time.Location) time.Time {
	stamp = strings.Join(strings.Fields(stamp), " ")
	if t, err := time.Parse("Jan 2 15:04:05", stamp); err == nil {
		return withYear(t, newest.Add(24*time.Hour), loc)
	}
	for _, form := range fullStamps {
		if t, err := time.ParseInLocation(form, stamp, loc); err == nil {
			return t
		}
	}
	return time.Time{}
}

// withYear gives t the last year that has such a day not after end.
func withYear(t, end time.Time, loc *time.Location) time.Time {
	year := end.In(loc).Year()
	for back := range 9 { // leap years can be eight years apart
		with := time.Date(year-back, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc)
		if with.Day() == t.Day() && !with.After(end) {
			return with
		}
	}
	return time.Time{}
}
