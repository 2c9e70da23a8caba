package pipenet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Pipe returns both ends of a connection that buffers up to size octets in each
// direction, as a socket does: what was written before Close can be read after.
func Pipe(size int) (here, there net.Conn) {
	a, b := newBuffer(size), newBuffer(size)
	return &end{in: a, out: b}, &end{in: b, out: a}
}

// A buffer is one direction of a connection.
type buffer struct {
	size int

	mu      sync.Mutex // guards the following
	changed sync.Cond
	data    []byte
	ended   bool  // by the writer: what is there is the rest
	dropped bool  // by the reader: there is nobody to write to
	read    alarm // the reader's deadline
	write   alarm // the writer's
}

func newBuffer(size int) *buffer {
	b := &buffer{size: size}
	b.changed.L = &b.mu
	return b
}

// An alarm is a deadline; it is guarded by its buffer's mu.
type alarm struct {
	at    time.Time
	timer *time.Timer
}

func (a *alarm) past() bool { return !a.at.IsZero() && !time.Now().Before(a.at) }

// set sets an alarm of b.
func (b *buffer) set(a *alarm, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.at = at; !at.IsZero() {
		a.timer = time.AfterFunc(time.Until(at), b.wake)
	}
	b.changed.Broadcast()
}

func (b *buffer) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed.Broadcast()
}

// close ends b from one side.
func (b *buffer) close(side *bool, a *alarm) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*side = true
	if a.timer != nil {
		a.timer.Stop()
	}
	b.changed.Broadcast()
}

// An end is one end of a connection.
type end struct{ in, out *buffer }

// Read implements net.Conn.
func (e *end) Read(p []byte) (int, error) {
	b := e.in
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case b.dropped:
			return 0, net.ErrClosed
		case b.read.past():
			return 0, os.ErrDeadlineExceeded
		case len(b.data) > 0 || len(p) == 0:
			n := copy(p, b.data)
			b.data = append(b.data[:0], b.data[n:]...)
			b.changed.Broadcast()
			return n, nil
		case b.ended:
			return 0, io.EOF
		}
		b.changed.Wait()
	}
}

// Write implements net.Conn.
func (e *end) Write(p []byte) (n int, err error) {
	b := e.out
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case b.ended:
			return n, net.ErrClosed
		case b.dropped:
			return n, syscall.EPIPE
		case b.write.past():
			return n, os.ErrDeadlineExceeded
		}
		if n += b.take(p[n:]); n == len(p) {
			return n, nil
		}
		b.changed.Wait()
	}
}

// take puts what there is room for into b. b.mu is held.
func (b *buffer) take(p []byte) int {
	n := min(len(p), b.size-len(b.data))
	b.data = append(b.data, p[:n]...)
	b.changed.Broadcast()
	return n
}

// Close implements net.Conn.
func (e *end) Close() error {
	e.out.close(&e.out.ended, &e.out.write)
	e.in.close(&e.in.dropped, &e.in.read)
	return nil
}

func (e *end) LocalAddr() net.Addr  { return address() }
func (e *end) RemoteAddr() net.Addr { return address() }

// SetDeadline implements net.Conn.
func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (e *end) SetReadDeadline(t time.Time) error {
	e.in.set(&e.in.read, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.set(&e.out.write, t)
	return nil
}
