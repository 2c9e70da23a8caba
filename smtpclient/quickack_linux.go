package smtpclient

import (
	"net"
	"syscall"
)

// tcpQuickAck is TCP_QUICKACK of tcp(7), which package syscall does not name.
const tcpQuickAck = 12

// quickAck has the kernel acknowledge at once what has come in. A server that
// writes the replies to one group in small pieces, and has not turned Nagle's
// algorithm off, holds each piece back until the one before is acknowledged,
// which a kernel with nothing to send delays by 40 ms. The setting does not
// last: it is made again where it is needed.
func quickAck(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpQuickAck, 1) // at worst it is slow
	})
}
