package verp

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

var errDomain = errors.New("not a domain")

// canonicalDomain returns a domain in lower case and A-labels (RFC 5890), or an
// address literal (RFC 5321 4.1.3) in its shortest spelling, so that two
// spellings of one domain are equal strings.
func canonicalDomain(s string) (string, error) {
	if strings.HasPrefix(s, "[") {
		return canonicalLiteral(s)
	}
	if !isASCII(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", errDomain
		}
		s = a
	}
	// By label and not by idna: the underscore is no letter of host names, and
	// yet stands in domains that have mail.
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return "", errDomain
		}
	}
	return strings.ToLower(s), nil
}

func isLabel(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func canonicalLiteral(s string) (string, error) {
	s, closed := strings.CutSuffix(s[1:], "]")
	const tag = "IPv6:"
	v6 := len(s) > len(tag) && strings.EqualFold(s[:len(tag)], tag)
	if v6 {
		s = s[len(tag):]
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !closed || a.Zone() != "" || a.Is6() != v6 {
		return "", errDomain
	}
	if v6 {
		return "[" + tag + a.String() + "]", nil
	}
	return "[" + a.String() + "]", nil
}
