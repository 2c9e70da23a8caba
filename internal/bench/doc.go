// Bench measures how fast bulksmtp and other Go libraries hand mail to a server,
// side by side on this machine, and prints a table. It needs Linux.
//
//	cd internal/bench && go run .
//	go run . -scenario 'loopback-4|rtt.*' -only 'bulksmtp|floor' -seconds 1
//
// # Flags
//
//	-scenario REGEXP  which scenarios, by the whole name: loopback-1, loopback-4,
//	                  loopback-16 and loopback-64, the number being that of
//	                  sessions, and rtt20-10, a network of 20 ms round trip with
//	                  10 sessions
//	-build            measure builders of mails instead of senders: how much CPU
//	                  time of one processor a newsletter takes, merged for one
//	                  recipient after the other
//	-only REGEXP      which senders (builders, with -build), by a part of the name; net/smtp, with which
//	                  all others are compared, comes in any case
//	-seconds S        how long each run is measured, 0.1 to 60; 2. A quarter of
//	                  it, half a second at least, goes before as warm-up
//	-runs N           runs of each sender in each scenario, 1 to 100; 3. With 0
//	                  the gate is all there is
//	-noise SHARE      the share of the machine that others may have in a run, 0 to
//	                  1; 0.2. A run with more is repeated, once, and the less
//	                  noisy of the two counts
//	-json             a JSON line for each row instead of the tables
//
// The whole takes a quarter of an hour on a quiet machine; all senders in one
// scenario, three minutes.
//
// # What is measured
//
// Sender and sink (package sink) are processes of their own on the loopback
// interface: what a sender uses is its own. All senders send the same mails of
// 2.5 KB, each different, to one recipient each; libraries that do not take
// prepared mails build theirs. Their runs are interleaved, in another order each
// time. There is no TLS and no disk in it: this is about the sender.
//
// First of all the gate sends a few hundred mails by each sender to a sink that
// looks at each: the recipient in the envelope, the To and Message-ID headers
// and the text must belong together, every octet where the sender was given the
// octets, and there must be neither one too many nor one too few. In every run
// the sink's count must be the sender's, no recipient may come twice, and
// nothing be refused.
//
// # The table
//
// Numbers are medians of the runs, and ratios are medians of the ratios in each
// round of runs, which a machine that gets slower for a while does not spoil.
//
//	msgs/s       mails accepted in a second, and the least and the most of it
//	×            times the msgs/s of net/smtp in the same round
//	CPU s/1000   user and system time of the sender for 1,000 mails
//	×            times that of net/smtp
//	of floor     msgs/s, of those of the loop without a library in the same mode
//	allocs       allocations a mail, the recipient's address among them
//	round trips  a mail: reads of the sink before which the sender may have
//	             waited, having been sent all that was due
//	writes       of the sender and reads, a mail, as the sink sees it: how often
//	reads        it got something, and how often it wrote replies
//	noise        share of the machine that others used, or that a hypervisor
//	             withheld, during the runs
//
// Sender and sink share the machine. With two cores msgs/s on loopback is theirs
// together, and CPU s/1000 the surer measure.
//
// # Builders
//
// With -build nothing is sent. Builders of newsletters (package builder) run in
// this process, on one processor, in interleaved rounds. The table has the median
// of CPU time a mail, how many times as fast as enmime's and go-mail's builders
// that is, and for mails with a file of 200 KB, how much of the time of copying
// the finished bytes. Builders without templates have their sources filled by
// joining strings. go test ./builder reads all their mails.
//
// # Exit status
//
//	0  all was measured that can be here
//	1  a sender did not pass the gate, or a run failed
//	2  usage
package main
