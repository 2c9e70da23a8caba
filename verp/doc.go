// Package verp makes variable envelope return paths: a reverse-path that names
// its recipient, and the recipient out of such a path again.
//
// Mail to user@example.org goes out with the reverse-path
// list-user=example.org@lists.example.net instead of list@lists.example.net.
// Whatever comes back to that path is about user@example.org, even where the
// bounce itself does not say so.
//
// # Which function for whom
//
//   - [Encode] and [Decode] are the form of qmail and ezmlm, and right for most
//     lists. They take the list's own return path and the recipient.
//   - A [Codec] chooses the form and the delimiters: Codec{Delimiters: "+="} is
//     Postfix's default, Codec{Form: Escaped} carries every recipient that
//     there can be, quoted and non-ASCII local parts included.
//
// Nothing here does I/O or keeps state, and everything is safe for concurrent
// use.
//
// # What Encode promises
//
// An address that Encode returns is ASCII, needs no quoting and no SMTPUTF8,
// keeps the length limits of RFC 5321 4.5.3.1, and decodes to the recipient it
// was made for. What cannot be had on these terms is an error: [ErrTooLong] or
// [ErrUnrepresentable]. The sender of such a mail has to use a return path that
// does not name the recipient, or, where the form was the obstacle, Escaped.
//
// # What Decode promises
//
// Decode is lenient where mail systems on the way are careless: letter case,
// angle brackets, length, needless quotes. It hands out addresses only, never
// control characters or angle brackets, whatever was in the path. It does not
// prove that the path was made by Encode: these forms carry no key, anybody can
// write one.
//
// The recipient comes back in its canonical spelling: the domain in lower case
// and A-labels, the local part quoted only where it must be. Its letter case is
// what the path has, and some bouncers lower-case it.
//
// # What Decode cannot know
//
// Which of two senders a path belongs to, if the local part of one of them with
// its delimiter begins that of the other: list-announce-x=example.org@origin is
// what list@origin makes for announce-x@example.org and what
// list-announce@origin makes for x@example.org. Give the senders of one domain
// local parts of which none, with the delimiter behind it, is a prefix of
// another one's. Where that cannot be changed any more, try the sender with the
// longest local part first: the mistake that is left is with recipients whose
// own address begins as that sender goes on.
//
// Which Codec has made a path. One form read as the other often gives an
// address, too, but that of somebody else: list-a+2Db=example.org@origin names
// a+2Db@example.org in Classic and a-b@example.org in Escaped. Keep to one form
// for each sender, also over time: bounces come days later.
//
// What others have wrapped a path in. BATV (prvs=…=list-user=example.org@origin)
// and SRS (SRS0=…@forwarder) are not taken off yet; such a path is
// [ErrNotOurs], or [ErrMalformed] to a sender named prvs or SRS0. Take the
// wrapper off first.
//
// # Sources
//
//   - D. J. Bernstein, verp.txt, and the qmail and ezmlm manuals
//   - Postfix VERP_README, for the delimiters, and qmqpd(8), for senders that
//     end in "-@[]"
//   - draft-varshavchik-verp-smtpext-03, for the hex form
//   - RFC 5321 4.1.2 and 4.5.3.1, RFC 5322 3.2.3, RFC 6531 3.3, RFC 5890
package verp
