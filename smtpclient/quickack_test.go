package smtpclient_test

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// BenchmarkSmallReplies is a server that writes each reply by itself with
// Nagle's algorithm on. Without quick acknowledgements a message costs 40 ms.
func BenchmarkSmallReplies(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		serveSmallReplies(l)
	}()
	defer func() { <-served }()
	s, err := smtpclient.Dial(b.Context(), smtpclient.Config{Addr: l.Addr().String(), Security: smtpclient.Plaintext})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	mail := smtpclient.Mail{From: "a@a.test", To: smtpclient.Recipients("b@b.test"), Content: []byte("Subject: x\r\n\r\nx\r\n")}
	for b.Loop() {
		s.Start(&mail, func(r *smtpclient.Result) {
			if r.Err != nil {
				b.Error(r.Err)
			}
		})
	}
	s.Flush()
}

func serveSmallReplies(l net.Listener) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetNoDelay(false)
	say := func(s string) { _, _ = c.Write([]byte(s + "\r\n")) }
	say("220 hello")
	in := bufio.NewScanner(c)
	for data := false; in.Scan(); {
		switch line := in.Text(); {
		case data && line == ".":
			data = false
			say("250 queued")
		case data:
		case strings.HasPrefix(line, "EHLO"):
			say("250-me")
			say("250 PIPELINING")
		case line == "DATA":
			data = true
			say("354 go on")
		default:
			say("250 ok")
		}
	}
}
