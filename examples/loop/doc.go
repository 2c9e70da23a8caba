// Loop shows the whole way of bulk mail: a newsletter goes out under return paths
// with a keyed token that names the recipient, some of it comes back, what came
// back is read, and the next newsletter leaves out those whom it does not reach or
// who do not want it.
//
//	go run ./examples/loop
//	go run ./examples/loop -n 5000 -rounds 4 -dir mails
//
// The mail goes to a built-in server on the loopback interface, which sends
// nothing anywhere. It takes everything, as a relay does, and afterwards bounces
// some in the manner of several mail systems, complains about some, and answers
// for some who are on holiday. A stranger forges a bounce for somebody, too, which
// has no effect. All of that comes into a maildir.
//
// What to copy from it is list.go and round.go. That your own relay's bounces come into a
// maildir is up to its configuration: for Postfix, recipient_delimiter or an alias
// of the return path's domain.
//
// # Flags
//
//	-n N         recipients, 1 to 100000; 200
//	-rounds N    newsletters, 1 to 100; 3
//	-dir DIR     where the maildir, the list of suppressions and the keys of the
//	             tokens (verp.key) are kept; a temporary directory that is
//	             removed at the end if not given
//	-sessions N  sessions at once, 1 to 100; 4
//
// # Output
//
// For each newsletter: how many were sent and left out, what came back by kind,
// and whom that has suppressed. At the end the list of those who get no more mail,
// with the reasons.
//
// # Exit status
//
//	0  everything that came back was traced to the one it was about
//	1  something was not, or was not accepted by the built-in server
//	2  usage; a file that cannot be read or written
package main
