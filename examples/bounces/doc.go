// Bounces reads what comes back to a sender of bulk mail, bounces, complaints and
// auto-replies, and tells for each recipient what happened and whether to go on
// writing to it.
//
//	go run ./examples/bounces PATH...
//	go run ./examples/bounces -return-path news@lists.example.net -suppress suppressed.txt ~/Maildir
//	go run ./examples/bounces -return-path news@lists.example.net -verp token -suppress suppressed.txt ~/Maildir
//	go run ./examples/bounces -maillog /var/log/mail.log
//
// A PATH is a maildir, an mbox (a file that begins with a From_ line), a directory
// of mails, which is read with those below it, or a file with one mail. "-" is
// standard input, an mbox or one mail. Nothing is moved, marked or deleted.
//
// # IMAP
//
//	-imap HOST[:PORT]   read a mailbox on that server, too; TLS is required
//	-imap-tls MODE      implicit, the port being 993 if none is given, or starttls,
//	                    143
//	-imap-user NAME     log in, with the password in -imap-password-file
//	-imap-password-file FILE
//	                    the password; a line end behind it is cut off
//	-imap-ca FILE       certificates (PEM) of the authorities to trust, instead of
//	                    the system's
//	-imap-mailbox NAME  the mailbox; INBOX
//	-imap-new           read only what is not marked as seen, and mark it; else all
//	                    is read, and the mailbox is opened read-only
//
// # Output
//
// Standard output has a line of JSON for each recipient that a mail is about, and
// one for a mail without any, with these keys, all of them in every line:
//
//	file                the file that the mail is in; imap://HOST/MAILBOX;UID=N
//	kind                dsn, bounce, feedback, auto-reply or other
//	recipient           the address that the mail is about, "" if it names none
//	original_recipient  the one before an alias or a forward, as far as the mail
//	                    tells
//	verp_recipient      the recipient that the return path names (-return-path), or
//	                    the sender's own header field (-header)
//	action              failed, delayed, delivered, relayed or expanded
//	status              enhanced status code (RFC 3463), "" if the mail has none
//	code                SMTP reply code, 0 if the mail has none
//	class               the reason, see go doc ./bounce Class
//	hard                whether the address or its domain cannot receive mail:
//	                    true, false, or null where the mail does not say
//	feedback_type       of a feedback report: abuse, opt-out, …
//	diagnostic          what the remote server said
//	remote_mta          the server that said it
//	message_id          of the message that came back
//	error               why the mail could not be read; kind is "" then. Or, beside
//	                    a kind, what is wrong with the token that the mail came
//	                    back to: verp: forged, or verp: expired. verp_recipient is
//	                    "" then
//
// A summary goes to standard error if that is a terminal, or with -summary.
//
// # Mail log
//
//	-maillog FILE       read Postfix's log, too, or alone: no PATH is needed then;
//	                    may be repeated, "-" is standard input
//
// A sender that hands its mail to a Postfix of its own learns from there what has
// become of it, of those too who have got it. Standard output has a line for each
// recipient of each message in the log, behind those for mails, with these keys:
//
//	file                the log
//	queue_id            Postfix's name for the message
//	message_id          with its angle brackets, "" if the log does not have it
//	sender              the return path; "" is the null one
//	recipient           after aliases and rewriting
//	orig_to             before them, "" if that is the same
//	final               sent, bounced, deferred (it is still in the queue) or
//	                    expired
//	dsn                 enhanced status code of the last attempt
//	code                reply code of the next hop, three digits, "" if none decided
//	attempts            how many are in the log
//	relay               the next hop
//
// The files of a rotated log belong together: cat them, the oldest first, into
// -maillog -.
//
// # Who it is
//
//	-return-path ADDRESS
//	                    the return path that the recipients were written into;
//	                    may be repeated
//	-verp FORM          how: classic, escaped, token or auto (package verp); classic
//	-verp-delimiters XY the two delimiters; "-=", Postfix's default is "+="
//	-verp-key FILE      the keys of -verp token and auto; verp.key
//	-verp-ids FILE      the CSV file with the recipients, unchanged since they got
//	                    their mail, for tokens that have the number of a row in
//	                    place of the address: the column email of that row, the
//	                    first one behind the header being 1. A file whose quotes
//	                    do not match is refused, since its rows cannot be counted
//	                    for sure
//	-header NAME        a header field in the messages sent whose value is the
//	                    recipient's address
//
// A token that is forged or expired names nobody: error says so, and the row has
// the addresses that the mail itself names.
//
// # Suppressions
//
//	-suppress FILE      add the addresses to which no more mail is to be sent to
//	                    FILE, which is made if it is not there: those of a hard
//	                    bounce or a complaint at once, those of soft bounces after
//	                    a number of them. Mails that were read before count once.
//	                    With -verp token only what comes with a genuine token
//	                    counts: anybody can write a bounce about anybody.
//	-soft-limit N       how many soft bounces; 5
//	-soft-days N        within how many days; 30
//
// # Score
//
// The output is what a scorer of bounce parsers needs that has known answers for
// the same files:
//
//	go run ./examples/bounces corpus/mails >pred.jsonl
//	python3 score.py truth.jsonl pred.jsonl
//	go run ./examples/bounces -maillog corpus/logs/mail.log >pred.jsonl
//	python3 score.py --logs truth-logs.jsonl pred.jsonl
//
// # Exit status
//
//	0  every mail was read
//	1  some could not be read; error says why
//	2  usage; a path, or the file of -suppress, cannot be read or written
package main
