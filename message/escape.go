package message

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
	"unicode/utf8"
)

// An escaper escapes a string for its place as html/template does.
type escaper struct {
	filterURL bool         // other schemes than http, https and mailto are replaced
	table     *[256]string // what takes the place of an octet; "" is the octet itself
	percent   bool         // a percent sign that begins an escape stays
	touches   class        // the octets with an entry in table have it
}

// A class says what an octet may need. Those of a text are the classes of all
// its octets together.
type class uint16

const (
	classCoded   class = 1 << iota // quoted-printable escapes it
	classHTML                      // htmlTable has it
	classQuery                     // queryTable
	classURL                       // urlTable
	classLine                      // CR or LF
	classControl                   // a control character but tab
	classUTF8                      // part of a rune that is not ASCII
	classBad                       // NUL; of a text also that it is not UTF-8
	classTab
	classEquals
)

var classes = func() (table [256]class) {
	set := func(c int, in bool, class class) {
		if in {
			table[c] |= class
		}
	}
	for c := range table {
		set(c, !literal[c], classCoded)
		set(c, htmlTable[c] != "", classHTML)
		set(c, queryTable[c] != "", classQuery)
		set(c, urlTable[c] != "", classURL)
		set(c, c == '\r' || c == '\n', classLine)
		set(c, c < ' ' && c != '\t' || c == 0x7f, classControl)
		set(c, c == 0, classBad)
		set(c, c == '\t', classTab)
		set(c, c == '=', classEquals)
		set(c, c >= utf8.RuneSelf, classUTF8)
	}
	return table
}()

func classesOf(text string) (all class) {
	rest := text
	for ; len(rest) >= 8; rest = rest[8:] {
		all |= classes[rest[0]] | classes[rest[1]] | classes[rest[2]] | classes[rest[3]] |
			classes[rest[4]] | classes[rest[5]] | classes[rest[6]] | classes[rest[7]]
	}
	for i := range len(rest) {
		all |= classes[rest[i]]
	}
	if all&classUTF8 != 0 && !utf8.ValidString(text) {
		all |= classBad
	}
	return all
}

func (e *escaper) classes() class {
	if e == nil {
		return 0
	}
	return e.touches
}

func (e *escaper) filters() bool { return e != nil && e.filterURL }

// unsafeURL takes the place of a URL that html/template does not let pass.
const unsafeURL = "#ZgotmplZ"

// escapers has the sequences of html/template's escapers that are known here.
// What else there is (scripts, style sheets, attributes without quotes) is
// executed.
var escapers = []struct {
	names   string
	escaper *escaper
}{
	{"", nil},
	{"htmlescaper", &escaper{table: &htmlTable, touches: classHTML}},
	{"rcdataescaper", &escaper{table: &htmlTable, touches: classHTML}},
	{"attrescaper", &escaper{table: &htmlTable, touches: classHTML}},
	{"urlescaper attrescaper", &escaper{table: &queryTable, touches: classQuery}},
	{"urlnormalizer attrescaper", &escaper{table: &urlTable, percent: true, touches: classURL}},
	{"urlfilter urlnormalizer attrescaper", &escaper{table: &urlTable, percent: true, touches: classURL, filterURL: true}},
}

// findEscaper returns the escaper of the rest of a pipeline.
func findEscaper(cmds []*parse.CommandNode) (*escaper, bool) {
	names := make([]string, len(cmds))
	for i, cmd := range cmds {
		id, ok := cmd.Args[0].(*parse.IdentifierNode)
		if !ok || len(cmd.Args) > 1 {
			return nil, false
		}
		if names[i], ok = strings.CutPrefix(id.Ident, "_html_template_"); !ok {
			return nil, false
		}
	}
	all := strings.Join(names, " ")
	for _, e := range escapers {
		if e.names == all {
			return e.escaper, true
		}
	}
	return nil, false
}

// htmlTable is for HTML text and attributes in quotes.
var htmlTable = [256]string{
	0: "\uFFFD", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '+': "&#43;", '<': "&lt;", '>': "&gt;",
}

// queryTable is for the query and the fragment of a URL, urlTable for what is in
// front of them; both with what htmlTable does to the outcome.
var (
	queryTable = urlEscapes("-._~")
	urlTable   = func() [256]string {
		table := urlEscapes("-._~!#$&*+,/:;=?@[]")
		table['&'], table['+'] = htmlTable['&'], htmlTable['+']
		return table
	}()
)

func urlEscapes(plain string) (table [256]string) {
	for c := range table {
		if !isAlphanumeric(byte(c)) && strings.IndexByte(plain, byte(c)) < 0 {
			table[c] = fmt.Sprintf("%%%02x", c)
		}
	}
	return table
}

// append appends the escaped value.
func (e *escaper) append(out []byte, value string) []byte {
	if e == nil {
		return append(out, value...)
	}
	if e.filterURL && !isSafeURL(value) {
		return append(out, unsafeURL...)
	}
	start := 0
	for i := 0; i < len(value); i++ {
		instead := e.table[value[i]]
		if instead == "" || e.percent && value[i] == '%' && isEscape(value[i:]) {
			continue
		}
		out = append(append(out, value[start:i]...), instead...)
		start = i + 1
	}
	return append(out, value[start:]...)
}

// isSafeURL reports a URL without a scheme, or with one that does no more than
// lead somewhere.
func isSafeURL(s string) bool {
	if strings.HasPrefix(s, "https://") { // the most of them
		return true
	}
	scheme, _, ok := strings.Cut(s, ":")
	return !ok || strings.Contains(scheme, "/") ||
		slices.ContainsFunc([]string{"http", "https", "mailto"}, func(safe string) bool { return strings.EqualFold(scheme, safe) })
}

// isEscape reports a percent sign with two hexadecimal digits.
func isEscape(s string) bool {
	return len(s) > 2 && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
