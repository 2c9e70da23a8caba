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
//   - A [Signer] makes keyed tokens, which nobody without the key can make, and
//     which fit whatever the length of the address. It is for those who take
//     recipients off their lists by machine. In [AutoMode] it makes a token only
//     where a readable path will not do. [OpenKeyFile] gives it its keys.
//   - [Codec.SplitXVERP] is for mail that is the same for all, through a Postfix
//     that makes the paths itself.
//   - [Unwrap] takes off what gateways and forwarders put around a path.
//
// All but the functions for key files do no I/O, nothing keeps state, and
// everything is safe for concurrent use.
//
// # Tokens
//
// A token is base32 in lower case, list-aacoyafisofuaqvjmq@lists.example.net. In
// it stand the id of the key, the day on which it was made, a number for the
// campaign, and who it is about: an id that the caller has for the recipient, as
// a number or as octets, or the address itself where it fits. So the bounce is
// enough to know the recipient; no token has to be stored. 50 bits of an
// HMAC-SHA-256 cover all of this and the sender, and nothing in a token is
// believed before they are compared, in constant time. A token is good for
// [SignerConfig].MaxDays.
//
// A readable path tells its recipient to everybody who sees it, and so does a
// token with an address in it, to those who know its form. Only an id does not.
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
// angle brackets, length, needless quotes, an added "+tag", and the wrappers of
// BATV and SRS. It hands out addresses only, never control characters or angle
// brackets, whatever was in the path. It does not prove that the path was made
// by Encode: the readable forms carry no key, anybody can write one. A Signer's
// tokens do, and its Decode tells [ErrNotOurs], [ErrMalformed], [ErrForged] and
// [ErrExpired] apart.
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
// What a forwarder has added with another character than '+', or with one that
// the form uses itself: list-user=example.org-tag@origin names a recipient at
// example.org-tag. Tokens have neither problem.
//
// # Sources
//
//   - D. J. Bernstein, verp.txt, and the qmail and ezmlm manuals
//   - Postfix VERP_README, for the delimiters, and qmqpd(8), for senders that
//     end in "-@[]"
//   - draft-varshavchik-verp-smtpext-03, for the hex form
//   - draft-levine-smtp-batv-01, and the tags of other makers of BATV
//   - the Sender Rewriting Scheme, as libsrs2 and Mail::SRS write it
//   - RFC 2104 for HMAC, RFC 4648 6 for base32
//   - RFC 5321 4.1.2 and 4.5.3.1, RFC 5322 3.2.3, RFC 6531 3.3, RFC 5890
package verp
