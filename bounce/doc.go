// Package bounce reads what comes back to a sender of mail: delivery status
// notifications, bounces in the hundred forms of their own, complaints by
// feedback loops, auto-replies. It tells them apart, finds out which recipient
// each of them is about and why, and keeps the list of those not to write to any
// more.
//
// # Which function for whom
//
//   - [Parse] reads one mail and says all that is in it: a [Report].
//   - [New] makes a [Parser] that also knows the sender's own return paths
//     (package verp) or header field, so that a report names the recipient as the
//     sender knows it, whatever forwarding has done to the address.
//   - [Parser.Path] reads a mailbox: an mbox, a maildir, a directory of mails;
//     [Parser.Mbox], [Parser.Maildir], [Parser.Dir] and [Parser.Reader] do if it
//     is known which.
//   - A [Ledger] turns reports into suppressions by [Rules], and keeps them in a
//     file. It is a [Suppressor], which a sender asks before each mail.
//
// # What is promised
//
// What the mail does not say is not made up: a mail without a code has Status ""
// and Code 0, one without a reason has the class Undefined, and one that names no
// recipient has no Recipients.
//
// A reply by a person is not taken for a bounce, though it quotes one; nor is a
// list post, a read receipt, a report on TLS or DMARC, a bounce that somebody
// attached to a mail. Where the signs contradict each other the mail is Other: who
// suppresses by mistake loses a reader and never hears of it.
//
// Broken mail is read as far as it goes: bare CRs, missing boundaries, wrong
// charsets, groups of fields glued together. Only what is no mail at all is an
// error, [ErrNoMail], and in a mailbox that is the error of this mail alone.
//
// Memory is bounded by Config.MaxSize. Time is about linear in the size of the
// mail, whatever is in it: what is looked at for each recipient is bounded (1000
// recipients, 2000 lines of text, 128 KiB of it), as are fields that are decoded
// (64 KiB) and boundaries (200 octets). A report holds no part of the mail but what is in its
// fields.
//
// # Hard and soft
//
// [Recipient.Hard] is about the address: hard means that it, or its domain, cannot
// receive mail. It does not follow the first digit of a code. Spam, size, policy
// and relaying are refused with 5yz, too, and say nothing about the address; some
// servers say 4.1.1 for an unknown user, or 5.1.1 for a full mailbox. What a mail
// says is made a [Class] first, of which the words of the server count more than
// the enhanced status code, and that more than the reply code. The Class constants
// document what stands for what.
//
// # Who it is
//
// Recipient.Who is found by the first of these that there is:
//
//  1. the return path of the message, in which the sender had written the
//     recipient: it is where the bounce came to (Delivered-To, X-Original-To,
//     Envelope-To, To and others), and may stand in what came back (Return-Path)
//     and in feedback reports (Original-Mail-From)
//  2. the sender's own header field in the message that came back
//  3. the original recipient that the report names, else the final one
//
// A bounce is easily forged, and its addresses are what its writer likes. Who uses
// a verp.Signer knows: what has the Source FromVERP came back to a path that was
// made with the key. Report.VERPErr tells the forged and the expired from others.
//
// # Formats
//
//   - RFC 3464, RFC 6533: delivery status notifications, with UTF-8 addresses
//   - RFC 5965, RFC 6591: feedback reports, auth-failure among them; the JMRP mails
//     of before; Apple Mail's opt-out
//   - RFC 3834: auto-replies, and the fields, subjects and phrases of those that do
//     not follow it
//   - free text: Postfix, Exim, Sendmail, qmail and its kin, Exchange, Domino,
//     GroupWise, IMail, James, OpenSMTPD, DragonFly, mail gateways, and the large
//     providers. There are no readers for one system each: a notice is read by its
//     shape (addresses at the start of a line, behind a label, in a sentence that
//     tells of a failure, in an SMTP transcript), which also fits systems that
//     nobody has described.
//   - Amazon SES notifications by SNS, as mail
//   - RFC 4155: mboxes, of the mboxrd form
//
// # Limits
//
// A reason in words that are not known leaves the class to the codes. Most words
// are English; of other languages there are the common ones. Not every bounce says
// whom it is about: without VERP some cannot be told at all.
package bounce
