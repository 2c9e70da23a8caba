package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Options are the flags, checked as far as that is possible without a look at a
// file.
type options struct {
	addr string
	get  string

	recipients string
	fromText   string
	from       message.Address // of fromText
	returnPath string          // From's address if it was not given
	subject    string
	text, html string
	attach     []string
	checkDNS   bool

	unsubscribeURL string
	unsubscribeKey string
	listID         string // an identifier, or a name with one in angle brackets
	dkimKeys       []string
	dkimSelectors  []string // one for each
	dkimDomain     string   // From's domain if it was not given
}

// flags returns a flag set that fills o, with the defaults that flags have by
// themselves.
func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("preview", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.addr, "addr", "127.0.0.1:0", "loopback `host:port` to serve on; port 0 is any that is free")
	f.StringVar(&o.get, "get", "", "serve nothing, print the page with that `path`, such as /row/1/text")
	f.StringVar(&o.recipients, "recipients", "", "CSV `file` with the recipients (default the shipped one)")
	f.StringVar(&o.fromText, "from", "The Reading Room <newsletter@example.com>", "the author, `Name <address>`")
	f.StringVar(&o.returnPath, "return-path", "", "`address` for bounces (default the author's)")
	f.StringVar(&o.subject, "subject", "", "template of the subject")
	f.StringVar(&o.text, "text", "", "`file` with the template of the plain text")
	f.StringVar(&o.html, "html", "", "`file` with the template of the HTML")
	f.Func("attach", "`file` to attach; may be repeated", into(&o.attach))
	f.StringVar(&o.unsubscribeURL, "unsubscribe-url", "", "https `URL` for one-click unsubscription; {token} in it stands for the recipient's token (default: a parameter token)")
	f.StringVar(&o.unsubscribeKey, "unsubscribe-key", "unsubscribe.key", "`file` with the keys of these tokens; if there is none, a key is made up")
	f.StringVar(&o.listID, "list-id", "", "`identifier` of the list, such as weekly.example.org, or 'Name <weekly.example.org>'")
	f.Func("dkim-key", "PEM `file` with an RSA or Ed25519 key to sign with; may be repeated, each makes a signature", into(&o.dkimKeys))
	f.Func("dkim-selector", "`name` under which the key is in the DNS; one for each -dkim-key, in the same order", into(&o.dkimSelectors))
	f.StringVar(&o.dkimDomain, "dkim-domain", "", "`domain` that signs (default that of -from)")
	f.BoolVar(&o.checkDNS, "check-dns", false, "look the records for SPF, DKIM and DMARC up as well")
	return f
}

// into appends each value of a flag that may be repeated.
func into(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// printUsage lists the flags.
func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage: preview [flags]\n\nShows the mails of a newsletter in the browser. See go doc ./examples/preview.")
	f := new(options).flags()
	f.SetOutput(w)
	f.PrintDefaults()
}

// parseOptions reads the arguments. The error names the flag at fault, or is
// flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := new(options)
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	for _, check := range []func(*options) error{(*options).checkAddr, (*options).checkAddresses, (*options).checkDKIM} {
		if err := check(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// checkAddr refuses all that others could reach: the mails are not theirs to read.
func (o *options) checkAddr() error {
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if !isLoopback(host) {
		return fmt.Errorf("-addr: %q is no loopback address: use localhost, 127.0.0.1 or [::1]", host)
	}
	return nil
}

// isLoopback reports whether host is a loopback address or localhost.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func (o *options) checkAddresses() (err error) {
	if o.from, err = message.ParseAddress(o.fromText); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	if err := smtpclient.CheckAddress(o.from.Addr); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	o.returnPath = cmp.Or(o.returnPath, o.from.Addr)
	if err := smtpclient.CheckAddress(o.returnPath); err != nil {
		return fmt.Errorf("-return-path: %w", err)
	}
	return nil
}

// checkDKIM finds a flag that is of no use without another.
func (o *options) checkDKIM() error {
	switch {
	case len(o.dkimKeys) == 0 && len(o.dkimSelectors) > 0:
		return errors.New("-dkim-selector: needs -dkim-key")
	case len(o.dkimKeys) == 0 && o.dkimDomain != "":
		return errors.New("-dkim-domain: needs -dkim-key")
	case len(o.dkimKeys) > 0 && len(o.dkimSelectors) == 0:
		return errors.New("-dkim-key: needs -dkim-selector")
	case len(o.dkimKeys) != len(o.dkimSelectors):
		return fmt.Errorf("-dkim-selector: %d selectors for %d -dkim-key", len(o.dkimSelectors), len(o.dkimKeys))
	}
	return nil
}

// files are the names of all files that the mails are made of.
func (o *options) files() []string {
	names := slices.Concat(o.attach, o.dkimKeys)
	for _, name := range []string{o.recipients, o.text, o.html} {
		if name != "" {
			names = append(names, name)
		}
	}
	if o.unsubscribeURL != "" {
		names = append(names, o.unsubscribeKey)
	}
	return names
}
