package preflight

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What stops a message from keeping the checks busy for long.
const (
	maxDepth = 20
	maxParts = 1000
)

// A part is one of the body that has content, not parts.
type part struct {
	where string   // such as "part 1.2 (text/html)"
	typ   string   // such as "text/html", in lower case
	id    string   // Content-ID without angle brackets
	text  []byte   // decoded, of text/plain and text/html only
	aside bool     // an attachment
	links []string // the Content-IDs that it links to, of text/html
}

// A walk goes through the parts.
type walk struct {
	m      *mail
	parts  []part
	count  int
	broken bool // some parts cannot be read
}

func (w *walk) bad(where, format string, args ...any) {
	w.broken = true
	w.m.find(BadMIME, where, format, args...)
}

func (m *mail) checkBody(body []byte) {
	header := textproto.MIMEHeader{}
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"} {
		if v, ok := m.value(name); ok {
			header.Set(name, v)
		}
	}
	w := &walk{m: m}
	w.visit("", header, body, 0)
	m.checkHTML(w.parts)
	if !w.broken { // else what lacks may be what could not be read
		m.checkContent(w.parts)
		m.checkLinks(w.parts)
	}
}

// visit reads a part; number is such as "1.2", or empty for the whole body.
func (w *walk) visit(number string, header textproto.MIMEHeader, body []byte, depth int) {
	if w.count++; w.count > maxParts || depth > maxDepth {
		if w.count == maxParts+1 || depth == maxDepth+1 {
			w.bad(place(number, ""), "too many parts")
		}
		return
	}
	typ, params, err := mediaType(header.Get("Content-Type"))
	where := place(number, typ)
	if err != nil {
		w.bad(where, "Content-Type %q: %v", clip(header.Get("Content-Type")), err)
		return
	}
	encoding := strings.ToLower(strings.TrimSpace(header.Get("Content-Transfer-Encoding")))
	switch encoding {
	case "", "7bit", "8bit", "binary", "quoted-printable", "base64":
	default:
		w.bad(where, "unknown Content-Transfer-Encoding %q", clip(encoding))
		return
	}
	if strings.HasPrefix(typ, "multipart/") {
		w.multipart(number, where, params["boundary"], encoding, body, depth)
		return
	}
	if !w.m.cfg.SMTPUTF8 {
		w.checkPartHeader(where, number, header)
	}
	w.leaf(where, typ, params, encoding, header, body)
}

// checkPartHeader checks the header of a part that is not the whole body, whose
// header is the message's.
func (w *walk) checkPartHeader(where, number string, header textproto.MIMEHeader) {
	if number == "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if slices.ContainsFunc(header[name], func(v string) bool { return !isASCII(v) }) {
			w.m.find(EightBitHeader, where, "its %s is not ASCII", name)
		}
	}
}

// place says where a finding about a part is.
func place(number, typ string) string {
	where := "body"
	if number != "" {
		where = "part " + number
	}
	if typ != "" {
		where += " (" + typ + ")"
	}
	return where
}

// mediaType is mime.ParseMediaType with the default of RFC 2045 5.2.
func mediaType(s string) (string, map[string]string, error) {
	if s == "" {
		return "text/plain", nil, nil
	}
	typ, params, err := mime.ParseMediaType(s)
	if err == nil && !strings.Contains(typ, "/") {
		err = errors.New("no subtype")
	}
	if err != nil {
		return "", nil, err
	}
	return typ, params, nil
}

func (w *walk) multipart(number, where, boundary, encoding string, body []byte, depth int) {
	if boundary == "" || len(boundary) > 70 {
		w.bad(where, "a boundary of %d octets", len(boundary))
		return
	}
	if encoding == "quoted-printable" || encoding == "base64" {
		w.bad(where, "Content-Transfer-Encoding %s is not for what has parts", encoding)
		return
	}
	if encoding != "8bit" && encoding != "binary" && bytes.ContainsFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) {
		w.m.find(EightBitBody, where, "there are 8-bit octets in it, but it does not have Content-Transfer-Encoding 8bit")
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for i := 1; ; i++ {
		p, err := r.NextRawPart()
		if err == io.EOF && i > 1 {
			return
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(p)
		}
		if err != nil {
			w.bad(where, "the boundary %q does not end the last part, or begin the first", boundary)
			return
		}
		n := strconv.Itoa(i)
		if number != "" {
			n = number + "." + n
		}
		if w.visit(n, p.Header, content, depth+1); w.count > maxParts {
			return
		}
	}
}

func (w *walk) leaf(where, typ string, params map[string]string, encoding string, header textproto.MIMEHeader, body []byte) {
	if encoding != "8bit" && encoding != "binary" && bytes.ContainsFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) {
		w.m.find(EightBitBody, where, "it has 8-bit octets, but not Content-Transfer-Encoding 8bit")
	}
	disposition, name := attachedAs(header.Get("Content-Disposition"))
	if name == "" {
		name = decodeWords(params["name"])
	}
	p := part{where: where, typ: typ, aside: disposition == "attachment", id: strings.Trim(header.Get("Content-Id"), " \t<>")}
	if ext := strings.ToLower(path.Ext(strings.TrimRight(name, ". "))); slices.Contains(blocked, ext) {
		w.m.find(BlockedAttachment, where, "%q: many receivers refuse %s files", clip(name), ext)
	}
	if typ == "text/plain" || typ == "text/html" {
		text, err := decode(encoding, body)
		charset := strings.ToLower(params["charset"])
		switch {
		case err != nil:
			w.bad(where, "%s: %v", encoding, err)
		case (charset == "utf-8" || charset == "utf8") && !utf8.Valid(text):
			w.bad(where, "it is not in UTF-8, as it says")
		}
		p.text = text
	} else if _, err := decode(encoding, body); err != nil {
		w.bad(where, "%s: %v", encoding, err)
	}
	w.parts = append(w.parts, p)
}

// attachedAs reads a Content-Disposition, as broken as readers take it.
func attachedAs(v string) (disposition, filename string) {
	disposition, params, err := mime.ParseMediaType(v)
	if err == nil {
		return disposition, decodeWords(params["filename"])
	}
	disposition, rest, _ := strings.Cut(v, ";")
	for p := range strings.SplitSeq(rest, ";") {
		if name, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(strings.TrimSpace(name), "filename") {
			filename = decodeWords(strings.Trim(value, " \t\""))
		}
	}
	return strings.ToLower(strings.TrimSpace(disposition)), filename
}

// decodeWords decodes encoded words, which many readers do in file names although
// RFC 2047 5 has none there.
func decodeWords(s string) string {
	if decoded, err := addressParser.WordDecoder.DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

// blocked are the file types that Gmail refuses, in archives too.
var blocked = strings.Fields(`.ade .adp .apk .appx .appxbundle .bat .cab .chm .cmd .com .cpl .diagcab .diagcfg .diagpkg .dll
	.dmg .ex .ex_ .exe .hta .img .ins .iso .isp .jar .jnlp .js .jse .lib .lnk .mde .mjs .msc .msi .msix .msixbundle .msp .mst
	.nsh .pif .ps1 .scr .sct .shb .sys .vb .vbe .vbs .vhd .vxd .wsc .wsf .wsh .xll`)

// decode undoes a transfer encoding.
func decode(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "quoted-printable":
		return io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
	case "base64":
		return io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.TrimSpace(body))))
	}
	return body, nil
}

func (m *mail) checkContent(parts []part) {
	html, text := false, false
	for _, p := range parts {
		html = html || p.typ == "text/html" && !p.aside
		text = text || p.typ == "text/plain" && !p.aside && len(bytes.TrimSpace(p.text)) > 0
	}
	switch {
	case !html && !text:
		m.find(NoContent, "body", "there is neither text nor HTML to read")
	case !text:
		m.find(NoText, "body", "there is no text beside the HTML")
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// clip shortens what is quoted.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%s...", strings.ToValidUTF8(s[:most], ""))
	}
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
