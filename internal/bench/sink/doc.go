// Package sink is an SMTP server for measuring senders by: one loop over epoll
// takes everything that comes, counts it and drops it, at a cost well below any
// sender's. It offers PIPELINING and CHUNKING, and can delay its replies as a
// network of some length does. It listens on the loopback interface only, and
// runs on Linux only.
package sink

import (
	"errors"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// ErrUnsupported is the error of Listen on systems without what it needs.
var ErrUnsupported = errors.New("sink: needs epoll_pwait2, Linux 5.11 or later")

// Config says how a sink behaves.
type Config struct {
	// RoundTrip is the time from input to the delivery of the reply to it. Like
	// a network's it is pipelined: replies written one after the other arrive
	// one after the other. The greeting takes two, one for TCP's handshake.
	RoundTrip time.Duration
	// Check is how closely mails are looked at; it takes more time than all the
	// rest of the sink.
	Check Check
}

// Check is how closely a sink looks at mails.
type Check string

// The checks. Each includes those before it.
const (
	CheckNothing Check = "nothing"
	// CheckRecipients notes recipients who get more than one mail.
	CheckRecipients Check = "recipients"
	// CheckNumbers holds the numbers in a mail against its recipient's.
	CheckNumbers Check = "numbers"
	// CheckExact holds each octet against the mail of that number.
	CheckExact Check = "exact"
)

// of looks at a mail received for a recipient.
func (c Check) of(mail []byte, recipient int) error {
	switch c {
	case CheckNumbers:
		return content.CheckNumbers(mail, recipient)
	case CheckExact:
		return content.CheckExact(mail, recipient)
	}
	return nil
}

// keeps reports whether the check needs the mail's content.
func (c Check) keeps() bool { return c == CheckNumbers || c == CheckExact }

// Counts is what a sink has counted.
type Counts struct {
	Connections int64
	Messages    int64 // taken
	Octets      int64 // of their content
	Refused     int64 // replies of 4yz and 5yz

	// Reads is how often the sink got something, Writes how often it wrote
	// replies, from a session's first MAIL to its QUIT. On an idle machine the
	// one is how often the client wrote, the other how often it had something
	// to read; where the sink lags behind, what it reads at once counts once.
	Reads, Writes int64
	// RoundTrips counts the reads before which the client had been sent every
	// reply that was due: it may have waited for them.
	RoundTrips int64

	// Duplicates counts the recipients that had a mail before, Misplaced the
	// mails that are not for their recipient, or not intact.
	Duplicates, Misplaced int64
	// Fault is the first misplaced mail's.
	Fault string

	// Span is the time from the first MAIL to the last message taken.
	Span time.Duration
}
