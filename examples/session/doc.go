// Session shows one SMTP session as it goes over the wire: every command and
// every reply with the time it was sent or read, and which of them travel
// together.
//
//	go run ./examples/session
//	go run ./examples/session -mode lockstep
//	go run ./examples/session -i
//	go run ./examples/session -i -addr mx.example.com:587 -user me -password-file secret
//
// Without -addr it talks to a built-in server on the loopback interface, which
// offers STARTTLS and AUTH, takes 20 ms for each round trip as a network might,
// refuses recipients whose local part is nobody, and sends nothing anywhere.
//
// # What it shows
//
//	0.3 ms  C: EHLO [127.0.0.1]         a command
//	0.6 ms  S: 250 2.1.0 Ok  (MAIL)     a reply, and what it answers
//	0.7 ms  ** …                        an event
//	0.8 ms  -- group 3                  the next commands go out in one write,
//	                                    and all replies to them are waited for
//
// At the end of a group stands what it took. A message costs, by mode:
//
//	lockstep   each command is a group: four round trips a message, or more
//	envelope   MAIL, RCPT and DATA are a group, the content is another: two
//	overlap    the content of one message and the envelope of the next: one
//
// See in overlap how a RSET opens the envelope that rides behind content: the
// message before it may yet be refused, and must not leave its recipients behind.
// Behind the last message, which is refused, it goes alone.
//
// Content and credentials are not shown: the library does not hand them to
// anybody who watches.
//
// # Flags
//
//	-addr HOST:PORT   the server; empty: the built-in one
//	-tls MODE         starttls (if not given), implicit, opportunistic or none
//	-ca FILE          certificates (PEM) of the authorities to trust, instead of
//	                  the system's
//	-user NAME        log in, with the password in -password-file
//	-password-file FILE
//	                  its first line is the password
//	-mode MODE        auto (if not given), lockstep, envelope or overlap
//	-n N              messages to send; 3, or none with -i
//	-from ADDRESS     their author; required with -addr, if there are any
//	-to ADDRESSES     their recipients, separated by commas; likewise
//	-latency D        the built-in server's; 20ms
//	-i                read commands from standard input, when the messages are sent
//
// # Commands
//
// With -i one pokes a server as by telnet, but over TLS and logged in:
//
//	noop              nothing
//	vrfy WHO          is there such a user?
//	help [TOPIC]      what the server has to say
//	rset              forget the mail transaction
//	mail FROM TO…     send a small message, FROM may be <>
//	quit              leave; so does the end of the input
//
// If the server ends the session while it waits for a command, that is shown
// when it happens.
//
// # Exit status
//
//	0  the session ended with QUIT, whatever became of the messages
//	1  there was no session, or it was lost
//	2  usage; a file that cannot be read
package main
