// Package maillog reads the mail log of Postfix: what became of every recipient
// of every message that went through its queue.
//
// A sender that hands its mail to a Postfix of its own is told "accepted" for
// almost everything; the fate comes later, in the log. Postfix writes it over
// several lines of several daemons. This package joins them by queue id:
//
//   - [Fates] reads a log with default limits. It is right for most.
//   - [Parts] puts the files of a rotated log together.
//   - A [Reader] has limits to set, and counts what it could not read.
//
// Rows come out as messages leave the queue, one a recipient, and at the end of
// the log for what is still in the queue.
//
// # What it understands
//
// Lines with the stamp of traditional syslog, of ISO 8601 (rsyslog, systemd's
// journal in short-iso), of RFC 5424, or with none; short and long queue ids;
// every syslog_name and every daemon that delivers (smtp, lmtp, local, virtual,
// pipe, error, discard and others); Postfix from 2.0 on, whose older releases
// write no dsn; addresses with quotes and in UTF-8, in either setting of
// info_log_address_format. Lines of other programs are passed over.
//
// # What the log cannot say
//
// A message that is handed on has left this queue, so its fate is [Sent], also
// where the next hop is a content filter on the same machine that hands it back
// in. It then has a second queue id, which [Fate].QueuedAs names, and a row of
// its own under that one, which is the last word.
//
// Where lines are missing, at the head of a rotated log or after a crash,
// sender and message id may be empty. Feed the files of a rotated log in their
// order, by [Parts].
//
// Before Postfix 3.5, and with info_log_address_format=internal, addresses are
// logged without the quotes that their local parts need. One that was made to
// look like the rest of a log line then can pass for it.
//
// # Sources
//
//   - Postfix: bounce(8), qmgr(8), postsuper(1), postconf(5), and the lines that
//     releases from 2.0 to 3.9 write
//   - RFC 3164 and RFC 5424 for the heads of lines, RFC 3463 for dsn
package maillog
