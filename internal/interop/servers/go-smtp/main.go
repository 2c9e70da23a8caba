// Command go-smtp is a server of github.com/emersion/go-smtp for the tests. It
// takes its ports and its directory from the environment, see ../README.md.
package main

import (
	"crypto/tls"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-smtp"
)

func main() {
	work := os.Getenv("WORK")
	cert, err := tls.LoadX509KeyPair(filepath.Join(work, "chain.pem"), filepath.Join(work, "server.key"))
	if err != nil {
		log.Fatal(err)
	}
	box, err := openMaildir(filepath.Join(work, "maildir"))
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	for port, rules := range map[string]rules{
		"PORT_SUBMISSION": {login: true},
		"PORT_OPEN":       {},
		"PORT_LIMITED":    {messages: 5},
		"PORT_SMALL":      {size: 1000},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv(port))
		if err != nil {
			log.Fatal(err) // a port in use is for the harness to see
		}
		s := server(&backend{rules, box})
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		go func() { ended <- s.Serve(l) }()
	}
	log.Fatal(<-ended)
}

func server(b *backend) *smtp.Server {
	s := smtp.NewServer(b)
	s.Domain = "mx.example.test ESMTP " + os.Getenv("INSTANCE")
	s.MaxMessageBytes = 1 << 20
	if b.rules.size > 0 {
		s.MaxMessageBytes = b.rules.size
	}
	s.MaxRecipients = 1000
	s.EnableSMTPUTF8, s.EnableBINARYMIME, s.EnableDSN = true, true, true
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	return s
}
