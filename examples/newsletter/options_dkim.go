package main

import (
	"errors"
	"flag"
	"fmt"
)

// DKIMOptions are the flags about signing.
type dkimOptions struct {
	dkimKeys      []string // names of files
	dkimSelectors []string // one for each
	dkimDomain    string   // From's if it was not given
}

func (o *dkimOptions) flags(f *flag.FlagSet) {
	f.Func("dkim-key", "PEM `file` with an RSA or Ed25519 key to sign with; may be repeated, each makes a signature", into(&o.dkimKeys))
	f.Func("dkim-selector", "`name` under which the key is in the DNS; one for each -dkim-key, in the same order", into(&o.dkimSelectors))
	f.StringVar(&o.dkimDomain, "dkim-domain", "", "`domain` that signs (default that of -from)")
}

// checkDKIM checks which flags are there. What they say is looked at when the keys
// are read.
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
