package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/verp"
)

// A decoder finds the recipient in a return path.
type decoder func(path string) (recipient string, err error)

// verpDecoder returns a decoder for the return paths of all senders, nil if
// there are none.
func (o *options) verpDecoder() (decoder, error) {
	if len(o.returnPaths) == 0 {
		return nil, o.checkNoVERP()
	}
	// What "news" has made can be read as made by "n", not the other way round.
	slices.SortStableFunc(o.returnPaths, func(a, b string) int {
		return strings.LastIndexByte(b, '@') - strings.LastIndexByte(a, '@')
	})
	var (
		list []decoder
		err  error
	)
	if o.keyed() {
		list, err = o.signers()
	} else {
		list, err = o.codecs()
	}
	if err != nil {
		return nil, err
	}
	return func(path string) (string, error) {
		var errs []error
		for _, decode := range list {
			recipient, err := decode(path)
			if err == nil {
				return recipient, nil
			}
			errs = append(errs, err)
		}
		return "", errors.Join(errs...)
	}, nil
}

// keyed reports a form that has tokens.
func (o *options) keyed() bool {
	return o.verp == verp.TokenMode.String() || o.verp == verp.AutoMode.String()
}

// checkNoVERP reports a flag that needs -return-path.
func (o *options) checkNoVERP() error {
	switch {
	case o.keyed():
		return fmt.Errorf("-verp %s: needs -return-path", o.verp)
	case o.verpIDs != "":
		return errors.New("-verp-ids: needs -return-path and -verp token or auto")
	}
	return nil
}

// codecs returns the decoders of readable paths.
func (o *options) codecs() (list []decoder, err error) {
	if o.verpIDs != "" {
		return nil, errors.New("-verp-ids: is for tokens, and needs -verp token or auto")
	}
	codec := verp.Codec{Delimiters: o.verpDelimiters}
	switch o.verp {
	case verp.Classic.String():
	case verp.Escaped.String():
		codec.Form = verp.Escaped
	default:
		return nil, fmt.Errorf("-verp: %q is none of classic, escaped, token and auto", o.verp)
	}
	if err := codec.Validate(); err != nil {
		return nil, fmt.Errorf("-verp-delimiters: %w", err)
	}
	for _, sender := range o.returnPaths {
		if _, err := codec.Encode(sender, "a@b.example"); err != nil && !errors.Is(err, verp.ErrTooLong) {
			return nil, fmt.Errorf("-return-path: %w", err)
		}
		list = append(list, func(path string) (string, error) { return codec.Decode(sender, path) })
	}
	return list, nil
}

// signers returns the decoders of tokens. The keys are not made where there are
// none: new ones have signed nothing.
func (o *options) signers() (list []decoder, err error) {
	mode, err := verp.ParseMode(o.verp)
	if err != nil {
		return nil, fmt.Errorf("-verp: %w", err)
	}
	keys, err := verp.ReadKeyFile(o.verpKey)
	if err != nil {
		return nil, fmt.Errorf("-verp-key: %w", err)
	}
	ids, err := readIDs(o.verpIDs)
	if err != nil {
		return nil, err
	}
	codec := verp.Codec{Delimiters: o.verpDelimiters}
	if err := codec.Validate(); err != nil {
		return nil, fmt.Errorf("-verp-delimiters: %w", err)
	}
	for _, sender := range o.returnPaths {
		signer, err := verp.NewSigner(verp.SignerConfig{Sender: sender, Keys: keys, Mode: mode, Codec: codec})
		if err != nil {
			return nil, fmt.Errorf("-return-path: %w", err)
		}
		list = append(list, func(path string) (string, error) {
			p, err := signer.Decode(path)
			if err != nil || p.Recipient != "" {
				return p.Recipient, err
			}
			return ids.address(p.Subject)
		})
	}
	return list, nil
}

// doubt returns what is wrong with the token that a mail came back to, "" if
// nothing is.
func doubt(r *bounce.Report) string {
	for _, e := range []error{verp.ErrForged, verp.ErrExpired, errNoRow} {
		if errors.Is(r.VERPErr, e) {
			return e.Error()
		}
	}
	return ""
}

// believes reports whether a report may suppress an address. Where all mail went
// out under tokens, what brings none back, or one that is not genuine, may be
// anybody's invention; where readable paths went out, anybody can write them too.
func (o *options) believes(r *bounce.Report) bool {
	if !r.Kind.IsBounce() && r.Kind != bounce.Feedback {
		return true // it suppresses nobody
	}
	return o.verp != verp.TokenMode.String() || r.WhoSource == bounce.FromVERP
}
