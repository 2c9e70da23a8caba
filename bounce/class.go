package bounce

// A Class is the reason why a mail did not arrive, or what became of it else.
//
// It is read from the words of the remote server first, then from the enhanced
// status code, then from the reply code: many servers say 5.1.1 for a full
// mailbox, 5.0.0 for everything, or 4.1.1 for a user that does not exist. Words
// in addresses, links and host names do not count.
type Class string

// The classes, with whether they are hard, the enhanced status codes (RFC 3463
// and its registry) that stand for them where there are no words, and what is in
// the words.
const (
	// Undefined: the mail gives no reason, or none that tells. Not known to be
	// hard or soft.
	Undefined Class = ""
	// NoMailbox is hard. X.1.0, X.1.1, X.1.3, X.1.4, X.1.10 (Exchange), "user
	// unknown", "no such mailbox".
	NoMailbox Class = "no-mailbox"
	// NoDomain is hard. X.1.2, "domain not found", "no MX or A record". Where the
	// lookup may have failed for a time, as with a reply 4yz, it is DNS.
	NoDomain Class = "no-domain"
	// Moved is hard: the address is gone, and mail is not forwarded. X.1.6, "has
	// moved", "no longer works here".
	Moved Class = "moved"
	// NoMail is hard: the domain takes no mail at all. X.1.10 of a null MX
	// (RFC 7505), X.3.2 where a host accepts no mail (RFC 7504, 521 and 556).
	NoMail Class = "no-mail"
	// Disabled: the mailbox is there, and out of use: suspended, locked, inactive,
	// not paid for. It can come back. X.2.1, X.7.13. Not known to be hard or soft.
	Disabled Class = "disabled"
	// Full is soft: over quota. X.2.2.
	Full Class = "mailbox-full"
	// RateLimited is soft: too much at a time, too many connections. X.2.0 with
	// such words, 4.7.28, 4.3.2 "too many connections", 421 as an answer to load.
	RateLimited Class = "rate-limited"
	// Greylisted is soft: come again in some minutes.
	Greylisted Class = "greylisted"
	// TooLarge is soft: the message is. X.2.3, X.3.4.
	TooLarge Class = "too-large"
	// Content is soft: its format or an attachment. X.6.Z.
	Content Class = "content"
	// Spam is soft: the content was taken for it.
	Spam Class = "spam"
	// Virus is soft: one was found.
	Virus Class = "virus"
	// Blocked is soft: the sending host is, by a list, by its reputation or for
	// lack of a name. X.7.25, X.7.27 and what names a block list.
	Blocked Class = "blocked"
	// Auth is soft: SPF, DKIM or DMARC. X.7.5, X.7.9, X.7.20 to X.7.24, X.7.26,
	// X.7.515.
	Auth Class = "auth-failure"
	// SenderRejected is soft: the return path or the author is not welcome, or
	// unknown. X.1.7, X.1.8, a refusal of MAIL.
	SenderRejected Class = "sender-rejected"
	// Relaying is soft: "relaying denied". X.7.1 with such words. It can be hard
	// in fact: the domain's MX points to a host that does not know it.
	Relaying Class = "relaying"
	// Policy is soft: refused by a rule, not by a fault. X.7.Z otherwise.
	Policy Class = "policy"
	// DNS is soft: a lookup failed for now. X.4.3. Where the name may be wrong it is
	// not known, see NoDomain.
	DNS Class = "dns"
	// Network is soft: no connection, or it broke. X.4.1, X.4.2, X.4.4.
	Network Class = "network"
	// Loop is soft: too many hops. X.4.6.
	Loop Class = "loop"
	// Expired is soft: too long in the queue, for another reason or an unknown one.
	// X.4.7.
	Expired Class = "expired"
	// System is soft: a fault of the remote or the reporting system, a full disk
	// included. X.3.Z.
	System Class = "system"
	// Protocol is soft: commands or addresses that one side does not understand,
	// SMTPUTF8 not offered, TLS that failed. X.5.Z, X.6.7, X.7.4, X.7.10.
	Protocol Class = "protocol"
	// Success is not a bounce: delivered, relayed or expanded. 2.Y.Z.
	Success Class = "success"
	// Complaint is a feedback report by which a recipient does not want the mail:
	// abuse, fraud, opt-out and others; not not-spam, virus and auth-failure.
	Complaint Class = "complaint"
	// OtherFeedback is a feedback report that is no complaint.
	OtherFeedback Class = "feedback"
)

// Hard reports whether the class says that the address or its domain cannot
// receive mail. known is false for those that can mean either.
func (c Class) Hard() (hard, known bool) {
	switch c {
	case NoMailbox, NoDomain, Moved, NoMail:
		return true, true
	case Undefined, Disabled, Complaint, OtherFeedback:
		return false, false
	}
	return false, true
}
