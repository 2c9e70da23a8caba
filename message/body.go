package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/jhillyerd/enmime"
)

// A bodyPart is a part whose content is text of the Message.
type bodyPart struct {
	field string // of Message, for errors
	media string // the value of Content-Type
	text  string
}

// The body parts of a message in their order, from the plainest to the one that
// a reader shows if it can (RFC 2046 5.1.4).
const (
	bodyText = iota
	bodyAMP
	bodyHTML
	bodyCalendar
	bodyParts // how many there are
)

func (m *Message) bodies() [bodyParts]bodyPart {
	plain := "text/plain; charset=utf-8"
	if m.Flowed {
		plain += "; format=flowed"
	}
	return [...]bodyPart{
		bodyText:     {"Text", plain, m.Text},
		bodyAMP:      {"AMP", "text/x-amp-html; charset=utf-8", m.AMP},
		bodyHTML:     {"HTML", "text/html; charset=utf-8", m.HTML},
		bodyCalendar: {"Calendar.Content", m.Calendar.media("text/calendar"), m.Calendar.Content},
	}
}

// A bodyWriter gives the content of a body part, encoded, and says how.
type bodyWriter func(i int, text string) (encoding, []byte)

// appendBody has enmime write the root part: the rest of the header, the empty
// line and all content. The message has been validated and settled.
func (m *Message) appendBody(out []byte) ([]byte, error) {
	return appendTree(out, m.tree(func(i int, text string) (encoding, []byte) {
		content := m.wireText(nil, i, text)
		e := examine(content).encoding(m.EightBit)
		return e, e.append(nil, content)
	}))
}

// wireText appends the text of a body part as it is before it is encoded.
func (m *Message) wireText(out []byte, i int, text string) []byte {
	if i == bodyText && m.Flowed {
		return appendFlowed(out, text)
	}
	start := len(out)
	return appendEnd(appendNormalized(out, text), start)
}

func appendTree(out []byte, root *enmime.Part) ([]byte, error) {
	w := appender{out}
	if err := root.Encode(&w); err != nil {
		return out, fmt.Errorf("message: %w", err)
	}
	if len(root.Content) == 0 && root.FirstChild == nil {
		// enmime ends the header of an empty part with nothing at all.
		w.out = append(w.out, crlf...)
	}
	return w.out, nil
}

// An appender is an io.Writer.
type appender struct{ out []byte }

func (w *appender) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

// tree makes the parts. They are new ones each time, since Encode changes them.
//
//	multipart/mixed
//	├ multipart/alternative
//	│ ├ text/plain
//	│ ├ text/x-amp-html
//	│ ├ multipart/related
//	│ │ ├ text/html
//	│ │ └ inlines
//	│ └ text/calendar
//	└ attachments
//
// with only as many levels as the message needs. (enmime's builder would put
// the alternative into the related, where the text has no use for the images.)
func (m *Message) tree(write bodyWriter) *enmime.Part {
	b := bounds{tag: m.tag()}
	var views, files []*enmime.Part
	for i := range m.Inlines {
		files = append(files, m.Inlines[i].part("inline", m.EightBit))
	}
	for i, body := range m.bodies() {
		if body.text == "" {
			continue
		}
		view := textPart(body.media, i, body.text, write)
		if i == bodyHTML && len(files) > 0 {
			view = b.multipart("related", append([]*enmime.Part{view}, files...))
			view.ContentTypeParams["type"] = "text/html" // RFC 2387 3.1
			files = nil
		}
		views = append(views, view)
	}
	for _, a := range m.attached() {
		files = append(files, a.part("attachment", m.EightBit))
	}
	if len(views) == 0 && len(files) == 0 {
		return textPart(m.bodies()[bodyText].media, bodyText, "", write)
	}
	if len(views) > 1 {
		views = []*enmime.Part{b.multipart("alternative", views)}
	}
	if len(files) == 0 {
		return views[0]
	}
	return b.multipart("mixed", append(views, files...))
}

// attached returns the attachments with the calendar's file, if it has one.
func (m *Message) attached() []Attachment {
	if m.Calendar.Content == "" || m.Calendar.Filename == "" {
		return m.Attachments
	}
	return append(m.Attachments[:len(m.Attachments):len(m.Attachments)], m.Calendar.attachment())
}

// bounds numbers the boundaries of one message.
type bounds struct {
	tag string
	n   int
}

func (b *bounds) multipart(subtype string, children []*enmime.Part) *enmime.Part {
	b.n++
	p := enmime.NewPart("multipart/" + subtype)
	p.Boundary = b.tag + strconv.Itoa(b.n)
	for _, c := range children {
		p.AddChild(c)
	}
	return p
}

// tag starts all boundaries of the message. Without a Boundary it is made from
// the Message-ID, so that the same message has the same bytes each time. "=_"
// cannot occur in quoted-printable or base64 (RFC 2045 6.7), text that is not
// encoded has no line that starts like a boundary (see isRisky), and attached
// messages are searched.
func (m *Message) tag() string {
	if m.Boundary != "" {
		return boundaryTag(m.Boundary)
	}
	id, _ := parseMessageID(m.MessageID)
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(id + strconv.Itoa(n)))
		if tag := boundaryTag(hex.EncodeToString(sum[:12])); !m.quotes(tag) {
			return tag
		}
	}
}

func boundaryTag(boundary string) string { return "=_" + boundary + "_" }

// quotes reports whether an attached message has the tag in it.
func (m *Message) quotes(tag string) bool {
	for _, list := range [][]Attachment{m.Inlines, m.Attachments} {
		for i := range list {
			typ, _, _ := list[i].mediaType(m.EightBit)
			if isMessageType(typ) && bytes.Contains(list[i].Content, []byte(tag)) {
				return true
			}
		}
	}
	return false
}

func textPart(media string, i int, text string, write bodyWriter) *enmime.Part {
	e, content := write(i, text)
	return rawPart(textproto.MIMEHeader{
		"Content-Type":              {media},
		"Content-Transfer-Encoding": {string(e)},
	}, content)
}

// part makes the part of an attachment or inline.
func (a *Attachment) part(disposition string, allow8bit bool) *enmime.Part {
	typ, params, _ := a.mediaType(allow8bit)
	h := textproto.MIMEHeader{"Content-Type": {formatMedia("Content-Type", typ, params)}}
	names := map[string]string{}
	if name := a.baseName(); name != "" {
		names["filename"] = name
	}
	h.Set("Content-Disposition", formatMedia("Content-Disposition", disposition, names))
	if id := a.contentID(disposition == "inline"); id != "" {
		h.Set("Content-Id", "<"+id+">")
	}
	if isMessageType(typ) {
		// RFC 2046 5.2.1 allows no encoding; the content has been checked.
		content := normalize(string(a.Content))
		e := enc7bit
		if examine(content).eightBit > 0 {
			e = enc8bit
		}
		h.Set("Content-Transfer-Encoding", string(e))
		return rawPart(h, content)
	}
	p := enmime.NewPart("") // the header above, not enmime's
	p.Header = h
	// From a reader enmime encodes in base64 whatever the type is. Otherwise it
	// would take an attached text/csv for mail text and change its line ends.
	p.ContentReader = bytes.NewReader(a.Content)
	return p
}

// rawPart makes a part that enmime writes as it is. Only parts of a parser with
// RawContent are left alone; of any other one enmime chooses the encoding
// anew, and it leaves 7-bit text with lines over 998 octets as it is.
func rawPart(h textproto.MIMEHeader, content []byte) *enmime.Part {
	p := rawPrototype // its parser comes with the copy
	p.Header = h
	p.Content = content
	return &p
}

var rawPrototype = func() enmime.Part {
	p, err := enmime.NewParser(enmime.RawContent(true)).ReadParts(strings.NewReader("Content-Type: text/plain\r\n\r\n"))
	if err != nil {
		panic("message: enmime does not parse an empty part: " + err.Error())
	}
	return *p
}()
