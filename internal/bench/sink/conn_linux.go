package sink

import "syscall"

// A conn is a connection and the session on it.
type conn struct {
	session
	fd       int
	in       []byte // the buffer
	from, to int    // what of it has been read and not used up
	unsent   []byte // replies that the kernel had no room for
	due      int    // deliveries in Sink.delayed
	answered bool   // replies were sent since the last round trip was counted
	closed   bool
}

const bufferSize = 128 << 10

func (s *Sink) accept() {
	for {
		fd, _, err := syscall.Accept4(s.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err != nil {
			return // none left, or a client that was gone again
		}
		s.counts.Connections++
		c := &conn{fd: fd, in: make([]byte, bufferSize)}
		c.session = session{check: s.cfg.Check, counts: &s.counts, seen: &s.seen, recipient: -1}
		s.conns[fd] = c
		if syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1) != nil || s.watch(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLIN) != nil {
			s.close(c)
			continue
		}
		c.reply("220 sink.bench.example ESMTP\r\n")
		s.answer(c, 2)
	}
}

func (s *Sink) close(c *conn) {
	if !c.closed {
		c.closed = true
		delete(s.conns, c.fd)
		_ = syscall.Close(c.fd) // what the client sees of it is the end
	}
}

func (s *Sink) serve(c *conn, events uint32) {
	if events&syscall.EPOLLOUT != 0 {
		s.writeOn(c)
	}
	if !c.closed && events&^syscall.EPOLLOUT != 0 {
		s.read(c)
	}
}

// read takes what has come and answers it.
func (s *Sink) read(c *conn) {
	if c.to == len(c.in) {
		c.from, c.to = 0, copy(c.in, c.in[c.from:c.to])
		if c.to == len(c.in) { // a line that never ends
			s.close(c)
			return
		}
	}
	n, err := syscall.Read(c.fd, c.in[c.to:])
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return
	}
	if err != nil || n == 0 {
		s.close(c)
		return
	}
	c.to += n
	before := s.counts.Messages
	c.from += c.feed(c.in[c.from:c.to])
	if c.from == c.to {
		c.from, c.to = 0, 0
	}
	if s.first == 0 && c.begun {
		s.first = now()
	}
	if s.counts.Messages > before {
		s.last = now()
	}
	s.countRead(c)
	if len(c.out) > 0 {
		s.answer(c, 1)
	}
}

// countRead leaves out what comes before the first MAIL, and QUIT.
func (s *Sink) countRead(c *conn) {
	if !c.begun || c.over {
		return
	}
	s.counts.Reads++
	if len(c.out) > 0 {
		s.counts.Writes++
	}
	if c.answered && c.due == 0 && len(c.unsent) == 0 {
		s.counts.RoundTrips++
		c.answered = false
	}
}

// answer sends the session's replies on their way, which takes some round trips
// of a network.
func (s *Sink) answer(c *conn, roundTrips int64) {
	if s.cfg.RoundTrip == 0 {
		s.write(c, c.out)
	} else {
		c.due++
		s.delayed.add(c, c.out, now()+roundTrips*int64(s.cfg.RoundTrip))
	}
	c.out = c.out[:0]
}

// deliver writes the replies that have arrived by now.
func (s *Sink) deliver() {
	for {
		c, b := s.delayed.next()
		if c == nil {
			return
		}
		c.due--
		if !c.closed {
			s.write(c, b)
		}
	}
}

// write hands replies to the kernel, and closes the connection behind the last.
func (s *Sink) write(c *conn, b []byte) {
	c.answered = true
	if len(c.unsent) > 0 {
		c.unsent = append(c.unsent, b...)
		return
	}
	n, err := syscall.Write(c.fd, b)
	if err != nil && err != syscall.EAGAIN && err != syscall.EINTR {
		s.close(c)
		return
	}
	if n = max(n, 0); n < len(b) {
		c.unsent = append(c.unsent, b[n:]...)
		if s.watch(syscall.EPOLL_CTL_MOD, c.fd, syscall.EPOLLIN|syscall.EPOLLOUT) != nil {
			s.close(c)
		}
		return
	}
	if c.over && c.due == 0 {
		s.close(c)
	}
}

// writeOn writes what there was no room for.
func (s *Sink) writeOn(c *conn) {
	if s.watch(syscall.EPOLL_CTL_MOD, c.fd, syscall.EPOLLIN) != nil {
		s.close(c)
		return
	}
	if b := c.unsent; len(b) > 0 {
		c.unsent = nil
		s.write(c, b)
	}
}
