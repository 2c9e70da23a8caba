package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A relay is where the mails go: one, or several that are talked to in the same
// way.
type relay struct {
	smtpclient.Config          // without an address
	user, password    string   // what Auth logs in with; empty without
	targets           []target // the addresses; none yet if it is the sink
}

// sinkName is what the built-in sink is called.
const sinkName = "sink"

// relays returns what the pool is to know of them. It is called when the sink has
// its address.
func (r *relay) relays(sink bool) []pool.Relay {
	var all []pool.Relay
	for _, t := range r.targets {
		one := pool.Relay{Config: r.Config, Name: t.addr, Weight: t.weight}
		if sink {
			one.Name = sinkName
		}
		one.Addr = t.addr
		all = append(all, one)
	}
	return all
}

// newRelay reads the files that the flags name.
func newRelay(o *options) (relay, error) {
	c := relay{Config: smtpclient.Config{
		Security: o.security, Mode: o.mode, Window: o.window, AllowInsecureAuth: o.insecureAuth,
	}, targets: o.targets}
	if o.ca != "" {
		roots, err := readAuthorities(o.ca)
		if err != nil {
			return c, fmt.Errorf("-ca: %w", err)
		}
		c.TLSConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	if o.user != "" {
		password, err := readPassword(o.passwordFile)
		if err != nil {
			return c, fmt.Errorf("-password-file: %w", err)
		}
		c.user, c.password = o.user, password
		c.Auth = smtpclient.PasswordAuth(o.user, password)
	}
	probe := c.Config
	probe.Addr = "127.0.0.1:0" // -addr has been checked, and the sink's is not known yet
	return c, probe.Validate()
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
