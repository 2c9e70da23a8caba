package verp

import (
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// maxLayers is how many wrappers or tags are taken off: mail that went through
// more forwarders than that is not worth the guess.
const maxLayers = 4

// maxPath is the most octets of a path that is looked at: room for wrappers
// around one that is longer than it may be.
const maxPath = 4096

// Unwrap takes off what gateways and forwarders have wrapped around a return
// path, so that what its sender wrote is left; an address without a wrapper
// comes back as it was. Letter case does not matter. It knows
//
//   - BATV, tags that a gateway puts before its own users' addresses:
//     prvs=TAG=user@domain, prvs=user=TAG@domain and btv1==TAG==user@domain;
//   - SRS, by which forwarders send under their own domain:
//     SRS0=HHH=TT=domain=user@forwarder and SRS1=HHH=first==HHH=TT=domain=user@second,
//     with '=', '+' or '-' behind SRS0 and SRS1.
//
// It cannot check the tags, whose keys others have: what is inside is as
// trustworthy as any address that a stranger writes. Decode does this itself.
func Unwrap(path string) string {
	local, domain, ok := splitPath(path)
	unwrapped := false
	for layers := 0; ok && layers < maxLayers; layers++ {
		var l, d string
		if l, d, ok = unwrap(local, domain); ok {
			local, domain, unwrapped = l, d, true
		}
	}
	if !unwrapped {
		return path
	}
	return address.Quote(local) + "@" + domain
}

// unwrap takes off one layer.
func unwrap(local, domain string) (innerLocal, innerDomain string, ok bool) {
	if rest, ok := cutFold(local, "prvs="); ok {
		user, ok := unwrapPRVS(rest)
		return user, domain, ok
	}
	if rest, ok := cutFold(local, "btv1=="); ok {
		_, user, ok := strings.Cut(rest, "==")
		return user, domain, ok && user != ""
	}
	if rest, ok := cutFold(local, "SRS0"); ok {
		return unwrapSRS0(rest)
	}
	if rest, ok := cutFold(local, "SRS1"); ok && rest != "" && isSeparator(rest[0]) {
		_, rest, _ = strings.Cut(rest[1:], "=") // hash
		_, rest, _ = strings.Cut(rest, "=")     // the first forwarder
		return unwrapSRS0(rest)
	}
	return "", "", false
}

// unwrapPRVS takes off the tag of BATV, in front as in the draft or behind.
func unwrapPRVS(s string) (string, bool) {
	if tag, user, ok := strings.Cut(s, "="); ok && isBATVTag(tag) && user != "" {
		return user, true
	}
	if i := strings.LastIndexByte(s, '='); i > 0 && isBATVTag(s[i+1:]) {
		return s[:i], true
	}
	return "", false
}

// isBATVTag reports a tag of BATV: KDDDSSSSSS, a digit for the key, three for the
// day and six hex digits. The key's is often missing.
func isBATVTag(s string) bool {
	if len(s) != 9 && len(s) != 10 {
		return false
	}
	for i := range len(s) {
		if unhex(s[i]) < 0 || i < 3 && unhex(s[i]) > 9 {
			return false
		}
	}
	return true
}

// unwrapSRS0 reads what follows SRS0: a separator, hash, time stamp, domain and
// user. All but the user, which may have more of them, are without '='.
func unwrapSRS0(s string) (user, domain string, ok bool) {
	if s == "" || !isSeparator(s[0]) {
		return "", "", false
	}
	parts := strings.SplitN(s[1:], "=", 4)
	if len(parts) < 4 || parts[2] == "" || parts[3] == "" {
		return "", "", false
	}
	return parts[3], parts[2], true
}

func isSeparator(c byte) bool { return c == '=' || c == '+' || c == '-' }

// cutFold is strings.CutPrefix without regard to the case of ASCII letters.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
