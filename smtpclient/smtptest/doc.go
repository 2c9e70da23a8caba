// Package smtptest provides an SMTP server for tests, as net/http/httptest
// does for HTTP: of an application that sends mail, of a library that speaks
// SMTP, and of what they do when the server misbehaves.
//
// An application's integration test needs three calls. [NewServer] starts a
// server on a free port of the loopback interface, [Server.WaitMessages]
// waits until it has taken a number of messages, and [Server.Messages] returns
// them, each with the envelope that it came in. For other settings make the
// server with [NewUnstartedServer] and set its fields before Start.
//
// To see a client cope with failures, script them with [Server.Script]: a
// [Fault] names a point of the session and an [Action], from an ordinary
// refusal to a reply that never ends. For decisions that depend on the address
// or the message use the hooks OnMail, OnRcpt and OnMessage.
//
// The server is strict where real ones are. It writes replies when, and only
// when, it has answered all the input that has arrived; a MAIL within a
// transaction is refused; a DATA refused for lack of recipients leaves its
// MAIL open; the chunk of a refused BDAT is read and dropped; only CRLF.CRLF
// ends mail data; commands that end in a bare LF are refused, and so are
// parameters of extensions that were not offered, paths that are no mailbox
// (source routes included) and a space between the colon and the path.
//
// What a client must not do, but not every server refuses, is taken and
// counted, see [Counters]: input behind DATA, pipelining that was not offered,
// and mail data with bare CRs, bare LFs or NULs, with lines over 998 octets,
// with octets over 127 that no BODY=8BITMIME declares, or with more octets than
// SIZE= says. A test of a client ends well with a check that these are 0.
//
// It implements SMTP (RFC 5321) with PIPELINING (RFC 2920), CHUNKING and
// BINARYMIME (RFC 3030), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC
// 1870), DSN parameters (RFC 3461), ENHANCEDSTATUSCODES (RFC 2034), STARTTLS
// (RFC 3207), implicit TLS (RFC 8314) and AUTH (RFC 4954), with SCRAM-SHA-256
// (RFC 7677) among its mechanisms. It sends nothing anywhere.
package smtptest
