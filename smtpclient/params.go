package smtpclient

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// DSNReturn is the RET parameter of MAIL: what a delivery status notification
// of failure is to bring back (RFC 3461 4.3).
type DSNReturn string

// Values of Mail.Return. The zero value leaves it to the server.
const (
	ReturnFull    DSNReturn = "FULL" // the whole message
	ReturnHeaders DSNReturn = "HDRS" // its headers
)

// DSNNotify is the NOTIFY parameter of RCPT: when a delivery status
// notification is wanted (RFC 3461 4.1). The zero value leaves it to the
// server, which then notifies of failure and, perhaps, delay.
type DSNNotify uint8

// Values of Recipient.Notify. The first three can be combined with |;
// NotifyNever stands alone.
const (
	NotifySuccess DSNNotify = 1 << iota
	NotifyFailure
	NotifyDelay
	NotifyNever
)

func (n DSNNotify) valid() bool {
	return n <= NotifySuccess|NotifyFailure|NotifyDelay || n == NotifyNever
}

// String returns the parameter's value: "NEVER", "SUCCESS,FAILURE", …
func (n DSNNotify) String() string {
	if n == NotifyNever {
		return "NEVER"
	}
	var words []string
	for i, w := range [...]string{"SUCCESS", "FAILURE", "DELAY"} {
		if n&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, ",")
}

// Limits of RFC 3461 4.4 and 4.2, in octets of the encoded value.
const (
	maxEnvelopeID        = 100
	maxOriginalRecipient = 500
)

// checkEnvelopeID checks an ENVID: printable ASCII.
func checkEnvelopeID(id string) error {
	for i := 0; i < len(id); i++ {
		if id[i] < ' ' || id[i] > '~' {
			return refuse(ErrBadParameter, "ENVID %q: not printable ASCII", id)
		}
	}
	if len(appendXtext(nil, id)) > maxEnvelopeID {
		return refuse(ErrBadParameter, "ENVID %q: longer than 100 octets", id)
	}
	return nil
}

// checkXVERP checks Postfix's delimiters: they are always sent, since what the
// server has for its own could not be known when a bounce comes.
func checkXVERP(delimiters, from string) error {
	switch {
	case delimiters == "":
		return nil
	case len(delimiters) != 2 || strings.Trim(delimiters, "-=+") != "":
		return refuse(ErrBadParameter, "XVERP %q: not two characters out of \"-=+\"", delimiters)
	case from == "":
		return refuse(ErrBadParameter, "XVERP with the null reverse-path")
	}
	return nil
}

// checkOriginalRecipient checks an ORCPT address.
func checkOriginalRecipient(who string) error {
	if who == "" {
		return nil
	}
	for i := 0; i < len(who); i++ {
		if c := who[i]; c < ' ' || c == 0x7f {
			return refuse(ErrBadParameter, "ORCPT %q: control character", who)
		}
	}
	if !utf8.ValidString(who) {
		return refuse(ErrBadParameter, "ORCPT %q: not UTF-8", who)
	}
	if len(appendORCPT(nil, who)) > maxOriginalRecipient {
		return refuse(ErrBadParameter, "ORCPT %q: longer than 500 octets", who)
	}
	return nil
}

// appendORCPT writes an original recipient: "rfc822;" and xtext, or "utf-8;"
// and RFC 6533 3's utf-8-addr-xtext, which is ASCII and so needs no SMTPUTF8.
func appendORCPT(b []byte, who string) []byte {
	if address.IsASCII(who) {
		return appendXtext(append(b, "rfc822;"...), who)
	}
	b = append(b, "utf-8;"...)
	for _, r := range who {
		switch {
		case r >= utf8.RuneSelf || r == '\\' || r == '+' || r == '=' || r == ' ':
			b = fmt.Appendf(b, `\x{%X}`, r)
		default:
			b = append(b, byte(r))
		}
	}
	return b
}

// appendXtext writes s as xtext (RFC 3461 4).
func appendXtext(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || c == '+' || c == '=' {
			b = append(b, '+', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}
