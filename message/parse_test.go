package message_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

var testDate = time.Date(2026, 3, 1, 9, 30, 0, 0, time.FixedZone("", 3600))

// base is the least message, with nothing left to chance.
func base() message.Message {
	return message.Message{
		From:      message.Address{Name: "Ann", Addr: "ann@example.org"},
		To:        []message.Address{{Name: "Bob", Addr: "bob@example.net"}},
		Subject:   "Hello",
		Date:      testDate,
		MessageID: "<1@example.org>",
	}
}

// build returns the bytes of m after looking at what holds for any message.
func build(t testing.TB, m *message.Message) []byte {
	t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	checkWire(t, raw, m.NeedsSMTPUTF8() || m.EightBit)
	return raw
}

// checkWire checks line ends, line lengths and octets.
func checkWire(t testing.TB, raw []byte, eightBitOK bool) {
	t.Helper()
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		t.Error("does not end in CRLF")
	}
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for i, line := range bytes.Split(bytes.TrimSuffix(raw, []byte("\r\n")), []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n\x00") {
			t.Errorf("line %d has a bare CR or LF, or NUL: %.80q", i, line)
		}
		if len(line) > 998 {
			t.Errorf("line %d has %d octets", i, len(line))
		}
		for _, c := range line {
			if c >= 0x80 && !eightBitOK {
				t.Errorf("line %d has 8-bit octets: %.80q", i, line)
				break
			}
		}
	}
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if strings.TrimSpace(line) == "" {
			t.Errorf("blank line in the header: %q", header)
		}
	}
}

// A leaf is a part that is no multipart, as the standard library reads it.
type leaf struct {
	path   string // types of the multiparts around it
	typ    string
	params map[string]string
	header textproto.MIMEHeader
	body   []byte
}

// parsed is a message as the standard library reads it.
type parsed struct {
	header mail.Header
	leaves []leaf
}

func parse(t testing.TB, raw []byte) parsed {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("net/mail: %v\n%s", err, raw)
	}
	p := parsed{header: m.Header}
	p.walk(t, "", textproto.MIMEHeader(m.Header), m.Body)
	return p
}

func (p *parsed) walk(t testing.TB, path string, h textproto.MIMEHeader, body io.Reader) {
	t.Helper()
	typ, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", h.Get("Content-Type"), err)
	}
	if strings.HasPrefix(typ, "multipart/") {
		r, first := multipart.NewReader(body, params["boundary"]), len(p.leaves)
		for {
			part, err := r.NextRawPart()
			if err == io.EOF {
				p.checkDeclared(t, typ, h, p.leaves[first:])
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", typ, err)
			}
			p.walk(t, strings.TrimPrefix(path+" "+strings.TrimPrefix(typ, "multipart/"), " "), part.Header, part)
		}
	}
	switch h.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	p.leaves = append(p.leaves, leaf{path, typ, params, h, b})
}

// checkDeclared checks that a multipart declares 8bit if a part in it does (RFC 2045
// 6.4), and nothing else.
func (p *parsed) checkDeclared(t testing.TB, typ string, h textproto.MIMEHeader, leaves []leaf) {
	t.Helper()
	var want []string
	if slices.ContainsFunc(leaves, func(l leaf) bool { return l.header.Get("Content-Transfer-Encoding") == "8bit" }) {
		want = []string{"8bit"}
	}
	if got := h["Content-Transfer-Encoding"]; !slices.Equal(got, want) {
		t.Errorf("%s: Content-Transfer-Encoding %q, want %q", typ, got, want)
	}
}

// find returns the only leaf of a type.
func (p *parsed) find(t testing.TB, typ string) leaf {
	t.Helper()
	var found []leaf
	for _, l := range p.leaves {
		if l.typ == typ {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d parts of type %s", len(found), typ)
	}
	return found[0]
}

// filename is the file name as mime.ParseMediaType reads it.
func (l leaf) filename(t testing.TB) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(l.header.Get("Content-Disposition"))
	if err != nil {
		t.Fatalf("Content-Disposition %q: %v", l.header.Get("Content-Disposition"), err)
	}
	return params["filename"]
}

// decodeHeader undoes encoded words.
func decodeHeader(t testing.TB, s string) string {
	t.Helper()
	d, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// canonical is text as it arrives.
func canonical(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return strings.ReplaceAll(s, "\n", "\r\n")
}
