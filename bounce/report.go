package bounce

import (
	"fmt"
	"time"
)

// A Kind is what a mail is, of those that come to the return path and to the
// abuse and postmaster mailboxes of a sender.
type Kind uint8

const (
	// Other is everything else: replies by people, list mail, read receipts
	// (RFC 8098), reports on TLS and DMARC.
	Other Kind = iota
	// DSN is a delivery status notification with a part of the type
	// message/delivery-status (RFC 3464) or message/global-delivery-status
	// (RFC 6533). It may also tell of success, see Recipient.Action.
	DSN
	// Bounce is any other notice of mail that did not arrive, or not yet.
	Bounce
	// Feedback is a complaint or another report in the format of RFC 5965 (ARF),
	// or in one of those that came before it.
	Feedback
	// AutoReply is what a machine wrote on behalf of a recipient that has got the
	// mail: vacation notes, receipts of a ticket, challenges (RFC 3834).
	AutoReply
)

var kindNames = [...]string{"other", "dsn", "bounce", "feedback", "auto-reply"}

// String returns the kind's name: other, dsn, bounce, feedback or auto-reply.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// IsBounce reports whether k is DSN or Bounce.
func (k Kind) IsBounce() bool { return k == DSN || k == Bounce }

// An Action is what the reporting MTA did, in the words of RFC 3464 2.3.3. It is
// empty where the mail does not say.
type Action string

// The actions.
const (
	Failed    Action = "failed"
	Delayed   Action = "delayed"
	Delivered Action = "delivered"
	Relayed   Action = "relayed"  // to a system that reports no success
	Expanded  Action = "expanded" // to the members of a list or an alias
)

// A Source says by what a recipient was identified.
type Source uint8

const (
	// FromReport: by the address in the report itself.
	FromReport Source = iota
	// FromVERP: by the return path, see Config.VERP.
	FromVERP
	// FromHeader: by the sender's own field in the returned message, see
	// Config.HeaderField.
	FromHeader
)

// String returns report, verp or header.
func (s Source) String() string {
	switch s {
	case FromVERP:
		return "verp"
	case FromHeader:
		return "header"
	}
	return "report"
}

// A Report is what one mail says.
type Report struct {
	Kind Kind

	// Recipients are those that a DSN, a bounce or a feedback report is about, in
	// the order of the mail, each once. There may be none: some mails do not say.
	// Other kinds have none, but see Who.
	Recipients []Recipient

	// Who is the recipient of the sender's mail whom this mail is about or comes
	// from, if one is known for the mail as a whole: by VERP or by the sender's
	// own header field; for a report, else, by its only recipient. For an
	// auto-reply it is found by VERP alone.
	Who       string
	WhoSource Source
	// VERPErr joins the errors of Config.VERP if it was asked and named nobody,
	// one for each path that it was asked about: one of a forged path, for
	// errors.Is, if its errors tell that. Nil else.
	VERPErr error

	// Subject, From, MessageID and Date are the fields of this mail. From is the
	// address alone. Date is zero if there is none that can be read.
	Subject   string
	From      string
	MessageID string // without angle brackets
	Date      time.Time
	// Received is when this mail came in, by its topmost Received field; zero if
	// there is none that can be read.
	Received time.Time

	// ReportingMTA is the name of the system that reports, without the type that
	// stands before it in a DSN.
	ReportingMTA string
	// EnvelopeID is the ENVID that the sender gave (RFC 3461 4.4).
	EnvelopeID string

	// Feedback is set for the kind Feedback.
	Feedback *FeedbackReport

	// Original is what came back of the message, nil if nothing did.
	Original *Original

	// Truncated: the mail was longer than Config.MaxSize, or deeper than
	// Config.MaxDepth, and only what is within was read.
	Truncated bool
}

// A Recipient is what a report says of one recipient. Addresses are as in the
// mail, without angle brackets; the type before them, comments and source routes
// are off, and encodings (RFC 2047, RFC 6533 \x{…}) undone.
type Recipient struct {
	// Address is the one that the mail is about: the final recipient, or the
	// original one where the final one is no mail address.
	Address string
	// Final and Original are Final-Recipient and Original-Recipient, or what a
	// free text says instead ("expanded from"). After an alias or a forward they
	// differ: Original is the one that the sender knows.
	Final, Original string

	// Who is the recipient as the sender knows it: by VERP, else by the sender's
	// own header field, else Original, else Address. WhoSource tells by what.
	Who       string
	WhoSource Source

	Action Action
	// Status is the enhanced status code (RFC 3463) that the mail has for this
	// recipient, "" if it has none. Of several the most specific counts: one in
	// the words of the remote server before a Status field of 5.0.0.
	Status string
	// Code is the SMTP reply code, 400 to 599 (200 to 299 for success); 0 if the
	// mail has none.
	Code int
	// Diagnostic is what the remote server or the reporting MTA said, on one
	// line, in UTF-8, at most 1,000 octets.
	Diagnostic string
	// Class is the reason, see Class. Undefined if the mail gives none.
	Class Class

	RemoteMTA string
	// LastAttempt and RetryUntil (Will-Retry-Until) are zero if not given.
	LastAttempt, RetryUntil time.Time
}

// Hard reports whether the mail says that the address or its domain cannot
// receive mail: no such mailbox, no such domain, moved away. known is false where
// the mail does not say, or says what can mean either.
//
// This is about the address. A 5yz for spam, size or policy is not hard, nor is
// a delay.
func (r *Recipient) Hard() (hard, known bool) {
	switch r.Action {
	case Delayed, Delivered, Relayed, Expanded:
		return false, true
	}
	return r.Class.Hard()
}

// An Original is what came back of the message that was sent.
type Original struct {
	MessageID string // without angle brackets
	Subject   string // decoded
	From, To  string // the fields, decoded, as they are
	// Header is the header as it came back, with LF line ends; at most 64 KiB.
	Header string
}

// Field returns the value of the first field of that name in the header,
// unfolded, "" if there is none.
func (o *Original) Field(name string) string {
	if o == nil {
		return ""
	}
	h, _ := parseHeader(o.Header)
	return h.get(name)
}

// A FeedbackReport has the fields of RFC 5965 3.1 and 3.2 that matter to a
// sender.
type FeedbackReport struct {
	// Type is the Feedback-Type in lower case: abuse, fraud, virus, not-spam,
	// opt-out, auth-failure (RFC 6591), other; "" for formats that have none.
	Type        string
	UserAgent   string
	MailFrom    string // Original-Mail-From, without angle brackets
	SourceIP    string
	AuthFailure string // RFC 6591 3.1, in lower case: adsp, bodyhash, dkim, dmarc, spf, …
	Domain      string // the first Reported-Domain
	ArrivalDate time.Time
	Incidents   int // how many mails it stands for; at least 1
}
