package bounce

import "strings"

// A field is one of a header. The value may still be folded.
type field struct {
	name, value string
}

// A header is a list of fields, in the order of the mail.
type header []field

// maxFields bounds the memory that a header takes beyond its text.
const maxFields = 2000

// parseHeader reads the header at the front of s, whose lines end in LF, and
// returns what comes behind it. It is lenient (mail from 1995 on is): lines that
// are no fields are passed over, as are From_ lines in front; where such a line
// is followed by no field the header is over.
func parseHeader(s string) (h header, body string) {
	s = strings.TrimLeft(s, "\n")
	for s != "" && len(h) < maxFields {
		line, rest := cutLine(s)
		switch {
		case line == "" || strings.Trim(line, " \t") == "" && !startsField(rest):
			return h, rest
		case line[0] == ' ' || line[0] == '\t':
			// A continuation: of nothing, else the loop below had taken it.
		default:
			n := fieldName(line)
			if n == 0 {
				if !isFromLine(line) && !startsField(rest) && (len(h) > 0 || !strings.HasPrefix(rest, "\n")) {
					return h, s
				}
				break
			}
			end := len(line)
			for strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t") {
				next, after := cutLine(rest)
				if strings.Trim(next, " \t") == "" && !startsField(after) {
					break
				}
				end += 1 + len(next)
				rest = after
			}
			h = append(h, field{strings.TrimRight(line[:n], " \t"), s[n+1 : min(end, len(s))]})
		}
		s = rest
	}
	return h, s
}

// cutLine splits s behind its first line, which comes without its LF.
func cutLine(s string) (line, rest string) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func startsField(s string) bool {
	line, _ := cutLine(s)
	return fieldName(line) > 0
}

// fieldName returns where the colon behind a field name is (RFC 5322 3.6.8), 0 if
// line does not begin with one. Spaces before the colon are obsolete syntax, and
// found.
func fieldName(line string) int {
	for i := 0; i < len(line) && i < 80; i++ {
		switch c := line[i]; {
		case c == ':':
			return i
		case c == ' ' || c == '\t':
			if j := i + len(line[i:]) - len(strings.TrimLeft(line[i:], " \t")); i > 0 && j < len(line) && line[j] == ':' {
				return j
			}
			return 0
		case c < '!' || c > '~':
			return 0
		}
	}
	return 0
}

// isFromLine reports a line that separates the mails of an mbox.
func isFromLine(line string) bool {
	line = strings.TrimLeft(line, ">")
	return strings.HasPrefix(line, "From ")
}

// maxValue is how much of a field that is shown or searched is looked at, in
// octets.
const maxValue = 64 << 10

// text returns the value of the first field of that name with its encoded words
// decoded.
func (h header) text(name string) string {
	v := h.get(name)
	return decodeWords(v[:min(len(v), maxValue)])
}

// get returns the value of the first field of that name, unfolded and without
// white space around it, "" if there is none.
func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return unfold(f.value)
		}
	}
	return ""
}

// has reports whether there is a field of that name, be it empty.
func (h header) has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// all returns the values of all fields of that name.
func (h header) all(name string) (values []string) {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			values = append(values, unfold(f.value))
		}
	}
	return values
}

// unfold makes one line of a value. Runs of white space at the folds become one
// space.
func unfold(s string) string {
	s = strings.Trim(s, " \t\n")
	if strings.IndexByte(s, '\n') < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		line, rest := cutLine(s)
		if line = strings.Trim(line, " \t"); line != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(line)
		}
		s = rest
	}
	return b.String()
}

// parameters reads a structured value such as that of Content-Type: the value
// before the first semicolon in lower case, and the parameters by their names in
// lower case. Unlike mime.ParseMediaType it has no errors: of what is malformed
// it takes what can be read.
func parameters(s string) (value string, params map[string]string) {
	value, rest, _ := strings.Cut(s, ";")
	value = strings.ToLower(strings.Trim(value, " \t"))
	if i := strings.IndexAny(value, " \t("); i > 0 {
		value = value[:i]
	}
	for rest != "" && len(params) < 20 {
		var name, v string
		name, rest, _ = strings.Cut(rest, "=")
		if i := strings.LastIndexByte(name, ';'); i >= 0 {
			name = name[i+1:] // one without a value
		}
		name = strings.ToLower(strings.Trim(name, " \t\""))
		v, rest = parameterValue(rest)
		if params == nil {
			params = map[string]string{}
		}
		if _, ok := params[name]; !ok && name != "" {
			params[name] = v
		}
	}
	return value, params
}

// parameterValue takes a value, quoted or not, off s, and the semicolon behind.
func parameterValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimRight(value, " \t"), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			_, rest, _ = strings.Cut(s[i:], ";")
			return b.String(), rest
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
