package smtpclient

import (
	"crypto/tls"
	"time"
)

// Trace is a set of hooks into the life of sessions, enough for metrics and
// for a log of the wire. Any hook may be nil. Neither credentials nor content
// are ever passed to one.
//
// The first argument of every hook is the session's number, unique in the
// process. Hooks are called on the session's own path, from its writing and its
// reading side at once: they must be safe for concurrent use, return soon, and
// not call the session.
type Trace struct {
	// Dialed: an attempt to connect has ended.
	Dialed func(session uint64, network, addr string, took time.Duration, err error)
	// TLS: a handshake has succeeded. verified tells whether the certificate
	// was checked and found good; it is false at times in OpportunisticTLS.
	TLS func(session uint64, state tls.ConnectionState, verified bool)
	// Command: a command line is about to be written, without its CRLF.
	// Everything behind AUTH's mechanism, and every SASL line, reads "…". A lone
	// dot is written where DATA was granted though no recipient was.
	Command func(session uint64, line string)
	// Content: the mail data of a message is about to be written, octets long
	// before dot-stuffing.
	Content func(session uint64, octets int)
	// Reply: a reply was read. verb is the command it answers; see ReplyError.
	// The text of a challenge of SCRAM reads "…": with the rest of the exchange
	// it would do to guess passwords by.
	Reply func(session uint64, verb string, r Reply)
	// Wrote: n octets were handed to the connection in one write.
	Wrote func(session uint64, n int)
	// RoundTrip: the session has written, waited for the replies, and has them
	// all, took later.
	RoundTrip func(session uint64, took time.Duration)
	// Ready: the session is built and can take mail.
	Ready func(session uint64, e Extensions, mode Mode)
	// Closed: the session is over; err says why, nil after QUIT.
	Closed func(session uint64, err error)
}
