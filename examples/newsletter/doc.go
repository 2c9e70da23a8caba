// Newsletter sends a personalised mail to every recipient of a CSV file, over a
// pool of SMTP sessions, and tells what became of each of them.
//
//	go run ./examples/newsletter
//	go run ./examples/newsletter -addr mx.example.net:587 -ca ca.pem -user me -password-file secret \
//		-from 'The List <list@example.net>' -return-path list@example.net \
//		-recipients readers.csv -subject 'Hello, {{.name}}' -text mail.txt -html mail.html -outcomes fate.jsonl
//	go run ./examples/newsletter -n 5000 -check -unsubscribe-url https://example.com/u -dkim-key key.pem -dkim-selector spring -verp token
//	go run ./examples/newsletter -n 5000 -rate 500/s -domain-rate example.com=50/s -metrics 127.0.0.1:9090
//
// Without flags it sends a shipped newsletter to the recipients of a shipped CSV
// file, on a built-in sink: a server on the loopback interface that counts what
// it takes and sends nothing anywhere.
//
// # Recipients
//
// -recipients names a CSV file (RFC 4180, UTF-8, with or without byte order
// mark, lines ending in LF or CRLF). The first line is the header. The column
// email is required and holds one address; a column name, if there is one, is
// the recipient's name in the To header; every column is a field of the
// templates. Empty lines are no rows. The file is read as it is sent: memory
// does not grow with it.
//
// A row is invalid if it has another number of fields than the header, quotes
// that do not match, text that is not UTF-8, a CR, LF or NUL in a value, or no
// address in email, which has to stand there without spaces around it. It is
// reported with the number of its line, and the rest goes on. An address that
// comes twice gets two mails.
//
// A quoted value that goes on over several lines makes its row invalid, one row
// however many lines there are: what stands in them gets no mail. A value is
// closed by a quote before a comma or a line end. If the quote that comes next
// is another one, or none comes, the value was perhaps opened by mistake. The
// row is invalid then. If the lines behind it, up to 100 of them or 64 KiB, look
// like rows, each with something like an address or as many fields as the header,
// they are read as rows. Otherwise those up to the last one that does not look
// like a row are reported as invalid, one by one, for they are perhaps text of
// that value. From a pipe, which cannot be read twice, all lines behind a quote
// that is open for longer than that are invalid, up to the next quote or the end.
//
// -n N makes up N recipients instead, with the columns of the shipped file.
//
// -suppress FILE names a list of addresses that get no mail, one that
// examples/bounces has written, or one kept by hand with an address on each line.
// Letter case does not matter, nor does the form of a domain (U-labels or
// A-labels). The row has an outcome that says why. A list that is not there is an
// error.
//
// # Content
//
//	-from ADDRESS     author: 'Name <address>' or an address
//	-subject TEXT     template of the subject
//	-text FILE        template of the plain text (Go's text/template)
//	-html FILE        template of the HTML (Go's html/template)
//	-attach FILE      attach a file; may be repeated
//
// The data of a template are the fields of the row by the names in the header,
// {{.email}} and {{.name}} for instance. An empty cell is an empty string. A
// name that the header lacks is an error before anything is sent, and so is a
// template that fails on a row of which all cells but email are empty, or on one
// of which they are all "x". (What cannot be seen beforehand is the name in
// {{index . $x}}: where the header lacks it, nothing appears.) With only one
// of -text and -html the mail has only that part; with neither, the shipped ones
// are used, which want the columns email, name, city and plan.
//
// html/template writes #ZgotmplZ for the value of a field as a link if it is no
// http, https or mailto URL, tel: for one: put the scheme into the template,
// <a href="tel:{{.phone}}">.
//
// # What the mails say of the list
//
//	-unsubscribe-url URL
//	                  write List-Unsubscribe and List-Unsubscribe-Post (RFC 8058),
//	                  with a URL of the recipient's own: URL is https, and has the
//	                  token in the place of {token} or as the parameter token.
//	                  Templates get it by {{unsubscribe}}
//	-unsubscribe-key FILE
//	                  keys of the tokens; unsubscribe.key if not given. It is made,
//	                  with a key of chance and mode 0600, if there is none
//	-list-id ID       write List-Id: 'weekly.example.org', or a name and it,
//	                  'The Weekly <weekly.example.org>'
//
// With one of them comes Precedence: bulk. The web server behind the URL reads the
// same key file, a line of hex digits for each key, and asks message.OneClick with
// the same URL, and for List the identifier in -list-id, who is to be unsubscribed:
// a token of one list is nothing to another. A new key comes in front; the old one
// stays below it until its mails are forgotten. A file that everybody can read, or
// others than its owner can write, is refused.
//
// # Signing
//
//	-dkim-key FILE    sign with the RSA or Ed25519 key in that PEM file (package
//	                  message/dkim). Repeated, each makes a signature; not everybody
//	                  verifies Ed25519, so that RSA belongs beside it
//	-dkim-selector NAME
//	                  what the key is found by in the DNS, one for each -dkim-key in
//	                  their order
//	-dkim-domain DOMAIN
//	                  who signs; the domain of -from if not given
//
// Mails are signed on all cores, when they are rendered; several attempts send the
// same signature. -check tells what has to be in the DNS.
//
// # Check
//
//	-check            before anything is sent, tell what receivers would hold against
//	                  the mails (package message/preflight)
//	-check-dns        also look up the records for SPF, DKIM and DMARC, for the first
//	                  mail
//
// Looked at are the mails to the first 20 recipients who get one, out of the first
// 1,000 rows, as they would go out; each finding names the first of them. Findings
// go to standard output, with -quiet, too. An error, which some receivers refuse
// mail for, ends the run with status 2: nothing has been sent, and the outcomes file
// is as it was. With warnings the run goes on. Mails that are not signed here are
// taken to be signed by the relay. From a pipe, the check waits for those rows.
//
// # Relay
//
//	-addr HOST:PORT   the relay; empty: the built-in sink; PORT is a number or the
//	                  name of a service. Several, parted by commas or in several
//	                  -addr, share the mails: equally, or by weights as in
//	                  HOST:PORT*3; one with *0 is used while no other is up. All
//	                  other flags hold for each of them
//	-tls MODE         starttls, implicit, opportunistic or none; starttls unless
//	                  the sink is used, then none
//	-ca FILE          certificates (PEM) of the authorities to trust, instead of
//	                  the system's
//	-user NAME        log in, with the password in -password-file
//	-password-file FILE
//	                  the password; a line end behind it is cut off
//	-insecure-auth    let the password go out over a connection without TLS, or,
//	                  with -tls opportunistic, under a certificate that does not
//	                  verify
//	-sessions N       sessions at once, with each relay, 1 to 1000; 4
//	-max-per-session N
//	                  mails that a session carries at most; without limit if not
//	                  given
//	-max-lifetime D   how long a session is used at most, 90s or 10m for instance;
//	                  without limit if not given
//	-mode MODE        auto, lockstep, envelope, overlap or stream: how far to send
//	                  ahead; stream is for a relay known to cope with it
//	-window N         messages that a session may have unanswered in mode stream,
//	                  up to 4096; 0 is package smtpclient's default
//	-max-attempts N   attempts for a message that is deferred, 1 to 100; 3
//
// A relay that is down does not keep the others from sending: what it has not
// taken goes to them. What it may have taken does not.
//
// # Limits
//
//	-rate N/UNIT      at most so many mails, over all relays: 14/s, 600/min,
//	                  10000/h or 50000/day; may be repeated, each holds
//	-domain-rate DOMAIN=N/UNIT
//	                  at most so many mails to a domain and those below it; may be
//	                  repeated. * is every domain that no other one speaks for,
//	                  each by itself
//
// Mails go at an even pace. A domain that is held back holds nobody else back, as
// long as no more than 4,096 mails wait, fewer if they are large; then reading
// waits too. Whether limits are given or not, a relay that asks for less mail, or
// for less to one domain or recipient, gets less until it takes more again.
//
// # Return path
//
//	-return-path ADDRESS
//	                  where bounces go; the author's address if not given
//	-verp FORM        off, classic, escaped, token or auto: whether the return path
//	                  of each mail names its recipient (package verp); classic if
//	                  -return-path is given, else off
//	-verp-key FILE    keys of token and auto; verp.key if not given. It is made,
//	                  with a key of chance and mode 0600, if there is none
//
// In the forms classic and escaped, a recipient whose own return path would be too
// long, or cannot be written in that form, gets the plain one. The report says how
// many did. A token carries any address, and nobody without the key can make one up
// to have others taken off the list; where the address does not fit, it carries the
// number of the row (the first behind the header is 1), as verp.Subject's ID. auto
// makes a readable path where that is safe, and else a token. Who reads the bounces
// needs the key file.
//
// # Results
//
//	-outcomes FILE    write one JSON line for each row; the file is overwritten,
//	                  unless it is one that the run reads
//	-dry-run DIR      send nothing, write each mail to a file in DIR, named for
//	                  the row's number and address, as it would go over the wire;
//	                  refused if there are mails (.eml) in DIR
//	-quiet            no progress and no report, only errors
//	-metrics HOST:PORT
//	                  serve metrics in Prometheus' text format there while it runs,
//	                  under any path. With port 0 one is chosen, and told on
//	                  standard error. There is no login: use a loopback address.
//
// A key file that is missing is made in a dry run too, if a flag wants it: the mails
// are those that would go out.
//
// A line of -outcomes has the keys email, message_id, return_path, outcome,
// code, enhanced_code, reply, attempts and error, all of them in every line. The
// lines come in no particular order. The outcome is one of
//
//	accepted   the relay has taken the mail
//	rejected   the relay has refused it for good: code, enhanced_code and reply
//	           say why
//	deferred   the relay has refused it for now, at every attempt
//	not-sent   the relay cannot have it: it was out of reach, or cannot take
//	           such a mail, or the run was interrupted; or it was not to be sent:
//	           error begins with "suppressed" where -suppress lists the address,
//	           and message_id and return_path are empty then; all rows of a dry
//	           run
//	unknown    the relay may have it: the connection broke before it answered
//	invalid    the row is not one to send to: error names the line and the cause
//
// code is 0, and enhanced_code and reply are empty, where the relay said
// nothing. Progress goes to standard error, the report to standard output. On a
// terminal progress is one line; elsewhere it is some lines every five seconds:
// outcomes, the rate and how long it will take at that rate, each relay if there
// are several or one has trouble, and which domains are held back.
//
// # Interruption
//
// The first Ctrl-C (SIGINT or SIGTERM) ends the taking of recipients: what is in
// hand is settled, for 10 seconds retries included, and then for 10 seconds
// without. If the relay has not answered until then, what sessions have in hand
// is unknown: after some 25 seconds the run is over, whatever the relay does. The
// second Ctrl-C settles nothing more: what is in hand is not-sent or unknown. In
// both cases every row taken has its outcome, and the report is written.
//
// An outcome is in the file within 200 milliseconds. If the process is killed
// (SIGKILL), what is missing there are the outcomes of its last 200 milliseconds
// and of the mails in hand at that time, some of which the relay may have: who
// starts again with the recipients that are missing in -outcomes sends to those
// twice. Nothing is promised for when the machine loses its power.
//
// # Exit status
//
//	0  every recipient was accepted, or rendered if it was a dry run, but for those
//	   suppressed
//	1  some were not, or the run was interrupted, or the built-in sink has not
//	   counted what was accepted
//	2  usage; a file that cannot be read or written, an address of -metrics that
//	   cannot be had; errors that -check has found
//
// One exception: the run with the shipped recipients on the built-in sink exits
// with 0 if nothing but the rows that are broken on purpose was not accepted.
package main
