package message

// appendHeader appends all fields but those of the root part, which enmime
// writes behind them. The message has been validated and settled.
func (m *Message) appendHeader(out []byte) ([]byte, error) {
	out = appendDate(out, m.Date)
	var room [128]byte
	id, _ := appendMsgID(room[:0], m.MessageID)
	for _, write := range []func([]byte) ([]byte, error){
		m.appendOrigin,
		m.appendDestination,
		func(out []byte) ([]byte, error) { return appendMessageID(out, view(id)) },
		func(out []byte) ([]byte, error) { return appendSubject(out, m.Subject, classesOf(m.Subject)) },
		m.appendFurther,
		func(out []byte) ([]byte, error) { return m.List.appendFields(out, m.listToken()) },
	} {
		var err error
		if out, err = write(out); err != nil {
			return out, err
		}
	}
	return append(out, mimeVersion...), nil
}

const mimeVersion = "MIME-Version: 1.0\r\n"

// appendOrigin appends RFC 5322 3.6.2.
func (m *Message) appendOrigin(out []byte) ([]byte, error) {
	out, err := appendAddresses(out, "From", m.From)
	// A Sender that is the author SHOULD NOT be written.
	if err == nil && m.Sender.Addr != "" && m.Sender != m.From {
		out, err = appendAddresses(out, "Sender", m.Sender)
	}
	if err == nil {
		out, err = appendAddresses(out, "Reply-To", m.ReplyTo...)
	}
	return out, err
}

// appendDestination appends RFC 5322 3.6.3, of which Bcc is left out: a blind
// copy shall not be known to the others.
func (m *Message) appendDestination(out []byte) ([]byte, error) {
	if len(m.To)+len(m.Cc) == 0 {
		return m.appendGroup(out)
	}
	out, err := appendAddresses(out, "To", m.To...)
	if err == nil {
		out, err = appendAddresses(out, "Cc", m.Cc...)
	}
	return out, err
}

// appendGroup appends an empty group (RFC 5322 3.4 and A.1.3): a message
// without To draws the suspicion of filters.
func (m *Message) appendGroup(out []byte) ([]byte, error) {
	name := m.ToGroup
	if name == "" {
		name = "undisclosed-recipients"
	}
	f := openField(out, "To")
	if f.phrase(name, ":;") {
		f.add(":;")
	}
	return f.close()
}

func (m *Message) appendFurther(out []byte) ([]byte, error) {
	for i, h := range m.Headers {
		var err error
		if out, err = appendFurtherField(out, h.Name, h.Value, classesOf(h.Value)); err != nil {
			return out, tooLongHeader(element("Headers", i)+".Value", h.Name)
		}
	}
	return out, nil
}

// appendFurtherField appends a header of Headers. The error does not name it.
func appendFurtherField(out []byte, name, value string, classes class) ([]byte, error) {
	value = trimSpace(value)
	if classes&classUTF8 == 0 && value != "" && isShort(name, value) {
		return appendAtom(out, name, value)
	}
	f := openField(out, name)
	f.value(value, classes)
	return f.close()
}

func tooLongHeader(field, name string) error {
	return &FieldError{Field: field, Reason: ErrTooLong, Detail: name}
}

// appendMessageID appends RFC 5322 3.6.4; id has its angle brackets.
func appendMessageID(out []byte, id string) ([]byte, error) {
	return appendAtom(out, "Message-ID", id)
}

func appendSubject(out []byte, subject string, classes class) ([]byte, error) {
	f := openField(out, "Subject")
	f.text(subject, classes)
	return f.close()
}

// appendAddresses appends a list of mailboxes, or nothing if it is empty.
func appendAddresses(out []byte, name string, list ...Address) ([]byte, error) {
	if len(list) == 0 {
		return out, nil
	}
	f := openField(out, name)
	for i, a := range list {
		last := ""
		if i < len(list)-1 {
			last = ","
		}
		if err := f.address(a, last); err != nil {
			return out, addressError(goName(name), a.Addr, err)
		}
	}
	return f.close()
}
