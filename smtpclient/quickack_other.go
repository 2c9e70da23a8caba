//go:build !linux

package smtpclient

import "net"

// quickAck does nothing: only Linux lets a program have its say in this.
func quickAck(net.Conn) {}
