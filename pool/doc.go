// Package pool sends many messages to a relay, or to several, over a few SMTP
// sessions, and gives a result for every recipient.
//
// # Which function for whom
//
//   - [Pool.Send] sends one message and waits: for an application that sends
//     what it has to send from its request handlers.
//   - [Pool.SendAll] takes an iterator of jobs and returns an iterator of
//     results, in constant memory: for a newsletter to a million recipients.
//   - [Pool.Submit] hands a message over and calls back with the result.
//
// All three are one queue in front of at most [Config.Sessions] workers a relay,
// each of which owns one session of package smtpclient. A worker dials when there
// is something to send, sends as long as there is, and says QUIT when its session
// has been idle, is old, or has carried enough.
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
//   - While no relay is up, one worker knocks at each, with growing pauses; jobs
//     wait for Config.Patience and then come back as NotSent with [ErrRelayDown].
//
// # Limits
//
// [Config.Rates] bound all messages, [Relay.Rates] those over one relay,
// [Config.Domains] those for destination domains, [Config.Keys] those of whatever
// a [Job.Key] names. Each is checked before a message is sent and holds over all
// sessions. A job that its domain or key holds back waits aside, in
// Config.MaxWaiting places, and keeps nobody waiting.
//
// Replies that ask for less mail are heeded by [Config.Replies]: what they speak
// of, the relay, a domain, a key or one recipient, is cut to 85 % of what was
// accepted in the last second, after a pause of one, and gets 1 % of it back each
// second while mail is accepted.
//
// # Several relays
//
// [Config.Relays] share the messages by weight. One that cannot be had, or ends
// its sessions before it has judged a message, is left to one worker that knocks,
// with growing pauses, and the others do its work.
//
// # Retries
//
// Spacing and number are Config.Backoff and Config.MaxAttempts; [Job.Deadline] and
// [Config.MaxAge] end them. A job that waits for its next attempt occupies no
// session. For greylisting, let the first pauses be minutes:
//
//	func() backoff.BackOff {
//		b := backoff.NewExponentialBackOff()
//		b.InitialInterval, b.MaxInterval, b.MaxElapsedTime = 2*time.Minute, time.Hour, 0
//		b.Reset()
//		return b
//	}
//
// # Watching
//
// [Pool.Stats] is a snapshot, by relay and by key; [Trace] has a hook for every
// decision.
package pool
