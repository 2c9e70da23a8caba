package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// An encoding is a content transfer encoding (RFC 2045 6) of a text part.
type encoding string

const (
	enc7bit   encoding = "7bit"
	encQP     encoding = "quoted-printable"
	encBase64 encoding = "base64"
)

// encodedWidth is the length of an encoded line (RFC 2045 6.7 and 6.8).
const encodedWidth = 76

// normalize makes all line ends CRLF, whichever of CR, LF and CRLF they were,
// and ends the text in one.
func normalize(s string) []byte {
	b := make([]byte, 0, len(s)+len(s)/32+2)
	for s != "" {
		line, rest, _ := strings.Cut(s, "\n")
		line = strings.TrimSuffix(line, "\r")
		if strings.IndexByte(line, '\r') >= 0 {
			line = strings.ReplaceAll(line, "\r", "\r\n")
		}
		b = append(append(b, line...), crlf...)
		s = rest
	}
	return b
}

var (
	crlf = []byte("\r\n")
	from = []byte("From ")
)

// A survey is what the choice of an encoding depends on.
type survey struct {
	eightBit int  // octets that are not ASCII
	escapes  int  // octets that quoted-printable has to escape
	controls int  // control characters but tab, CR and LF
	longest  int  // length of the longest line without its CRLF
	fromLine bool // a line starts with "From "
}

// examine surveys normalised text.
func examine(text []byte) survey {
	var s survey
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, crlf)
		s.longest = max(s.longest, len(line))
		s.fromLine = s.fromLine || bytes.HasPrefix(line, from)
		for _, c := range line {
			if !literal[c] {
				s.escapes++
				if c >= utf8.RuneSelf {
					s.eightBit++
				} else if c != '=' {
					s.controls++
				}
			}
		}
		text = rest
	}
	return s
}

// chooseEncoding takes 7bit for text that no server on the way has a reason to
// touch: a line that starts with "From " is changed where mail is stored in mbox
// files, which also breaks a signature. Else it takes the shorter one, but
// never base64 for mere ASCII, which filters take for hiding.
func chooseEncoding(text []byte) encoding {
	s := examine(text)
	switch {
	case s.eightBit+s.controls == 0 && s.longest <= maxLine && !s.fromLine:
		return enc7bit
	case s.eightBit > 0 && s.escapes*5 > len(text):
		return encBase64
	default:
		return encQP
	}
}

// isMailData reports content that can be attached without an encoding, once its
// line ends are normalised.
func isMailData(content []byte) bool {
	if bytes.IndexByte(content, 0) >= 0 {
		return false
	}
	s := examine(normalize(string(content)))
	return s.eightBit == 0 && s.longest <= maxLine
}

// encode encodes normalised text.
func (e encoding) encode(text []byte) []byte {
	switch e {
	case encQP:
		return quotedPrintable(text)
	case encBase64:
		return base64Lines(text)
	default:
		return text
	}
}

func base64Lines(content []byte) []byte {
	const in = encodedWidth / 4 * 3
	out := make([]byte, 0, (len(content)/in+1)*(encodedWidth+2))
	for len(content) > 0 {
		n := min(in, len(content))
		out = base64.StdEncoding.AppendEncode(out, content[:n])
		out = append(out, crlf...)
		content = content[n:]
	}
	return out
}

// quotedPrintable encodes normalised text (RFC 2045 6.7). Unlike
// mime/quotedprintable, with which enmime would do it, it also escapes what is
// harmed at the start of a line: "From " by mbox files, a dot by servers that
// stuff dots badly. Lines are not broken inside of a rune.
func quotedPrintable(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/4+16)
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, crlf)
		out = append(quoteLine(out, line), crlf...)
		text = rest
	}
	return out
}

// literal holds the octets that quoted-printable leaves as they are, but for
// their place in the line.
var literal = func() (table [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		table[c] = c != '='
	}
	table['\t'] = true
	return table
}()

// quoteLine encodes one line without its line end.
func quoteLine(out, line []byte) []byte {
	col := 0
	for i := 0; i < len(line); {
		if n := literalRun(line, i, col); n > 0 {
			out = append(out, line[i:i+n]...)
			i, col = i+n, col+n
			continue
		}
		n := 1
		if line[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRune(line[i:])
		}
		width := quotedWidth(line, i, n, col)
		room := encodedWidth
		if i+n < len(line) {
			room-- // for the "=" of a soft line break
		}
		if col+width > room {
			out = append(out, "=\r\n"...)
			col = 0
			width = quotedWidth(line, i, n, col)
		}
		for _, c := range line[i : i+n] {
			if width == 1 {
				out = append(out, c)
			} else {
				out = append(out, '=', upperHex[c>>4], upperHex[c&15])
			}
		}
		col += width
		i += n
	}
	return out
}

// literalRun counts the octets from i on that can be copied at once. It leaves
// the first and the last column of a line to quotedWidth.
func literalRun(line []byte, i, col int) int {
	if col == 0 {
		return 0
	}
	end := min(i+encodedWidth-1-col, len(line)-1)
	n := i
	for n < end && literal[line[n]] {
		n++
	}
	return n - i
}

// quotedWidth is 1 for an octet that can stand in column col as it is, else the
// length of its n octets when escaped.
func quotedWidth(line []byte, i, n, col int) int {
	c := line[i]
	switch {
	case !literal[c]:
	case (c == ' ' || c == '\t') && i == len(line)-1:
	case col == 0 && (c == '.' || c == 'F' && bytes.HasPrefix(line[i:], from)):
	default:
		return 1
	}
	return 3 * n
}
