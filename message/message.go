package message

import (
	"slices"
	"time"
)

// A Message is one mail. Fill the fields, then call Bytes and Envelope.
//
// It is a plain struct and not safe for concurrent use: the first call of Bytes
// sets Date and MessageID where they are zero. Two Messages may share slices.
type Message struct {
	// From is the author, the only field that must be set.
	From Address
	// Sender is who sends on the author's behalf (RFC 5322 3.6.2); zero means
	// the author. It is also the envelope's sender.
	Sender Address
	// To and Cc are named in the header. Both empty is legal: the header then
	// says "To: undisclosed-recipients:;".
	To, Cc []Address
	// Bcc are recipients of the envelope and never appear in the message.
	Bcc []Address
	// ReplyTo is where answers shall go, if not to From.
	ReplyTo []Address
	// ToGroup is the name of the empty group that To shows when To and Cc are
	// empty, such as "Recipient list suppressed"; empty means
	// "undisclosed-recipients".
	ToGroup string

	// Subject is text in any language.
	Subject string
	// Date is set to the present time by the first call of Bytes if it is zero.
	Date time.Time
	// MessageID stands with or without angle brackets. If it is empty, the
	// first call of Bytes sets it to a new one in From's domain.
	MessageID string
	// Headers are further header fields, written in this order.
	Headers []Header

	// List says which mailing list or campaign the message belongs to, and
	// writes its header fields; zero writes none.
	List List

	// Text and HTML are the body, either or both, in UTF-8 with any line
	// endings. Both make a multipart/alternative. A body that does not end in a
	// line end is given one.
	Text, HTML string
	// AMP is a further form of the HTML, in AMP for Email (text/x-amp-html).
	// Readers that do not know it show the HTML.
	AMP string
	// Calendar is an invitation, or an answer to one.
	Calendar Calendar
	// Inlines are shown by the HTML, which refers to them as "cid:" and their
	// ContentID.
	Inlines []Attachment
	// Attachments are listed with the message.
	Attachments []Attachment

	// Flowed lets readers wrap the lines of Text to their width (RFC 3676,
	// format=flowed). Lines over 76 characters are broken at spaces so that
	// readers join them again; spaces at line ends are lost.
	Flowed bool
	// EightBit leaves bodies and attached messages with characters beyond ASCII
	// as they are (RFC 6152), which is shorter. It is for a relay that is known
	// to offer 8BITMIME; to others smtpclient does not send such a message.
	EightBit bool
	// Boundary is part of what separates the parts: letters, digits, dots,
	// dashes, 60 at most. If it is empty, it is made from the Message-ID. It need not
	// be secret: nothing in a message can be mistaken for its boundary.
	Boundary string
}

// A Header is a further header field of a [Message].
//
// Fields that Message has a place for (From, Sender, Reply-To, To, Cc, Bcc,
// Subject, Date, Message-ID, MIME-Version, Content-…) are refused, and so are
// Return-Path and Resent-Bcc.
type Header struct {
	// Name has printable ASCII without colon or space, 76 octets at most.
	Name string
	// Value is folded at spaces and otherwise written as it is when it is
	// ASCII. Words of it that are not become encoded words (RFC 2047), which
	// suits text and the words before an angle bracket, not what stands
	// inside of one.
	Value string
}

// Bytes builds the message, checking all fields as Validate does before it
// builds anything; the error is a [*FieldError]. It sets Date and MessageID if
// they are zero, so that the next call gives the same bytes.
func (m *Message) Bytes() ([]byte, error) {
	return m.Append(nil)
}

// Append appends what Bytes returns to out. After an error that is out as it
// was.
func (m *Message) Append(out []byte) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return out, err
	}
	m.settle()
	built, err := m.appendHeader(slices.Grow(out, m.sizeHint()))
	if err == nil {
		built, err = m.appendBody(built)
	}
	if err != nil {
		return out, err
	}
	return built, nil
}

// settle gives the message what it keeps over all attempts to send it.
// The message has been validated.
func (m *Message) settle() {
	if m.Date.IsZero() {
		m.Date = time.Now()
	}
	if m.MessageID == "" {
		from, _ := parseMailbox(m.From.Addr)
		m.MessageID = NewMessageID(from.ASCII)
	}
}

// Envelope derives the SMTP envelope: the sender is Sender's address or From's,
// the recipients are those of To, Cc and Bcc in this order. An address that
// comes twice is taken once; domains are compared without regard to case and
// form (A-label or U-label), local parts octet by octet (RFC 5321 2.4).
// Addresses come out as the header shows them, with ASCII domains unless the
// local part is not ASCII. Without recipients the error is ErrNoRecipients.
func (m *Message) Envelope() (sender string, recipients []string, err error) {
	from, name := m.From, "From"
	if m.Sender.Addr != "" {
		from, name = m.Sender, "Sender"
	} else if m.From.Addr == "" {
		return "", nil, &FieldError{Field: "From", Reason: ErrNoFrom}
	}
	mb, err := parseMailbox(from.Addr)
	if err != nil {
		return "", nil, addressError(name, from.Addr, err)
	}
	seen := make(map[string]bool, len(m.To)+len(m.Cc)+len(m.Bcc))
	lists := m.addressLists()
	for _, list := range lists[:recipientLists] {
		for i, a := range list.addrs {
			rcpt, err := parseMailbox(a.Addr)
			if err != nil {
				return "", nil, addressError(element(list.name, i), a.Addr, err)
			}
			if key := rcpt.key(); !seen[key] {
				seen[key] = true
				recipients = append(recipients, rcpt.String())
			}
		}
	}
	if len(recipients) == 0 {
		return "", nil, &FieldError{Field: "To", Reason: ErrNoRecipients}
	}
	return mb.String(), recipients, nil
}

// NeedsSMTPUTF8 reports whether an address of the message, Bcc included, has a
// local part that is not ASCII. Such a message can only go through a server
// that offers SMTPUTF8 (RFC 6531), and its header may have 8-bit octets
// (RFC 6532). An internationalised domain alone does not need it.
func (m *Message) NeedsSMTPUTF8() bool {
	if m.From.NeedsSMTPUTF8() || m.Sender.NeedsSMTPUTF8() {
		return true
	}
	for _, list := range m.addressLists() {
		for _, a := range list.addrs {
			if a.NeedsSMTPUTF8() {
				return true
			}
		}
	}
	return false
}

// An addressList is a field of Message with its name for errors.
type addressList struct {
	name  string
	addrs []Address
}

// addressLists returns the recipients' lists first.
func (m *Message) addressLists() [4]addressList {
	return [...]addressList{{"To", m.To}, {"Cc", m.Cc}, {"Bcc", m.Bcc}, {"ReplyTo", m.ReplyTo}}
}

const recipientLists = 3

// sizeHint estimates the size of the message, so that a large one is not copied
// over and over while its buffer grows.
func (m *Message) sizeHint() int {
	n := 2048 + 80*(len(m.To)+len(m.Cc)) + (len(m.Text)+len(m.HTML)+len(m.AMP)+2*len(m.Calendar.Content))*5/4
	for _, list := range [][]Attachment{m.Inlines, m.Attachments} {
		for _, a := range list {
			n += 512 + len(a.Content)*4/3 + len(a.Content)/28
		}
	}
	return n
}
