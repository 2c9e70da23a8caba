package main

import (
	"fmt"

	"github.com/bulksmtp/bulksmtp/verp"
)

// ReturnPaths makes the return path for each recipient.
type returnPaths struct {
	plain string
	codec *verp.Codec // nil: every mail has the plain one
}

func newReturnPaths(o *options) (returnPaths, error) {
	switch o.verp {
	case "off":
		return returnPaths{plain: o.returnPath}, nil
	case verp.Classic.String():
		return returnPaths{o.returnPath, &verp.Codec{}}, nil
	case verp.Escaped.String():
		return returnPaths{o.returnPath, &verp.Codec{Form: verp.Escaped}}, nil
	}
	return returnPaths{}, fmt.Errorf("-verp: %q is none of off, classic and escaped", o.verp)
}

// of returns the return path for a recipient. named is false if it should name
// the recipient and cannot.
func (r returnPaths) of(recipient string) (path string, named bool) {
	if r.codec == nil {
		return r.plain, true
	}
	path, err := r.codec.Encode(r.plain, recipient)
	if err != nil {
		return r.plain, false
	}
	return path, true
}
