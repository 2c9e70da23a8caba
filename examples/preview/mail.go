package main

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/jhillyerd/enmime"

	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// A mail is what a reader's program makes of the bytes that go out.
type mail struct {
	raw      []byte
	fields   []field
	parts    []part
	text     *part // nil: there is none
	html     *part
	findings []preflight.Finding
}

// A field is a header field.
type field struct {
	Name    string
	Raw     string // as it stands there, folded, behind the colon
	Decoded string // in one line, encoded words decoded
}

// Lines are those that Raw takes in the source.
func (f field) Lines() []string { return strings.Split(f.Raw, "\n") }

// A part is a leaf of the MIME structure, its transfer encoding and charset
// undone.
type part struct {
	Number      int // from 0
	ID          string
	Type        string
	Charset     string
	Encoding    string
	Disposition string
	Filename    string
	ContentID   string
	Content     []byte
	attached    bool
}

// lookupTime bounds what the DNS takes for one mail.
const lookupTime = 5 * time.Second

// inspect reads a mail back.
func (c *content) inspect(raw []byte) (*mail, error) {
	m := &mail{raw: raw, fields: headerFields(raw)}
	root, err := enmime.NewParser(enmime.DisableCharacterDetection(true)).ReadParts(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the mail cannot be read back: %w", err)
	}
	m.collect(root)
	for i := range m.parts {
		p := &m.parts[i]
		switch {
		case p.attached:
		case p.Type == "text/plain" && m.text == nil:
			m.text = p
		case p.Type == "text/html" && m.html == nil:
			m.html = p
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	m.findings = c.checker.Check(ctx, raw, c.returnPath)
	return m, nil
}

// collect lists the leaves.
func (m *mail) collect(p *enmime.Part) {
	for ; p != nil; p = p.NextSibling {
		if p.FirstChild != nil {
			m.collect(p.FirstChild)
			continue
		}
		typ := strings.ToLower(p.ContentType)
		if typ == "" {
			typ = "text/plain" // RFC 2045 5.2
		}
		m.parts = append(m.parts, part{
			Number: len(m.parts), ID: p.PartID, Type: typ,
			Charset: p.ContentTypeParams["charset"], Encoding: p.Header.Get("Content-Transfer-Encoding"),
			Disposition: p.Disposition, Filename: p.FileName, ContentID: p.ContentID, Content: p.Content,
			attached: p.Disposition == "attachment" || p.FileName != "",
		})
	}
}

// inline returns the part that a cid: link names (RFC 2392), or nil.
func (m *mail) inline(id string) *part {
	for i := range m.parts {
		if m.parts[i].ContentID == id && id != "" {
			return &m.parts[i]
		}
	}
	return nil
}

// get returns the decoded value of the first field of a name, or "".
func (m *mail) get(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(f.Name, name) {
			return f.Decoded
		}
	}
	return ""
}

// headerFields splits the header as it stands there.
func headerFields(raw []byte) []field {
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var fields []field
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if last := len(fields) - 1; last >= 0 && line != "" && strings.ContainsRune(" \t", rune(line[0])) {
			fields[last].Raw += "\n" + line
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, field{Name: name, Raw: strings.TrimPrefix(value, " ")})
	}
	for i := range fields {
		fields[i].Decoded = decode(fields[i].Raw)
	}
	return fields
}

// decode unfolds a value and undoes its encoded words (RFC 2047).
func decode(raw string) string {
	unfolded := strings.ReplaceAll(raw, "\n", "")
	decoded, err := new(mime.WordDecoder).DecodeHeader(unfolded)
	if err != nil {
		return unfolded
	}
	return decoded
}
