package message

import (
	"errors"
	"fmt"
	"strconv"
)

// The reasons of a [FieldError], for errors.Is.
var (
	// ErrNoFrom: From has no address.
	ErrNoFrom = errors.New("no From address")
	// ErrNoRecipients: Envelope found nobody in To, Cc and Bcc.
	ErrNoRecipients = errors.New("no recipients")
	// ErrBadAddress: not an addr-spec of RFC 5322 3.4.1 or RFC 6532, or longer
	// than the 254 octets that a path may have (RFC 5321 4.5.3.1.3).
	ErrBadAddress = errors.New("bad address")
	// ErrBadHeaderName: not a field name of RFC 5322 3.6.8, or over 76 octets.
	ErrBadHeaderName = errors.New("bad header name")
	// ErrBadHeaderValue: CR, LF, NUL, another control character or invalid
	// UTF-8 in what goes into the header.
	ErrBadHeaderValue = errors.New("bad header value")
	// ErrReservedHeader: a header that the Message's own fields write, or that
	// only a delivering server may.
	ErrReservedHeader = errors.New("header is set by other means")
	// ErrDuplicateHeader: a header that may stand in a message only once.
	ErrDuplicateHeader = errors.New("duplicate header")
	// ErrBadMessageID: not a msg-id of RFC 5322 3.6.4.
	ErrBadMessageID = errors.New("bad message ID")
	// ErrBadDate: a year outside 1900 to 9999.
	ErrBadDate = errors.New("bad date")
	// ErrBadText: NUL or invalid UTF-8 in a body.
	ErrBadText = errors.New("bad text")
	// ErrBadFilename: a control character or invalid UTF-8 in a file name.
	ErrBadFilename = errors.New("bad file name")
	// ErrBadContentType: not a media type, or one that an attachment cannot have.
	ErrBadContentType = errors.New("bad content type")
	// ErrBadContentID: missing where it is needed, used twice, or with control
	// characters.
	ErrBadContentID = errors.New("bad content ID")
	// ErrBadCalendar: not an iCalendar object, or one of another method.
	ErrBadCalendar = errors.New("bad calendar")
	// ErrBadBoundary: a character that Message.Boundary cannot have, or a
	// boundary that an attached message has as well.
	ErrBadBoundary = errors.New("bad boundary")
	// ErrBadList: a value that a field of a List cannot have.
	ErrBadList = errors.New("bad list")
	// ErrNotLiteral: a field of TemplateConfig.Message that differs from recipient
	// to recipient and has its place in TemplateConfig or Recipient.
	ErrNotLiteral = errors.New("not the same for all recipients")
	// ErrBadFunc: a function that templates cannot call.
	ErrBadFunc = errors.New("bad function")
	// ErrTooLong: a value that cannot be folded into lines of 998 octets.
	ErrTooLong = errors.New("too long for a line")
)

// ErrMissingField is the reason of a [TemplateError] for a template that uses
// a field which the data lack.
var ErrMissingField = errors.New("missing field")

// A FieldError says which field of a Message cannot stand in a mail, and why.
// Nothing has been built when it is returned.
type FieldError struct {
	Field  string // as Message spells it: "From", "ReplyTo[3]", "Headers[0].Name", "Attachments[1].Filename"
	Reason error  // one of the Err… values of this package
	Detail string // the value or what is wrong with it; may be empty
}

// Error names the field, the reason and the detail.
func (e *FieldError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("message: %s: %v", e.Field, e.Reason)
	}
	return fmt.Sprintf("message: %s: %v: %s", e.Field, e.Reason, e.Detail)
}

// Unwrap returns the reason.
func (e *FieldError) Unwrap() error { return e.Reason }

// A TemplateError says which part of a template failed, and where.
type TemplateError struct {
	Part   string // "subject", "text", "html", "amp", or "header " and its name
	Line   int    // from 1; 0 when not known
	Column int    // in octets, from 1; 0 when not known
	Field  string // the missing field with ErrMissingField, else empty
	Err    error  // ErrMissingField, or what text/template or html/template said
}

// Error names part, position and cause.
func (e *TemplateError) Error() string {
	at := e.Part
	if e.Line > 0 {
		at += ":" + strconv.Itoa(e.Line)
	}
	if e.Column > 0 {
		at += ":" + strconv.Itoa(e.Column)
	}
	if e.Field != "" {
		return fmt.Sprintf("message: template %s: %v %q", at, e.Err, e.Field)
	}
	return fmt.Sprintf("message: template %s: %v", at, e.Err)
}

// Unwrap returns the cause.
func (e *TemplateError) Unwrap() error { return e.Err }

// excerpt quotes s for an error text, not more of it than one wants to read.
func excerpt(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
