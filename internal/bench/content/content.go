// Package content makes the mails that every sender of the bench sends, each
// different from all others, and tells whether a mail received is one of them
// and in its own envelope.
//
// Mail number i has the number in its recipient's address, in the To and
// Message-ID headers and in a link in the text. Numbers have eight digits, so
// that all mails are of one size.
package content

import (
	"fmt"
	"strings"
)

// What all mails have in common.
const (
	From     = "news@bench.example"
	FromName = "Bench News"
	Subject  = "Your weekly update from the bench"
)

// MaxNumber is the highest number of a mail.
const MaxNumber = 99_999_999

const digits = 8

// The parts of a mail that have its number in them.
const (
	recipientPart = "user%@readers.example"
	messageIDPart = "m%@bench.example"
	linkPart      = "https://bench.example/u/%"
)

// Recipient returns the address mail i is for.
func Recipient(i int) string { return part(recipientPart, i) }

// AppendRecipient appends Recipient(i) to b.
func AppendRecipient(b []byte, i int) []byte { return appendPart(b, recipientPart, i) }

// MessageID returns the Message-ID of mail i, without angle brackets.
func MessageID(i int) string { return part(messageIDPart, i) }

// Link returns the link in mail i's text and in its List-Unsubscribe header.
func Link(i int) string { return part(linkPart, i) }

// Text returns the text of mail i, for a sender that builds its mail itself.
func Text(i int) string { return string(text.append(make([]byte, 0, Size), i)) }

// Size is the number of octets of a mail, before dot-stuffing.
var Size = len(whole.append(nil, 0))

// Append appends mail i to b, headers and text, CRLF at its end.
func Append(b []byte, i int) []byte { return whole.append(b, i) }

// AppendStuffed appends mail i as DATA has it: dot-stuffed, with the lone dot
// behind it (RFC 5321 4.5.2).
func AppendStuffed(b []byte, i int) []byte { return append(stuffed.append(b, i), ".\r\n"...) }

// A template is a text with holes for a number.
type template []string

var (
	text    = cut(body)
	whole   = cut(header + body)
	stuffed = cut(strings.ReplaceAll(header+body, "\r\n.", "\r\n.."))
)

func cut(s string) template { return strings.Split(s, "%") }

func (t template) append(b []byte, i int) []byte {
	for k, s := range t {
		if k > 0 {
			b = appendNumber(b, i)
		}
		b = append(b, s...)
	}
	return b
}

// part makes a part as a string, in one allocation.
func part(p string, i int) string {
	var b [64]byte
	return string(appendPart(b[:0], p, i))
}

func appendPart(b []byte, part string, i int) []byte {
	before, behind, _ := strings.Cut(part, "%")
	return append(appendNumber(append(b, before...), i), behind...)
}

// appendNumber is fmt's %08d at the price of a loop.
func appendNumber(b []byte, i int) []byte {
	if i < 0 || i > MaxNumber {
		panic(fmt.Sprintf("content: no mail has the number %d", i))
	}
	b = append(b, "00000000"...)
	for k := len(b) - 1; i > 0; k-- {
		b[k] += byte(i % 10)
		i /= 10
	}
	return b
}

const header = "From: " + FromName + " <" + From + ">\r\n" +
	"To: <" + recipientPart + ">\r\n" +
	"Subject: " + Subject + "\r\n" +
	"Date: Fri, 02 Jan 2026 15:04:05 +0000\r\n" +
	"Message-ID: <" + messageIDPart + ">\r\n" +
	"MIME-Version: 1.0\r\n" +
	"List-Unsubscribe: <" + linkPart + ">\r\n" +
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" +
	"Content-Type: text/plain; charset=us-ascii\r\n" +
	"Content-Transfer-Encoding: 7bit\r\n\r\n"

// textSize is about how long the text is.
const textSize = 2048

var body = func() string {
	var b strings.Builder
	b.WriteString("Hello,\r\n\r\nthis is the weekly update. Unsubscribe at any time:\r\n" + linkPart + "\r\n\r\n")
	lines := []string{
		"The quick brown fox jumps over the lazy dog near the river bank.\r\n",
		"Sphinx of black quartz, judge my vow; pack my box with five dozen jugs.\r\n",
		". a line that begins with a dot has to survive transparency\r\n",
		"Throughput is a matter of round trips, system calls and copies.\r\n\r\n",
	}
	for i := 0; b.Len() < textSize; i++ {
		b.WriteString(lines[i%len(lines)])
	}
	return b.String()
}()
