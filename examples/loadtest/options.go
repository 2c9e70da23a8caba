package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

// Options are the flags, checked as far as that is possible without a look at a
// file.
type options struct {
	n           int
	sessions    int
	size        int
	recipients  int
	modeName    string
	mode        smtpclient.Mode // of modeName
	window      int
	maxAttempts int
	from        string
	domain      string
	verp        bool

	addr         string
	tls          string
	security     smtpclient.Security // of tls, or the default
	ca           string
	user         string
	passwordFile string
	insecureAuth bool
	latency      time.Duration

	json bool
}

func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.IntVar(&o.n, "n", 10_000, "messages")
	f.IntVar(&o.sessions, "c", 4, "sessions at once")
	f.IntVar(&o.size, "size", 2048, "octets of text in each message")
	f.IntVar(&o.recipients, "rcpts", 1, "recipients of each message")
	f.StringVar(&o.modeName, "mode", "auto", "how far to send ahead: auto, lockstep, envelope, overlap or stream")
	f.IntVar(&o.window, "window", 0, "messages a session may have unanswered in mode stream; 0: the default of package smtpclient")
	f.IntVar(&o.maxAttempts, "max-attempts", 1, "attempts for a deferred message")
	f.StringVar(&o.from, "from", "loadtest@example.com", "`address` of author and return path")
	f.StringVar(&o.domain, "domain", "example.net", "`domain` of the recipients")
	f.BoolVar(&o.verp, "verp", false, "have the return path name the recipient")
	f.StringVar(&o.addr, "addr", "", "the relay, `host:port`; empty: the built-in sink")
	f.StringVar(&o.tls, "tls", "", "`mode` of TLS: starttls, implicit, opportunistic or none (default starttls, none on this machine)")
	f.StringVar(&o.ca, "ca", "", "PEM `file` of the authorities to trust, instead of the system's")
	f.StringVar(&o.user, "user", "", "`name` to log in with")
	f.StringVar(&o.passwordFile, "password-file", "", "`file` with the password")
	f.BoolVar(&o.insecureAuth, "insecure-auth", false, "let the password go out without the protection of TLS")
	f.DurationVar(&o.latency, "latency", 0, "how long the built-in sink's replies take")
	f.BoolVar(&o.json, "json", false, "one line of JSON instead of the report")
	return f
}

// printUsage lists the flags.
func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage: loadtest [flags]\n\nSends many messages to a relay and measures that. See go doc ./examples/loadtest.")
	f := new(options).flags()
	f.SetOutput(w)
	f.PrintDefaults()
}

// parseOptions reads the arguments. The error names the flag at fault, or is
// flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	for _, check := range []func(*options) error{
		(*options).checkNumbers, (*options).checkMode, (*options).checkAddresses, (*options).checkRelay, (*options).checkLogin,
	} {
		if err := check(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *options) checkNumbers() error {
	for _, n := range []struct {
		flag             string
		value, low, high int
	}{
		{"n", o.n, 1, 1_000_000_000},
		{"c", o.sessions, 1, 1000},
		{"size", o.size, 0, 64 << 20},
		{"rcpts", o.recipients, 1, 10_000},
		{"window", o.window, 0, 4096},
		{"max-attempts", o.maxAttempts, 1, 100},
	} {
		if n.value < n.low || n.value > n.high {
			return fmt.Errorf("-%s: %d is not in the range %d to %d", n.flag, n.value, n.low, n.high)
		}
	}
	if int64(o.n)*int64(o.recipients) > maxNumber {
		return fmt.Errorf("-rcpts: more than %d recipients in all", int64(maxNumber))
	}
	return nil
}

func (o *options) checkMode() (err error) {
	if o.mode, err = smtpclient.ParseMode(o.modeName); err != nil {
		return fmt.Errorf("-mode: %q is none of auto, lockstep, envelope, overlap and stream", o.modeName)
	}
	return nil
}

func (o *options) checkAddresses() error {
	if err := smtpclient.CheckAddress(o.from); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	// It is in the header, where other characters would need an encoding.
	if strings.ContainsFunc(o.from, func(r rune) bool { return r >= 0x80 }) {
		return fmt.Errorf("-from: %q is not ASCII", o.from)
	}
	recipient := string(appendRecipient(nil, maxNumber, o.domain))
	if err := smtpclient.CheckAddress(recipient); err != nil {
		return fmt.Errorf("-domain: %w", err)
	}
	if strings.ContainsFunc(o.domain, func(r rune) bool { return r >= 0x80 }) {
		return fmt.Errorf("-domain: %q is not ASCII", o.domain)
	}
	if !o.verp {
		return nil
	}
	if o.recipients > 1 {
		return errors.New("-verp: a return path cannot name several recipients; -rcpts must be 1")
	}
	if _, err := verp.Encode(o.from, recipient); err != nil {
		return fmt.Errorf("-verp: %s", strings.TrimPrefix(err.Error(), "verp: "))
	}
	return nil
}

func (o *options) checkRelay() (err error) {
	name := o.tls
	if name == "" {
		name = smtpclient.StartTLS.String()
		if o.sink() || o.onThisMachine() {
			name = smtpclient.Plaintext.String()
		}
	}
	if o.security, err = smtpclient.ParseSecurity(name); err != nil {
		return fmt.Errorf("-tls: %q is none of starttls, implicit, opportunistic and none", o.tls)
	}
	if !o.sink() {
		host, port, err := net.SplitHostPort(o.addr)
		if err != nil || host == "" || port == "" {
			return fmt.Errorf("-addr: %q is not of the form host:port", o.addr)
		}
	}
	switch {
	case o.ca != "" && o.sink():
		return errors.New("-ca: the built-in sink has its own authority; -ca needs -addr")
	case o.ca != "" && o.security == smtpclient.Plaintext:
		return errors.New("-ca: of no use with -tls none")
	case o.latency < 0:
		return fmt.Errorf("-latency: %v is negative", o.latency)
	case o.latency > 0 && !o.sink():
		return errors.New("-latency: is for the built-in sink; -addr has its own")
	}
	return nil
}

func (o *options) checkLogin() error {
	switch {
	case o.user != "" && o.passwordFile == "":
		return errors.New("-user: needs -password-file")
	case o.user == "" && o.passwordFile != "":
		return errors.New("-password-file: needs -user")
	case o.user == "" && o.insecureAuth:
		return errors.New("-insecure-auth: needs -user")
	case o.user != "" && o.security == smtpclient.Plaintext && !o.insecureAuth:
		return errors.New("-user: with -tls none the password would go out unprotected; -insecure-auth allows that")
	}
	return nil
}

// onThisMachine reports that mail goes to a loopback address, where a load test
// is often of a server for tests without TLS, and nothing was said of TLS.
func (o *options) onThisMachine() bool {
	host, _, err := net.SplitHostPort(o.addr)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback()) && o.ca == "" && o.user == ""
}

// sink reports that mail goes to the built-in sink.
func (o *options) sink() bool { return o.addr == "" }
