package verp

import (
	"fmt"
	"strings"
)

// qmailMark ends a sender for which qmail and QMQP make variable return paths.
const qmailMark = "-@[]"

// An origin is what the return paths of one sender have in common.
type origin struct {
	prefix string // everything before the recipient, the delimiter included
	domain string // canonical
}

// origin reads the sender.
func (c Codec) origin(sender string) (origin, error) {
	if err := c.Validate(); err != nil {
		return origin{}, err
	}
	address, verbatim := strings.CutSuffix(sender, qmailMark)
	m, err := parseMailbox(address)
	if err != nil {
		return origin{}, fmt.Errorf("%w: sender %q: %s", ErrMalformed, sender, err)
	}
	o := origin{prefix: m.local, domain: m.domain}
	if d := c.delimiters()[:1]; !verbatim && !strings.HasSuffix(o.prefix, d) {
		o.prefix += d
	}
	// With any recipient behind it the prefix must not need quotes.
	if !isASCII(o.prefix) || !isDotString(o.prefix+"x") {
		return origin{}, fmt.Errorf("%w: sender %q: local part is not plain ASCII atoms", ErrUnrepresentable, sender)
	}
	return o, nil
}

// cut returns what address has between the prefix and the domain, both of
// which are compared without regard to case.
func (o origin) cut(address string) (string, bool) {
	address = strings.TrimSpace(address)
	if inner, ok := strings.CutPrefix(address, "<"); ok {
		address = strings.TrimSuffix(inner, ">")
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", false
	}
	domain, err := canonicalDomain(address[at+1:])
	if err != nil || domain != o.domain {
		return "", false
	}
	local := address[:at]
	if content, err := unquote(local); err == nil {
		local = content // a gateway quoted it without need
	}
	n := len(o.prefix)
	if len(local) < n || !strings.EqualFold(local[:n], o.prefix) {
		return "", false
	}
	return local[n:], true
}
