package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// list returns what the mails say of the list.
func (o *options) list() (message.List, error) {
	list := message.List{ID: o.listID}
	if open := strings.LastIndexByte(o.listID, '<'); open >= 0 && strings.HasSuffix(o.listID, ">") {
		list.Name = strings.Trim(o.listID[:open], ` "`)
		list.ID = strings.TrimSuffix(o.listID[open+1:], ">")
	}
	if o.unsubscribeURL == "" {
		return list, nil
	}
	keys, err := readUnsubscribeKeys(o.unsubscribeKey)
	if err != nil {
		return list, fmt.Errorf("-unsubscribe-key: %w", err)
	}
	list.OneClick, err = message.NewOneClick(message.OneClickConfig{URL: o.unsubscribeURL, Keys: keys, List: list.ID})
	var field *message.FieldError
	if errors.As(err, &field) && strings.HasSuffix(field.Field, ".URL") {
		return list, fmt.Errorf("-unsubscribe-url: not an https URL that can stand in a mail: %s", field.Detail)
	}
	if err != nil {
		return list, fmt.Errorf("-unsubscribe-key: %w", err)
	}
	return list, nil
}

// readUnsubscribeKeys reads a key file as examples/newsletter has it: a line of hex
// digits for each key, besides empty lines and those that begin with '#'. If there
// is none, a key is made up and forgotten: a look changes nothing. Errors never
// say what is in a line.
func readUnsubscribeKeys(name string) (keys [][]byte, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return [][]byte{[]byte(rand.Text())}, nil
	}
	if err != nil {
		return nil, err
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, err := hex.DecodeString(line)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: not a key in hex digits", name, number)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: no key in it", name)
	}
	return keys, nil
}

// useKeys reads the keys to sign with, if there are any.
func (c *content) useKeys(o *options) error {
	if len(o.dkimKeys) == 0 {
		return nil
	}
	domain := cmp.Or(o.dkimDomain, o.from.Addr[strings.LastIndexByte(o.from.Addr, '@')+1:])
	var keys []dkim.Key
	for i, name := range o.dkimKeys {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("-dkim-key: %w", err)
		}
		signer, err := dkim.ParseKey(data)
		if err != nil {
			return fmt.Errorf("-dkim-key: %s: %w", name, err)
		}
		key := dkim.Key{Domain: domain, Selector: o.dkimSelectors[i], Signer: signer}
		record, err := key.Record()
		if err != nil {
			return fmt.Errorf("-dkim-selector, -dkim-domain: %w", err)
		}
		keys, c.records = append(keys, key), append(c.records, record)
	}
	var err error
	if c.signer, err = dkim.New(dkim.Config{Keys: keys}); err != nil {
		return fmt.Errorf("-dkim-key, -dkim-selector: %w", err)
	}
	return nil
}
