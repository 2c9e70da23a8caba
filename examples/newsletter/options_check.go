package main

import (
	"errors"
	"flag"
)

// CheckOptions are the flags about the look at the first mails.
type checkOptions struct {
	check, checkDNS bool
}

func (o *checkOptions) flags(f *flag.FlagSet) {
	f.BoolVar(&o.check, "check", false, "before sending, tell what receivers would hold against the first mails; errors end the run")
	f.BoolVar(&o.checkDNS, "check-dns", false, "with -check, look the records for SPF, DKIM and DMARC up as well")
}

func (o *options) checkChecks() error {
	if o.checkDNS && !o.check {
		return errors.New("-check-dns: needs -check")
	}
	return nil
}
