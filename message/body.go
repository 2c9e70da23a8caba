package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/textproto"
	"strconv"
	"strings"
	"sync"

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
	bodyParts // how many there are; enclosing writes each as one digit
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

// appendBody appends the root part: the rest of the header, the empty line and
// all content. The message has been validated and settled.
func (m *Message) appendBody(out []byte) ([]byte, error) {
	s := scratches.Get().(*scratch)
	defer s.free()
	s.prepare(m)
	if m.hasFiles() {
		return m.appendWithFiles(out, s)
	}
	s.tag = m.appendTag(s.tag[:0])
	joints, err := shape{s.encodings, m.Flowed, len(s.tag)}.skeleton()
	if err != nil {
		return out, err
	}
	for i := range joints {
		j := &joints[i]
		out = append(out, j.static...)
		if j.tag {
			out = append(out, s.tag...)
		} else if j.body != noBody {
			out = s.append(out, j.body)
		}
	}
	return out, nil
}

func (m *Message) appendWithFiles(out []byte, s *scratch) ([]byte, error) {
	pieces, err := m.layOut(m.tag(), "", func(i int, text string) string {
		if text == "" {
			return string(enc7bit)
		}
		return string(s.encodings[i])
	})
	if err != nil {
		return out, err
	}
	for _, piece := range pieces {
		out = append(out, piece.static...)
		switch {
		case piece.file != nil:
			out = appendBase64(out, piece.file)
		case piece.body != noBody:
			out = s.append(out, piece.body)
		}
	}
	return out, nil
}

// A scratch has the texts of a message while it is built.
type scratch struct {
	text      []byte
	tag       []byte
	starts    [bodyParts + 1]int // of the texts, which are one behind the other
	encodings [bodyParts]encoding
}

// prepare normalises the texts and chooses their encodings.
func (s *scratch) prepare(m *Message) {
	s.text = s.text[:0]
	for i, text := range [...]string{bodyText: m.Text, bodyAMP: m.AMP, bodyHTML: m.HTML, bodyCalendar: m.Calendar.Content} {
		s.encodings[i] = ""
		if text != "" {
			s.text = m.wireText(s.text, i, text)
			s.encodings[i] = examine(s.text[s.starts[i]:]).encoding(m.EightBit)
		}
		s.starts[i+1] = len(s.text)
	}
}

// append appends a body, encoded.
func (s *scratch) append(out []byte, body int) []byte {
	return s.encodings[body].append(out, s.text[s.starts[body]:s.starts[body+1]])
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// free gives the memory to the next message, unless it is much.
func (s *scratch) free() {
	if cap(s.text) <= mostKept {
		scratches.Put(s)
	}
}

// wireText appends the text of a body part as it is before it is encoded.
func (m *Message) wireText(out []byte, i int, text string) []byte {
	if i == bodyText && m.Flowed {
		return appendFlowed(out, text)
	}
	start := len(out)
	return appendEnd(appendNormalized(out, text), start)
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
func (b *treeBuilder) tree(m *Message, encodingOf func(i int, text string) string) *enmime.Part {
	var views, files []*enmime.Part
	for i := range m.Inlines {
		files = append(files, b.file(&m.Inlines[i], "inline"))
	}
	for i, body := range m.bodies() {
		if body.text == "" {
			continue
		}
		view := textPart(body.media, encodingOf(i, body.text), i)
		if i == bodyHTML && len(files) > 0 {
			view = b.multipart("related", `; type="text/html"`, append([]*enmime.Part{view}, files...)) // RFC 2387 3.1
			files = nil
		}
		views = append(views, view)
	}
	for _, a := range m.attached() {
		files = append(files, b.file(&a, "attachment"))
	}
	if len(views) == 0 && len(files) == 0 {
		return textPart(m.bodies()[bodyText].media, encodingOf(bodyText, ""), bodyText)
	}
	if len(views) > 1 {
		views = []*enmime.Part{b.multipart("alternative", "", views)}
	}
	if len(files) == 0 {
		return views[0]
	}
	return b.multipart("mixed", "", append(views, files...))
}

// attached returns the attachments with the calendar's file, if it has one.
func (m *Message) attached() []Attachment {
	if m.Calendar.Content == "" || m.Calendar.Filename == "" {
		return m.Attachments
	}
	return append(m.Attachments[:len(m.Attachments):len(m.Attachments)], m.Calendar.attachment())
}

// A treeBuilder makes the parts of one message.
type treeBuilder struct {
	tag       string // starts all boundaries
	n         int    // boundaries made
	allow8bit bool
	open      string   // the name of an encoding that only a rendering can tell; empty where there is none
	files     [][]byte // contents to be encoded, in the order of their marks
}

// multipart makes a multipart; params are further parameters of Content-Type.
func (b *treeBuilder) multipart(subtype, params string, children []*enmime.Part) *enmime.Part {
	b.n++
	boundary := b.tag + strconv.Itoa(b.n)
	h := textproto.MIMEHeader{"Content-Type": {"multipart/" + subtype + `; boundary="` + boundary + `"` + params}}
	if e := b.enclosing(children); e != "" {
		h.Set("Content-Transfer-Encoding", e)
	}
	p := rawPart(h, nil)
	p.Boundary = boundary
	for _, c := range children {
		p.AddChild(c)
	}
	return p
}

// enclosing returns what a multipart declares: 8bit if a part in it does (RFC 2045
// 6.4), nothing if none does. Where only a rendering can tell, it is the open name, a
// comma and the numbers of the bodies that decide it.
func (b *treeBuilder) enclosing(children []*enmime.Part) string {
	deciding := ""
	for _, c := range children {
		switch e := c.Header.Get("Content-Transfer-Encoding"); {
		case e == string(enc8bit):
			return e
		case b.open == "": // nothing is
		case e == b.open:
			deciding += strings.Trim(string(c.Content), "\x00")
		case strings.HasPrefix(e, b.open+","):
			deciding += e[len(b.open)+1:]
		}
	}
	if deciding == "" {
		return ""
	}
	return b.open + "," + deciding
}

// tag starts all boundaries of the message. Without a Boundary it is made from
// the Message-ID, so that the same message has the same bytes each time. "=_"
// cannot occur in quoted-printable or base64 (RFC 2045 6.7), text that is not
// encoded has no line that starts like a boundary (see isRisky), and attached
// messages are searched.
func (m *Message) tag() string {
	for n := 0; ; n++ {
		tag := string(m.appendTagOf(nil, n))
		if m.Boundary != "" || !m.quotes(tag) {
			return tag
		}
	}
}

// appendTag appends the tag of a message without attached ones.
func (m *Message) appendTag(out []byte) []byte { return m.appendTagOf(out, 0) }

// appendTagOf appends the tag of the n-th attempt to find one.
func (m *Message) appendTagOf(out []byte, n int) []byte {
	if m.Boundary != "" {
		return append(out, boundaryTag(m.Boundary)...)
	}
	var room [128]byte
	id, _ := appendMsgID(room[:0], m.MessageID)
	sum := sha256.Sum256(strconv.AppendInt(id, int64(n), 10))
	return append(hex.AppendEncode(append(out, "=_"...), sum[:12]), '_')
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

func textPart(media, encodingName string, i int) *enmime.Part {
	return rawPart(textproto.MIMEHeader{
		"Content-Type":              {media},
		"Content-Transfer-Encoding": {encodingName},
	}, mark(i))
}

// file makes the part of an attachment or inline.
func (b *treeBuilder) file(a *Attachment, disposition string) *enmime.Part {
	typ, params, _ := a.mediaType(b.allow8bit)
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
	if len(a.Content) == 0 {
		return rawPart(h, nil)
	}
	h.Set("Content-Transfer-Encoding", string(encBase64))
	b.files = append(b.files, a.Content)
	return rawPart(h, mark(bodyParts+len(b.files)-1))
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
