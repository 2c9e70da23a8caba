package message

import (
	"bytes"
	"errors"
	"slices"
	"time"
	"unsafe"
)

// A Recipient is what differs from one message of a [Template] to the next.
type Recipient struct {
	// To is the recipient, who stands alone in To.
	To Address
	// Fields are what the sources merge: a map with string keys, a struct or
	// pointer to one, or a [FieldFunc]. Strings from a map[string]string,
	// map[string]any, FieldFunc or struct are merged fastest.
	Fields any
	// Unsubscribe is whom the token of Message.List.OneClick names, such as a
	// number that the sender has for the recipient. Empty is the address in To.
	Unsubscribe string
	// Date is set by the first rendering if it is zero: to that of the
	// template's Message or, without one, the present time. It may lag a
	// change of the system's clock by 10 ms.
	Date time.Time
	// MessageID is set by the first rendering if it is empty, to a new one in
	// From's domain.
	MessageID string
}

// Append renders the message for a recipient and appends it to out: the bytes
// that Message and Bytes would give. The error is a [*TemplateError] for a field
// that is missing (ErrMissingField) or an execution that failed, or a
// [*FieldError] for what cannot stand in a mail. After an error out is as it
// was.
//
// r.Date and r.MessageID are set where they are not, so that another rendering
// gives the same bytes. Several goroutines may render at once, each with a
// Recipient of its own.
func (t *Template) Append(out []byte, r *Recipient) ([]byte, error) {
	s := t.state()
	defer t.free(s)
	if err := t.settle(s, r); err != nil {
		return out, err
	}
	for i, p := range t.parts {
		err := t.render(s, &s.parts[i], p, r)
		if err != nil {
			if errors.Is(err, errEmptyBody) {
				return t.appendMessage(out, r)
			}
			return out, err
		}
	}
	built, err := t.appendHeader(slices.Grow(out, s.size+t.size), s, r)
	if err != nil {
		return out, err
	}
	return t.appendBody(built, s), nil
}

// errEmptyBody: a body came out empty, and a Message has no part for one.
var errEmptyBody = errors.New("empty body")

func (t *Template) appendMessage(out []byte, r *Recipient) ([]byte, error) {
	m, err := t.Message(r)
	if err != nil {
		return out, err
	}
	return m.Append(out)
}

// Message renders the message for a recipient as a Message. It has been
// validated, and may be changed, but for the contents of its files. What Append
// says of r and of errors holds here too.
func (t *Template) Message(r *Recipient) (Message, error) {
	s := t.state()
	defer t.free(s)
	if err := t.settle(s, r); err != nil {
		return Message{}, err
	}
	m := t.base
	m.To, m.Date, m.MessageID, m.List.Recipient = []Address{r.To}, r.Date, r.MessageID, r.Unsubscribe
	m.cloneLists()
	for _, p := range t.parts {
		s.text = s.text[:0]
		if err := t.execute(s, p, r); err != nil {
			return Message{}, err
		}
		text := string(s.text)
		switch {
		case p.header != "":
			m.Headers = append(m.Headers, Header{Name: p.header, Value: text})
		case p.body == noBody:
			m.Subject = text
		case p.body == bodyText:
			m.Text = text
		case p.body == bodyAMP:
			m.AMP = text
		case p.body == bodyHTML:
			m.HTML = text
		}
	}
	if err := m.Validate(); err != nil {
		return Message{}, err
	}
	return m, nil
}

// A renderState is the memory of one rendering.
type renderState struct {
	parts   []renderedPart
	slots   []slot
	text    []byte   // what the parts came to, where it is not a merged body
	values  []*value // what is merged, for one hole after the other
	changed []value  // those of them that are not the field's as it is
	escaped []byte   // their texts
	quoted  []byte   // values in quoted-printable
	pending []byte   // of what is merged: text that is being encoded
	mailbox []byte   // the recipient's address as the header has it
	token   []byte   // of the recipient
	id      []byte   // the Message-ID
	date    dateField
	clock   clock
	survey  survey // of the body part that is being merged, if its values are simple
	simple  bool
	size    int // a guess at the octets that are not the template's
}

// A renderedPart is what a source came to for a recipient.
type renderedPart struct {
	from, to int   // its text in renderState.text, if it is not a merged body
	classes  class // of the text of a subject or header
	value    int   // its first value in renderState.values, if it is merged
	merged   bool
	unended  bool // the body needs a line end behind its last value
	encoding encoding
}

func (t *Template) state() *renderState {
	s := t.states.Get().(*renderState)
	s.parts, s.text, s.values, s.changed, s.escaped, s.quoted, s.size = s.parts[:0], s.text[:0], s.values[:0], s.changed[:0], s.escaped[:0], s.quoted[:0], 0
	s.slots = slices.Grow(s.slots[:0], t.slots)[:t.slots]
	return s
}

// free gives the memory to the next rendering, unless it is much.
func (t *Template) free(s *renderState) {
	for i := range s.slots {
		s.slots[i].forget()
	}
	if len(s.changed) > 0 {
		clear(s.changed)
	}
	if cap(s.text)+cap(s.escaped)+cap(s.quoted)+cap(s.pending) <= mostKept {
		t.states.Put(s)
	}
}

const mostKept = 1 << 20

// view gives bytes as a string without a copy. It is good until they change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// settle checks the recipient and sets what has not been set.
func (t *Template) settle(s *renderState, r *Recipient) error {
	s.parts = slices.Grow(s.parts, len(t.parts))[:len(t.parts)]
	if r.To.Addr == "" {
		return &FieldError{Field: "To", Reason: ErrNoRecipients}
	}
	if isPlainMailbox(r.To.Addr) {
		s.mailbox = append(s.mailbox[:0], r.To.Addr...)
	} else if mb, err := parseMailbox(r.To.Addr); err != nil {
		return addressError("To[0]", r.To.Addr, err)
	} else {
		s.mailbox = mb.append(s.mailbox[:0])
	}
	if r.To.Name != "" {
		if err := checkText("To[0].Name", r.To.Name); err != nil {
			return err
		}
	}
	if o := t.base.List.OneClick; o != nil {
		who := r.Unsubscribe
		if who == "" {
			who = view(s.mailbox)
		}
		if err := checkRecipient(who); err != nil {
			return err
		}
		s.token = o.appendToken(s.token[:0], who)
		if t.token >= 0 {
			s.setText(&s.slots[t.token], view(s.token))
		}
	}
	if r.Date.IsZero() {
		if r.Date = t.base.Date; r.Date.IsZero() {
			r.Date = s.clock.now()
		}
	} else if y := headerTime(r.Date).Year(); y < 1900 || y > 9999 {
		return &FieldError{Field: "Date", Reason: ErrBadDate, Detail: r.Date.String()}
	}
	if r.MessageID == "" {
		s.id = appendNewMessageID(s.id[:0], t.domain)
		r.MessageID = string(s.id)
		return nil
	}
	id, err := appendMsgID(s.id[:0], r.MessageID)
	if err != nil {
		return messageIDError(r.MessageID, err)
	}
	s.id = id
	return nil
}

// render brings a part to the point where it can be written.
func (t *Template) render(s *renderState, rp *renderedPart, p *part, r *Recipient) error {
	*rp = renderedPart{from: len(s.text), value: len(s.values)}
	if p.merge != nil {
		if merged, err := t.merge(s, rp, p, r.Fields); merged || err != nil {
			return err
		}
	}
	if err := t.execute(s, p, r); err != nil {
		return err
	}
	rp.to = len(s.text)
	text := s.text[rp.from:]
	switch {
	case p.body == noBody:
		rp.classes = classesOf(view(text))
		return checkText(p.field, view(text))
	case len(text) == 0:
		return errEmptyBody
	}
	field := t.base.bodies()[p.body].field
	if err := checkBody(field, view(text)); err != nil {
		return err
	}
	// Normalised, the text comes behind itself.
	s.text = t.base.wireText(s.text, p.body, view(text))
	rp.from, rp.to = rp.to, len(s.text)
	rp.encoding = examine(s.text[rp.from:rp.to]).encoding(t.base.EightBit)
	s.size += rp.encoding.most(rp.to - rp.from)
	return nil
}

// execute appends what the source comes to, to s.text.
func (t *Template) execute(s *renderState, p *part, r *Recipient) error {
	w, from := appender{s.text}, len(s.text)
	data := t.executable(r.Fields)
	if err := p.execute(&w, data); err != nil {
		return t.executeError(p.name, err, data)
	}
	s.text = w.out
	if t.base.List.OneClick != nil && bytes.Contains(s.text[from:], []byte(t.mark)) {
		filled := bytes.ReplaceAll(s.text[from:], []byte(t.mark), s.token)
		s.text = append(s.text[:from], filled...)
	}
	return nil
}
