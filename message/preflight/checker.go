package preflight

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// DefaultMaxSize is the most octets of a message that Postfix takes as it comes.
const DefaultMaxSize = 10_240_000

// A Config says what is expected of messages. The zero value is for signed bulk
// mail, and looks nothing up.
type Config struct {
	// MaxSize is how many octets a message may have; 0 means DefaultMaxSize.
	MaxSize int
	// Transactional mail, which somebody has asked for just now, needs no
	// unsubscription.
	Transactional bool
	// SignedLater says that the relay signs: a message without a signature is
	// then no finding.
	SignedLater bool
	// SMTPUTF8 says that the relay takes UTF-8 in headers (RFC 6532).
	SMTPUTF8 bool
	// Resolver looks up the records for SPF, DKIM and DMARC; nil: nothing is
	// looked up, and signatures are not verified.
	Resolver Resolver
	// Now is the clock; nil means time.Now. Whether a signature that has a key has
	// expired is told by time.Now always.
	Now func() time.Time
}

// A Resolver looks up TXT records. *net.Resolver is one. For a name without such
// records the error is a *net.DNSError whose IsNotFound is true, or nil with
// no records. The strings of one record come joined.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// A Checker checks messages. It is safe for concurrent use if its Resolver is. The
// zero Checker has the zero Config.
type Checker struct{ cfg Config }

// New returns a Checker. The error names the field of c that is wrong.
func New(c Config) (*Checker, error) {
	if c.MaxSize < 0 {
		return nil, fmt.Errorf("preflight: Config.MaxSize: %d is negative", c.MaxSize)
	}
	return &Checker{c}, nil
}

// Check returns what is to be held against a message, about in the order of the
// Kinds, and at most 20 of one Kind; nothing if all is well. Msg is the message
// as it will be sent, signed. ReturnPath is the address in MAIL FROM; "" leaves
// out what depends on it.
//
// It never fails: whatever msg holds, what is found is the answer. Ctx bounds the
// look-ups; those that it cuts short are findings.
func (c *Checker) Check(ctx context.Context, msg []byte, returnPath string) []Finding {
	cfg := c.cfg
	cfg.MaxSize = cmp.Or(cfg.MaxSize, DefaultMaxSize)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	m := &mail{cfg: &cfg, raw: msg, now: cfg.Now(), counts: map[Kind]int{}}
	m.checkLines()
	m.checkSize()
	body := m.parseHeader()
	m.checkFields()
	m.checkBody(body)
	m.checkUnsubscribe()
	m.readSignatures()
	m.checkSignatures()
	m.checkReturnPath(returnPath)
	if c.cfg.Resolver != nil {
		m.checkDNS(ctx)
	}
	return m.findings
}

// A mail is a message on its way through the checks.
type mail struct {
	cfg      *Config
	raw      []byte
	now      time.Time
	findings []Finding
	counts   map[Kind]int

	fields     []field
	fromDomain string // of the one From address; "" if there is none, or several
	pathDomain string // of the return path; "" if there is none
	signatures []signature
}

// maxOfKind keeps what is broken all over from filling the memory.
const maxOfKind = 20

func (m *mail) find(k Kind, where, format string, args ...any) {
	if m.counts[k]++; m.counts[k] > maxOfKind {
		return
	}
	severity := Error
	if warnings[k] {
		severity = Warning
	}
	m.findings = append(m.findings, Finding{k, severity, oneLine(where), oneLine(fmt.Sprintf(format, args...))})
}

// warn finds what is less than the errors of its Kind are.
func (m *mail) warn(k Kind, where, format string, args ...any) {
	if m.find(k, where, format, args...); m.counts[k] <= maxOfKind {
		m.findings[len(m.findings)-1].Severity = Warning
	}
}

// maxText is how much of a message's own words a finding may quote.
const maxText = 400

// oneLine makes s fit for a terminal: what is quoted may be anything.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "..."
	}
	return s
}

// domainOf returns the domain of an address, in A-labels and lower case.
func domainOf(addr string) (string, error) {
	mb, err := address.Parse(addr)
	if err != nil {
		return "", err
	}
	return strings.ToLower(mb.ASCII), nil
}

func (m *mail) checkReturnPath(path string) {
	if path == "" {
		return
	}
	domain, err := domainOf(path)
	if err != nil {
		m.find(BadAddress, "return path", "%q: %v", path, err)
		return
	}
	m.pathDomain = domain
	if m.fromDomain != "" && !aligned(domain, m.fromDomain) {
		m.find(ReturnPathUnaligned, "return path", "%s is not of the organization of From, %s: SPF does not count for DMARC", domain, m.fromDomain)
	}
}
