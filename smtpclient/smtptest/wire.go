package smtptest

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// A wire is the connection below SMTP and TLS. With a latency, what is written
// to it, and how it is closed, passes through a queue and takes effect that
// much later.
type wire struct {
	net.Conn
	latency time.Duration
	queue   chan parcel   // nil without a latency
	carried chan struct{} // closed when carry has ended
	cut     chan struct{} // closed by kill
	once    sync.Once
}

// A parcel is something under way to the client.
type parcel struct {
	due  time.Time
	op   wireOp
	data []byte
}

type wireOp int

const (
	opData  wireOp = iota
	opShut         // FIN: nothing more will be written
	opClose        // close altogether
	opReset        // RST
)

// parcels is how many writes may be under way at a time.
const parcels = 1024

func newWire(conn net.Conn, latency time.Duration) *wire {
	w := &wire{Conn: conn, latency: latency, carried: make(chan struct{}), cut: make(chan struct{})}
	if latency <= 0 {
		close(w.carried)
		return w
	}
	w.queue = make(chan parcel, parcels)
	go w.carry() // waited for by wait
	return w
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	if w.queue == nil {
		return w.Conn.Write(p)
	}
	if err := w.send(opData, bytes.Clone(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// SetWriteDeadline implements net.Conn. crypto/tls sets one that has passed
// behind its close_notify; with a latency it must not stop what is still under
// way.
func (w *wire) SetWriteDeadline(t time.Time) error {
	if w.queue == nil {
		return w.Conn.SetWriteDeadline(t)
	}
	return nil
}

// do has op take effect behind everything that has been written.
func (w *wire) do(op wireOp) {
	if w.queue == nil {
		w.apply(op)
		return
	}
	w.send(op, nil)
}

func (w *wire) send(op wireOp, data []byte) error {
	select {
	case w.queue <- parcel{due: time.Now().Add(w.latency), op: op, data: data}:
		return nil
	case <-w.cut:
		return net.ErrClosed
	}
}

// carry delivers parcels when they are due, until the connection is closed.
func (w *wire) carry() {
	defer close(w.carried)
	for {
		select {
		case p := <-w.queue:
			if pause(time.Until(p.due), w.cut) != nil {
				return
			}
			if p.op == opData {
				w.Conn.Write(p.data) // a failure shows when the session reads
				continue
			}
			w.apply(p.op)
			if p.op != opShut {
				return
			}
		case <-w.cut:
			return
		}
	}
}

func (w *wire) apply(op wireOp) {
	switch op {
	case opShut:
		if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
			c.CloseWrite()
			return
		}
	case opReset:
		if c, ok := w.Conn.(*net.TCPConn); ok {
			c.SetLinger(0)
		}
	}
	w.Conn.Close()
}

// kill closes the connection at once, whatever is under way.
func (w *wire) kill() {
	w.once.Do(func() { close(w.cut) })
	w.Conn.Close()
}

// wait waits until the wire has been closed and carries nothing any more.
func (w *wire) wait() { <-w.carried }

// pause waits for d, or returns net.ErrClosed when cut is closed before.
func pause(d time.Duration, cut <-chan struct{}) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-cut:
		return net.ErrClosed
	}
}
