// Bounces reads what comes back to a sender of bulk mail, bounces, complaints and
// auto-replies, and tells for each recipient what happened and whether to go on
// writing to it.
//
//	go run ./examples/bounces PATH...
//	go run ./examples/bounces -verp-sender news@lists.example.net -suppress suppressed.txt ~/Maildir
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
//	verp_recipient      the recipient that the return path names (-verp-sender), or
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
//	error               why the mail could not be read; kind is "" then
//
// A summary goes to standard error if that is a terminal, or with -summary.
//
// # Who it is
//
//	-verp-sender ADDRESS
//	                    the return path that the recipients were written into;
//	                    may be repeated
//	-verp-form FORM     classic or escaped (package verp); classic
//	-verp-delimiters XY the two delimiters; "-=", Postfix's default is "+="
//	-header NAME        a header field in the messages sent whose value is the
//	                    recipient's address
//
// # Suppressions
//
//	-suppress FILE      add the addresses to which no more mail is to be sent to
//	                    FILE, which is made if it is not there: those of a hard
//	                    bounce or a complaint at once, those of soft bounces after
//	                    a number of them. Mails that were read before count once.
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
//
// # Exit status
//
//	0  every mail was read
//	1  some could not be read; error says why
//	2  usage; a path, or the file of -suppress, cannot be read or written
package main
