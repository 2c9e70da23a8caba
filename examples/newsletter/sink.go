package main

import (
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// startSink starts a server on the loopback interface that counts what it takes
// and sends nothing anywhere, and has the relay be that. It takes the relay's
// login, whatever that is.
func startSink(r *relay) *smtptest.Server {
	sink := smtptest.NewUnstartedServer()
	sink.CountOnly = true
	if r.user != "" {
		sink.Users = map[string]string{r.user: r.password}
		sink.RequireAuth = true
	}
	if r.Security == smtpclient.ImplicitTLS {
		sink.StartTLS()
	} else {
		sink.Start()
	}
	r.targets = []target{{addr: sink.Addr, weight: 1}}
	if r.Security != smtpclient.Plaintext {
		r.TLSConfig = sink.ClientTLSConfig()
	}
	return sink
}
