package preflight

import (
	"bytes"
	"io"
	"mime"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLine is the most octets of a line, without its end (RFC 5322 2.1.1).
const maxLine = 998

// checkLines checks what holds for every line, and reports the first of each kind.
func (m *mail) checkLines() {
	var bare, long, nul int // the line; 0: none
	line := 1
	for rest := m.raw; len(rest) > 0; line++ {
		i := bytes.IndexByte(rest, '\n')
		text, next := rest, rest[len(rest):]
		if i >= 0 {
			text, next = rest[:i], rest[i+1:]
		}
		content, crlf := bytes.CutSuffix(text, []byte("\r"))
		if bare == 0 && (i >= 0 && !crlf || i < 0 && crlf || bytes.IndexByte(content, '\r') >= 0) {
			bare = line
		}
		if long == 0 && len(content) > maxLine {
			long = line
		}
		if nul == 0 && bytes.IndexByte(content, 0) >= 0 {
			nul = line
		}
		rest = next
	}
	m.findLine(BareNewline, bare, "a CR or LF that is not part of a CRLF: relays refuse the message, or alter it and break its signature")
	m.findLine(LongLine, long, "more than 998 octets: relays cut it or refuse the message")
	m.findLine(NulOctet, nul, "a NUL octet: many servers refuse the message")
}

func (m *mail) findLine(k Kind, line int, text string) {
	if line > 0 {
		m.find(k, "line "+itoa(line), "%s", text)
	}
}

func (m *mail) checkSize() {
	if len(m.raw) > m.cfg.MaxSize {
		m.find(TooLarge, "message", "%d octets, more than %d", len(m.raw), m.cfg.MaxSize)
	}
}

// A field is a header field.
type field struct {
	name  string // as it stands there
	value string // unfolded, without white space around it
}

// parseHeader reads the header, and returns the body. Lines may end in LF alone:
// that has its finding.
func (m *mail) parseHeader() (body []byte) {
	rest := m.raw
	for n := 1; ; n++ {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if !ended && len(line) == 0 {
			m.find(BadHeader, "line "+itoa(n), "the message ends within the header: there is no empty line behind it")
			return nil
		}
		if len(line) == 0 {
			return after
		}
		m.parseLine(n, string(line))
		rest = after
	}
}

func (m *mail) parseLine(n int, line string) {
	if line[0] == ' ' || line[0] == '\t' {
		if len(m.fields) == 0 {
			m.find(BadHeader, "line "+itoa(n), "the header begins with the continuation of a field")
			return
		}
		f := &m.fields[len(m.fields)-1]
		f.value = strings.TrimRight(f.value+line, " \t")
		return
	}
	name, value, ok := strings.Cut(line, ":")
	trimmed := strings.TrimRight(name, " \t")
	if !ok || trimmed == "" || strings.ContainsFunc(trimmed, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		m.find(BadHeader, "line "+itoa(n), "%q is not a header field", clip(line))
		return
	}
	m.fields = append(m.fields, field{trimmed, strings.Trim(value, " \t")})
}

// values returns the values of all fields of a name.
func (m *mail) values(name string) []string {
	var list []string
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			list = append(list, f.value)
		}
	}
	return list
}

// value returns the first field's value.
func (m *mail) value(name string) (string, bool) {
	list := m.values(name)
	if len(list) == 0 {
		return "", false
	}
	return list[0], true
}

// single are the fields that may stand once: RFC 5322 3.6, RFC 2045 3, RFC 2369
// 3, RFC 2919 3, RFC 8058 3.1.
var single = []string{
	"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject", "Date",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-ID", "Content-Description", "Content-Disposition",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Subscribe", "List-Post", "List-Owner", "List-Archive",
	"Feedback-ID", "Return-Path",
}

func (m *mail) checkFields() {
	m.checkEightBit()
	for _, name := range []string{"From", "Date", "Message-ID", "Subject"} {
		if v, ok := m.value(name); !ok {
			m.find(MissingField, name, "there is none")
		} else if v == "" {
			m.find(MissingField, name, "it is empty")
		}
	}
	to, cc := m.values("To"), m.values("Cc")
	if len(to) == 0 && len(cc) == 0 {
		m.find(MissingField, "To", "there is neither To nor Cc")
	}
	_, typed := m.value("Content-Type")
	if _, ok := m.value("MIME-Version"); typed && !ok {
		m.find(MissingField, "MIME-Version", "there is none, but a Content-Type")
	}
	for _, name := range single {
		if n := len(m.values(name)); n > 1 {
			m.find(DuplicateField, name, "stands there %d times", n)
		}
	}
	if _, ok := m.value("Bcc"); ok {
		m.find(BccField, "Bcc", "everybody can read it")
	}
	m.checkAddresses()
	m.checkDate()
	m.checkMessageID()
}

func (m *mail) checkEightBit() {
	seen := map[string]bool{}
	for _, f := range m.fields {
		if isASCII(f.value) || m.cfg.SMTPUTF8 && utf8.ValidString(f.value) || seen[strings.ToLower(f.name)] {
			continue
		}
		seen[strings.ToLower(f.name)] = true
		if utf8.ValidString(f.value) {
			m.find(EightBitHeader, f.name, "it is not ASCII: encode it (RFC 2047), or send it by SMTPUTF8")
		} else {
			m.find(EightBitHeader, f.name, "it is neither ASCII nor UTF-8")
		}
	}
}

// addressParser takes encoded words of any charset: their text does not matter
// here.
var addressParser = netmail.AddressParser{WordDecoder: &mime.WordDecoder{
	CharsetReader: func(_ string, r io.Reader) (io.Reader, error) { return r, nil },
}}

func (m *mail) checkAddresses() {
	for _, name := range []string{"From", "Sender", "Reply-To", "To", "Cc"} {
		for _, v := range m.values(name) {
			if v == "" && name == "From" || name == "To" && isEmptyGroup(v) {
				continue // has its finding, or is good
			}
			list, err := addressParser.ParseList(v)
			if err != nil {
				m.find(BadAddress, name, "%q: %s", clip(v), strings.TrimPrefix(err.Error(), "mail: "))
				continue
			}
			for _, a := range list {
				if _, err := domainOf(withPlainLocal(a)); err != nil {
					m.find(BadAddress, name, "%q: %v", clip(a.Address), err)
				}
			}
			if name == "From" {
				m.readFrom(list)
			}
		}
	}
}

// isEmptyGroup: "undisclosed-recipients:;" is good in To.
func isEmptyGroup(v string) bool {
	name, rest, ok := strings.Cut(v, ":")
	return ok && strings.TrimSpace(name) != "" && strings.TrimSpace(rest) == ";"
}

func (m *mail) readFrom(list []*netmail.Address) {
	if len(list) > 1 {
		m.find(SeveralFrom, "From", "%d addresses: receivers cannot tell whose mail it is", len(list))
		return
	}
	if domain, err := domainOf(withPlainLocal(list[0])); err == nil && len(m.values("From")) == 1 {
		m.fromDomain = domain
	}
}

// withPlainLocal returns an address of the same domain. net/mail has checked the
// local part, and taken the quotes off it.
func withPlainLocal(a *netmail.Address) string {
	return "x" + a.Address[strings.LastIndexByte(a.Address, '@'):]
}

// maxSkew is how far Date may be from now.
const maxSkew = 24 * time.Hour

func (m *mail) checkDate() {
	v, _ := m.value("Date")
	if v == "" {
		return
	}
	date, err := netmail.ParseDate(v)
	if err != nil {
		m.find(BadDate, "Date", "%q: %s", clip(v), strings.TrimPrefix(err.Error(), "mail: "))
		return
	}
	switch off := date.Sub(m.now); {
	case off >= maxSkew:
		m.find(DateFarOff, "Date", "%v in the future", off.Round(time.Hour))
	case off <= -maxSkew:
		m.find(DateFarOff, "Date", "%v ago", (-off).Round(time.Hour))
	}
}

func (m *mail) checkMessageID() {
	v, _ := m.value("Message-ID")
	if v == "" {
		return
	}
	id, ok := strings.CutPrefix(v, "<")
	id, closed := strings.CutSuffix(id, ">")
	left, right, at := strings.Cut(id, "@")
	if !ok || !closed || !at || left == "" || right == "" || strings.ContainsAny(id, "<> \t,") {
		m.find(BadMessageID, "Message-ID", "%q is not <left@right>", clip(v))
	}
}
