package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// newSigner reads the keys and makes what signs with them; nil if there are none.
func newSigner(o *options) (*dkim.Signer, []dkim.Key, error) {
	if len(o.dkimKeys) == 0 {
		return nil, nil, nil
	}
	domain := cmp.Or(o.dkimDomain, o.from.Addr[strings.LastIndexByte(o.from.Addr, '@')+1:])
	var keys []dkim.Key
	for i, name := range o.dkimKeys {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, fmt.Errorf("-dkim-key: %w", err)
		}
		signer, err := dkim.ParseKey(data)
		if err != nil {
			return nil, nil, fmt.Errorf("-dkim-key: %s: %w", name, err)
		}
		keys = append(keys, dkim.Key{Domain: domain, Selector: o.dkimSelectors[i], Signer: signer})
	}
	signer, err := dkim.New(dkim.Config{Keys: keys})
	if err != nil {
		return nil, nil, blameDKIM(err)
	}
	return signer, keys, nil
}

// blameDKIM names the flag that a field of the config comes from.
func blameDKIM(err error) error {
	var config *dkim.ConfigError
	if !errors.As(err, &config) {
		return err
	}
	name := "-dkim-key"
	switch {
	case strings.HasSuffix(config.Field, ".Selector"):
		name = "-dkim-selector"
	case strings.HasSuffix(config.Field, ".Domain"):
		name = "-dkim-domain"
	}
	return fmt.Errorf("%s: %w", name, config.Err)
}
