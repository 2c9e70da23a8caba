// Package smtpclient speaks SMTP to one server over one connection: a
// [Session]. It is the engine under package pool, and of use by itself to a
// program that wants one session and full control of it.
//
// # Which function for whom
//
//   - [Dial] connects, reads the greeting, says EHLO, starts TLS, authenticates
//     and hands back a session that is ready for mail.
//   - [Session.Send] runs one mail transaction and returns a [Result] with an
//     [Outcome] for every recipient. Most callers need no more.
//   - [Session.Start] and [Session.Flush] are the same in two halves, for a
//     caller that has the next message at hand while the last one is still on
//     its way: in [ModeOverlap] the content of one message and the envelope of
//     the next travel together, one round trip a message (RFC 2920 3.1).
//   - [Session.Noop], [Session.Reset], [Session.Verify], [Session.Help] and
//     [Session.Quit] are the commands beside mail.
//
// A session never reconnects and never retries. It answers one question about
// every recipient: can the server have the message? The answer is an Outcome:
// [Accepted], [Rejected], [Deferred], [NotSent] or [Unknown]. Unknown means that
// the end of the mail data may have reached the server and no reply came, or none
// that is sure to have been its own; such a message must not be sent again unless
// a second copy is acceptable. [SafeToRetry] asks the same question of an error.
//
// # What is checked before a byte is sent
//
// Paths, parameters and content are checked by [Session.Start] against the
// grammar and against what the server offers. A message that cannot go over
// this session as it is comes back as NotSent with a [*RefusedError].
//
// # Concurrency
//
// A session's methods are for one goroutine at a time, except [Session.Close],
// [Session.Done] and [Session.Err], which any goroutine may call at any time.
// One goroutine of the session's own reads and judges the replies; Close, and
// a Quit that has returned, have waited for it.
//
// # Standards
//
//   - RFC 5321 SMTP, RFC 3463 and RFC 2034 enhanced status codes
//   - RFC 2920 PIPELINING
//   - RFC 3207 STARTTLS, RFC 8314 implicit TLS, RFC 8689 REQUIRETLS
//   - RFC 4954 AUTH, RFC 5802 and RFC 7677 SCRAM-SHA-256, bound to TLS by RFC
//     9266 or RFC 5929, RFC 4616 PLAIN, RFC 7628 OAUTHBEARER, RFC 2195 CRAM-MD5
//   - RFC 1870 SIZE, RFC 6152 8BITMIME, RFC 6531 SMTPUTF8
//   - RFC 3461 DSN, RFC 6533 internationalised DSN
//   - RFC 9422 LIMITS
//   - XVERP, Postfix's VERP_README
package smtpclient
