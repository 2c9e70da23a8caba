// Package message builds the bytes of a mail: a struct goes in, a complete and
// checked RFC 5322 message comes out, before any session hears of it.
//
//   - Who has one mail to send fills a [Message] and calls [Message.Bytes] and
//     [Message.Envelope].
//   - Who writes to many people compiles a [Template] once with [NewTemplate],
//     holds its [Template.Check] against the fields at hand before anything is
//     sent, and calls [Template.Append] for each [Recipient].
//   - Who sends newsletters sets Message.List, with a [OneClick] that makes the
//     unsubscribe URLs; the web server behind them asks [OneClick.Request].
//   - Who reads addresses from a file or a form uses [ParseAddress] or
//     [Address.Validate].
//
// # What is promised
//
// The bytes end every line, the last one included, in CRLF, and no line is
// longer than 998 octets. They are 7-bit unless an address has a local part
// that is not ASCII ([Message.NeedsSMTPUTF8] tells) or EightBit is set. From,
// Date, Message-ID, Subject and MIME-Version stand there exactly once, Bcc never.
// No value can add a header field or end the header early: a CR, LF or NUL in a
// header, an address or a file name is a [*FieldError]. So is a NUL in a body, and
// anything that is not UTF-8; line ends of a body may be any and are made CRLF.
// No value can begin a MIME part, even one made by who knows the boundary. The
// same Message gives the same bytes each time, its boundaries included.
//
// # Templates
//
// A template is compiled once, into a message that is encoded but for its gaps,
// attachments and all. Rendering copies it, and encodes around what it merges: less
// than a microsecond for a newsletter of 12 KB. A source with conditions and
// loops is executed by text/template or html/template instead, some twenty
// microseconds. Either way the bytes are those of a Message with the same content.
//
// What html/template would refuse is refused, and what it would escape is
// escaped, by html/template's own choice for each place: text, attribute, URL.
// A field that a recipient lacks is a [*TemplateError] with its name and place.
//
// # One message for each recipient
//
// Date and Message-ID are set once, by the first call that needs them, in the
// Message or the Recipient, so that every attempt to send a message carries the
// same ones. A series of Messages without a template therefore starts from one
// that was never built:
//
//	for row := range rows {
//		m := base // a copy: gets its own Date and Message-ID
//		m.To = []message.Address{{Name: row["name"], Addr: row["email"]}}
//		content, err := m.Bytes()
//		...
//	}
//
// Copies may share their slices and the contents of attachments; nothing here
// writes to them.
//
// # Specifications
//
//   - RFC 5322: header fields, line lengths (2.1.1), folding (2.2.3), Message-ID (3.6.4)
//   - RFC 2045, RFC 2046: MIME, transfer encodings, multipart; RFC 6152: 8bit
//   - RFC 2047: encoded words in subjects and display names
//   - RFC 2183, RFC 2231: attachments and their file names in any language
//   - RFC 2387, RFC 2392: related parts and cid: URLs
//   - RFC 2369, RFC 2919, RFC 8058: List-Unsubscribe, List-Id, one-click
//   - RFC 3676: format=flowed
//   - RFC 5545, RFC 6047: calendars
//   - RFC 5890, RFC 6532: internationalised domains and header fields
//
// The MIME structure is written by enmime (github.com/jhillyerd/enmime).
package message
