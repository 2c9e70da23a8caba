package preflight

import "fmt"

// A Finding is one thing that a receiver would hold against the message.
type Finding struct {
	Kind     Kind
	Severity Severity
	// Where is what it is about: the name of a header field, "line 12", a part of
	// the body such as "part 1.2 (text/html)", a DNS name, or "message".
	Where string
	// Text says what is wrong there, in one line.
	Text string
}

// String returns the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s [%s]", f.Severity, f.Where, f.Text, f.Kind)
}

// A Severity says how much a finding matters.
type Severity uint8

const (
	// Warning: the mail arrives, but is trusted less, or looks other than it
	// should.
	Warning Severity = iota
	// Error: some receivers refuse the mail, or file it as spam, or cannot read
	// it.
	Error
)

// String returns "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// A Kind is what a finding is an instance of.
type Kind string

// The form of the message (RFC 5322).
const (
	BareNewline    Kind = "bare-newline"     // a CR or LF that stands alone
	LongLine       Kind = "long-line"        // a line of more than 998 octets
	NulOctet       Kind = "nul-octet"        // a NUL
	TooLarge       Kind = "too-large"        // more than Config.MaxSize
	BadHeader      Kind = "bad-header"       // a line that is no header field, or no end of the header
	EightBitHeader Kind = "eight-bit-header" // not ASCII, without SMTPUTF8
	MissingField   Kind = "missing-field"    // a header field that should be there is not, or is empty
	DuplicateField Kind = "duplicate-field"  // one that may stand once stands there twice
	BadAddress     Kind = "bad-address"      // an address field that cannot be read, or a return path
	SeveralFrom    Kind = "several-from"     // From has several addresses, which neither Gmail nor DMARC takes
	BccField       Kind = "bcc-field"        // everybody sees who had a blind copy
	BadDate        Kind = "bad-date"         // Date cannot be read
	DateFarOff     Kind = "date-far-off"     // Date is a day or more away from now
	BadMessageID   Kind = "bad-message-id"   // Message-ID is not <left@right>
)

// The body (RFC 2045, RFC 2046).
const (
	BadMIME           Kind = "bad-mime"           // the structure or an encoding is broken
	EightBitBody      Kind = "eight-bit-body"     // 8-bit octets in a part that does not say 8bit
	NoContent         Kind = "no-content"         // neither text nor HTML
	NoText            Kind = "no-text"            // HTML, and nothing to read without it
	LargeHTML         Kind = "large-html"         // more than Gmail shows: 102 KB
	BrokenCID         Kind = "broken-cid"         // a cid: link to a part that is not there
	ActiveHTML        Kind = "active-html"        // scripts, frames, forms: taken out, or a sign of fraud
	BlockedAttachment Kind = "blocked-attachment" // of a type that Gmail and Outlook refuse
)

// Unsubscription (RFC 2369, RFC 8058), asked of bulk mail by Gmail and Yahoo.
const (
	NoUnsubscribe       Kind = "no-unsubscribe"       // no List-Unsubscribe
	BadUnsubscribe      Kind = "bad-unsubscribe"      // List-Unsubscribe cannot be read, or has several HTTPS URIs
	InsecureUnsubscribe Kind = "insecure-unsubscribe" // an http: URI
	NoOneClick          Kind = "no-one-click"         // no HTTPS URI, or no good List-Unsubscribe-Post
	UnsubscribeUnsigned Kind = "unsubscribe-unsigned" // one of both fields is in no signature
)

// Authentication (RFC 6376, RFC 7208, RFC 7489), asked of bulk mail by Gmail,
// Yahoo and Outlook.
const (
	NoDKIM              Kind = "no-dkim"               // not signed
	BadDKIM             Kind = "bad-dkim"              // a signature that nobody takes
	DKIMUnaligned       Kind = "dkim-unaligned"        // no signature is of From's domain
	ReturnPathUnaligned Kind = "return-path-unaligned" // nor does SPF speak for From's domain

	// These are found in the DNS only.
	NoDKIMKey    Kind = "no-dkim-key"   // the public key is not in the DNS
	DKIMFails    Kind = "dkim-fails"    // the signature does not verify with the key in the DNS
	DKIMTesting  Kind = "dkim-testing"  // the key says that it is a test: t=y
	NoSPF        Kind = "no-spf"        // the return path's domain has no SPF record
	BadSPF       Kind = "bad-spf"       // several records, too many look-ups, or everybody may send
	NoDMARC      Kind = "no-dmarc"      // From's domain has no DMARC record
	BadDMARC     Kind = "bad-dmarc"     // several records, or no policy
	LookupFailed Kind = "lookup-failed" // the DNS has not answered
)

// warnings are the kinds that are no errors.
var warnings = map[Kind]bool{
	BadMessageID: true, DateFarOff: true, NoText: true, LargeHTML: true, ActiveHTML: true,
	ReturnPathUnaligned: true, DKIMTesting: true, LookupFailed: true,
}
