package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A Server is an SMTP server on a local address, for tests and benchmarks. It
// takes every message that its settings, hooks and scripted faults do not
// refuse, and keeps it together with the envelope it came in.
//
// The exported fields are settings: set them on a server from
// [NewUnstartedServer] before Start or StartTLS and leave them alone
// afterwards. Their zero values make a useful server. All methods are safe for
// concurrent use once the server has started.
type Server struct {
	// Addr is the address the server listens on: host:port, or the path of a
	// Unix socket. It is set by Start and StartTLS.
	Addr string

	// Listener is where the server accepts connections. NewUnstartedServer
	// makes one on a free port of 127.0.0.1; it may be replaced, by one on a
	// Unix socket or on ::1 for instance. The server closes it.
	Listener net.Listener

	// Hostname is the name in the greeting, in the reply to EHLO and in the
	// generated certificate; "mx.example.test" when empty.
	Hostname string

	// Extensions are the lines of the reply to EHLO (RFC 5321 section
	// 4.1.1.1) without STARTTLS and AUTH, which are offered as the other fields
	// say. nil means DefaultExtensions; an empty slice offers none. A command
	// or parameter of an extension that is not offered is refused.
	Extensions []string

	// NoSTARTTLS withholds STARTTLS (RFC 3207). It is offered otherwise on
	// every session that is not under TLS yet.
	NoSTARTTLS bool

	// Users maps user names to passwords. AUTH (RFC 4954) is offered when
	// there is at least one. For OAUTHBEARER and XOAUTH2 the password is the
	// access token.
	Users map[string]string

	// Mechanisms are the SASL mechanisms offered to Users, of
	// SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5, OAUTHBEARER and
	// XOAUTH2; nil means all of them, in this order. SCRAM-SHA-256-PLUS is offered
	// under TLS only, and binds to tls-exporter (TLS 1.3) or tls-unique (TLS 1.2).
	Mechanisms []string

	// NoPlaintextAuth withholds AUTH until the session is under TLS.
	NoPlaintextAuth bool

	// RequireAuth and RequireTLS make the server answer MAIL with 530 on a
	// session without.
	RequireAuth, RequireTLS bool

	// CountOnly counts messages without storing them, so that a million of
	// them take constant memory. Messages stays empty then.
	CountOnly bool

	// Latency is the time every reply takes to reach the client, from the
	// greeting on and the TLS handshake included. Like that of a network it is
	// pipelined: replies written one after the other arrive one after the
	// other, not each a Latency after the one before. What the client sends
	// arrives at once, so a round trip takes one Latency.
	Latency time.Duration

	// MaxSize is the largest mail data taken, in octets; what is larger is
	// refused with 552, as is a larger SIZE= on MAIL (RFC 1870). 0 means the
	// number in the SIZE line of Extensions, or no limit without one. If
	// Extensions is nil, the SIZE line offered shows MaxSize.
	MaxSize int64

	// MaxRecipients is how many recipients a transaction may have; RCPT is
	// answered 452 4.5.3 from then on. 0 means no limit.
	MaxRecipients int

	// MaxMessages is how many messages a session may send; the next MAIL is
	// answered 421 and the connection closed. 0 means no limit.
	MaxMessages int

	// TLSConfig is used for STARTTLS and StartTLS. If nil, or without a
	// certificate, one for Hostname, localhost, 127.0.0.1 and ::1 is generated.
	TLSConfig *tls.Config

	// OnMail, OnRcpt and OnMessage, where set, are asked about each MAIL and
	// RCPT that is otherwise in order, and about each message at its end of
	// mail data, before it is taken. A nil *Reply means to go on as usual; with
	// a 2yz reply the command succeeds, too, with any other it is refused.
	//
	// path is without the angle brackets, params is the rest of the line. The
	// Message, its Data and its To are OnMessage's to keep, but not to modify;
	// with CountOnly they are only valid until it returns. Hooks are called by
	// many sessions at once, and Close waits for them.
	OnMail    func(s *Session, path, params string) *Reply
	OnRcpt    func(s *Session, path, params string) *Reply
	OnMessage func(s *Session, m *Message) *Reply

	set     settings      // written by start, read-only afterwards
	quit    chan struct{} // made by start, closed by Close
	script  script
	mailbox mailbox
	count   counts
	wg      sync.WaitGroup // the accept loop and every session

	mu       sync.Mutex // guards the following; not held across I/O
	sessions map[*Session]struct{}
	accepted int
	started  bool
	closed   bool
}

// acceptRetry is how long the server waits after a failure to accept.
const acceptRetry = 5 * time.Millisecond

// NewServer starts a server on a free port of the loopback interface. It
// offers STARTTLS. The caller should call Close when finished with it.
func NewServer() *Server {
	s := NewUnstartedServer()
	s.Start()
	return s
}

// NewTLSServer starts a server under TLS from the first byte on (RFC 8314).
// The caller should call Close when finished with it.
func NewTLSServer() *Server {
	s := NewUnstartedServer()
	s.StartTLS()
	return s
}

// NewUnstartedServer returns a server that listens, but does not accept
// connections before Start or StartTLS. It panics if it cannot listen.
func NewUnstartedServer() *Server {
	return &Server{Listener: newLocalListener()}
}

func newLocalListener() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err = net.Listen("tcp6", "[::1]:0"); err != nil {
			panic(fmt.Sprintf("smtptest: failed to listen on a port: %v", err))
		}
	}
	return l
}

// Start begins to accept plaintext connections.
func (s *Server) Start() { s.start(false) }

// StartTLS begins to accept connections under implicit TLS.
func (s *Server) StartTLS() { s.start(true) }

func (s *Server) start(implicitTLS bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.closed {
		panic("smtptest: Server already started or closed")
	}
	if s.Listener == nil {
		s.Listener = newLocalListener()
	}
	s.set = newSettings(s, implicitTLS)
	s.Addr = s.Listener.Addr().String()
	s.sessions = make(map[*Session]struct{})
	s.quit = make(chan struct{})
	s.started = true
	s.wg.Go(s.accept)
}

// accept runs until the listener is closed.
func (s *Server) accept() {
	for {
		conn, err := s.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, perhaps
			if pause(acceptRetry, s.quit) != nil {
				return
			}
			continue
		}
		session, ok := s.admit(conn)
		if !ok {
			conn.Close()
			return
		}
		s.wg.Go(func() {
			defer s.forget(session)
			session.serve()
		})
	}
}

// admit registers a new session, unless the server has been closed.
func (s *Server) admit(conn net.Conn) (*Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false
	}
	s.accepted++
	s.count.connected()
	session := newSession(s, conn, s.accepted)
	s.sessions[session] = struct{}{}
	return session, true
}

func (s *Server) forget(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session)
}

// Close stops listening, closes all connections and waits until every
// goroutine of the server has ended. What it has recorded stays readable.
// Further calls do nothing but wait, too.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		if s.Listener != nil {
			s.Listener.Close()
		}
		s.mailbox.close()
		if s.started {
			close(s.quit)
		}
	}
	s.mu.Unlock()
	s.CloseClientConnections()
	s.wg.Wait()
}

// CloseClientConnections closes all connections at once, whatever they are
// doing, and goes on accepting new ones. It does not wait for hooks that are
// running.
func (s *Server) CloseClientConnections() {
	s.mu.Lock()
	open := make([]*Session, 0, len(s.sessions))
	for session := range s.sessions {
		open = append(open, session)
	}
	s.mu.Unlock()
	for _, session := range open {
		session.kill()
	}
}

// Certificate returns the server's certificate once it has started: the
// generated one, or the first one of TLSConfig; nil if TLSConfig chooses
// certificates by a function.
func (s *Server) Certificate() *x509.Certificate { return s.set.certificate }

// CertPool returns a pool with the server's certificate as the only root.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	if c := s.Certificate(); c != nil {
		pool.AddCert(c)
	}
	return pool
}

// ClientTLSConfig returns a configuration with which a client verifies the
// server: RootCAs is CertPool and ServerName a name in the certificate.
func (s *Server) ClientTLSConfig() *tls.Config {
	return &tls.Config{RootCAs: s.CertPool(), ServerName: certificateName(s.Certificate(), s.set.hostname)}
}
