package smtptest

import "sync/atomic"

// Counters tells what has happened at a server since it started.
type Counters struct {
	Connections      int64 // connections accepted
	OpenConnections  int64 // those of them the server has not closed, nor seen closed
	PeakConnections  int64 // the most that were open at a time
	TLSHandshakes    int64 // completed
	FailedHandshakes int64
	Authenticated    int64 // AUTH answered 235

	Messages   int64 // messages taken
	Recipients int64 // recipients of the messages taken
	Bytes      int64 // octets of mail data read, of whatever became of them

	RejectedRecipients int64 // RCPT answered 4yz or 5yz
	RefusedMessages    int64 // mail data read to the end and not taken

	// RoundTrips is how often a session had answered everything it had read
	// and had to wait for more, from the first command after session set-up
	// (greeting, EHLO, STARTTLS, AUTH) to QUIT. A client that sends one command
	// at a time needs four a message with one recipient; one that sends an
	// envelope as a group (RFC 2920) two; one that sends the next envelope
	// along with the mail data one, and one more for the first envelope. A
	// group that the network or TLS cuts in pieces may count as more than one;
	// on the loopback interface one Write of up to 16 KiB does not.
	RoundTrips int64
	Reads      int64 // reads that returned something; under TLS, of plaintext
	Writes     int64 // writes of replies

	// PipelinedUnasked counts the commands behind which more input had
	// arrived before they were answered, on a session to which PIPELINING had
	// not been offered.
	PipelinedUnasked int64
	// AfterDATA counts the DATA commands behind which more input had arrived
	// before they were answered. It stays 0 with a correct client (RFC 2920
	// section 3.1).
	AfterDATA int64
	// InjectedBytes counts octets that came in plaintext behind STARTTLS.
	// They are discarded (RFC 3207 section 5).
	InjectedBytes int64

	// The following count messages, of whatever became of them, whose mail
	// data were read to the end and had what they must not have. They stay 0
	// with a correct client. The first three leave messages out that came with
	// BODY=BINARYMIME, to which they do not apply.
	//
	// BareNewlines counts those with a CR or LF that is not part of a CRLF,
	// or with a NUL (RFC 5321 section 2.3.8, RFC 5322 section 2.2).
	BareNewlines int64
	// LongLines counts those with a line over 998 octets without its CRLF
	// (RFC 5321 section 4.5.3.1.6).
	LongLines int64
	// UndeclaredEightBit counts those with octets over 127 that came without
	// BODY=8BITMIME (RFC 6152). With SMTPUTF8 the header may have them (RFC
	// 6531 section 3.6).
	UndeclaredEightBit int64
	// SizeExceeded counts those larger than their SIZE= (RFC 1870).
	SizeExceeded int64

	Faults int64 // scripted faults that took place

	// Commands counts the commands received, by verb in upper case; those
	// that the server does not know are under "OTHER".
	Commands map[string]int64
}

// Counters returns a snapshot. Everything a reply stands for is counted
// before the client can see the reply.
func (s *Server) Counters() Counters {
	c := &s.count
	snapshot := Counters{
		Connections:        c.connections.Load(),
		OpenConnections:    c.open.Load(),
		PeakConnections:    c.peak.Load(),
		TLSHandshakes:      c.handshakes.Load(),
		FailedHandshakes:   c.failedHandshakes.Load(),
		Authenticated:      c.authenticated.Load(),
		Messages:           c.messages.Load(),
		Recipients:         c.recipients.Load(),
		Bytes:              c.bytes.Load(),
		RejectedRecipients: c.rejectedRecipients.Load(),
		RefusedMessages:    c.refusedMessages.Load(),
		RoundTrips:         c.roundTrips.Load(),
		Reads:              c.reads.Load(),
		Writes:             c.writes.Load(),
		PipelinedUnasked:   c.pipelinedUnasked.Load(),
		AfterDATA:          c.afterDATA.Load(),
		InjectedBytes:      c.injected.Load(),
		BareNewlines:       c.bareNewlines.Load(),
		LongLines:          c.longLines.Load(),
		UndeclaredEightBit: c.undeclaredEightBit.Load(),
		SizeExceeded:       c.sizeExceeded.Load(),
		Faults:             c.faults.Load(),
		Commands:           make(map[string]int64),
	}
	for i := range c.commands {
		if n := c.commands[i].Load(); n > 0 {
			snapshot.Commands[commandTable[i].verb] = n
		}
	}
	return snapshot
}

// counts is what Counters is a snapshot of.
type counts struct {
	connections, open, peak      atomic.Int64
	handshakes, failedHandshakes atomic.Int64
	authenticated                atomic.Int64
	messages, recipients, bytes  atomic.Int64
	rejectedRecipients           atomic.Int64
	refusedMessages              atomic.Int64
	roundTrips, reads, writes    atomic.Int64
	pipelinedUnasked, afterDATA  atomic.Int64
	injected, faults             atomic.Int64
	bareNewlines, longLines      atomic.Int64
	undeclaredEightBit           atomic.Int64
	sizeExceeded                 atomic.Int64
	commands                     [verbs]atomic.Int64 // by index in commandTable
}

// connected counts a new connection. Calls must not overlap.
func (c *counts) connected() {
	c.connections.Add(1)
	if n := c.open.Add(1); n > c.peak.Load() {
		c.peak.Store(n)
	}
}
