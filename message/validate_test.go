package message_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
)

type (
	msg  = message.Message
	addr = message.Address
	file = message.Attachment
)

func header(name, value string) func(*msg) {
	return func(m *msg) { m.Headers = append(m.Headers, message.Header{Name: name, Value: value}) }
}

func TestRefused(t *testing.T) {
	inline := func(a file) func(*msg) { return func(m *msg) { m.Inlines = []file{{ContentID: "one"}, a} } }
	attach := func(a file) func(*msg) { return func(m *msg) { m.Attachments = []file{{}, a} } }
	for _, tt := range []struct {
		field string
		want  error
		set   func(*msg)
	}{
		{"From", message.ErrNoFrom, func(m *msg) { m.From = addr{Name: "Ann"} }},
		{"From", message.ErrBadAddress, func(m *msg) { m.From.Addr = "ann" }},
		{"From.Name", message.ErrBadHeaderValue, func(m *msg) { m.From.Name = "Ann\r\nBcc: x@y" }},
		{"Sender", message.ErrBadAddress, func(m *msg) { m.Sender.Name = "x" }},
		{"To[1]", message.ErrBadAddress, func(m *msg) { m.To = append(m.To, addr{Addr: "x@y\r\n"}) }},
		{"To[0].Name", message.ErrBadHeaderValue, func(m *msg) { m.To[0].Name = "\x00" }},
		{"Cc[0]", message.ErrBadAddress, func(m *msg) { m.Cc = []addr{{}} }},
		{"Bcc[0]", message.ErrBadAddress, func(m *msg) { m.Bcc = []addr{{Addr: "x"}} }},
		{"ReplyTo[0].Name", message.ErrBadHeaderValue, func(m *msg) { m.ReplyTo = []addr{{"\xff", "a@b"}} }},
		{"ToGroup", message.ErrBadHeaderValue, func(m *msg) { m.ToGroup = "a\nb" }},
		{"Subject", message.ErrBadHeaderValue, func(m *msg) { m.Subject = "a\r\n\r\nb" }},
		{"Subject", message.ErrBadHeaderValue, func(m *msg) { m.Subject = "a\rb" }},
		{"Subject", message.ErrBadHeaderValue, func(m *msg) { m.Subject = "a\x1bb" }},
		{"Subject", message.ErrBadHeaderValue, func(m *msg) { m.Subject = "\xe4" }},
		{"Date", message.ErrBadDate, func(m *msg) { m.Date = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"Date", message.ErrBadDate, func(m *msg) { m.Date = time.Date(1, 2, 1, 0, 0, 0, 0, time.UTC) }},
		{"MessageID", message.ErrBadMessageID, func(m *msg) { m.MessageID = "x" }},
		{"MessageID", message.ErrBadMessageID, func(m *msg) { m.MessageID = "<a@b>\r\nX: y" }},
		{"MessageID", message.ErrBadMessageID, func(m *msg) { m.MessageID = "<a b@c>" }},
		{"MessageID", message.ErrBadMessageID, func(m *msg) { m.MessageID = "<ü@c>" }},
		{"MessageID", message.ErrBadMessageID, func(m *msg) { m.MessageID = strings.Repeat("a", 1000) + "@c" }},
		{"Text", message.ErrBadText, func(m *msg) { m.Text = "a\x00b" }},
		{"HTML", message.ErrBadText, func(m *msg) { m.HTML = "Gr\xfc\xdfe" }},

		{"Headers[0].Name", message.ErrBadHeaderName, header("", "x")},
		{"Headers[0].Name", message.ErrBadHeaderName, header("X Y", "x")},
		{"Headers[0].Name", message.ErrBadHeaderName, header("X:Y", "x")},
		{"Headers[0].Name", message.ErrBadHeaderName, header("X\r\nY", "x")},
		{"Headers[0].Name", message.ErrBadHeaderName, header("X-Größe", "x")},
		{"Headers[0].Name", message.ErrBadHeaderName, header(strings.Repeat("x", 77), "x")},
		{"Headers[0].Value", message.ErrBadHeaderValue, header("X", "a\r\n b")},
		{"Headers[0].Value", message.ErrBadHeaderValue, header("X", "a\x00")},
		{"Headers[0].Value", message.ErrTooLong, header("X", strings.Repeat("x", 999))},
		{"Headers[1].Name", message.ErrDuplicateHeader, func(m *msg) { header("List-ID", "<a>")(m); header("list-id", "<b>")(m) }},
		{"Headers[1].Name", message.ErrDuplicateHeader, func(m *msg) { header("References", "<a@b>")(m); header("REFERENCES", "<c@d>")(m) }},

		{"Attachments[1].Filename", message.ErrBadFilename, attach(file{Filename: "a\r\nb.txt"})},
		{"Attachments[1].Filename", message.ErrBadFilename, attach(file{Filename: "\xff"})},
		{"Attachments[1].ContentType", message.ErrBadContentType, attach(file{ContentType: "text/plain\r\nX: y"})},
		{"Attachments[1].ContentType", message.ErrBadContentType, attach(file{ContentType: "text"})},
		{"Attachments[1].ContentType", message.ErrBadContentType, attach(file{ContentType: "multipart/mixed; boundary=a"})},
		{"Attachments[1].ContentType", message.ErrBadContentType, attach(file{ContentType: "message/rfc822", Content: []byte("Subject: ü\r\n")})},
		{"Attachments[1].ContentType", message.ErrBadContentType, attach(file{ContentType: "text/" + strings.Repeat("x", 2000)})},
		{"Attachments[1].ContentType", message.ErrBadContentType, attach(file{ContentType: "text/plain; a*=utf-8''%0D%0AX"})},
		{"Attachments[1].ContentID", message.ErrBadContentID, attach(file{ContentID: "a\nb"})},
		{"Inlines[1].ContentID", message.ErrBadContentID, inline(file{})},
		{"Inlines[1].ContentID", message.ErrBadContentID, inline(file{ContentID: "<one>"})},
		{"Inlines[1].ContentID", message.ErrTooLong, inline(file{ContentID: strings.Repeat("ü", 500)})},
	} {
		m := base()
		tt.set(&m)
		raw, err := m.Bytes()
		var fe *message.FieldError
		if !errors.As(err, &fe) || fe.Field != tt.field || !errors.Is(err, tt.want) || raw != nil {
			t.Errorf("%s: got %v, want %v", tt.field, err, tt.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), "message: ") || strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("error text %q", err)
		}
	}
}

func TestReservedHeaders(t *testing.T) {
	for _, name := range []string{
		"From", "SENDER", "reply-to", "To", "CC", "bcc", "Subject", "Date", "Message-ID", "message-id", "MIME-Version",
		"Content-Type", "content-transfer-encoding", "Content-X", "Return-Path", "Resent-Bcc",
	} {
		m := base()
		header(name, "x")(&m)
		if err := m.Validate(); !errors.Is(err, message.ErrReservedHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
