package smtptest

import (
	"slices"
	"strconv"
	"strings"
)

// cutPath parses the arguments of MAIL or RCPT: prefix in any case, a path in
// angle brackets and, separated by a space, parameters. No space may follow the
// colon (RFC 5321 section 3.3). The path is "", or a mailbox, or with RCPT
// "postmaster" (section 4.1.1.3).
func cutPath(args, prefix string) (path, params string, ok bool) {
	if len(args) < len(prefix) || !strings.EqualFold(args[:len(prefix)], prefix) {
		return "", "", false
	}
	rest := args[len(prefix):]
	end := pathEnd(rest)
	if end < 0 || len(rest) > end+1 && rest[end+1] != ' ' || hasControl(rest) {
		return "", "", false
	}
	path = rest[1:end]
	ok = path == "" || isMailbox(path) || prefix == "TO:" && strings.EqualFold(path, "postmaster")
	return path, strings.TrimSpace(rest[end+1:]), ok
}

// pathEnd returns the index of the bracket that closes the path at the
// beginning of s, not that of one within a quoted local part (RFC 5321
// section 4.1.2), or -1.
func pathEnd(s string) int {
	if s == "" || s[0] != '<' {
		return -1
	}
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == '>' && !quoted:
			return i
		}
	}
	return -1
}

// owners maps a parameter to the extension it belongs to, where that has
// another name.
var owners = map[string]string{
	"BODY":      "8BITMIME",
	"RET":       "DSN",
	"ENVID":     "DSN",
	"NOTIFY":    "DSN",
	"ORCPT":     "DSN",
	"BY":        "DELIVERBY",
	"HOLDFOR":   "FUTURERELEASE",
	"HOLDUNTIL": "FUTURERELEASE",
}

// rcptParams are the parameters of RCPT; all others belong to MAIL.
var rcptParams = []string{"NOTIFY", "ORCPT"}

const (
	badParam     = "501 5.5.4 Invalid parameter value"
	unknownParam = "555 5.5.4 Parameter not recognized"
	needsUTF8    = "553 5.6.7 Address requires SMTPUTF8"
)

// checkMailParams returns the reply that refuses tx, "" if it is in order,
// and fills in what its parameters say.
func (s *Session) checkMailParams(tx *transaction) string {
	for param := range strings.FieldsSeq(tx.params) {
		keyword, value, _ := strings.Cut(param, "=")
		keyword = strings.ToUpper(keyword)
		if refusal := s.checkParam(keyword, value, false); refusal != "" {
			return refusal
		}
		switch keyword {
		case "SIZE":
			tx.declared, _ = strconv.ParseInt(value, 10, 64) // has been checked
		case "SMTPUTF8":
			tx.utf8 = true
		case "BODY":
			tx.binary = strings.EqualFold(value, "BINARYMIME")
			tx.eightBit = tx.binary || strings.EqualFold(value, "8BITMIME")
		}
	}
	if !tx.utf8 && !isASCII(tx.from) {
		return needsUTF8
	}
	return ""
}

// checkRcptParams is checkMailParams for RCPT.
func (s *Session) checkRcptParams(path, params string) string {
	for param := range strings.FieldsSeq(params) {
		keyword, value, _ := strings.Cut(param, "=")
		if refusal := s.checkParam(strings.ToUpper(keyword), value, true); refusal != "" {
			return refusal
		}
	}
	if !s.tx.utf8 && !isASCII(path) {
		return needsUTF8
	}
	return ""
}

// checkParam returns the reply that refuses a parameter (RFC 5321 section
// 4.1.1.11), "" if it is in order.
func (s *Session) checkParam(keyword, value string, rcpt bool) string {
	owner := keyword
	if o, ok := owners[keyword]; ok {
		owner = o
	}
	if !s.offers(owner) || slices.Contains(rcptParams, keyword) != rcpt {
		return unknownParam
	}
	ok := true
	switch keyword {
	case "SIZE":
		size, err := strconv.ParseUint(value, 10, 63)
		if limit := s.srv.set.maxSize; err == nil && limit > 0 && size > uint64(limit) {
			return "552 5.3.4 Message size exceeds fixed limit"
		}
		ok = err == nil
	case "BODY":
		ok = oneOf(value, "7BIT", "8BITMIME") || s.offers("BINARYMIME") && oneOf(value, "BINARYMIME")
	case "RET":
		ok = oneOf(value, "FULL", "HDRS")
	case "SMTPUTF8", "REQUIRETLS":
		ok = value == ""
	case "ENVID", "ORCPT", "AUTH":
		ok = value != ""
	case "NOTIFY":
		ok = validNotify(value)
	}
	if !ok {
		return badParam
	}
	return ""
}

// validNotify is RFC 3461 section 4.1: NEVER alone, or a list of the others.
func validNotify(value string) bool {
	if oneOf(value, "NEVER") {
		return true
	}
	for event := range strings.SplitSeq(value, ",") {
		if !oneOf(event, "SUCCESS", "FAILURE", "DELAY") {
			return false
		}
	}
	return true
}

func oneOf(value string, allowed ...string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, value) })
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
