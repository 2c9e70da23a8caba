// Loadtest sends many messages to a relay over a pool of SMTP sessions, and
// tells how fast that went, what it cost this side, and what became of them.
//
//	go run ./examples/loadtest -n 100000
//	go run ./examples/loadtest -addr mx.example.net:587 -ca ca.pem -user me -password-file secret \
//		-from me@example.net -domain sink.example.net -n 100000 -c 8
//
// Without -addr it sends to a built-in sink: a server in this process, on the
// loopback interface, that counts what it takes and sends nothing anywhere. Its
// work is then part of all figures.
//
// A relay will deliver what it takes. Have it drop mail to the domain of
// -domain, and ask who runs it.
//
// # Load
//
//	-n N              messages, 1 to 1,000,000,000; 10,000
//	-c N              sessions at once, 1 to 1000; 4
//	-size N           octets of text in each message, headers aside, 0 to
//	                  67,108,864; 2048. The first line of the text, with the
//	                  message's number, is there in any case
//	-rcpts N          recipients of each message, 1 to 10,000; 1
//	-mode MODE        auto, lockstep, envelope, overlap or stream: how far to send
//	                  ahead; stream is for a relay that is known to cope
//	-window N         messages that a session may have unanswered in mode stream,
//	                  0 to 4096; 0 is the default of package smtpclient
//	-max-attempts N   attempts for a message that is deferred, 1 to 100; 1: a load
//	                  test counts refusals, it does not wait for them
//	-from ADDRESS     author and return path; loadtest@example.com
//	-domain DOMAIN    of the recipients; example.net
//	-verp             have each message's return path name its recipient (package
//	                  verp); for messages to one recipient
//
// Message 7 goes to r0000000007@example.net; this address is in its To header,
// and the number in its Message-ID, its subject and its text. Of several
// recipients, who are numbered on, the To header names the first. Every run has
// Message-IDs of its own.
//
// # Relay
//
//	-addr HOST:PORT   the relay; empty: the built-in sink
//	-tls MODE         starttls, implicit, opportunistic or none; starttls, but
//	                  none for the built-in sink, and none for a relay at a
//	                  loopback address if neither -ca nor -user is given
//	-ca FILE          certificates (PEM) of the authorities to trust, instead of
//	                  the system's
//	-user NAME        log in, with the password in -password-file
//	-password-file FILE
//	                  the password; a line end behind it is cut off
//	-insecure-auth    let the password go out over a connection without TLS, or,
//	                  with -tls opportunistic, under a certificate that does not
//	                  verify
//	-latency TIME     how long the built-in sink's replies take to arrive; 0
//
// # Results
//
// The report goes to standard output. With -json it is one line instead, and
// what went wrong goes to standard error. The line has the keys
//
//	messages          those that had a result: n, unless it was interrupted
//	seconds           from the first job to the last result
//	msgs_per_s        messages in a second
//	cpu_s             user and system time of this process in that time
//	allocs_per_msg    heap allocations a message in that time
//	bytes_per_msg     octets allocated a message in that time
//	max_rss_mb        the most memory this process has had, in MiB
//	outcomes          recipients by outcome
//
// The outcomes are accepted, rejected, deferred, not-sent and unknown; all five
// are always there. See package smtpclient for what each means.
//
// # Interruption
//
// The first Ctrl-C (SIGINT or SIGTERM) ends the sending: what sessions have in
// hand is settled for some seconds, and the results so far are reported. The
// second one kills the process.
//
// # Exit status
//
//	0  every recipient was accepted
//	1  some were not, or the run was interrupted, or the built-in sink has not
//	   counted what was accepted
//	2  usage; a file that cannot be read
package main
