// Package pipenet is a network inside the process, for tests under a fake
// clock. Its connections are net.Pipes, which buffer nothing, or buffer as
// sockets do.
package pipenet

import (
	"context"
	"net"
	"sync"
)

// A Listener accepts the connections that its Dial makes.
type Listener struct {
	pipe  func() (here, there net.Conn)
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// Listen returns a new listener of connections that buffer nothing.
func Listen() *Listener { return listen(net.Pipe) }

// ListenBuffered returns a new listener of connections that buffer up to size
// octets in each direction.
func ListenBuffered(size int) *Listener {
	return listen(func() (here, there net.Conn) { return Pipe(size) })
}

func listen(pipe func() (here, there net.Conn)) *Listener {
	return &Listener{pipe: pipe, conns: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects to l; network and address are not looked at. It fails with
// net.ErrClosed when l is closed.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := l.pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return address() }

func address() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
