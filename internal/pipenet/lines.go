package pipenet

import (
	"bytes"
	"net"
	"time"
)

// ListenLines is ListenBuffered on a network that takes each line from the
// accepting side in a packet of its own, a millisecond after the one before: what
// a server says at once does not arrive at once.
func ListenLines(size int) *Listener {
	return listen(func() (here, there net.Conn) {
		here, there = Pipe(size)
		return here, lineConn{there}
	})
}

type lineConn struct{ net.Conn }

// Write implements net.Conn.
func (c lineConn) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		if n > 0 {
			time.Sleep(time.Millisecond)
		}
		k := len(p)
		if i := bytes.IndexByte(p[n:], '\n'); i >= 0 {
			k = n + i + 1
		}
		var m int
		m, err = c.Conn.Write(p[n:k])
		n += m
	}
	return n, err
}
