package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// checkLimits reads -rate and -domain-rate, and checks -max-lifetime.
func (o *options) checkLimits() (err error) {
	for _, s := range o.rateTexts {
		if o.rates, err = addRate(o.rates, s); err != nil {
			return fmt.Errorf("-rate: %w", err)
		}
	}
	for _, s := range o.domainRateTexts {
		if err := o.addDomainRate(s); err != nil {
			return fmt.Errorf("-domain-rate: %w", err)
		}
	}
	if err := checkDomains(o.domains); err != nil {
		return fmt.Errorf("-domain-rate: %w", err)
	}
	if o.given["max-lifetime"] && o.maxLifetime <= 0 {
		return fmt.Errorf("-max-lifetime: %v is not above zero", o.maxLifetime)
	}
	return nil
}

// addRate reads a rate and adds it to those that hold beside it.
func addRate(rates []pool.Rate, s string) ([]pool.Rate, error) {
	r, err := pool.ParseRate(s)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "pool: "))
	}
	if i := slices.IndexFunc(rates, func(other pool.Rate) bool { return other.Per == r.Per }); i >= 0 {
		return nil, fmt.Errorf("%s and %s: one of a unit is enough", rates[i], r)
	}
	return append(rates, r), nil
}

// addDomainRate reads domain=n/unit.
func (o *options) addDomainRate(s string) error {
	domain, rate, ok := strings.Cut(s, "=")
	domain = strings.ToLower(domain)
	if !ok || domain == "" {
		return fmt.Errorf("%q is not of the form domain=n/unit", s)
	}
	i := slices.IndexFunc(o.domains, func(l pool.DomainLimit) bool { return l.Domains[0] == domain })
	if i < 0 {
		i = len(o.domains)
		o.domains = append(o.domains, pool.DomainLimit{Domains: []string{domain}})
	}
	rates, err := addRate(o.domains[i].Rates, rate)
	if err != nil {
		return fmt.Errorf("%s: %w", domain, err)
	}
	o.domains[i].Rates = rates
	return nil
}

// checkDomains has the pool look at the domains.
func checkDomains(domains []pool.DomainLimit) error {
	c := pool.Config{Relay: smtpclient.Config{Addr: "relay.example:25"}, Domains: domains}
	err := c.Validate()
	var field *pool.FieldError
	if errors.As(err, &field) {
		return errors.New(field.Reason)
	}
	return err
}

// checkMetrics checks the form of -metrics. Whether the address can be had shows
// when it is listened on.
func (o *options) checkMetrics() error {
	if !o.given["metrics"] {
		return nil
	}
	if o.dryRun != "" {
		return errors.New("-metrics: of no use with -dry-run")
	}
	if _, port, err := net.SplitHostPort(o.metrics); err != nil || port == "" {
		return fmt.Errorf("-metrics: %q is not of the form host:port", o.metrics)
	}
	return nil
}
