package smtpclient

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// Security says how a session comes by TLS.
type Security uint8

const (
	// StartTLS, the zero value, requires STARTTLS (RFC 3207) and a certificate
	// that verifies; a server that does not offer it gets no mail.
	StartTLS Security = iota
	// ImplicitTLS begins with the handshake, as port 465 does (RFC 8314 3.3),
	// and requires a certificate that verifies.
	ImplicitTLS
	// OpportunisticTLS uses STARTTLS where the server offers it, whatever its
	// certificate, and plaintext where it does not (RFC 7435). It keeps out who
	// only listens. Credentials go out only if the certificate verified.
	OpportunisticTLS
	// Plaintext never uses TLS.
	Plaintext
)

var securityNames = [...]string{"starttls", "implicit", "opportunistic", "none"}

// String returns "starttls", "implicit", "opportunistic" or "none".
func (s Security) String() string {
	if int(s) < len(securityNames) {
		return securityNames[s]
	}
	return fmt.Sprintf("Security(%d)", uint8(s))
}

// ParseSecurity is the inverse of String.
func ParseSecurity(s string) (Security, error) {
	for i, name := range securityNames {
		if s == name {
			return Security(i), nil
		}
	}
	return 0, fmt.Errorf("smtp: security %q is none of %q", s, securityNames)
}

// Config says how to build sessions with one server. Only Addr is required;
// the zero value of every other field is a safe default.
type Config struct {
	// Network is "tcp", "tcp4", "tcp6" or "unix"; "" is "tcp".
	Network string
	// Addr is host:port, or a path for a Unix socket.
	Addr string
	// Dial replaces net.Dialer.DialContext if not nil.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Security says how to come by TLS; the zero value requires STARTTLS.
	Security Security
	// TLSConfig is cloned. If nil, or if its ServerName is empty, the
	// certificate must be for the host of Addr. With InsecureSkipVerify a
	// certificate counts as verified only by a VerifyConnection or
	// VerifyPeerCertificate of your own.
	TLSConfig *tls.Config

	// LocalName is the argument of EHLO, a host name or an address literal. If
	// empty it is this machine's name if that is fully qualified, else the
	// connection's local address as a literal (RFC 5321 4.1.4).
	LocalName string

	// Auth, if not nil, makes the SASL client for a new session, of the
	// mechanisms that the server offers; see PasswordAuth and TokenAuth. A
	// session that cannot authenticate is not built, and the error names the
	// mechanism that was tried.
	Auth AuthFunc
	// AllowInsecureAuth lets credentials go out over a connection without TLS,
	// or over OpportunisticTLS with a certificate that did not verify.
	AllowInsecureAuth bool

	// Mode is how far to send ahead; the zero value is ModeAuto.
	Mode Mode
	// Window is the most messages unanswered at a time in ModeStream, from 1 to
	// 4,096; 0 is DefaultWindow. A lost connection leaves that many Unknown at most.
	Window int
	// MaxRecipients is the most recipients in one mail transaction; a message
	// with more is sent in several. 0 is 1,000, which is what most servers
	// take. What the server advertises (LIMITS RCPTMAX) or answers (452) wins
	// where it is less.
	MaxRecipients int
	// BareNewlines is the policy for content that is not in CRLF form; the
	// zero value normalises it.
	BareNewlines BareNewlines

	// Timeouts bound the phases of a session; each zero is the default.
	Timeouts Timeouts
	// Trace, if not nil, is told what happens.
	Trace *Trace
}

// DefaultWindow is Config.Window's default.
const DefaultWindow = 8

// Timeouts bound each phase of a session. The defaults are those of RFC 5321
// 4.5.3.2, where it has one. Zero is the default; there is no "never".
type Timeouts struct {
	Connect   time.Duration // making the connection; 1 minute
	Greeting  time.Duration // the greeting; 5 minutes
	Handshake time.Duration // the TLS handshake; 1 minute
	Command   time.Duration // EHLO, STARTTLS, AUTH, RSET, NOOP and the like, and what Auth takes; 5 minutes
	Mail      time.Duration // the reply to MAIL; 5 minutes
	Rcpt      time.Duration // the reply to RCPT; 5 minutes
	Data      time.Duration // the reply to DATA; 2 minutes
	Block     time.Duration // each write, of 64 KiB at most; 3 minutes
	EndOfData time.Duration // the reply to the end of mail data; 10 minutes
	Quit      time.Duration // the reply to QUIT; 5 seconds
	// LastWord is how long a session that is over anyway, after a failed write
	// or a 421, reads on to learn the server's reason and the replies still
	// due; 5 seconds.
	LastWord time.Duration
}

func (t *Timeouts) setDefaults() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Connect, time.Minute}, {&t.Greeting, 5 * time.Minute}, {&t.Handshake, time.Minute},
		{&t.Command, 5 * time.Minute}, {&t.Mail, 5 * time.Minute}, {&t.Rcpt, 5 * time.Minute},
		{&t.Data, 2 * time.Minute}, {&t.Block, 3 * time.Minute}, {&t.EndOfData, 10 * time.Minute},
		{&t.Quit, 5 * time.Second}, {&t.LastWord, 5 * time.Second},
	} {
		*d.field = cmp.Or(*d.field, d.value)
	}
}

func (t *Timeouts) validate() error {
	for name, d := range map[string]time.Duration{
		"Connect": t.Connect, "Greeting": t.Greeting, "Handshake": t.Handshake, "Command": t.Command,
		"Mail": t.Mail, "Rcpt": t.Rcpt, "Data": t.Data, "Block": t.Block, "EndOfData": t.EndOfData,
		"Quit": t.Quit, "LastWord": t.LastWord,
	} {
		if d < 0 {
			return fmt.Errorf("smtpclient: Config.Timeouts.%s: negative", name)
		}
	}
	return nil
}

// Validate reports the first field that is out of its range, by name. Dial
// calls it; call it to know sooner.
func (c *Config) Validate() error {
	bad := func(field, format string, args ...any) error {
		return fmt.Errorf("smtpclient: Config.%s: %s", field, fmt.Sprintf(format, args...))
	}
	switch c.Network {
	case "", "tcp", "tcp4", "tcp6":
		if _, _, err := net.SplitHostPort(c.Addr); err != nil {
			return bad("Addr", "%v", err)
		}
	default:
		if c.Addr == "" {
			return bad("Addr", "empty")
		}
	}
	if c.Security > Plaintext {
		return bad("Security", "%v", c.Security)
	}
	if c.Mode > ModeStream {
		return bad("Mode", "%v", c.Mode)
	}
	if c.Window < 0 || c.Window > 4096 {
		return bad("Window", "%d is not within 0 to 4096", c.Window)
	}
	if c.BareNewlines > RefuseBareNewlines {
		return bad("BareNewlines", "%d", c.BareNewlines)
	}
	if c.MaxRecipients < 0 {
		return bad("MaxRecipients", "negative")
	}
	if c.LocalName != "" && !address.IsHostName(c.LocalName) && !address.IsLiteral(c.LocalName) {
		return bad("LocalName", "%q is neither a host name nor an address literal", c.LocalName)
	}
	return c.Timeouts.validate()
}

// withDefaults returns a copy with every default filled in.
func (c Config) withDefaults() *Config {
	c.Network = cmp.Or(c.Network, "tcp")
	c.MaxRecipients = cmp.Or(c.MaxRecipients, 1000)
	c.Window = cmp.Or(c.Window, DefaultWindow)
	c.Timeouts.setDefaults()
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
	if c.TLSConfig != nil {
		c.TLSConfig = c.TLSConfig.Clone()
	} else {
		c.TLSConfig = &tls.Config{}
	}
	if c.TLSConfig.ServerName == "" {
		if host, _, err := net.SplitHostPort(c.Addr); err == nil {
			c.TLSConfig.ServerName = host
		}
	}
	return &c
}
