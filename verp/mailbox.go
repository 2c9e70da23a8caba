package verp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// Limits of RFC 5321 4.5.3.1, in octets.
const (
	maxLocal  = 64
	maxDomain = 255
)

// A mailbox is a checked address.
type mailbox struct {
	local  string // the content: without quotes and backslashes
	domain string // canonical, so that two spellings of one domain are equal
}

func parseMailbox(s string) (mailbox, error) {
	m, err := address.Parse(s)
	if err != nil {
		return mailbox{}, err
	}
	if m.Content() == "" {
		return mailbox{}, errors.New("empty local part")
	}
	return mailbox{m.Content(), m.CanonicalDomain()}, nil
}

// newMailbox checks the content of a local part and a domain.
func newMailbox(local, domain string) (mailbox, error) {
	return parseMailbox(address.Quote(local) + "@" + domain)
}

// canonicalDomain checks a domain.
func canonicalDomain(domain string) (string, error) {
	m, err := newMailbox("x", domain)
	return m.domain, err
}

// unquote returns the content of a local part if it is a quoted string.
func unquote(local string) (content string, ok bool) {
	if !strings.HasPrefix(local, `"`) {
		return "", false
	}
	m, err := parseMailbox(local + "@x")
	return m.local, err == nil
}

// String is the canonical spelling.
func (m mailbox) String() string { return address.Quote(m.local) + "@" + m.domain }

// checkLength holds an unquoted mailbox against RFC 5321 4.5.3.1.
func (m mailbox) checkLength() error {
	all := len(m.local) + 1 + len(m.domain)
	switch {
	case len(m.local) > maxLocal:
		return fmt.Errorf("local part of %d octets, at most %d", len(m.local), maxLocal)
	case len(m.domain) > maxDomain:
		return fmt.Errorf("domain of %d octets, at most %d", len(m.domain), maxDomain)
	case all > address.MaxLen:
		return fmt.Errorf("%d octets, at most %d", all, address.MaxLen)
	}
	return nil
}
