// Package poollog writes what a pool and its sessions do to a log of log/slog,
// without telling who gets the mail.
//
// # Which function for whom
//
//   - [Log.PoolTrace] makes a pool.Trace: relays that go down and come up, what is
//     slowed down, retries, and what became of each recipient.
//   - [Log.SessionTrace] makes a smtpclient.Trace: connections, TLS, and the wire.
//
// Both take a trace of the caller's own, whose hooks are called too.
//
// # Levels
//
//	Warn          a relay is down or asks for less mail, a session is lost, a mode
//	              is lowered, a recipient is not-sent or unknown
//	Info          a relay is up again, a retry, a recipient is rejected or deferred
//	Debug         a recipient is accepted, a job is held back, a session is opened
//	              or closed, connected, has TLS, is ready
//	LevelWire     commands, replies, sizes of contents and writes, round trips
//
// # What is not in the log
//
// Content and credentials never are; smtpclient.Trace has neither.
//
// Addresses have their local part replaced by a short hash, which is the same for
// the same address as long as Config.Secret is, so that its lines can be found
// together. That holds for envelopes, errors and the texts of replies, which often
// repeat an address, also in an encoded form or without its domain. Where nobody
// knows whose mail a reply speaks of, its text is left out and its codes remain.
// [Addresses] has more and less than that.
//
// It is a filter of texts that strangers write. One that spells an address in a
// way nobody has thought of comes through.
package poollog
