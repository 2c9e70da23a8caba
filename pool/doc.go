// Package pool sends many messages to a relay over a few SMTP sessions, and
// gives a result for every recipient.
//
// # Which function for whom
//
//   - [Pool.Send] sends one message and waits: for an application that sends
//     what it has to send from its request handlers.
//   - [Pool.SendAll] takes an iterator of jobs and returns an iterator of
//     results, in constant memory: for a newsletter to a million recipients.
//   - [Pool.Submit] hands a message over and calls back with the result.
//
// All three are one queue in front of at most [Config.Sessions] workers, each of
// which owns one session of package smtpclient. A worker dials when there is
// something to send, sends as long as there is, and says QUIT when its session
// has been idle, or has carried enough.
//
// # What the pool promises
//
//   - Every job that it took has exactly one result, whatever happens: the relay
//     dying, a context ending, Shutdown, Close.
//   - A recipient is Accepted only if the relay said so for this message.
//   - A message is sent again only if the relay cannot have it: the outcome was
//     NotSent or Deferred, and then only to the recipients concerned. Unknown is
//     never retried, unless Config.RetryUnknown asks for it.
//   - A message that a session could not send because the session had died while
//     idle is sent over another at once, and no attempt is charged.
//   - While the relay is down, one worker knocks, with growing pauses; jobs wait
//     for Config.Patience and then come back as NotSent with [ErrRelayDown].
//
// # Retries
//
// Spacing and number are Config.Backoff and Config.MaxAttempts. A job that waits
// for its next attempt occupies no session.
package pool
