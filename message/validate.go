package message

import (
	"net/textproto"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Validate checks all fields and builds nothing. The error is a [*FieldError],
// the same that Bytes would return, but for lines that turn out too long only
// when they are written. A message without recipients is valid; see Envelope.
func (m *Message) Validate() error {
	checks := []func() error{
		m.checkAddresses, m.checkSubject, m.checkDate, m.checkMessageID,
		m.checkHeaders, m.checkList, m.checkBodies, m.Calendar.check, m.checkAttachments, m.checkBoundary,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// element names the i-th element of a field for errors.
func element(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

func (m *Message) checkAddresses() error {
	if m.From.Addr == "" {
		return &FieldError{Field: "From", Reason: ErrNoFrom}
	}
	if err := m.From.validate("From"); err != nil {
		return err
	}
	if m.Sender != (Address{}) {
		if err := m.Sender.validate("Sender"); err != nil {
			return err
		}
	}
	for _, list := range m.addressLists() {
		for i, a := range list.addrs {
			if a.isPlain() {
				continue
			}
			if err := a.validate(element(list.name, i)); err != nil {
				return err
			}
		}
	}
	return checkText("ToGroup", m.ToGroup)
}

func (m *Message) checkSubject() error { return checkText("Subject", m.Subject) }

// checkDate keeps to the four-digit years of RFC 5322 3.3.
func (m *Message) checkDate() error {
	if y := headerTime(m.Date).Year(); !m.Date.IsZero() && (y < 1900 || y > 9999) {
		return &FieldError{Field: "Date", Reason: ErrBadDate, Detail: m.Date.String()}
	}
	return nil
}

func (m *Message) checkMessageID() error {
	if m.MessageID == "" {
		return nil
	}
	var room [128]byte
	if _, err := appendMsgID(room[:0], m.MessageID); err != nil {
		return messageIDError(m.MessageID, err)
	}
	return nil
}

func messageIDError(id string, err error) error {
	return &FieldError{Field: "MessageID", Reason: ErrBadMessageID, Detail: excerpt(id) + ": " + err.Error()}
}

// reserved are the headers, in canonical form, that Headers cannot set.
var reserved = map[string]bool{
	"From": true, "Sender": true, "Reply-To": true, "To": true, "Cc": true, "Bcc": true,
	"Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true,
	"Return-Path": true, // RFC 5321 4.4: the delivering server's
	"Resent-Bcc":  true,
}

// single reports headers of which a message may have one: RFC 5322 3.6,
// RFC 2369 3, RFC 3834 5 and RFC 8058.
func single(canonical string) bool {
	switch canonical {
	case "In-Reply-To", "References", "Precedence", "Feedback-Id", "Auto-Submitted":
		return true
	}
	return strings.HasPrefix(canonical, "List-")
}

func (m *Message) checkHeaders() error {
	if len(m.Headers) == 0 {
		return nil
	}
	seen := map[string]bool{} // those of which there may be one
	for _, name := range m.List.fieldNames() {
		seen[name] = true
	}
	for i, h := range m.Headers {
		if reason := checkHeaderName(h.Name, seen); reason != nil {
			detail := h.Name
			if reason == ErrBadHeaderName {
				detail = excerpt(h.Name)
			}
			return &FieldError{Field: element("Headers", i) + ".Name", Reason: reason, Detail: detail}
		}
		if err := checkText("", h.Value); err != nil {
			return checkText(element("Headers", i)+".Value", h.Value)
		}
	}
	return nil
}

// checkHeaderName returns what is wrong with the name of a further header, and
// notes it as seen.
func checkHeaderName(name string, seen map[string]bool) error {
	if !isFieldName(name) {
		return ErrBadHeaderName
	}
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	if reserved[canonical] || strings.HasPrefix(canonical, "Content-") {
		return ErrReservedHeader
	}
	if !single(canonical) {
		return nil
	}
	if seen[canonical] {
		return ErrDuplicateHeader
	}
	seen[canonical] = true
	return nil
}

// isFieldName reports a field name of RFC 5322 3.6.8 that fits on a folded line.
func isFieldName(s string) bool {
	if s == "" || len(s) > foldAt-2 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ':' {
			return false
		}
	}
	return true
}

// checkText checks what goes into a header field. Encoding could carry control
// characters, but what the decoded value does then is up to the reader.
func checkText(field, s string) error {
	if isPrintable(s) {
		return nil
	}
	if !utf8.ValidString(s) {
		return &FieldError{Field: field, Reason: ErrBadHeaderValue, Detail: "invalid UTF-8"}
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return &FieldError{Field: field, Reason: ErrBadHeaderValue, Detail: "control character in " + excerpt(s)}
		}
	}
	return nil
}

// isPrintable reports printable ASCII.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// checkBodies checks the bodies but for the calendar.
func (m *Message) checkBodies() error {
	for _, b := range m.bodies() {
		if err := checkBody(b.field, b.text); err != nil {
			return err
		}
	}
	return nil
}

// checkBody refuses NUL, which RFC 5322 2.2 does not allow and each reader
// treats in its own way, and text that its charset parameter would belie.
func checkBody(field, text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return &FieldError{Field: field, Reason: ErrBadText, Detail: "NUL"}
	}
	if !utf8.ValidString(text) {
		return &FieldError{Field: field, Reason: ErrBadText, Detail: "invalid UTF-8"}
	}
	return nil
}

// checkBoundary keeps to characters that need no quoting anywhere, and to the 70
// of RFC 2046 5.1.1.
func (m *Message) checkBoundary() error {
	for i := range len(m.Boundary) {
		if c := m.Boundary[i]; !isAlphanumeric(c) && c != '.' && c != '-' {
			return &FieldError{Field: "Boundary", Reason: ErrBadBoundary, Detail: excerpt(m.Boundary)}
		}
	}
	if len(m.Boundary) > maxBoundary {
		return &FieldError{Field: "Boundary", Reason: ErrTooLong}
	}
	if m.Boundary != "" && m.quotes(m.tag()) {
		return &FieldError{Field: "Boundary", Reason: ErrBadBoundary, Detail: "an attached message has it, too"}
	}
	return nil
}

const maxBoundary = 60

func isAlphanumeric(c byte) bool { return alphanumeric[c] }

var alphanumeric = func() (table [256]bool) {
	for c := range byte(0x80) {
		table[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	return table
}()

func (m *Message) checkAttachments() error {
	if len(m.Inlines)+len(m.Attachments) == 0 && m.Calendar.Filename == "" {
		return nil
	}
	ids := make(map[string]bool)
	lists := []struct {
		field  string
		files  []Attachment
		inline bool
	}{{"Inlines", m.Inlines, true}, {"Attachments", m.attached(), false}}
	for _, list := range lists {
		for i := range list.files {
			a, at := &list.files[i], element(list.field, i)
			if err := a.check(at, list.inline, m.EightBit); err != nil {
				return err
			}
			id := a.contentID(list.inline)
			if id != "" && ids[id] {
				return &FieldError{Field: at + ".ContentID", Reason: ErrBadContentID, Detail: "used twice: " + excerpt(id)}
			}
			ids[id] = true
		}
	}
	return nil
}

// check checks one attachment, named at in errors.
func (a *Attachment) check(at string, inline, allow8bit bool) error {
	if err := checkText("", a.Filename); err != nil {
		return &FieldError{Field: at + ".Filename", Reason: ErrBadFilename, Detail: excerpt(a.Filename)}
	}
	if err := checkText("", a.ContentID); err != nil {
		return &FieldError{Field: at + ".ContentID", Reason: ErrBadContentID, Detail: excerpt(a.ContentID)}
	}
	id := a.contentID(inline)
	if inline && id == "" {
		return &FieldError{Field: at + ".ContentID", Reason: ErrBadContentID, Detail: "an inline needs one, or a file name"}
	}
	if len(id) > maxMessageID {
		return &FieldError{Field: at + ".ContentID", Reason: ErrTooLong}
	}
	if err := a.checkType(allow8bit); err != nil {
		return &FieldError{Field: at + ".ContentType", Reason: ErrBadContentType, Detail: err.Error()}
	}
	return nil
}
