package smtpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

var lastSession atomic.Uint64

// Dial connects to the server of c and builds a session: greeting, EHLO, TLS,
// AUTH. The error is a *SessionError, or says which field of c is wrong. ctx
// bounds the building alone; the session outlives it.
func Dial(ctx context.Context, c Config) (*Session, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	cfg := c.withDefaults()
	h := &handshake{ctx: ctx, cfg: cfg, id: lastSession.Add(1), parser: newReplyParser()}
	began := time.Now()
	dialCtx, cancel := context.WithTimeout(ctx, cfg.Timeouts.Connect)
	conn, err := cfg.Dial(dialCtx, cfg.Network, cfg.Addr)
	cancel()
	if f := cfg.Trace.Dialed; f != nil {
		f(h.id, cfg.Network, cfg.Addr, time.Since(began), err)
	}
	if err != nil {
		return nil, h.failed("dial", err)
	}
	return h.build(conn)
}

// NewSession builds a session on a connection that is made already. It owns
// conn from then on, also when it fails.
func NewSession(ctx context.Context, conn net.Conn, c Config) (*Session, error) {
	if c.Addr == "" {
		c.Network, c.Addr = conn.RemoteAddr().Network(), conn.RemoteAddr().String()
	}
	if c.Network == "pipe" {
		c.Network = "unix" // an address that is a name and no more
	}
	if err := c.Validate(); err != nil {
		conn.Close()
		return nil, err
	}
	h := &handshake{ctx: ctx, cfg: c.withDefaults(), id: lastSession.Add(1), parser: newReplyParser()}
	return h.build(conn)
}

// A handshake is a session while it is being built, by one goroutine that
// writes and reads in turn.
type handshake struct {
	ctx    context.Context
	cfg    *Config
	id     uint64
	raw    net.Conn // as dialed
	conn   net.Conn // raw, or TLS over it
	parser *replyParser
	ext    Extensions
	// secrets are the SASL responses so far, and what they say: see discreet
	secrets  []string
	guarded  bool // challenges are secret, too
	state    *tls.ConnectionState
	verified bool // TLS, and the certificate is good
}

func (h *handshake) build(conn net.Conn) (*Session, error) {
	h.raw, h.conn = conn, conn
	stop := context.AfterFunc(h.ctx, func() { conn.Close() })
	op, err := h.run()
	if err == nil {
		op, err = "read", h.quiet()
	}
	if !stop() && err == nil {
		op, err = "dial", h.ctx.Err() // conn is closed, or about to be
	}
	if err != nil {
		if h.ctx.Err() == nil {
			h.leave(op, err)
		}
		conn.Close()
		return nil, h.failed(op, err)
	}
	conn.SetDeadline(time.Time{})
	return newSession(h), nil
}

// run takes the connection from its first byte to the ready state and names
// the step that failed.
func (h *handshake) run() (op string, err error) {
	if h.cfg.Security == ImplicitTLS {
		if err := h.startTLS(); err != nil {
			return "TLS handshake", err
		}
	}
	if err := h.greeting(); err != nil {
		return "greeting", err
	}
	if err := h.hello(); err != nil {
		return "EHLO", err
	}
	if op, err := h.upgrade(); err != nil {
		return op, err
	}
	if h.cfg.Auth == nil {
		return "", nil
	}
	return "AUTH", h.login()
}

func (h *handshake) greeting() error {
	h.conn.SetDeadline(time.Now().Add(h.cfg.Timeouts.Greeting))
	r, err := h.reply("greeting")
	return expectCode(220, "greeting", r, err)
}

// hello says EHLO, and HELO to a server that does not know it (RFC 5321 3.2).
func (h *handshake) hello() error {
	name := h.cfg.LocalName
	if name == "" {
		name = localName(h.raw.LocalAddr())
	}
	r, err := h.command("EHLO " + name)
	if err == nil && r.Code == 250 {
		h.ext = parseExtensions(r)
		return nil
	}
	if err == nil && (r.Code == 500 || r.Code == 502 || r.Code == 504) {
		r, err = h.command("HELO " + name)
		if err := expectCode(250, "HELO", r, err); err != nil {
			return err
		}
		domain, _, _ := strings.Cut(r.Lines()[0], " ")
		h.ext = Extensions{Domain: domain}
		return nil
	}
	return expectCode(250, "EHLO", r, err)
}

// upgrade does STARTTLS where it is wanted. What the server said before is
// forgotten: it was said where anybody could have altered it (RFC 3207 4.2).
func (h *handshake) upgrade() (op string, err error) {
	opportunistic := h.cfg.Security == OpportunisticTLS
	if h.cfg.Security != StartTLS && !opportunistic {
		return "", nil
	}
	if !h.ext.StartTLS {
		if opportunistic {
			return "", nil
		}
		return "STARTTLS", ErrNoSTARTTLS
	}
	r, err := h.command("STARTTLS")
	if err == nil && r.Code != 220 && opportunistic {
		return "", nil
	}
	if err := expectCode(220, "STARTTLS", r, err); err != nil {
		return "STARTTLS", err
	}
	// Bytes behind the 220 were not protected, yet would be read as if they
	// were: somebody may have put them there (CVE-2011-0411 and its kin).
	if h.parser.buffered() {
		return "STARTTLS", fmt.Errorf("%w: plaintext behind the reply to STARTTLS", ErrProtocol)
	}
	if err := h.startTLS(); err != nil {
		return "TLS handshake", err
	}
	return "EHLO", h.hello()
}

func (h *handshake) startTLS() error {
	config := h.cfg.TLSConfig
	h.verified = !config.InsecureSkipVerify || config.VerifyConnection != nil || config.VerifyPeerCertificate != nil
	if h.cfg.Security == OpportunisticTLS && !config.InsecureSkipVerify {
		own := config.VerifyConnection
		config = config.Clone()
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error {
			h.verified = verifies(config, state)
			if own != nil {
				return own(state)
			}
			return nil
		}
	}
	conn := tls.Client(h.raw, config)
	conn.SetDeadline(time.Now().Add(h.cfg.Timeouts.Handshake))
	if err := conn.HandshakeContext(h.ctx); err != nil {
		return err
	}
	state := conn.ConnectionState()
	h.conn, h.state = conn, &state
	h.ext = Extensions{}
	if f := h.cfg.Trace.TLS; f != nil {
		f(h.id, state, h.verified)
	}
	return nil
}

// verifies does what crypto/tls does when it is not told to skip it. Without a
// name to hold the certificate against, x509 would take any.
func verifies(config *tls.Config, state tls.ConnectionState) bool {
	if len(state.PeerCertificates) == 0 || config.ServerName == "" {
		return false
	}
	opts := x509.VerifyOptions{Roots: config.RootCAs, DNSName: config.ServerName, Intermediates: x509.NewCertPool()}
	if config.Time != nil {
		opts.CurrentTime = config.Time()
	}
	for _, cert := range state.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(opts)
	return err == nil
}

// command sends one line and reads its reply.
func (h *handshake) command(line string) (Reply, error) {
	verb, _, _ := strings.Cut(line, " ")
	return h.secret(verb, line, line)
}

// secret is command for a line that Trace sees as shown.
func (h *handshake) secret(verb, line, shown string) (Reply, error) {
	if err := h.quiet(); err != nil {
		return Reply{}, err
	}
	if f := h.cfg.Trace.Command; f != nil {
		f(h.id, shown)
	}
	h.conn.SetDeadline(time.Now().Add(h.cfg.Timeouts.Command))
	n, err := h.conn.Write([]byte(line + "\r\n"))
	if f := h.cfg.Trace.Wrote; f != nil {
		f(h.id, n)
	}
	if err != nil {
		return Reply{}, err
	}
	if line != shown {
		h.confide(line[strings.LastIndexByte(line, ' ')+1:])
	}
	return h.reply(verb)
}

// quiet returns an error if the server has said more than it was asked.
func (h *handshake) quiet() error {
	if h.parser.buffered() {
		return errUnsolicited
	}
	return nil
}

func (h *handshake) reply(verb string) (Reply, error) {
	for {
		r, ok, err := h.parser.parse()
		if err != nil {
			return r, err
		}
		if ok {
			r = h.discreet(r)
			if f := h.cfg.Trace.Reply; f != nil {
				f(h.id, verb, h.shown(r))
			}
			return r, nil
		}
		if n, err := h.parser.fill(h.conn); n == 0 && err != nil {
			return r, err
		}
	}
}

// confide notes a SASL response, and the password or token that it ends with.
func (h *handshake) confide(response string) {
	h.secrets = append(h.secrets, response)
	plain, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		return
	}
	if _, proof, found := strings.Cut(string(plain), ",p="); found && h.guarded {
		h.secrets = append(h.secrets, proof)
	}
	parts := strings.FieldsFunc(string(plain), func(r rune) bool { return r <= '\x01' })
	if len(parts) > 0 {
		h.secrets = append(h.secrets, strings.TrimPrefix(parts[len(parts)-1], "auth=Bearer "))
	}
}

// discreet keeps what was said in confidence out of a reply that quotes it. A
// challenge is left as it is: it has to be answered.
func (h *handshake) discreet(r Reply) Reply {
	for _, secret := range h.secrets {
		if len(secret) > 1 && r.Code != 334 {
			r.Text = strings.ReplaceAll(r.Text, secret, "…")
		}
	}
	return r
}

// shown is r as Trace sees it. What the server says in SCRAM, taken together, is
// enough to try passwords on: its proof is of one.
func (h *handshake) shown(r Reply) Reply {
	if h.guarded && r.Code == 334 {
		h.secrets = append(h.secrets, r.Text)
		r.Text = "…"
	}
	return r
}

// leave says QUIT where the server is there to hear it, and does not wait. To
// one that has not greeted nothing may be said.
func (h *handshake) leave(op string, err error) {
	var said *ReplyError
	if op == "TLS handshake" || op == "dial" || op == "greeting" && !errors.As(err, &said) {
		return
	}
	h.conn.SetDeadline(time.Now().Add(h.cfg.Timeouts.Quit))
	if _, err := h.conn.Write([]byte("QUIT\r\n")); err == nil {
		if f := h.cfg.Trace.Command; f != nil {
			f(h.id, "QUIT")
		}
	}
}

func (h *handshake) failed(op string, err error) error {
	if h.ctx.Err() != nil && !errors.Is(err, h.ctx.Err()) {
		err = h.ctx.Err()
	}
	e := &SessionError{Op: op, Addr: h.cfg.Addr, Outcome: NotSent, Err: err}
	if f := h.cfg.Trace.Closed; f != nil && h.raw != nil {
		f(h.id, e)
	}
	return e
}

// expectCode turns a reply other than want into an error.
func expectCode(want int, verb string, r Reply, err error) error {
	switch {
	case err != nil:
		return err
	case r.Code == want:
		return nil
	case r.Code/100 == 4 || r.Code/100 == 5:
		return &ReplyError{Verb: verb, Reply: r}
	}
	return fmt.Errorf("%w: %d in answer to %s", ErrProtocol, r.Code, verb)
}

// localName is what to call ourselves: RFC 5321 4.1.4 wants a name that means
// something to others, or the address.
func localName(local net.Addr) string {
	name, err := os.Hostname()
	if err == nil && strings.Contains(name, ".") && address.IsHostName(name) && !strings.HasPrefix(name, "localhost.") {
		return name
	}
	if tcp, ok := local.(*net.TCPAddr); ok && tcp.IP != nil {
		if ip4 := tcp.IP.To4(); ip4 != nil {
			return "[" + ip4.String() + "]"
		}
		return "[IPv6:" + tcp.IP.String() + "]"
	}
	if err == nil && address.IsHostName(name) {
		return name
	}
	return "localhost"
}
