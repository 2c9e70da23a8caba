package smtpclient

import "fmt"

// An Outcome says what became of a message for one recipient, seen from this
// side of the connection. It answers: could the server have the message?
type Outcome uint8

const (
	// Unknown: the end of the mail data may have reached the server, and no
	// reply came, or none that is sure to have been its own. The server may or
	// may not have the message, and nothing on this side can tell. Sending it
	// again can make a second copy.
	// It is the zero value, so that an outcome nobody set is never retried.
	Unknown Outcome = iota
	// Accepted: the server answered the end of the mail data with 2yz and has
	// taken responsibility for the message (RFC 5321 6.1).
	Accepted
	// Rejected: the server answered 5yz.
	Rejected
	// Deferred: the server answered 4yz; the same message may be accepted later.
	Deferred
	// NotSent: nothing of the message can have been accepted, and the server
	// has not judged it either: the session ended before, or the message was
	// refused on this side (see RefusedError).
	NotSent
)

var outcomeNames = [...]string{"unknown", "accepted", "rejected", "deferred", "not-sent"}

// String returns the outcome in lower case: "accepted", "rejected",
// "deferred", "not-sent" or "unknown".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// A RecipientResult is what became of one recipient.
type RecipientResult struct {
	// Address is the recipient as the caller gave it.
	Address string
	Outcome Outcome
	// Reply is the reply that decided the outcome: to the end of the mail data,
	// or the one that refused the recipient or the transaction. It is the zero
	// Reply where none came.
	Reply Reply
	// Err is nil exactly if Outcome is Accepted.
	Err error
}

// A Result is what became of one message.
type Result struct {
	// Recipients has one entry for each of the message's recipients, in their
	// order.
	Recipients []RecipientResult
	// Err is nil exactly if the message was accepted for every recipient. It is
	// a *RecipientsError if the recipients fared differently, else the one
	// error that they share.
	Err error
}

// ErrorFor returns the error for a message whose recipients fared so: nil if
// it was accepted for all of them, the error that they share, or a
// *RecipientsError.
func ErrorFor(recipients []RecipientResult) error {
	var shared error
	for i := range recipients {
		err := recipients[i].Err
		if i > 0 && err != shared {
			return &RecipientsError{Recipients: recipients}
		}
		shared = err
	}
	return shared
}
