package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const defaultSize = 50 << 20

// DefaultExtensions returns the EHLO lines that a Server offers when its
// Extensions field is nil: PIPELINING (RFC 2920), CHUNKING (RFC 3030),
// 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC 1870) with 50 MiB, DSN
// (RFC 3461) and ENHANCEDSTATUSCODES (RFC 2034).
func DefaultExtensions() []string { return extensionsWithSize(defaultSize) }

func extensionsWithSize(size int64) []string {
	return []string{
		"PIPELINING",
		"CHUNKING",
		"8BITMIME",
		"SMTPUTF8",
		fmt.Sprintf("SIZE %d", size),
		"DSN",
		"ENHANCEDSTATUSCODES",
	}
}

// settings is what start makes of the exported fields.
type settings struct {
	hostname    string
	extensions  []string          // EHLO lines
	offers      map[string]string // upper-case keyword to parameters
	maxSize     int64             // 0: no limit
	mechanisms  []string          // none: no AUTH
	credentials *credentials
	implicitTLS bool
	tls         *tls.Config
	certificate *x509.Certificate
	enhanced    bool // ENHANCEDSTATUSCODES is offered
	keepData    bool // somebody wants to see the mail data
}

func newSettings(s *Server, implicitTLS bool) settings {
	set := settings{
		hostname:    s.Hostname,
		extensions:  slices.Clone(s.Extensions),
		offers:      make(map[string]string),
		maxSize:     s.MaxSize,
		implicitTLS: implicitTLS,
		keepData:    !s.CountOnly || s.OnMessage != nil,
	}
	if set.hostname == "" {
		set.hostname = "mx.example.test"
	}
	if s.Extensions == nil {
		set.extensions = extensionsWithSize(defaultSize)
		if s.MaxSize > 0 {
			set.extensions = extensionsWithSize(s.MaxSize)
		}
	}
	for _, line := range set.extensions {
		keyword, params, _ := strings.Cut(line, " ")
		set.offers[strings.ToUpper(keyword)] = params
	}
	_, set.enhanced = set.offers["ENHANCEDSTATUSCODES"]
	if n, err := strconv.ParseInt(set.offers["SIZE"], 10, 64); err == nil && set.maxSize == 0 {
		set.maxSize = n
	}
	if len(s.Users) > 0 {
		set.mechanisms = slices.Clone(s.Mechanisms)
		if s.Mechanisms == nil {
			set.mechanisms = []string{scramSHA256Plus, scramSHA256, "PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2"}
		}
		set.credentials = newCredentials()
	}
	set.tls, set.certificate = serverTLS(s.TLSConfig, set.hostname)
	return set
}
