// Package preflight tells what a receiver would hold against a message, before a
// million of them are sent.
//
// [New] makes a [Checker], [Checker.Check] returns the findings for a message
// as it will be sent, signed: each with a [Kind], a [Severity], where it is,
// and what is wrong there. It is for a look at a few messages of a mailing, not
// at each: it parses the whole of a message, and with a [Resolver] it asks the
// DNS.
//
// # What is checked
//
// The form of the message: line ends and lengths, header fields missing, double or
// malformed, addresses, Date and Message-ID, 8-bit headers, size.
//
// The body: the MIME structure and encodings, text beside HTML, cid: links to
// parts that are not there, HTML that Gmail cuts off, what readers take out of
// HTML, attachments of types that are refused.
//
// What Gmail, Yahoo and Outlook ask of who sends more than 5,000 a day:
// one-click unsubscription by HTTPS, and signed (RFC 8058); a DKIM signature
// (RFC 6376) of From's organization, in which DMARC (RFC 7489) wants From's
// domain and those of the signature and the return path to be the same, by the
// public suffix list.
//
// With a Resolver, the DNS: the signatures are verified with the keys that are
// there, and the records for SPF (RFC 7208) and DMARC are read.
//
// # What is not
//
// Whether the relay's address may send by the SPF record, has a name (PTR), or
// is on a block list: the message does not tell the relay. Whether the text
// looks like spam, or has an unsubscribe link that people can see, which Gmail
// asks for too. No finding does not mean that a message arrives.
package preflight
