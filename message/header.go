package message

import (
	"bytes"
	"strings"
	"time"
)

// writeHeader writes all fields but those of the root part, which enmime
// writes behind them. The message has been validated and settled.
func (m *Message) writeHeader(buf *bytes.Buffer) error {
	fields := []func(*bytes.Buffer) error{
		m.writeOrigin, m.writeDestination, m.writeIdentification, m.writeFurther,
	}
	for _, write := range fields {
		if err := write(buf); err != nil {
			return err
		}
	}
	return writeField(buf, "MIME-Version", "1.0")
}

// writeOrigin writes RFC 5322 3.6.1 and 3.6.2.
func (m *Message) writeOrigin(buf *bytes.Buffer) error {
	if err := writeField(buf, "Date", formatDate(m.Date)); err != nil {
		return err
	}
	if err := writeAddresses(buf, "From", []Address{m.From}); err != nil {
		return err
	}
	// A Sender that is the author SHOULD NOT be written.
	if m.Sender.Addr != "" && m.Sender != m.From {
		if err := writeAddresses(buf, "Sender", []Address{m.Sender}); err != nil {
			return err
		}
	}
	return writeAddresses(buf, "Reply-To", m.ReplyTo)
}

// writeDestination writes RFC 5322 3.6.3, of which Bcc is left out: a blind copy
// shall not be known to the others.
func (m *Message) writeDestination(buf *bytes.Buffer) error {
	if len(m.To)+len(m.Cc) == 0 {
		return m.writeGroup(buf)
	}
	if err := writeAddresses(buf, "To", m.To); err != nil {
		return err
	}
	return writeAddresses(buf, "Cc", m.Cc)
}

// writeGroup writes an empty group (RFC 5322 3.4 and A.1.3): a message without
// To draws the suspicion of filters.
func (m *Message) writeGroup(buf *bytes.Buffer) error {
	name := m.ToGroup
	if name == "" {
		name = "undisclosed-recipients"
	}
	atoms := phraseAtoms(name)
	if last := len(atoms) - 1; strings.HasSuffix(atoms[last], "?=") {
		atoms = append(atoms, ":;") // RFC 2047 5: a space ends an encoded word
	} else {
		atoms[last] += ":;"
	}
	return writeField(buf, "To", atoms...)
}

// writeIdentification writes RFC 5322 3.6.4 and 3.6.5.
func (m *Message) writeIdentification(buf *bytes.Buffer) error {
	id, _ := parseMessageID(m.MessageID)
	if err := writeField(buf, "Message-ID", id); err != nil {
		return err
	}
	return writeField(buf, "Subject", subjectAtoms(m.Subject)...)
}

func (m *Message) writeFurther(buf *bytes.Buffer) error {
	for i, h := range m.Headers {
		if err := writeField(buf, h.Name, valueAtoms(h.Value)...); err != nil {
			return &FieldError{Field: element("Headers", i) + ".Value", Reason: ErrTooLong, Detail: h.Name}
		}
	}
	return nil
}

// writeAddresses writes a list of mailboxes, or nothing if it is empty.
func writeAddresses(buf *bytes.Buffer, name string, list []Address) error {
	if len(list) == 0 {
		return nil
	}
	f := newField(buf, name)
	for i, a := range list {
		atoms := addressAtoms(a)
		if i < len(list)-1 {
			atoms[len(atoms)-1] += ","
		}
		for _, atom := range atoms {
			f.add(atom)
		}
	}
	return f.end()
}

// formatDate writes a date-time of RFC 5322 3.3.
func formatDate(t time.Time) string { return headerTime(t).Format(time.RFC1123Z) }

// headerTime takes a time out of a zone that a header cannot express: one with
// seconds in its offset, as local mean times have, or more than a day off.
func headerTime(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		return t.UTC()
	}
	return t
}
