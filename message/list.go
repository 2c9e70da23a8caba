package message

import (
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// A List has what bulk mail says of itself in its header, so that receivers can
// sort it, unsubscribe from it and complain about it to the right place.
//
// One more field may be right: "Auto-Submitted: auto-generated" (RFC 3834) on
// mail that no person wrote, such as an order's confirmation. That goes into
// Headers, as do the further fields of RFC 2369 (List-Help, List-Archive, …).
type List struct {
	// ID names the list for ever, under a domain of the sender's:
	// "weekly.example.org" (RFC 2919). It becomes the List-Id. Empty writes none.
	ID string
	// Name is what people call the list, in any language; may be empty.
	Name string
	// OneClick writes List-Unsubscribe and List-Unsubscribe-Post (RFC 8058),
	// with a URL of the recipient's own; nil writes neither. For a receiver to
	// heed them, both must be covered by a DKIM signature.
	OneClick *OneClick
	// Recipient is whom the URL names: what OneClick gives back when the
	// recipient unsubscribes. Empty is the address in To, of which there must
	// then be exactly one, in the spelling that Envelope has.
	Recipient string
	// FeedbackID becomes the Feedback-ID, by which receivers report complaint
	// rates: up to four fields with colons between, the last one the sender,
	// of 5 to 15 characters: "october:readers:weekly:example". Empty writes none.
	FeedbackID string
	// Precedence keeps old out-of-office programs silent. Empty is "bulk"
	// where ID or OneClick is set; "list" is for discussions; "none" writes none.
	Precedence string
}

// precedence returns the value of Precedence, or "" for none.
func (l *List) precedence() string {
	switch {
	case l.Precedence == "none", l.Precedence == "" && l.ID == "" && l.OneClick == nil:
		return ""
	case l.Precedence == "":
		return "bulk"
	}
	return l.Precedence
}

// fieldNames returns the canonical names of the fields that the list writes.
func (l *List) fieldNames() []string {
	var names []string
	if l.ID != "" {
		names = append(names, "List-Id")
	}
	if l.OneClick != nil {
		names = append(names, "List-Unsubscribe", "List-Unsubscribe-Post")
	}
	if l.FeedbackID != "" {
		names = append(names, "Feedback-Id")
	}
	if l.precedence() != "" {
		names = append(names, "Precedence")
	}
	return names
}

// appendFields appends the fields for the recipient with a token.
func (l *List) appendFields(out []byte, token string) ([]byte, error) {
	out, err := l.appendID(out)
	if err == nil && l.OneClick != nil {
		out, err = l.OneClick.appendFields(out, token)
	}
	for _, h := range [...]Header{{"Feedback-ID", l.FeedbackID}, {"Precedence", l.precedence()}} {
		if err == nil && h.Value != "" {
			f := openField(out, h.Name)
			f.add(h.Value)
			out, err = f.close()
		}
	}
	return out, err
}

// appendID appends RFC 2919 3.
func (l *List) appendID(out []byte) ([]byte, error) {
	if l.ID == "" {
		return out, nil
	}
	f := openField(out, "List-Id")
	if l.Name != "" {
		f.phrase(l.Name, "")
	}
	f.begin()
	f.out = append(append(append(f.out, '<'), l.ID...), '>')
	f.end()
	return f.close()
}

// listToken is the token of whom the URL names.
func (m *Message) listToken() string {
	if m.List.OneClick == nil {
		return ""
	}
	return string(m.List.OneClick.appendToken(nil, m.listRecipient()))
}

// listRecipient is whom the URL names.
func (m *Message) listRecipient() string {
	if m.List.Recipient != "" || m.List.OneClick == nil || len(m.To) == 0 {
		return m.List.Recipient
	}
	mb, _ := parseMailbox(m.To[0].Addr)
	return mb.String()
}

func (m *Message) checkList() error {
	l := &m.List
	if err := l.check(); err != nil {
		return err
	}
	if l.OneClick == nil {
		return nil
	}
	if l.Recipient == "" && (len(m.To) != 1 || len(m.Cc)+len(m.Bcc) > 0) {
		// Whoever else gets the message could unsubscribe the first.
		return &FieldError{Field: "List.Recipient", Reason: ErrBadList, Detail: "OneClick needs it, or exactly one recipient, in To"}
	}
	return checkRecipient(m.listRecipient())
}

// check checks all but the recipient.
func (l *List) check() error {
	bad := func(field, value string) error {
		return &FieldError{Field: "List." + field, Reason: ErrBadList, Detail: excerpt(value)}
	}
	switch {
	case l.ID == "" && l.Name != "":
		return bad("ID", l.ID)
	case l.ID != "" && (!address.IsASCII(l.ID) || !address.IsDotString(l.ID) || !strings.Contains(l.ID, ".") || len(l.ID) > maxListID):
		return bad("ID", l.ID)
	case !isFeedbackID(l.FeedbackID):
		return bad("FeedbackID", l.FeedbackID)
	}
	switch l.Precedence {
	case "", "none", "bulk", "list", "junk":
	default:
		return bad("Precedence", l.Precedence)
	}
	return checkText("List.Name", l.Name)
}

// maxListID is that of RFC 2919 2.
const maxListID = 255

// isFeedbackID checks what the receivers that read the field ask for.
func isFeedbackID(s string) bool {
	if s == "" {
		return true
	}
	fields := strings.Split(s, ":")
	if n := len(fields[len(fields)-1]); n < 5 || n > 15 || len(fields) > 4 || len(s) > maxListID {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
