package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// startBuiltIn starts a server that takes mail as a provider does, from who is
// logged in under TLS, and completes the account so that it is one there.
func startBuiltIn(a *account) *smtptest.Server {
	if a.user == "" {
		a.user, a.password = "ada", "correct horse battery staple"
	}
	server := smtptest.NewUnstartedServer()
	server.Users = map[string]string{a.user: a.password}
	server.NoPlaintextAuth = true
	server.RequireAuth = true
	server.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		if strings.HasPrefix(path, "nobody@") {
			return &smtptest.Reply{Code: 550, Text: "5.1.1 There is nobody of that name here"}
		}
		return nil
	}
	if a.security == smtpclient.ImplicitTLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	a.addr = server.Addr
	a.tls = server.ClientTLSConfig()
	return server
}

// fillIn gives defaults to what was not given, for the built-in server.
func (o *options) fillIn() {
	if o.from.Addr == "" {
		o.from = message.Address{Name: "Ada Lovelace", Addr: "ada@example.com"}
	}
	if len(o.to) == 0 {
		o.to = []message.Address{{Name: "Zoë", Addr: "zoe@example.net"}, {Addr: "charles@example.org"}}
	}
	if o.subject == "" {
		o.subject = "A mail from sendone"
	}
	if o.text == "" && o.html == "" {
		o.body = "Hello,\n\nthis is the mail that sendone sends when it is not told what to send.\n"
	}
}

// showReceived writes what the built-in server has taken.
func showReceived(w io.Writer, messages []smtptest.Message) {
	for _, m := range messages {
		security := "without TLS"
		if m.TLS {
			security = "over TLS"
		}
		fmt.Fprintf(w, "\nThe built-in server has received, %s from user %q:\n\n", security, m.User)
		fmt.Fprintf(w, "  MAIL FROM:<%s>\n", m.From)
		for _, r := range m.To {
			fmt.Fprintf(w, "  RCPT TO:<%s>\n", r.Address)
		}
		fmt.Fprintln(w)
		for line := range bytes.Lines(m.Data) {
			fmt.Fprintf(w, "  %s\n", bytes.TrimRight(line, "\r\n"))
		}
	}
	if len(messages) == 0 {
		fmt.Fprint(w, "\nThe built-in server has received nothing.\n")
	}
}
