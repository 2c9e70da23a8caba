package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A relay is where the messages go.
type relay struct {
	smtpclient.Config        // without an address if it is the sink
	user, password    string // what Auth logs in with; empty without
}

// newRelay reads the files that the flags name.
func newRelay(o *options) (relay, error) {
	r := relay{Config: smtpclient.Config{
		Addr: o.addr, Security: o.security, Mode: o.mode, Window: o.window, AllowInsecureAuth: o.insecureAuth,
	}}
	if o.ca != "" {
		roots, err := readAuthorities(o.ca)
		if err != nil {
			return r, fmt.Errorf("-ca: %w", err)
		}
		r.TLSConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	if o.user != "" {
		password, err := readPassword(o.passwordFile)
		if err != nil {
			return r, fmt.Errorf("-password-file: %w", err)
		}
		r.user, r.password = o.user, password
		r.Auth = smtpclient.PasswordAuth(o.user, password)
	}
	if !o.sink() {
		return r, r.Validate()
	}
	return r, nil
}

func readAuthorities(name string) (*x509.CertPool, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: no certificate in PEM form", name)
	}
	return roots, nil
}

// readPassword takes one line end off: editors add it.
func readPassword(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	if len(data) == 0 {
		return "", fmt.Errorf("%s: empty", name)
	}
	return string(data), nil
}

// startSink starts the built-in sink, and has the relay be that. It takes the
// relay's login, whatever that is.
func startSink(r *relay, o *options) *smtptest.Server {
	sink := smtptest.NewUnstartedServer()
	sink.CountOnly = true
	sink.Latency = o.latency
	if r.user != "" {
		sink.Users = map[string]string{r.user: r.password}
		sink.RequireAuth = true
	}
	if r.Security == smtpclient.ImplicitTLS {
		sink.StartTLS()
	} else {
		sink.Start()
	}
	r.Addr = sink.Addr
	if r.Security != smtpclient.Plaintext {
		r.TLSConfig = sink.ClientTLSConfig()
	}
	return sink
}
