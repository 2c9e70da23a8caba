package smtpclient

import (
	"slices"
	"strconv"
	"strings"
)

// A Mail is an envelope and the mail data that goes with it: what one call of
// Send hands to the server. It must not be altered before its Result is in.
type Mail struct {
	// From is the reverse-path, an address without angle brackets; "" is the
	// null reverse-path "<>", as bounces have it.
	From string
	// To are the forward-paths, at least one.
	To []Recipient
	// Content is the message as RFC 5322 and MIME have it, headers and body.
	// It is sent as it is, apart from dot-stuffing, a CRLF at its end if there
	// is none, and what Config.BareNewlines says. Lines over 998 octets are
	// refused.
	Content []byte

	// SMTPUTF8 says that the headers hold UTF-8 (RFC 6532). Non-ASCII local
	// parts in From and To are noticed without it.
	SMTPUTF8 bool
	// RequireTLS asks that the message travel over TLS all the way (RFC 8689).
	RequireTLS bool
	// Return is DSN's RET; zero leaves it to the server.
	Return DSNReturn
	// EnvelopeID is DSN's ENVID, at most 100 octets of printable ASCII; "": none.
	EnvelopeID string
	// XVERP asks Postfix to deliver with a return path of its own for each
	// recipient, made of From and the address: one content, one transaction,
	// and each bounce tells whom it is about (VERP_README). It is the two
	// delimiters, out of "-=+", such as "+="; "": none. From must not be the null
	// reverse-path. verp.Codec.SplitXVERP says which recipients it is fit for.
	XVERP string
}

// A Recipient is a forward-path and its DSN parameters.
type Recipient struct {
	// Address is an address without angle brackets.
	Address string
	// Notify is DSN's NOTIFY; zero leaves it to the server.
	Notify DSNNotify
	// OriginalRecipient is DSN's ORCPT, an address; "": none.
	OriginalRecipient string
}

// Recipients makes recipients of addresses.
func Recipients(addresses ...string) []Recipient {
	to := make([]Recipient, len(addresses))
	for i, a := range addresses {
		to[i].Address = a
	}
	return to
}

// Check reports whether m could be sent over some session: paths, parameters
// and content are as RFC 5321 has them. What the server at hand takes is
// checked by Session.Start. The error is a *RefusedError.
func (m *Mail) Check(policy BareNewlines) error {
	return new(checkedMail).check(m, policy, nil)
}

// A checkedMail is a Mail whose every part may go over the wire.
type checkedMail struct {
	*Mail
	from     path
	to       []path
	first    [1]path // to's array for a single recipient
	content  content
	smtputf8 bool
	dsn      bool
}

// check fills c with m; memory is as in checkContent.
func (c *checkedMail) check(m *Mail, policy BareNewlines, memory *lineMemory) (err error) {
	c.Mail, c.smtputf8, c.dsn = m, m.SMTPUTF8, m.Return != "" || m.EnvelopeID != ""
	if err := c.checkPaths(); err != nil {
		return err
	}
	if m.Return != "" && m.Return != ReturnFull && m.Return != ReturnHeaders {
		return refuse(ErrBadParameter, "RET %q", m.Return)
	}
	if err := checkEnvelopeID(m.EnvelopeID); err != nil {
		return err
	}
	if err := checkXVERP(m.XVERP, m.From); err != nil {
		return err
	}
	c.content, err = checkContent(m.Content, policy, memory)
	return err
}

func (c *checkedMail) checkPaths() (err error) {
	if c.From != "" {
		if c.from, err = parsePath(c.From); err != nil {
			return err
		}
		c.smtputf8 = c.smtputf8 || c.from.UTF8
	}
	if len(c.To) == 0 {
		return refuse(ErrNoRecipients, "")
	}
	c.to = slices.Grow(c.first[:0], len(c.To))
	for i := range c.To {
		r := &c.To[i]
		p, err := parsePath(r.Address)
		if err != nil {
			return err
		}
		if !r.Notify.valid() {
			return refuse(ErrBadParameter, "NOTIFY %d", r.Notify)
		}
		if err := checkOriginalRecipient(r.OriginalRecipient); err != nil {
			return err
		}
		c.smtputf8 = c.smtputf8 || p.UTF8
		c.dsn = c.dsn || r.Notify != 0 || r.OriginalRecipient != ""
		c.to = append(c.to, p)
	}
	return nil
}

// fits reports whether the message can go to a server that offers e.
func (c *checkedMail) fits(e *Extensions, verifiedTLS bool) error {
	switch {
	case e.MaxSize > 0 && int64(len(c.content.data)) > e.MaxSize:
		return refuse(ErrTooLarge, "%d octets, the limit is %d", len(c.content.data), e.MaxSize)
	case c.smtputf8 && !e.SMTPUTF8:
		return refuse(ErrNeedsSMTPUTF8, "")
	case c.content.eightBit && !e.EightBitMIME:
		return refuse(ErrNeeds8BITMIME, "")
	case c.dsn && !e.DSN:
		return refuse(ErrNeedsDSN, "")
	case c.RequireTLS && !(e.RequireTLS && verifiedTLS):
		return refuse(ErrNeedsREQUIRETLS, "")
	case c.XVERP != "" && !e.XVERP:
		return refuse(ErrNeedsXVERP, "")
	}
	return nil
}

// appendMAIL writes the MAIL command, with the parameters that this message
// needs: servers exist that refuse needless ones.
func (c *checkedMail) appendMAIL(b []byte, e *Extensions) []byte {
	b = append(b, "MAIL FROM:<"...)
	b = append(c.from.append(b, c.smtputf8), '>')
	if e.Size {
		b = strconv.AppendInt(append(b, " SIZE="...), int64(len(c.content.data)), 10)
	}
	if c.content.eightBit {
		b = append(b, " BODY=8BITMIME"...)
	}
	if c.smtputf8 {
		b = append(b, " SMTPUTF8"...)
	}
	if c.Return != "" {
		b = append(append(b, " RET="...), c.Return...)
	}
	if c.EnvelopeID != "" {
		b = appendXtext(append(b, " ENVID="...), c.EnvelopeID)
	}
	if c.RequireTLS {
		b = append(b, " REQUIRETLS"...)
	}
	if c.XVERP != "" {
		b = append(append(b, " XVERP="...), c.XVERP...)
	}
	return append(b, crlf...)
}

// appendRCPT writes the RCPT command for recipient i.
func (c *checkedMail) appendRCPT(b []byte, i int) []byte {
	r := &c.To[i]
	b = append(b, "RCPT TO:<"...)
	b = append(c.to[i].append(b, c.smtputf8), '>')
	if r.Notify != 0 {
		b = append(append(b, " NOTIFY="...), r.Notify.String()...)
	}
	if r.OriginalRecipient != "" {
		b = appendORCPT(append(b, " ORCPT="...), r.OriginalRecipient)
	}
	return append(b, crlf...)
}

// domainOf returns recipient i's domain for counting different ones.
func (c *checkedMail) domainOf(i int) string { return strings.ToLower(c.to[i].ASCII) }

// appendBDAT writes the command that sends the only chunk of a message.
func appendBDAT(b []byte, octets int) []byte {
	b = strconv.AppendInt(append(b, "BDAT "...), int64(octets), 10)
	return append(b, " LAST\r\n"...)
}
