package message

import (
	"strings"
	"unicode/utf8"
)

// flowedWidth is the most characters of a line of format=flowed, the space at
// its end included (RFC 3676 4.2 has 78 at most).
const flowedWidth = 76

// appendFlowed appends text as RFC 3676 4.2 generates it: normalised, with
// soft line breaks in long lines. Lines that start with ">" are quotes and are
// left whole.
func appendFlowed(out []byte, text string) []byte {
	start := len(out)
	for line := range strings.Lines(string(normalize(text))) {
		line = strings.TrimSuffix(line, "\r\n")
		if line != "-- " { // 4.3: the line above a signature is not flowed
			line = strings.TrimRight(line, " ")
		}
		out = appendFlowedLine(out, line)
	}
	return appendEnd(out, start)
}

func appendFlowedLine(out []byte, line string) []byte {
	quote := strings.HasPrefix(line, ">")
	for {
		n := len(line)
		if !quote {
			n = flowedBreak(line)
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, ">") || strings.HasPrefix(line, "From ") {
				out = append(out, ' ') // 4.4: space-stuffing
			}
		}
		out = append(append(out, line[:n]...), crlf...)
		if n == len(line) {
			return out
		}
		line = line[n:]
	}
}

// flowedBreak returns where a line is to be broken: behind the last space that
// leaves it short enough, else behind the first one.
func flowedBreak(line string) int {
	if utf8.RuneCountInString(line) < flowedWidth {
		return len(line)
	}
	at, width := 0, 0
	for i := range line {
		if width++; width >= flowedWidth && at > 0 {
			break
		}
		if line[i] == ' ' && i > 0 && line[i-1] != ' ' {
			end := i + 1
			for end < len(line) && line[end] == ' ' {
				end++
			}
			if line[:end] != "-- " { // which would be the line above a signature
				at = end
			}
		}
	}
	if at == 0 {
		return len(line)
	}
	return at
}
