package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// Options are the flags and arguments.
type options struct {
	paths []string

	maillogs []string

	returnPaths    []string
	verp           string
	verpDelimiters string
	verpKey        string
	verpIDs        string
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
	f.Func("maillog", "Postfix's log, a `file`; may be repeated", into(&o.maillogs))
	f.Func("return-path", "return path that recipients were written into; an `address`, may be repeated", into(&o.returnPaths))
	f.StringVar(&o.verp, "verp", "classic", "`form` of these paths: classic, escaped, token or auto")
	f.StringVar(&o.verpDelimiters, "verp-delimiters", "-=", "the two `delimiters` in them")
	f.StringVar(&o.verpKey, "verp-key", "verp.key", "`file` with the keys of -verp token or auto")
	f.StringVar(&o.verpIDs, "verp-ids", "", "CSV `file` with the recipients, for tokens that have the number of a row")
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

// into appends each value of a flag that may be repeated.
func into(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
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
	case len(o.paths) == 0 && o.imap == "" && len(o.maillogs) == 0:
		return nil, errors.New("no path given")
	case o.inputs("-") > 1:
		return nil, errors.New("standard input can be read once only")
	case len(o.paths) == 0 && o.imap == "" && o.suppress != "":
		return nil, errors.New("-suppress: is for mails, and only logs are given")
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
	decode, err := o.verpDecoder()
	if err != nil {
		return nil, err
	}
	return bounce.New(bounce.Config{HeaderField: o.header, VERP: decode})
}

// inputs counts how often a path is to be read.
func (o *options) inputs(path string) (n int) {
	for _, p := range slices.Concat(o.paths, o.maillogs) {
		if p == path {
			n++
		}
	}
	return n
}

// rules are those of -suppress.
func (o *options) rules() bounce.Rules {
	return bounce.Rules{SoftLimit: o.softLimit, SoftWindow: time.Duration(o.softDays) * 24 * time.Hour}
}
