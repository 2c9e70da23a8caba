package interop

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// freeAddrs returns an address on loopback for each port. All are open at once
// for a moment, so that they differ.
//
// The ports are not of the range that the kernel takes the client's end of a
// connection from: while a server is killed and comes back, some other test's
// connection would sooner or later sit on its port.
func freeAddrs(ports []Port) (map[Port]string, error) {
	low, high := ephemeral()
	addrs := make(map[Port]string)
	for _, port := range ports {
		l, err := listenOutside(low, high)
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addrs[port] = l.Addr().String()
	}
	return addrs, nil
}

const (
	firstPort = 10000 // below are services that a machine may have
	lastPort  = 65535
)

// listenOutside opens a port outside low to high, or any port if no port is
// outside.
func listenOutside(low, high int) (net.Listener, error) {
	below, above := max(low-firstPort, 0), max(lastPort-high, 0)
	if below+above == 0 {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	const tries = 100
	var err error
	for range tries {
		port := firstPort + rand.IntN(below+above)
		if port >= firstPort+below {
			port += high + 1 - firstPort - below
		}
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("interop: no free port: %w", err)
}

// ephemeral returns the range of ports that clients are given.
func ephemeral() (low, high int) {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		_, err = fmt.Sscan(string(b), &low, &high)
	}
	if err != nil {
		return 32768, 60999 // Linux' default
	}
	return low, high
}
