package preflight

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// checkDNS checks what the DNS has for the message.
func (m *mail) checkDNS(ctx context.Context) {
	l := &lookups{ctx: ctx, resolver: m.cfg.Resolver, known: map[string]answer{}}
	m.checkKeys(l)
	if m.pathDomain != "" {
		m.checkSPF(l)
	}
	if m.fromDomain != "" {
		m.checkDMARC(l)
	}
	for _, name := range l.failed {
		m.find(LookupFailed, name, "%v", l.known[name].err)
	}
}

// A lookups looks up each name once.
type lookups struct {
	ctx      context.Context
	resolver Resolver
	known    map[string]answer
	failed   []string
}

type answer struct {
	records []string
	err     error
}

// txt returns the records of a name. A name that has none, or does not exist,
// gives none and no error.
func (l *lookups) txt(name string) ([]string, error) {
	if a, ok := l.known[name]; ok {
		return a.records, a.err
	}
	records, err := l.resolver.LookupTXT(l.ctx, name)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		records, err = nil, nil
	}
	l.known[name] = answer{records, err}
	if err != nil {
		l.failed = append(l.failed, name)
	}
	return records, err
}

// looked returns what txt has found. It may be called from several goroutines.
func (l *lookups) looked(name string) ([]string, error) {
	a := l.known[strings.ToLower(name)]
	return a.records, a.err
}

// starting returns the records of a name that begin with a version tag, which for
// SPF is in any case (RFC 7208 4.5), for DMARC is not (RFC 7489 6.3).
func (l *lookups) starting(name, version string) ([]string, error) {
	records, err := l.txt(name)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(records), func(r string) bool {
		return len(r) < len(version) || r[:len(version)] != version && (version != spfVersion || !strings.EqualFold(r[:len(version)], version)) ||
			len(r) > len(version) && r[len(version)] != ' ' && r[len(version)] != ';'
	}), nil
}

// checkKeys has the signatures verified with the keys in the DNS.
func (m *mail) checkKeys(l *lookups) {
	if len(m.signatures) == 0 {
		return
	}
	for _, s := range m.signatures {
		name := s.record()
		records, err := l.txt(name)
		switch {
		case err == nil && len(records) == 0:
			m.find(NoDKIMKey, name, "there is no TXT record: nobody can verify the signature")
		case err == nil:
			if tags, err := parseTags(records[0]); err == nil && slices.Contains(strings.Split(tags["t"], ":"), "y") {
				m.find(DKIMTesting, name, "the record says t=y, a test: signatures are as good as none")
			}
		}
	}
	verifications, err := dkim.VerifyWithOptions(bytes.NewReader(m.raw), &dkim.VerifyOptions{LookupTXT: l.looked, MaxVerifications: maxSignatures})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		m.find(DKIMFails, "DKIM-Signature", "%s", strings.TrimPrefix(err.Error(), "dkim: "))
		return
	}
	for i, v := range m.values("DKIM-Signature") {
		if i >= len(verifications) || verifications[i].Err == nil {
			continue
		}
		s, err := m.parseSignature(v)
		if records, _ := l.looked(s.record()); err == nil && len(records) > 0 { // else it has its finding
			m.find(DKIMFails, s.record(), "%s", strings.TrimPrefix(verifications[i].Err.Error(), "dkim: "))
		}
	}
}

func (m *mail) checkDMARC(l *lookups) {
	name := "_dmarc." + m.fromDomain
	records, err := l.starting(name, "v=DMARC1")
	if org := organization(m.fromDomain); err == nil && len(records) == 0 && org != m.fromDomain {
		name = "_dmarc." + org // RFC 7489 6.6.3
		records, err = l.starting(name, "v=DMARC1")
	}
	switch {
	case err != nil:
	case len(records) == 0:
		m.find(NoDMARC, "_dmarc."+m.fromDomain, "there is no DMARC record, which bulk senders must have, if only p=none")
	case len(records) > 1:
		m.find(BadDMARC, name, "%d DMARC records: receivers use none of them", len(records))
	default:
		m.checkPolicy(name, records[0])
	}
}

// checkPolicy reads a DMARC record (RFC 7489 6.3), and holds the domains to strict
// alignment where it asks for that.
func (m *mail) checkPolicy(name, record string) {
	tags, err := parseTags(record)
	if err != nil {
		m.find(BadDMARC, name, "%v", err)
		return
	}
	p, ok := tags["p"]
	if !ok {
		m.warn(BadDMARC, name, "it has no policy p=: receivers take that for p=none at best")
	}
	switch p = strings.ToLower(p); {
	case !ok, p == "none", p == "quarantine", p == "reject":
	default:
		m.find(BadDMARC, name, "the policy p=%q is none of none, quarantine and reject", clip(p))
		return
	}
	if strings.EqualFold(tags["adkim"], "s") && len(m.signatures) > 0 {
		same := func(s signature) bool { return s.domain == m.fromDomain }
		related := func(s signature) bool { return aligned(s.domain, m.fromDomain) }
		if slices.ContainsFunc(m.signatures, related) && !slices.ContainsFunc(m.signatures, same) {
			m.find(DKIMUnaligned, "DKIM-Signature", "d=%s is not From's domain %s, which the DMARC record asks for by adkim=s",
				m.signatures[0].domain, m.fromDomain)
		}
	}
	if strings.EqualFold(tags["aspf"], "s") && m.pathDomain != m.fromDomain && aligned(m.pathDomain, m.fromDomain) {
		m.find(ReturnPathUnaligned, "return path", "%s is not From's domain %s, which the DMARC record asks for by aspf=s", m.pathDomain, m.fromDomain)
	}
}
