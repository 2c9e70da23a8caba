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

// cut returns what path has between the prefix and the domain, both of which
// are compared without regard to case. Where path is not the sender's, the one
// inside its wrappers may be.
func (o origin) cut(path string) (string, bool) {
	local, domain, ok := splitPath(path)
	for layers := 0; ok && layers <= maxLayers; layers++ {
		if name, ours := o.within(local, domain); ours {
			return name, true
		}
		local, domain, ok = unwrap(local, domain)
	}
	return "", false
}

func (o origin) within(local, domain string) (string, bool) {
	n := len(o.prefix)
	if len(local) < n || !strings.EqualFold(local[:n], o.prefix) {
		return "", false
	}
	canonical, err := canonicalDomain(domain)
	return local[n:], err == nil && canonical == o.domain
}

// splitPath takes off angle brackets and quotes, which gateways put on without
// need, and splits a path at its last '@'.
func splitPath(path string) (local, domain string, ok bool) {
	path = strings.TrimSpace(path)
	if inner, ok := strings.CutPrefix(path, "<"); ok {
		path = strings.TrimSuffix(inner, ">")
	}
	at := strings.LastIndexByte(path, '@')
	if at < 0 || len(path) > maxPath {
		return "", "", false
	}
	local, domain = path[:at], path[at+1:]
	if content, ok := unquote(local); ok {
		local = content
	}
	return local, domain, true
}
