package smtptest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
)

const (
	inputSize   = 64 << 10 // so that a group of commands comes in one read
	outputSize  = 64 << 10 // replies beyond this do not wait for the input to be exhausted
	maxLine     = 4096     // octets of a command line; RFC 5321 section 4.5.3.1.4 asks for 512
	maxAuthLine = 12288    // octets of a SASL response, RFC 4954 section 4
)

// A Session is one connection to a Server, as hooks see it. Its methods must
// only be called from within the hook it was passed to.
type Session struct {
	srv    *Server
	number int
	wire   *wire
	leave  sync.Once // counts the connection as closed

	// The following is owned by serve's goroutine.
	conn      net.Conn // wire, or TLS over it
	in        *bufio.Reader
	out       []byte // replies not written yet
	counting  bool   // replies belong to the part of the session whose round trips are counted
	answered  bool   // there was such a reply since the last read
	underTLS  bool
	helo      string // argument of EHLO or HELO, "" before
	extended  bool   // greeted by EHLO
	user      string
	verb      string // of the last command
	taken     int    // messages
	envelopes int    // MAIL commands accepted
	tx        transaction
	next      func(*Session) error // what follows the reply to a command, if anything
}

// How a session ends, unless by an error of the connection.
var (
	errQuit  = errors.New("smtptest: session quit")
	errClose = errors.New("smtptest: connection to be closed")
	errReset = errors.New("smtptest: connection to be reset")
)

// What can be wrong with a line.
var (
	errLineTooLong = errors.New("smtptest: line too long")
	errBareLF      = errors.New("smtptest: line ends in a bare LF")
)

func newSession(srv *Server, conn net.Conn, number int) *Session {
	s := &Session{srv: srv, number: number, wire: newWire(conn, srv.Latency)}
	s.conn = s.wire
	s.in = bufio.NewReaderSize(input{s}, inputSize)
	return s
}

// Number returns the number of the connection at its server, from 1 on.
func (s *Session) Number() int { return s.number }

// HELO returns the argument of EHLO or HELO.
func (s *Session) HELO() string { return s.helo }

// User returns the user authenticated, or "".
func (s *Session) User() string { return s.user }

// TLS returns the state of the TLS connection, or nil in plaintext.
func (s *Session) TLS() *tls.ConnectionState {
	c, ok := s.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	state := c.ConnectionState()
	return &state
}

// RemoteAddr returns the client's address.
func (s *Session) RemoteAddr() net.Addr { return s.wire.RemoteAddr() }

// serve runs the session to its end.
func (s *Session) serve() {
	s.end(s.talk())
	s.wire.wait()
}

func (s *Session) talk() error {
	if err := s.reach(PointConnect, ""); err != nil {
		return err
	}
	if s.srv.set.implicitTLS {
		if err := s.handshake(); err != nil {
			return err
		}
	}
	text, err := s.at(step{
		occasion: s.occasion(PointGreeting, ""),
		perform:  func() (string, error) { return "220 " + s.srv.set.hostname + " ESMTP smtptest", nil },
	})
	if err != nil {
		return err
	}
	s.reply(text)
	for {
		if err := s.command(); err != nil {
			return err
		}
	}
}

// end closes the connection. Unless it is reset, the client gets everything
// that was sent and then a FIN, also if it is still sending: the rest of its
// input is read and dropped.
func (s *Session) end(err error) {
	s.left()
	if err == errReset {
		s.wire.do(opReset)
		return
	}
	if c, ok := s.conn.(*tls.Conn); ok && (err == errQuit || err == io.EOF) {
		c.CloseWrite() // close_notify
	}
	s.wire.do(opShut)
	io.Copy(io.Discard, s.wire.Conn)
	s.wire.do(opClose)
}

// kill ends the session from outside.
func (s *Session) kill() {
	s.left()
	s.wire.kill()
}

// left counts the connection as closed. It is called before the client can
// notice.
func (s *Session) left() {
	s.leave.Do(func() { s.srv.count.open.Add(-1) })
}

// input is the session's connection as its reader sees it. Every time the
// buffered input is exhausted, and only then, the replies to it are written:
// in one piece, as RFC 2920 section 3.2 wants it.
type input struct{ s *Session }

func (in input) Read(p []byte) (int, error) {
	s := in.s
	if s.answered {
		s.answered = false
		s.srv.count.roundTrips.Add(1)
	}
	if err := s.flush(); err != nil {
		return 0, err
	}
	n, err := s.conn.Read(p)
	if n > 0 {
		s.srv.count.reads.Add(1)
	}
	return n, err
}

// reply queues a reply of the server's own; "" is none.
func (s *Session) reply(text string) {
	if text == "" {
		return
	}
	s.out = appendReply(s.out, text, s.srv.set.enhanced)
	s.queued()
}

// write queues octets for the client.
func (s *Session) write(p []byte) {
	s.out = append(s.out, p...)
	s.queued()
}

func (s *Session) queued() {
	s.answered = s.answered || s.counting
	if len(s.out) > outputSize {
		s.flush() // a failure will be back at the next flush
	}
}

func (s *Session) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	s.srv.count.writes.Add(1)
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err
}

// handshake puts the session under TLS.
func (s *Session) handshake() error {
	if err := s.reach(PointHandshake, ""); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	if n := s.in.Buffered(); n > 0 {
		s.srv.count.injected.Add(int64(n))
	}
	conn := tls.Server(s.wire, s.srv.set.tls)
	if err := conn.Handshake(); err != nil {
		s.srv.count.failedHandshakes.Add(1)
		return err
	}
	s.srv.count.handshakes.Add(1)
	s.conn, s.underTLS = conn, true
	s.in.Reset(input{s})
	s.helo, s.extended, s.user = "", false, ""
	s.reset()
	return nil
}

// readLine returns a line without its CRLF.
func (s *Session) readLine(limit int) (string, error) {
	long := false
	for {
		line, err := s.in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull:
			long = true
		case err != nil:
			return "", err
		case long || len(line) > limit:
			return "", errLineTooLong
		case len(line) < 2 || line[len(line)-2] != '\r':
			return "", errBareLF
		default:
			return string(line[:len(line)-2]), nil
		}
	}
}
