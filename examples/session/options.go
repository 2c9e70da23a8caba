package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Options are the flags.
type options struct {
	addr         string
	security     smtpclient.Security
	ca           string
	user         string
	passwordFile string
	password     string // from that file
	mode         smtpclient.Mode
	n            int
	from         string
	to           []string
	latency      time.Duration
	interactive  bool
}

// unset is -n if it was not given.
const unset = -1

// flags returns a flag set that fills o.
func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("session", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.addr, "addr", "", "the server, `host:port`; empty: a built-in one")
	f.Func("tls", "`mode` of TLS: starttls, implicit, opportunistic or none (default starttls)", func(s string) (err error) {
		o.security, err = smtpclient.ParseSecurity(s)
		return err
	})
	f.StringVar(&o.ca, "ca", "", "PEM `file` of the authorities to trust, instead of the system's")
	f.StringVar(&o.user, "user", "", "`name` to log in with")
	f.StringVar(&o.passwordFile, "password-file", "", "`file` with the password")
	f.Func("mode", "how far to send ahead: auto, lockstep, envelope or overlap (default auto)", func(s string) (err error) {
		o.mode, err = smtpclient.ParseMode(s)
		return err
	})
	f.IntVar(&o.n, "n", unset, "messages to send (default 3, or 0 with -i)")
	f.StringVar(&o.from, "from", "", "their author, an `address`")
	f.Func("to", "their recipients, `addresses` separated by commas", func(s string) error {
		o.to = strings.Split(s, ",")
		return nil
	})
	f.DurationVar(&o.latency, "latency", 20*time.Millisecond, "latency of the built-in server")
	f.BoolVar(&o.interactive, "i", false, "read commands from standard input")
	return f
}

func printUsage(w io.Writer) {
	f := new(options).flags()
	f.SetOutput(w)
	fmt.Fprintln(w, "usage: session [flags]")
	f.PrintDefaults()
	fmt.Fprint(w, "commands with -i: "+commandList+"\n")
}

// parseOptions reads the flags and checks what belongs together.
func parseOptions(args []string) (*options, error) {
	o := new(options)
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.n == unset {
		o.n = 3
		if o.interactive {
			o.n = 0
		}
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.n < 0:
		return nil, errors.New("-n must not be negative")
	case o.latency < 0:
		return nil, errors.New("-latency must not be negative")
	case (o.user == "") != (o.passwordFile == ""):
		return nil, errors.New("-user and -password-file go together")
	case o.addr == "" && o.ca != "":
		return nil, errors.New("-ca goes with -addr")
	case o.addr != "" && o.n > 0 && (o.from == "" || len(o.to) == 0):
		return nil, errors.New("-from or -to is missing")
	}
	return o, nil
}

// relay says how to build the session, and reads the files for it.
func (o *options) relay() (smtpclient.Config, error) {
	c := smtpclient.Config{Addr: o.addr, Security: o.security, Mode: o.mode}
	if o.user != "" {
		content, err := os.ReadFile(o.passwordFile)
		if err != nil {
			return c, err
		}
		line, _, _ := strings.Cut(string(content), "\n")
		o.password = strings.TrimSuffix(line, "\r")
		c.Auth = smtpclient.PasswordAuth(o.user, o.password)
	}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return c, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return c, fmt.Errorf("%s: no certificate in it", o.ca)
		}
		c.TLSConfig = &tls.Config{RootCAs: roots}
	}
	return c, nil
}
