package bounce

import (
	"encoding/base64"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
)

// decodeCharset returns s in UTF-8, whatever its charset is said to be: what the
// name does not fit is read as UTF-8 if it is that, else by its looks.
func decodeCharset(s, name string) string {
	if isASCII(s) {
		if strings.Contains(s, "\x1b$") {
			return convert(s, japanese.ISO2022JP)
		}
		return s
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" || name == "us-ascii" || strings.Contains(name, "unknown") || strings.HasPrefix(name, "utf") {
		return guessCharset(s)
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return guessCharset(s)
	}
	return convert(s, e)
}

// guessCharset reads 8-bit text that does not say what it is.
func guessCharset(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	e, err := htmlindex.Get("windows-1252") // maps every octet
	if err != nil {
		return strings.ToValidUTF8(s, "�")
	}
	return convert(s, e)
}

func convert(s string, e encoding.Encoding) string {
	out, err := e.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "�")
	}
	return strings.ToValidUTF8(out, "�")
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// words decodes the encoded words of RFC 2047.
var words = mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(charset)
	if err != nil {
		return r, nil
	}
	return e.NewDecoder().Reader(r), nil
}}

// decodeWords returns the value of a field in UTF-8. A value with an encoded
// word that cannot be read stays as it is.
func decodeWords(s string) string {
	if !isASCII(s) {
		s = guessCharset(s)
	}
	if strings.Contains(s, "=?") {
		if out, err := words.DecodeHeader(s); err == nil {
			s = out
		}
		s = strings.ToValidUTF8(s, "�")
	}
	if strings.Contains(s, "\x1b$") {
		s = convert(s, japanese.ISO2022JP)
	}
	return s
}

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 6) as far as s can
// be read as that.
func decodeTransfer(s, encoding string) string {
	switch strings.ToLower(strings.Trim(encoding, " \t\"")) {
	case "base64":
		return decodeBase64(s)
	case "quoted-printable", "quoted printable":
		return decodeQuotedPrintable(s)
	}
	return s
}

// decodeBase64 passes over what is not of the alphabet, and reads up to the first
// padding or the end.
func decodeBase64(s string) string {
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s) && s[i] != '='; i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1] // six bits of an octet
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return normalizeLines(string(out[:n]))
}

// decodeQuotedPrintable leaves a '=' that begins no escape where it is.
func decodeQuotedPrintable(s string) string {
	if strings.IndexByte(s, '=') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			b = append(b, s[i])
			continue
		}
		end := i + 1
		for end < len(s) && (s[end] == ' ' || s[end] == '\t') {
			end++
		}
		switch {
		case end < len(s) && s[end] == '\n' || end == len(s):
			i = end // a soft line break
		case i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, '=')
		}
	}
	return normalizeLines(string(b))
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c - 'A' + 10)
	case c >= 'a' && c <= 'f':
		return int(c - 'a' + 10)
	}
	return -1
}

// normalizeLines makes LF of all line ends: CRLF, any number of CRs before an LF,
// and, where there are no LFs at all, CR.
func normalizeLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	bare := strings.IndexByte(s, '\n') < 0
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\r' {
			b = append(b, s[i])
			continue
		}
		j := i
		for j < len(s) && s[j] == '\r' {
			j++
		}
		switch {
		case bare:
			b = append(b, '\n')
		case j < len(s) && s[j] == '\n' || j == len(s):
			i = j - 1 // the LF makes the line end
		default:
			b = append(b, ' ')
			i = j - 1
		}
	}
	return string(b)
}
