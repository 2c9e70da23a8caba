package verp

import (
	"fmt"
	"strings"
)

// SplitXVERP is for mail that is the same for all its recipients and goes to a
// Postfix that offers XVERP: that server makes the return paths itself, and the
// mail needs one transaction in place of one for each recipient.
//
// It returns the delimiters for smtpclient.Mail.XVERP, and fit: the recipients
// for whom Postfix makes the very path that Encode makes, so that Decode reads
// it. The others need mail of their own, with a return path from Encode or a
// Signer: Postfix neither encodes an address nor looks at the length of what it
// makes.
//
// The error is ErrUnrepresentable for the Escaped form, which Postfix does not
// have, and for a sender that ends in the first delimiter or in "-@[]", which
// it takes as it is; else one of Encode's for the sender.
func (c Codec) SplitXVERP(sender string, recipients []string) (delimiters string, fit, others []string, err error) {
	o, err := c.origin(sender)
	if err != nil {
		return "", nil, nil, err
	}
	delimiters = c.delimiters()
	at := strings.LastIndexByte(sender, '@')
	prefix := sender[:at] + delimiters[:1]
	switch {
	case c.Form != Classic:
		return "", nil, nil, fmt.Errorf("%w: Postfix has no %s form", ErrUnrepresentable, c.Form)
	case !strings.EqualFold(prefix, o.prefix):
		return "", nil, nil, fmt.Errorf("%w: Postfix would add a delimiter to sender %q", ErrUnrepresentable, sender)
	}
	for _, r := range recipients {
		path, err := c.Encode(sender, r)
		i := strings.LastIndexByte(r, '@')
		if err == nil && strings.EqualFold(path, prefix+r[:i]+delimiters[1:]+r[i+1:]+sender[at:]) {
			fit = append(fit, r)
		} else {
			others = append(others, r)
		}
	}
	return delimiters, fit, others, nil
}
