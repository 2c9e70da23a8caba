package main

import (
	"crypto/rand"
	"strings"
	"time"
)

// digits is how many a number has wherever it is written; all messages are of
// one size thereby.
const (
	digits    = 10
	maxNumber = 9_999_999_999
)

// A template is the content of a message with room for its numbers, as digits
// to be overwritten.
type template struct {
	content   string
	messages  []int // offsets of the message's number
	recipient int   // offset of the recipient's, in the To header
}

// newTemplate makes the content of a run's messages. size is that of the text.
func newTemplate(from, domain string, size int, date time.Time) *template {
	t := &template{}
	var b strings.Builder
	number := func() {
		t.messages = append(t.messages, b.Len())
		b.WriteString(strings.Repeat("0", digits))
	}
	b.WriteString("From: <" + from + ">\r\nTo: <")
	t.recipient = b.Len() + len(recipientPrefix)
	b.Write(appendRecipient(nil, 0, domain))
	b.WriteString(">\r\nSubject: Load test, message ")
	number()
	b.WriteString("\r\nDate: " + date.Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\r\nMessage-ID: <")
	number()
	b.WriteString("." + strings.ToLower(rand.Text()) + from[strings.LastIndexByte(from, '@'):] + ">\r\n")
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n")
	begin := b.Len()
	b.WriteString("This is message ")
	number()
	b.WriteString(" of a load test.")
	fill(&b, size-(b.Len()-begin)-len("\r\n"))
	t.content = b.String()
	return t
}

// fill ends a line and writes lines of text, size octets apart from the first
// line's end.
func fill(b *strings.Builder, size int) {
	const line = "All work and no play makes a relay a dull machine, but a well-known one."
	if size == 1 { // too short for a line
		b.WriteString(".")
	}
	b.WriteString("\r\n")
	for size > 1 {
		n := min(size, len(line)+2)
		if size-n == 1 { // leave no single octet
			n--
		}
		b.WriteString(line[:n-2] + "\r\n")
		size -= n
	}
}

// write makes content that of a message: a copy of the template's, or of
// another message's.
func (t *template) write(content []byte, message, recipient int64) {
	for _, at := range t.messages {
		putNumber(content[at:], message)
	}
	putNumber(content[t.recipient:], recipient)
}

// putNumber writes n at the beginning of b.
func putNumber(b []byte, n int64) {
	for i := digits - 1; i >= 0; i-- {
		b[i] = '0' + byte(n%10)
		n /= 10
	}
}

const recipientPrefix = "r"

func appendRecipient(b []byte, n int64, domain string) []byte {
	b = append(b, recipientPrefix...)
	at := len(b)
	b = append(b, "0000000000@"...)
	putNumber(b[at:], n)
	return append(b, domain...)
}
