package main

import (
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/verp"
)

const verpOff = "off"

// ReturnPaths makes the return path for each recipient.
type returnPaths struct {
	plain  string
	encode func(row) (string, error) // nil: every mail has the plain one
}

// openReturnPaths reads the key file if the return paths need one. If there is
// none, it is made.
func openReturnPaths(o *options) (returnPaths, error) {
	if !o.keyedPaths() {
		return newReturnPaths(o)
	}
	ring, err := verp.OpenKeyFile(o.verpKey)
	if err != nil {
		return returnPaths{}, fmt.Errorf("-verp-key: %w", err)
	}
	return keyedReturnPaths(o, ring)
}

// newReturnPaths takes the keys for the forms that need some.
func newReturnPaths(o *options, keys ...verp.Key) (returnPaths, error) {
	switch o.verp {
	case verpOff:
		return returnPaths{plain: o.returnPath}, nil
	case verp.Classic.String():
		return readableReturnPaths(o, verp.Codec{}), nil
	case verp.Escaped.String():
		return readableReturnPaths(o, verp.Codec{Form: verp.Escaped}), nil
	}
	if !o.keyedPaths() {
		return returnPaths{}, fmt.Errorf("-verp: %q is none of off, classic, escaped, token and auto", o.verp)
	}
	ring, err := verp.NewKeyring(keys...)
	if err != nil {
		return returnPaths{}, err
	}
	return keyedReturnPaths(o, ring)
}

func readableReturnPaths(o *options, codec verp.Codec) returnPaths {
	return returnPaths{o.returnPath, func(to row) (string, error) {
		return codec.Encode(o.returnPath, to.email)
	}}
}

// keyedReturnPaths puts the number of the row in the place of an address that
// does not fit. Who reads the bounces then needs the same list of recipients.
func keyedReturnPaths(o *options, ring *verp.Keyring) (returnPaths, error) {
	mode, err := verp.ParseMode(o.verp)
	if err != nil {
		return returnPaths{}, fmt.Errorf("-verp: %w", err)
	}
	signer, err := verp.NewSigner(verp.SignerConfig{Sender: o.returnPath, Keys: ring, Mode: mode})
	if err != nil {
		return returnPaths{}, fmt.Errorf("-return-path: %s", strings.TrimPrefix(err.Error(), "verp: SignerConfig.Sender: "))
	}
	return returnPaths{o.returnPath, func(to row) (string, error) {
		path, err := signer.Encode(verp.Subject{Recipient: to.email})
		if err != nil {
			path, err = signer.Encode(verp.Subject{ID: verp.IntID(uint64(to.number))})
		}
		return path, err
	}}, nil
}

// of returns the return path for a recipient. named is false if it should name
// the recipient and cannot.
func (r returnPaths) of(to row) (path string, named bool) {
	if r.encode == nil {
		return r.plain, true
	}
	path, err := r.encode(to)
	if err != nil {
		return r.plain, false
	}
	return path, true
}
