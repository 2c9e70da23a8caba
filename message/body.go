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

// writeBody has enmime write the root part: the rest of the header, the empty
// line and all content. The message has been validated and settled.
func (m *Message) writeBody(buf *bytes.Buffer) error {
	root := m.tree()
	if err := root.Encode(buf); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	if len(root.Content) == 0 && root.FirstChild == nil {
		// enmime ends the header of an empty part with nothing at all.
		buf.WriteString("\r\n")
	}
	return nil
}

// tree makes the parts. They are new ones each time, since Encode changes them.
//
//	multipart/mixed
//	├ multipart/alternative
//	│ ├ text/plain
//	│ └ multipart/related
//	│   ├ text/html
//	│   └ inlines
//	└ attachments
//
// with only as many levels as the message needs. (enmime's builder would put
// the alternative into the related, where the text has no use for the images.)
func (m *Message) tree() *enmime.Part {
	b := bounds{tag: m.tag()}
	var views, files []*enmime.Part
	for i := range m.Inlines {
		files = append(files, m.Inlines[i].part("inline"))
	}
	if m.Text != "" {
		views = append(views, textPart("text/plain", m.Text))
	}
	if m.HTML != "" {
		html := textPart("text/html", m.HTML)
		if len(files) > 0 {
			html = b.multipart("related", append([]*enmime.Part{html}, files...))
			html.ContentTypeParams["type"] = "text/html" // RFC 2387 3.1
			files = nil
		}
		views = append(views, html)
	}
	for i := range m.Attachments {
		files = append(files, m.Attachments[i].part("attachment"))
	}
	if len(views) == 0 && len(files) == 0 {
		return textPart("text/plain", "")
	}
	if len(views) > 1 {
		views = []*enmime.Part{b.multipart("alternative", views)}
	}
	if len(files) == 0 {
		return views[0]
	}
	return b.multipart("mixed", append(views, files...))
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

// tag starts all boundaries of the message. It is made from the Message-ID, so
// that the same message has the same bytes each time. "=_" cannot occur in
// quoted-printable or base64 (RFC 2045 6.7); what goes out unencoded is searched.
func (m *Message) tag() string {
	id, _ := parseMessageID(m.MessageID)
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(id + strconv.Itoa(n)))
		tag := "=_" + hex.EncodeToString(sum[:12]) + "_"
		if !strings.Contains(m.Text, tag) && !strings.Contains(m.HTML, tag) && !m.attached(tag) {
			return tag
		}
	}
}

func (m *Message) attached(tag string) bool {
	for _, list := range [][]Attachment{m.Inlines, m.Attachments} {
		for i := range list {
			typ, _, _ := list[i].mediaType()
			if isMessageType(typ) && bytes.Contains(list[i].Content, []byte(tag)) {
				return true
			}
		}
	}
	return false
}

// textPart makes a text part in the transfer encoding that suits it.
func textPart(typ, text string) *enmime.Part {
	content := normalize(text)
	cte := chooseEncoding(content)
	return rawPart(textproto.MIMEHeader{
		"Content-Type":              {typ + "; charset=utf-8"},
		"Content-Transfer-Encoding": {string(cte)},
	}, cte.encode(content))
}

// part makes the part of an attachment or inline.
func (a *Attachment) part(disposition string) *enmime.Part {
	typ, params, _ := a.mediaType()
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
		h.Set("Content-Transfer-Encoding", string(enc7bit))
		return rawPart(h, normalize(string(a.Content)))
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
