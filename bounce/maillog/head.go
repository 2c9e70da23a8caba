package maillog

import "strings"

// A head is what stands before the daemon's own words.
type head struct {
	stamp string // "" if there is none
	host  string
	// daemon is the last part of the tag, "smtp" of "postfix-out/smtp[99]:".
	// It is "" for lines of programs that are not Postfix.
	daemon string
}

// cutHead splits a line into its head and the daemon's words. It is false for
// what is no log line at all.
func cutHead(line string) (h head, body string, ok bool) {
	rest := line
	if inner, found := strings.CutPrefix(rest, "<"); found { // RFC 3164 4.1.1, PRI
		if pri, after, found := strings.Cut(inner, ">"); found && len(pri) <= 3 && isDigits(pri) {
			rest = after
		}
	}
	if after, found := strings.CutPrefix(rest, "1 "); found {
		return cutHead5424(after)
	}
	h.stamp, rest = cutStamp(rest)
	// Host and tag, with a facility beside them on some systems.
	at := rest
	for range 4 {
		word, after, found := strings.Cut(at, " ")
		if daemon, isTag := daemonOf(word); isTag {
			h.daemon = daemon
			return h, skipSolarisID(strings.TrimLeft(after, " ")), true
		}
		if !found || strings.HasSuffix(word, ":") {
			break // the tag of another program
		}
		if h.host == "" && !strings.HasPrefix(word, "<") {
			h.host = word
		}
		at = strings.TrimLeft(after, " ")
	}
	return h, "", h.stamp != ""
}

// daemonOf reads a tag: syslog_name, slash, daemon, process id, colon.
func daemonOf(word string) (string, bool) {
	tag, ok := strings.CutSuffix(word, ":")
	if !ok {
		return "", false
	}
	if i := strings.LastIndexByte(tag, '['); i >= 0 && strings.HasSuffix(tag, "]") {
		if !isDigits(tag[i+1 : len(tag)-1]) {
			return "", false
		}
		tag = tag[:i]
	}
	return lastPart(tag)
}

func lastPart(tag string) (string, bool) {
	i := strings.LastIndexByte(tag, '/')
	if i <= 0 || i == len(tag)-1 {
		return "", false
	}
	return tag[i+1:], daemons[tag[i+1:]]
}

// daemons are the programs of Postfix that write to its log. Other programs have
// tags with a slash, too.
var daemons = map[string]bool{
	"anvil": true, "bounce": true, "cleanup": true, "defer": true, "discard": true, "dnsblog": true, "error": true,
	"flush": true, "lmtp": true, "local": true, "master": true, "nqmgr": true, "oqmgr": true, "pickup": true,
	"pipe": true, "postdrop": true, "postfix-script": true, "postlog": true, "postqueue": true, "postscreen": true,
	"postsuper": true, "proxymap": true, "proxywrite": true, "qmgr": true, "qmqpd": true, "relay": true, "retry": true,
	"scache": true, "sendmail": true, "showq": true, "smtp": true, "smtpd": true, "spawn": true, "tlsmgr": true,
	"tlsproxy": true, "trace": true, "trivial-rewrite": true, "verify": true, "virtual": true,
}

// skipSolarisID takes off "[ID 197553 mail.info] ".
func skipSolarisID(body string) string {
	if strings.HasPrefix(body, "[ID ") {
		if _, after, ok := strings.Cut(body, "] "); ok {
			return after
		}
	}
	return body
}

// cutHead5424 reads the head of RFC 5424 6 behind its version: stamp, host,
// application, process, message id and structured data.
func cutHead5424(s string) (h head, body string, ok bool) {
	var fields [5]string
	for i := range fields {
		if fields[i], s, ok = strings.Cut(s, " "); !ok {
			return head{}, "", false
		}
	}
	h.stamp, h.host = fields[0], fields[1]
	if h.host == "-" {
		h.host = ""
	}
	h.daemon, _ = lastPart(fields[2])
	s = strings.TrimPrefix(skipStructuredData(s), " ")
	return h, strings.TrimPrefix(s, "\ufeff"), true
}

// skipStructuredData takes off "-", or elements in brackets whose values are
// quoted (RFC 5424 6.3).
func skipStructuredData(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return rest
	}
	for strings.HasPrefix(s, "[") {
		quoted, i := false, 1
		for ; i < len(s) && (quoted || s[i] != ']'); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			}
		}
		s = s[min(i+1, len(s)):]
	}
	return s
}
