package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// An encoding is a content transfer encoding (RFC 2045 6) of a text part.
type encoding string

const (
	enc7bit   encoding = "7bit"
	enc8bit   encoding = "8bit"
	encQP     encoding = "quoted-printable"
	encBase64 encoding = "base64"
)

// encodedWidth is the length of an encoded line (RFC 2045 6.7 and 6.8).
const encodedWidth = 76

// appendNormalized appends s with all line ends made CRLF, whichever of CR, LF
// and CRLF they were.
func appendNormalized(out []byte, s string) []byte {
	if strings.IndexByte(s, '\r') < 0 {
		return appendLines(out, s)
	}
	for {
		i := strings.IndexByte(s, '\n')
		line := s
		if i >= 0 {
			line = strings.TrimSuffix(s[:i], "\r")
		}
		for {
			j := strings.IndexByte(line, '\r')
			if j < 0 {
				break
			}
			out = append(append(out, line[:j]...), crlf...)
			line = line[j+1:]
		}
		out = append(out, line...)
		if i < 0 {
			return out
		}
		out = append(out, crlf...)
		s = s[i+1:]
	}
}

// appendLines appends s, whose line ends are LF, with CRLF in their place.
func appendLines(out []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			return append(out, s...)
		}
		out = append(append(out, s[:i]...), '\r', '\n')
		s = s[i+1:]
	}
}

// normalize normalises a whole text, and ends it in a line end.
func normalize(s string) []byte {
	return appendEnd(appendNormalized(make([]byte, 0, len(s)+len(s)/32+2), s), 0)
}

// appendEnd ends the text that starts at start in a line end, unless it has one
// or is empty.
func appendEnd(out []byte, start int) []byte {
	if len(out) == start || out[len(out)-1] == '\n' {
		return out
	}
	return append(out, crlf...)
}

var (
	crlf = []byte("\r\n")
	from = []byte("From ")
)

// A survey is what the choice of an encoding depends on.
type survey struct {
	octets   int
	eightBit int  // octets that are not ASCII
	escapes  int  // octets that quoted-printable has to escape
	controls int  // control characters but tab, CR and LF
	longest  int  // length of the longest line without its CRLF
	risky    bool // a line starts as in isRisky
}

// add adds what two parts of a text have whatever is between them.
func (s *survey) add(o survey) {
	s.octets += o.octets
	s.eightBit += o.eightBit
	s.escapes += o.escapes
	s.controls += o.controls
	s.longest = max(s.longest, o.longest)
	s.risky = s.risky || o.risky
}

// riskyLen is how much of a line isRisky looks at.
const riskyLen = len("From ")

// isRisky reports the start of a line that cannot go out as it is: "From " is
// changed where mail is stored in mbox files, which also breaks a signature;
// "--=_" might be one of the boundaries, all of which begin with "=_".
func isRisky(line []byte) bool {
	return len(line) >= 4 && (line[0] == '-' && string(line[:4]) == "--=_" || line[0] == 'F' && bytes.HasPrefix(line, from))
}

// examine surveys normalised text.
func examine(text []byte) survey {
	s := survey{octets: len(text)}
	s.count(text)
	for start := 0; start < len(text); {
		end := bytes.IndexByte(text[start:], '\r') + start
		if end < start {
			end = len(text)
		}
		s.longest = max(s.longest, end-start)
		s.risky = s.risky || isRisky(text[start:end])
		start = end + len(crlf)
	}
	return s
}

// count counts the octets of normalised text.
func (s *survey) count(text []byte) {
	for ; len(text) >= 8; text = text[8:] {
		x := binary.LittleEndian.Uint64(text)
		if notLiteral(x) == 0 {
			continue
		}
		eightBit, control, equals := sift(x)
		s.eightBit += bits.OnesCount64(eightBit)
		s.controls += bits.OnesCount64(control)
		s.escapes += bits.OnesCount64(eightBit | control | equals)
	}
	s.countEach(text)
}

func (s *survey) countEach(text []byte) {
	for _, c := range text {
		switch {
		case literal[c], c == '\r', c == '\n':
			continue
		case c >= utf8.RuneSelf:
			s.eightBit++
		case c != '=':
			s.controls++
		}
		s.escapes++
	}
}

// encoding takes 7bit, or 8bit if that is allowed, for text that no server on
// the way has a reason to touch. Else it takes the shorter one, but never base64
// for mere ASCII, which filters take for hiding.
func (s survey) encoding(allow8bit bool) encoding {
	asIs := s.controls == 0 && s.longest <= maxLine && !s.risky
	switch {
	case asIs && s.eightBit == 0:
		return enc7bit
	case asIs && allow8bit:
		return enc8bit
	case s.eightBit > 0 && s.escapes*5 > s.octets:
		return encBase64
	default:
		return encQP
	}
}

// isMailData reports content that can be attached without an encoding, once its
// line ends are normalised.
func isMailData(content []byte, allow8bit bool) bool {
	if bytes.IndexByte(content, 0) >= 0 {
		return false
	}
	s := examine(normalize(string(content)))
	return (s.eightBit == 0 || allow8bit) && s.longest <= maxLine
}

// append appends normalised text, encoded.
func (e encoding) append(out, text []byte) []byte {
	switch e {
	case encQP:
		return appendQuotedPrintable(out, text)
	case encBase64:
		return appendBase64(out, text)
	default:
		return append(out, text...)
	}
}

func appendBase64(out, content []byte) []byte {
	const in = encodedWidth / 4 * 3
	out = slices.Grow(out, (len(content)/in+1)*(encodedWidth+len(crlf)))
	for len(content) > 0 {
		n := min(in, len(content))
		out = base64.StdEncoding.AppendEncode(out, content[:n])
		out = append(out, '\r', '\n')
		content = content[n:]
	}
	return out
}
