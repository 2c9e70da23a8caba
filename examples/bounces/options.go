package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/verp"
)

// Options are the flags and arguments.
type options struct {
	paths []string

	verpSenders    []string
	verpForm       string
	verpDelimiters string
	header         string

	imap, imapTLS, imapUser, imapPassword string
	imapCA, imapMailbox                   string
	imapNew                               bool

	suppress  string
	softLimit int
	softDays  int

	summary bool
}

// flags returns a flag set that fills o.
func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("bounces", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.Func("verp-sender", "return path that recipients were written into; an `address`, may be repeated", func(s string) error {
		o.verpSenders = append(o.verpSenders, s)
		return nil
	})
	f.StringVar(&o.verpForm, "verp-form", "classic", "`form` of these paths: classic or escaped")
	f.StringVar(&o.verpDelimiters, "verp-delimiters", "-=", "the two `delimiters` in them")
	f.StringVar(&o.header, "header", "", "`name` of a header field in the messages sent that holds the recipient's address")
	f.StringVar(&o.imap, "imap", "", "read a mailbox on the IMAP server at `host[:port]`")
	f.StringVar(&o.imapTLS, "imap-tls", "implicit", "`mode` of TLS: implicit or starttls")
	f.StringVar(&o.imapUser, "imap-user", "", "`name` to log in with")
	f.StringVar(&o.imapPassword, "imap-password-file", "", "`file` with the password")
	f.StringVar(&o.imapCA, "imap-ca", "", "PEM `file` of the authorities to trust, instead of the system's")
	f.StringVar(&o.imapMailbox, "imap-mailbox", "INBOX", "`name` of the mailbox")
	f.BoolVar(&o.imapNew, "imap-new", false, "read what is not marked as seen, and mark it")
	f.StringVar(&o.suppress, "suppress", "", "`file` to add suppressed addresses to")
	f.IntVar(&o.softLimit, "soft-limit", bounce.DefaultSoftLimit, "soft bounces that suppress an address")
	f.IntVar(&o.softDays, "soft-days", int(bounce.DefaultSoftWindow/(24*time.Hour)), "days within which they are counted")
	f.BoolVar(&o.summary, "summary", false, "write the summary though standard error is no terminal")
	return f
}

func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage: bounces [flags] PATH...\n\nReads bounces, complaints and auto-replies. See go doc ./examples/bounces.")
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
	o.paths = f.Args()
	switch {
	case len(o.paths) == 0 && o.imap == "":
		return nil, errors.New("no path given")
	case o.imap != "" && (o.imapUser == "" || o.imapPassword == ""):
		return nil, errors.New("-imap needs -imap-user and -imap-password-file")
	case o.imapTLS != "implicit" && o.imapTLS != "starttls":
		return nil, fmt.Errorf("-imap-tls: %q is neither implicit nor starttls", o.imapTLS)
	case o.softLimit < 1:
		return nil, fmt.Errorf("-soft-limit: %d is less than 1", o.softLimit)
	case o.softDays < 1 || o.softDays > 3650:
		return nil, fmt.Errorf("-soft-days: %d is not in the range 1 to 3650", o.softDays)
	}
	return o, nil
}

// parser returns a parser that knows the return paths.
func (o *options) parser() (*bounce.Parser, error) {
	c := bounce.Config{HeaderField: o.header}
	if len(o.verpSenders) > 0 {
		decode, err := o.verpDecoder()
		if err != nil {
			return nil, err
		}
		c.VERP = decode
	}
	return bounce.New(c)
}

// verpDecoder returns what finds the recipient in a return path of any of the
// senders.
func (o *options) verpDecoder() (func(string) (string, error), error) {
	codec := verp.Codec{Delimiters: o.verpDelimiters}
	switch o.verpForm {
	case verp.Classic.String():
	case verp.Escaped.String():
		codec.Form = verp.Escaped
	default:
		return nil, fmt.Errorf("-verp-form: %q is neither classic nor escaped", o.verpForm)
	}
	if err := codec.Validate(); err != nil {
		return nil, fmt.Errorf("-verp-delimiters: %w", err)
	}
	for _, sender := range o.verpSenders {
		if _, err := codec.Encode(sender, "a@b.example"); err != nil && !errors.Is(err, verp.ErrTooLong) {
			return nil, fmt.Errorf("-verp-sender: %w", err)
		}
	}
	return func(path string) (recipient string, err error) {
		for _, sender := range o.verpSenders {
			if recipient, err = codec.Decode(sender, path); err == nil {
				return recipient, nil
			}
		}
		return "", err
	}, nil
}

// rules are those of -suppress.
func (o *options) rules() bounce.Rules {
	return bounce.Rules{SoftLimit: o.softLimit, SoftWindow: time.Duration(o.softDays) * 24 * time.Hour}
}
