package main

import (
	"cmp"
	"flag"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

// PathOptions are the flags about where bounces go.
type pathOptions struct {
	returnPath string // From's address if it was not given
	verp       string // "off", "classic", "escaped", "token" or "auto"
	verpKey    string
}

func (o *pathOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.returnPath, "return-path", "", "`address` for bounces (default the author's)")
	f.StringVar(&o.verp, "verp", "", "`form` of return paths that name the recipient: off, classic, escaped, token or auto (default classic with -return-path, else off)")
	f.StringVar(&o.verpKey, "verp-key", "verp.key", "`file` with the keys of -verp token and auto, made if there is none")
}

// checkReturnPath comes behind checkAddresses. It finds a return path that no
// recipient could be written into.
func (o *options) checkReturnPath() error {
	given := o.returnPath != ""
	o.returnPath = cmp.Or(o.returnPath, o.from.Addr)
	if err := smtpclient.CheckAddress(o.returnPath); err != nil {
		return fmt.Errorf("-return-path: %w", err)
	}
	if o.verp == "" {
		o.verp = verpOff
		if given {
			o.verp = verp.Classic.String()
		}
	}
	if o.given["verp-key"] && !o.keyedPaths() {
		return fmt.Errorf("-verp-key: of no use with -verp %s, only with token and auto", o.verp)
	}
	paths, err := newReturnPaths(o, verp.NewKey(0)) // the key does not matter here
	if err != nil {
		return err
	}
	if paths.encode == nil {
		return nil
	}
	if _, err := paths.encode(row{number: 1, email: "a@example.com"}); err != nil {
		return fmt.Errorf("-return-path: cannot be used with -verp %s: %s", o.verp, strings.TrimPrefix(err.Error(), "verp: "))
	}
	return nil
}

// keyedPaths reports that the return paths are made with a key.
func (o *pathOptions) keyedPaths() bool {
	_, err := verp.ParseMode(o.verp)
	return err == nil
}
