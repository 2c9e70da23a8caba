package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// A signature is what a DKIM-Signature says.
type signature struct {
	domain, selector string
	names            []string // h=, in lower case
}

// record is where its key is.
func (s *signature) record() string { return strings.ToLower(s.selector) + "._domainkey." + s.domain }

// maxSignatures are as many as are looked at. Verifiers have such limits, too (RFC
// 6376 6.1).
const maxSignatures = 10

// readSignatures reads the signatures; those that no verifier takes are findings.
func (m *mail) readSignatures() {
	for i, v := range m.values("DKIM-Signature") {
		if i == maxSignatures {
			m.find(BadDKIM, "DKIM-Signature", "more than %d signatures", maxSignatures)
			return
		}
		s, err := m.parseSignature(v)
		if err != nil {
			m.find(BadDKIM, "DKIM-Signature", "d=%s: %v", clip(s.domain), err)
			continue
		}
		m.signatures = append(m.signatures, s)
	}
}

func (m *mail) parseSignature(v string) (signature, error) {
	tags, err := parseTags(v)
	if err != nil {
		return signature{}, err
	}
	s := signature{strings.ToLower(tags["d"]), tags["s"], strings.Split(strings.ToLower(tags["h"]), ":")}
	for _, name := range []string{"v", "a", "b", "bh", "d", "h", "s"} { // RFC 6376 3.5
		if tags[name] == "" {
			return s, fmt.Errorf("no %s= tag", name)
		}
	}
	if tags["v"] != "1" {
		return s, fmt.Errorf("version %q", clip(tags["v"]))
	}
	if a := tags["a"]; a != "rsa-sha256" && a != "ed25519-sha256" {
		return s, fmt.Errorf("algorithm %q is not one that verifiers take", clip(a))
	}
	if !slices.Contains(s.names, "from") {
		return s, errors.New("the From field is not signed")
	}
	if _, ok := tags["l"]; ok {
		return s, errors.New("only a part of the body is signed, by l=: anything can be added behind it")
	}
	if x, err := strconv.ParseInt(tags["x"], 10, 64); tags["x"] != "" && (err != nil || x < m.now.Unix()) {
		return s, fmt.Errorf("it has expired: x=%s", clip(tags["x"]))
	}
	return s, nil
}

// parseTags reads a list of tags (RFC 6376 3.2), and takes all white space out of
// the values.
func parseTags(s string) (map[string]string, error) {
	tags := map[string]string{}
	for t := range strings.SplitSeq(s, ";") {
		if strings.TrimSpace(t) == "" {
			continue
		}
		name, value, ok := strings.Cut(t, "=")
		name = strings.TrimSpace(name)
		if _, twice := tags[name]; !ok || name == "" || twice {
			return nil, fmt.Errorf("%q is not a tag, or stands there twice", clip(strings.TrimSpace(t)))
		}
		tags[name] = strings.Join(strings.Fields(value), "")
	}
	return tags, nil
}

func (m *mail) checkSignatures() {
	if len(m.signatures) == 0 {
		if len(m.values("DKIM-Signature")) == 0 && !m.cfg.SignedLater {
			m.find(NoDKIM, "DKIM-Signature", "there is none: bulk mail must be signed")
		}
		return
	}
	if m.fromDomain != "" && !slices.ContainsFunc(m.signatures, func(s signature) bool { return aligned(s.domain, m.fromDomain) }) {
		m.find(DKIMUnaligned, "DKIM-Signature", "d=%s is not of the organization of From, %s", m.signatures[0].domain, m.fromDomain)
	}
	if m.cfg.Transactional {
		return
	}
	// One signature must have both (RFC 8058 4).
	var there, missing []string // missing: from the signature that has the most
	for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post"} {
		if _, ok := m.value(name); ok {
			there = append(there, name)
		}
	}
	for i, s := range m.signatures {
		lacks := slices.DeleteFunc(slices.Clone(there), func(name string) bool { return slices.Contains(s.names, strings.ToLower(name)) })
		if i == 0 || len(lacks) < len(missing) {
			missing = lacks
		}
	}
	for _, name := range missing {
		m.find(UnsubscribeUnsigned, name, "no signature has all of List-Unsubscribe and List-Unsubscribe-Post in h=: receivers offer no one-click unsubscription")
	}
}

// aligned reports whether two domains, in lower case, have one organizational
// domain (RFC 7489 3.1.1, relaxed).
func aligned(a, b string) bool { return organization(a) == organization(b) }

// organization returns the organizational domain by the public suffix list; of a
// name that has none, the name.
func organization(domain string) string {
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}
