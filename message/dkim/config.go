package dkim

import (
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/address"
	"golang.org/x/net/idna"
)

// A Config says how to sign. New copies it.
type Config struct {
	// Keys are what to sign with, at least one: each makes a signature of its
	// own. RFC 8463 3 advises an RSA key beside an Ed25519 one, since not
	// everybody verifies the latter.
	Keys []Key

	// Header and Body are the canonicalization algorithms (RFC 6376 3.4). The
	// zero value is Relaxed, which survives what relays do to white space.
	Header, Body Canonicalization

	// Also are names of header fields to sign beyond those that the package
	// documentation lists. They are over-signed where they are present.
	Also []string
	// Except are names of header fields not to sign, for a relay that rewrites
	// them; Amazon SES does so with Date and Message-ID. From cannot be one.
	// List-Unsubscribe and List-Unsubscribe-Post had better not: one-click
	// unsubscription needs both signed (RFC 8058 4).
	Except []string

	// Expire is how long a signature is good for, in whole seconds; 0 means for
	// ever. It has to outlast the relay's retries, which may take a week.
	Expire time.Duration

	// Now is the clock, for signatures that are the same each time; nil means
	// time.Now. It must be safe for concurrent use.
	Now func() time.Time
}

// A Key is a signing key and the name under which its public half is found.
type Key struct {
	// Domain is who signs, the d= tag. For DMARC it has to be the domain of the
	// From address, or one that has the same organizational domain. U-labels
	// become A-labels, letters lower case.
	Domain string
	// Selector names one of the domain's keys, the s= tag.
	Selector string
	// Signer is an RSA or Ed25519 key, from ParseKey or a key store of some
	// kind. It must be safe for concurrent use, as those of the standard library
	// are.
	Signer crypto.Signer
	// Identifier is the i= tag, an address at Domain or below it, its local part
	// possibly empty ("@news.example.com"); "" leaves the tag out.
	Identifier string
}

// A Canonicalization is how much a header or body may be changed on its way
// before the signature fails.
type Canonicalization uint8

const (
	// Relaxed lets white space be folded, lengthened or lost at the end of a
	// line (RFC 6376 3.4.2, 3.4.4).
	Relaxed Canonicalization = iota
	// Simple lets nothing change but empty lines at the end (RFC 6376 3.4.1,
	// 3.4.3). For the body of a newsletter it takes a microsecond or two less.
	Simple
)

// String returns the name that the c= tag has.
func (c Canonicalization) String() string {
	switch c {
	case Relaxed:
		return "relaxed"
	case Simple:
		return "simple"
	}
	return fmt.Sprintf("Canonicalization(%d)", uint8(c))
}

// New returns a Signer. The error is a *ConfigError.
func New(c Config) (*Signer, error) {
	if len(c.Keys) == 0 {
		return nil, &ConfigError{"Keys", errors.New("none")}
	}
	if c.Header > Simple {
		return nil, &ConfigError{"Header", fmt.Errorf("unknown %v", c.Header)}
	}
	if c.Body > Simple {
		return nil, &ConfigError{"Body", fmt.Errorf("unknown %v", c.Body)}
	}
	if c.Expire < 0 || c.Expire > 0 && c.Expire < time.Second {
		return nil, &ConfigError{"Expire", fmt.Errorf("%v is less than a second", c.Expire)}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Signer{header: c.Header, body: c.Body, expire: int64(c.Expire / time.Second), now: c.Now}
	var err error
	if s.names, err = signedNames(c.Also, c.Except); err != nil {
		return nil, err
	}
	s.keys = make([]signingKey, len(c.Keys))
	for i, k := range c.Keys {
		if s.keys[i], err = newSigningKey(k, c.Header, c.Body); err != nil {
			err.(*ConfigError).Field = fmt.Sprintf("Keys[%d].%s", i, err.(*ConfigError).Field)
			return nil, err
		}
	}
	s.scratch.New = func() any { return &scratch{first: make([]int32, len(s.names.list))} }
	return s, nil
}

// check brings k into the form in which it is written, and returns the
// algorithm of its key.
func (k *Key) check() (string, error) {
	var err error
	if k.Domain, err = hostName(k.Domain); err != nil {
		return "", &ConfigError{"Domain", err}
	}
	if k.Selector, err = hostName(k.Selector); err != nil {
		return "", &ConfigError{"Selector", err}
	}
	a, err := algorithm(k.Signer)
	if err != nil {
		return "", &ConfigError{"Signer", err}
	}
	if k.Identifier != "" {
		if err := checkIdentifier(k.Identifier, k.Domain); err != nil {
			return "", &ConfigError{"Identifier", err}
		}
	}
	return a, nil
}

// hostName checks a dotted name of labels as RFC 6376 3.5 has them for d= and
// s=, and gives it in A-labels and lower case. Some selectors in use have an
// underscore.
func hostName(s string) (string, error) {
	if s == "" {
		return "", errors.New("empty")
	}
	name, err := idna.Lookup.ToASCII(s)
	if err != nil {
		name = strings.ToLower(s)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", fmt.Errorf("%.80q is not a host name", s)
		}
	}
	if len(name) > 253 {
		return "", errors.New("longer than 253 octets")
	}
	return name, nil
}

// checkIdentifier holds i= against d= (RFC 6376 3.5). What would need the
// quoting of that tag is refused.
func checkIdentifier(id, domain string) error {
	at := strings.LastIndexByte(id, '@')
	if at < 0 {
		return errors.New("no @")
	}
	if local := id[:at]; local != "" && (!address.IsDotString(local) || strings.ContainsAny(local, "=;|") || !address.IsASCII(local)) {
		return fmt.Errorf("local part %.80q needs quoting", local)
	}
	host, err := hostName(id[at+1:])
	if err != nil || host != id[at+1:] || host != domain && !strings.HasSuffix(host, "."+domain) {
		return fmt.Errorf("%.80q is not %s or below it, in lower case", id[at+1:], domain)
	}
	return nil
}
