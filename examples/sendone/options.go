package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Options are the flags.
type options struct {
	addr         string
	security     smtpclient.Security
	ca           string
	user         string
	passwordFile string
	maxAttempts  int

	from       message.Address
	to         []message.Address
	subject    string
	text, html string // file names
	body       string // the text itself, where neither is given
	attach     []string
}

// flags returns a flag set that fills o.
func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("sendone", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.addr, "addr", "", "the relay, `host:port`; empty: a built-in server")
	f.Func("tls", "`mode` of TLS: starttls, implicit, opportunistic or none (default starttls)", func(s string) (err error) {
		o.security, err = smtpclient.ParseSecurity(s)
		return err
	})
	f.StringVar(&o.ca, "ca", "", "PEM `file` of the authorities to trust, instead of the system's")
	f.StringVar(&o.user, "user", "", "`name` to log in with")
	f.StringVar(&o.passwordFile, "password-file", "", "`file` with the password")
	f.IntVar(&o.maxAttempts, "max-attempts", 3, "attempts for recipients who are deferred")
	f.Func("from", "the author, `Name <address>`", func(s string) (err error) {
		o.from, err = message.ParseAddress(s)
		return err
	})
	f.Func("to", "recipients, `addresses` separated by commas; may be repeated", func(s string) error {
		list, err := message.ParseAddressList(s)
		o.to = append(o.to, list...)
		return err
	})
	f.StringVar(&o.subject, "subject", "", "the subject")
	f.StringVar(&o.text, "text", "", "`file` with the plain text, - for standard input")
	f.StringVar(&o.html, "html", "", "`file` with the HTML, - for standard input")
	f.Func("attach", "`file` to attach; may be repeated", func(name string) error {
		o.attach = append(o.attach, name)
		return nil
	})
	return f
}

func printUsage(w io.Writer) {
	f := new(options).flags()
	f.SetOutput(w)
	fmt.Fprintln(w, "usage: sendone [flags]")
	f.PrintDefaults()
}

// parseOptions reads the flags and checks what belongs together.
func parseOptions(args []string) (*options, error) {
	o := new(options)
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.maxAttempts < 1:
		return nil, errors.New("-max-attempts must be at least 1")
	case (o.user == "") != (o.passwordFile == ""):
		return nil, errors.New("-user and -password-file go together")
	case o.text == "-" && o.html == "-":
		return nil, errors.New("only one of -text and -html can be standard input")
	case o.addr == "" && o.ca != "":
		return nil, errors.New("-ca goes with -addr")
	case o.addr != "" && o.from.Addr == "":
		return nil, errors.New("-from is missing")
	case o.addr != "" && len(o.to) == 0:
		return nil, errors.New("-to is missing")
	}
	return o, nil
}

// account reads the files that the account is made of.
func (o *options) account() (account, error) {
	a := account{addr: o.addr, security: o.security, user: o.user}
	if o.passwordFile != "" {
		content, err := os.ReadFile(o.passwordFile)
		if err != nil {
			return a, err
		}
		line, _, _ := strings.Cut(string(content), "\n")
		a.password = strings.TrimSuffix(line, "\r")
	}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return a, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return a, fmt.Errorf("%s: no certificate in it", o.ca)
		}
		a.tls = &tls.Config{RootCAs: roots}
	}
	return a, nil
}

// message reads the files that the mail is made of.
func (o *options) message(stdin io.Reader) (*message.Message, error) {
	m := &message.Message{From: o.from, To: o.to, Subject: o.subject}
	var err error
	text := o.text
	if text == "" && o.html == "" && o.body == "" {
		text = "-"
	}
	if m.Text, err = readBody(text, o.body, stdin); err != nil {
		return nil, err
	}
	if m.HTML, err = readBody(o.html, "", stdin); err != nil {
		return nil, err
	}
	for _, name := range o.attach {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m.Attachments = append(m.Attachments, message.Attachment{Filename: filepath.Base(name), Content: content})
	}
	return m, nil
}

// readBody reads a file, or standard input if the name is "-".
func readBody(name, unnamed string, stdin io.Reader) (string, error) {
	var content []byte
	var err error
	switch name {
	case "":
		return unnamed, nil
	case "-":
		content, err = io.ReadAll(stdin)
	default:
		content, err = os.ReadFile(name)
	}
	return string(content), err
}
