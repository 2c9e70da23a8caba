// Sendone sends one mail through a provider's relay, by STARTTLS and with a
// login, and tells what became of it for each recipient.
//
//	go run ./examples/sendone
//	go run ./examples/sendone -addr smtp.example.com:587 -user me@example.com -password-file secret \
//		-from 'Me <me@example.com>' -to 'You <you@example.net>' -subject Hello -attach photo.jpg <letter.txt
//
// Without -addr it sends to a built-in server on the loopback interface, which
// offers STARTTLS, wants a login, and sends nothing anywhere; then it shows what
// that server has received. To see a refusal, send there to an address whose
// local part is nobody.
//
// What to copy from it is deliver.go.
//
// # Flags
//
//	-addr HOST:PORT   the relay; empty: the built-in server
//	-tls MODE         starttls (if not given), implicit, opportunistic or none
//	-ca FILE          certificates (PEM) of the authorities to trust, instead of
//	                  the system's
//	-user NAME        log in, with the password in -password-file; it does not
//	                  go out over a connection without TLS
//	-password-file FILE
//	                  its first line is the password
//	-max-attempts N   attempts for recipients who are deferred; 3
//
//	-from ADDRESS     author: 'Name <address>' or an address
//	-to ADDRESSES     recipients, separated by commas; may be repeated
//	-subject TEXT     the subject
//	-text FILE        the plain text; - is standard input
//	-html FILE        the HTML; - is standard input
//	-attach FILE      attach a file; may be repeated
//
// With neither -text nor -html the text is read from standard input. The
// built-in server is an exception: for it there is a default for everything.
//
// # Output
//
// A line for each recipient: the outcome, the address, and the relay's reply or
// what went wrong. The outcome is one of
//
//	accepted   the relay has taken the mail; what becomes of it later, a bounce
//	           will tell
//	rejected   the relay has refused it for good
//	deferred   the relay has refused it for now, at every attempt
//	not-sent   the relay cannot have it: it was out of reach, or the mail could
//	           not be sent to it
//	unknown    the relay may have it: the connection broke before it answered
//
// # Exit status
//
//	0  accepted for all recipients
//	1  not accepted for some
//	2  usage; a file that cannot be read; an address or a subject that cannot
//	   stand in a mail
package main
