package smtpclient

import (
	"math"
	"strconv"
	"strings"
)

// Extensions is what the server offered in its reply to EHLO (RFC 5321
// 4.1.1.1). All fields are zero after HELO.
type Extensions struct {
	// Domain is the name by which the server calls itself.
	Domain string
	// ESMTP reports that the server understood EHLO.
	ESMTP bool

	Pipelining          bool // PIPELINING, RFC 2920
	Chunking            bool // CHUNKING, RFC 3030
	BinaryMIME          bool // BINARYMIME, RFC 3030
	EightBitMIME        bool // 8BITMIME, RFC 6152
	SMTPUTF8            bool // SMTPUTF8, RFC 6531
	DSN                 bool // DSN, RFC 3461
	EnhancedStatusCodes bool // ENHANCEDSTATUSCODES, RFC 2034
	StartTLS            bool // STARTTLS, RFC 3207
	RequireTLS          bool // REQUIRETLS, RFC 8689
	XVERP               bool // XVERP, Postfix
	Size                bool // SIZE, RFC 1870

	// MaxSize is SIZE's argument, octets of content the server takes at most;
	// 0: no limit is known.
	MaxSize int64
	// Auth is the list of AUTH mechanisms (RFC 4954), in upper case, in the
	// server's order.
	Auth []string
	// Limits is the argument of LIMITS (RFC 9422).
	Limits Limits

	keywords map[string]string
}

// Limits are the server's advertised limits (RFC 9422 4). 0: none advertised.
type Limits struct {
	MailMax       int // mail transactions in a session
	RcptMax       int // recipients in a transaction
	RcptDomainMax int // different recipient domains in a transaction
}

// Keyword returns the arguments of an EHLO keyword, which is matched without
// regard to case, and whether the server offered it.
func (e Extensions) Keyword(name string) (args string, ok bool) {
	args, ok = e.keywords[strings.ToUpper(name)]
	return args, ok
}

// parseExtensions reads the reply to EHLO. A line it cannot make sense of is
// no error: it offers nothing.
func parseExtensions(r Reply) Extensions {
	lines := r.Lines()
	e := Extensions{ESMTP: true, keywords: map[string]string{}}
	e.Domain, _, _ = strings.Cut(lines[0], " ")
	for _, line := range lines[1:] {
		keyword, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		keyword = strings.ToUpper(keyword)
		// "AUTH=LOGIN" is how servers older than RFC 2554 spell it.
		if old, ok := strings.CutPrefix(keyword, "AUTH="); ok {
			keyword, args = "AUTH", old+" "+args
		}
		args = strings.TrimSpace(args)
		if keyword == "" {
			continue
		}
		if before, ok := e.keywords[keyword]; ok && keyword == "AUTH" {
			args = strings.TrimSpace(before + " " + args)
		}
		e.keywords[keyword] = args
	}
	e.name()
	return e
}

// name sets the fields of the keywords known by name.
func (e *Extensions) name() {
	for keyword, field := range map[string]*bool{
		"PIPELINING": &e.Pipelining, "CHUNKING": &e.Chunking, "BINARYMIME": &e.BinaryMIME,
		"8BITMIME": &e.EightBitMIME, "SMTPUTF8": &e.SMTPUTF8, "DSN": &e.DSN,
		"ENHANCEDSTATUSCODES": &e.EnhancedStatusCodes, "STARTTLS": &e.StartTLS,
		"REQUIRETLS": &e.RequireTLS, "XVERP": &e.XVERP, "SIZE": &e.Size,
	} {
		_, *field = e.keywords[keyword]
	}
	if n, err := strconv.ParseInt(e.keywords["SIZE"], 10, 64); err == nil && n > 0 {
		e.MaxSize = n
	}
	seen := map[string]bool{}
	for _, m := range strings.Fields(strings.ToUpper(e.keywords["AUTH"])) {
		if !seen[m] {
			seen[m] = true
			e.Auth = append(e.Auth, m)
		}
	}
	for _, limit := range strings.Fields(e.keywords["LIMITS"]) {
		name, value, _ := strings.Cut(limit, "=")
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 || n > math.MaxInt32 {
			continue
		}
		switch strings.ToUpper(name) {
		case "MAILMAX":
			e.Limits.MailMax = n
		case "RCPTMAX":
			e.Limits.RcptMax = n
		case "RCPTDOMAINMAX":
			e.Limits.RcptDomainMax = n
		}
	}
}
