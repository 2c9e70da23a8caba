package smtpclient

import (
	"strconv"
	"strings"
)

// An EnhancedCode is an enhanced status code (RFC 3463): class, subject,
// detail. The zero value means that the reply had none.
type EnhancedCode [3]uint16

// String returns the code as "5.1.1", or "" for the zero value.
func (c EnhancedCode) String() string {
	if c == (EnhancedCode{}) {
		return ""
	}
	return strconv.Itoa(int(c[0])) + "." + strconv.Itoa(int(c[1])) + "." + strconv.Itoa(int(c[2]))
}

// A Reply is what the server answered to a command (RFC 5321 4.2).
type Reply struct {
	// Code is the reply code, 200 to 599; 0 in the zero Reply: none came.
	Code int
	// Enhanced is the enhanced status code that the text begins with, if its
	// class agrees with the reply code; a 3yz reply has none. Its numbers are
	// 0 to 999. Leading zeros, which RFC 3463 2 forbids and some server may
	// write all the same, are dropped: "5.01.1" is 5.1.1.
	Enhanced EnhancedCode
	// Text is the text behind the code, lines parted by "\n", the enhanced
	// status code included. Control characters are replaced by '?'.
	Text string
}

// String returns the reply as one line: code and text.
func (r Reply) String() string {
	if r.Text == "" {
		return strconv.Itoa(r.Code)
	}
	return strconv.Itoa(r.Code) + " " + strings.ReplaceAll(r.Text, "\n", " / ")
}

// Lines returns the text's lines.
func (r Reply) Lines() []string { return strings.Split(r.Text, "\n") }

// positive reports a 2yz reply.
func (r Reply) positive() bool { return r.Code/100 == 2 }

// parseEnhanced finds the enhanced status code that text begins with
// (RFC 2034 4). Its class must be that of the reply code; 3yz replies have none.
func parseEnhanced(code int, text string) EnhancedCode {
	if len(text) < 5 || text[1] != '.' || int(text[0]-'0') != code/100 || text[0] == '3' {
		return EnhancedCode{}
	}
	c := EnhancedCode{uint16(text[0] - '0')}
	rest := text[2:]
	for i := 1; i < 3; i++ {
		n := 0
		for n < len(rest) && n < 3 && rest[n] >= '0' && rest[n] <= '9' {
			c[i] = c[i]*10 + uint16(rest[n]-'0')
			n++
		}
		if n == 0 {
			return EnhancedCode{}
		}
		rest = rest[n:]
		if i == 1 {
			if rest == "" || rest[0] != '.' {
				return EnhancedCode{}
			}
			rest = rest[1:]
		}
	}
	if rest != "" && rest[0] != ' ' && rest[0] != '\n' {
		return EnhancedCode{}
	}
	return c
}
