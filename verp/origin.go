package verp

import (
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
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
	plain, verbatim := strings.CutSuffix(sender, qmailMark)
	m, err := parseMailbox(plain)
	if err != nil {
		return origin{}, fmt.Errorf("%w: sender %q: %w", ErrMalformed, sender, err)
	}
	o := origin{prefix: m.local, domain: m.domain}
	if d := c.delimiters()[:1]; !verbatim && !strings.HasSuffix(o.prefix, d) {
		o.prefix += d
	}
	// With any recipient behind it the prefix must not need quotes.
	if !address.IsASCII(o.prefix) || !address.IsDotString(o.prefix+"x") {
		return origin{}, fmt.Errorf("%w: sender %q: local part is not plain ASCII atoms", ErrUnrepresentable, sender)
	}
	return o, nil
}

// cut returns what path has between the prefix and the domain, both of
// which are compared without regard to case.
func (o origin) cut(path string) (string, bool) {
	path = strings.TrimSpace(path)
	if inner, ok := strings.CutPrefix(path, "<"); ok {
		path = strings.TrimSuffix(inner, ">")
	}
	at := strings.LastIndexByte(path, '@')
	if at < 0 {
		return "", false
	}
	domain, err := canonicalDomain(path[at+1:])
	if err != nil || domain != o.domain {
		return "", false
	}
	local := path[:at]
	if content, ok := unquote(local); ok {
		local = content // a gateway quoted it without need
	}
	n := len(o.prefix)
	if len(local) < n || !strings.EqualFold(local[:n], o.prefix) {
		return "", false
	}
	return local[n:], true
}
