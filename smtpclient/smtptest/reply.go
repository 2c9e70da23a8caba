package smtptest

import (
	"fmt"
	"strings"
)

// A Reply is what a hook answers a command with.
type Reply struct {
	// Code is the reply code (RFC 5321 section 4.2.1), 250 for instance.
	Code int
	// Text follows the code, an enhanced status code (RFC 3463) at its
	// beginning included. "\n" separates the lines of a reply of several.
	Text string
}

// String returns the reply as it is sent, but with "\n" between the lines and
// none behind the last.
func (r Reply) String() string {
	return multiline(r.Code, strings.Split(r.Text, "\n")...)
}

// positive reports whether the reply is 2yz.
func (r Reply) positive() bool { return r.Code/100 == 2 }

// multiline formats a reply.
func multiline(code int, lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		separator := '-'
		if i == len(lines)-1 {
			separator = ' '
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%03d%c%s", code, separator, line)
	}
	return b.String()
}

// appendReply appends text in the form of the wire: with CRLF behind each of
// its lines, and without enhanced status codes if they are not wanted.
func appendReply(dst []byte, text string, enhanced bool) []byte {
	for line := range strings.SplitSeq(text, "\n") {
		if !enhanced {
			line = trimEnhanced(line)
		}
		dst = append(dst, line...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}

// trimEnhanced removes the enhanced status code, if any, from a reply line of
// the server's own, whose status codes all have one-digit parts.
func trimEnhanced(line string) string {
	const form = "250 2.0.0 "
	if len(line) < len(form) || line[4] < '2' || line[4] > '5' || line[5] != '.' || line[7] != '.' {
		return line
	}
	if i := strings.IndexByte(line[4:], ' '); i >= 0 {
		return line[:4] + line[4+i+1:]
	}
	return line
}
