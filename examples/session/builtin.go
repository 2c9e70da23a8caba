package main

import (
	"strings"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// builtInRecipients are those of the messages to the built-in server, in turn:
// none, some and all of them refused.
var builtInRecipients = [][]string{
	{"zoe@example.net"},
	{"zoe@example.net", "nobody@example.net"},
	{"nobody@example.net"},
}

// startBuiltIn starts a server that refuses nobody and wants a login under TLS,
// and completes o and relay so that they lead to it.
func startBuiltIn(o *options, relay *smtpclient.Config) *smtptest.Server {
	if o.from == "" {
		o.from = "ada@example.com"
	}
	if o.user == "" {
		o.user, o.password = "ada", "correct horse battery staple"
		if o.security != smtpclient.Plaintext {
			relay.Auth = smtpclient.PasswordAuth(o.user, o.password)
		}
	}
	server := smtptest.NewUnstartedServer()
	server.Users = map[string]string{o.user: o.password}
	server.NoPlaintextAuth = true
	server.Latency = o.latency
	server.CountOnly = true
	server.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		if strings.HasPrefix(path, "nobody@") {
			return &smtptest.Reply{Code: 550, Text: "5.1.1 There is nobody of that name here"}
		}
		return nil
	}
	if o.security == smtpclient.ImplicitTLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	relay.Addr = server.Addr
	relay.TLSConfig = server.ClientTLSConfig()
	return server
}
