// Preview shows the mails of a newsletter in the browser, each as one recipient
// would get it, so that a person can look before all others do. It sends nothing.
//
//	go run ./examples/preview
//	go run ./examples/preview -recipients readers.csv -from 'The List <list@example.net>' \
//		-subject 'Hello, {{.name}}' -text mail.txt -html mail.html
//
// It prints the URL of a server on the loopback interface and serves until Ctrl-C.
// Files are read again when they change: edit a template, reload the page.
//
// # What is shown
//
// For each recipient, chosen by the number of the row or by the address: the HTML
// in the width of a desktop or of a phone, the plain text, the source as it would
// go over the wire, the header fields decoded and as they stand there, and what
// package preflight finds. All of it is read from the rendered bytes, by enmime,
// and not from the templates. Without flags the mail is the one that
// examples/newsletter ships with.
//
// # Flags
//
// Those that examples/newsletter has too mean the same there:
//
//	-recipients FILE  CSV file with the recipients
//	-from ADDRESS     author: 'Name <address>' or an address
//	-return-path ADDRESS
//	                  where bounces go; the author's address if not given
//	-subject TEXT     template of the subject
//	-text FILE        template of the plain text (Go's text/template)
//	-html FILE        template of the HTML (Go's html/template)
//	-attach FILE      attach a file; may be repeated
//	-unsubscribe-url URL
//	                  where one-click unsubscription is (RFC 8058)
//	-unsubscribe-key FILE
//	                  keys of the tokens in that URL; unsubscribe.key if not given.
//	                  If there is none, tokens are of a key that nobody knows
//	-list-id ID       write List-Id: 'weekly.example.org', or a name and it,
//	                  'The Weekly <weekly.example.org>'
//	-dkim-key FILE    sign with that private key (PEM); may be repeated
//	-dkim-selector NAME
//	                  what the key is found by in the DNS, one for each -dkim-key
//	-dkim-domain DOMAIN
//	                  who signs; the domain of -from if not given
//	-check-dns        look up the records for SPF, DKIM and DMARC as well, which
//	                  is the only thing that leaves the machine
//
// And its own:
//
//	-addr HOST:PORT   a loopback address to serve on; 127.0.0.1:0, a port that
//	                  is free
//	-get PATH         serve nothing, print that page and end
//
// Rows have the numbers that they have in examples/newsletter, unless a quote
// that nobody closes is in the file: what is behind it, that program looks at more
// closely.
//
// # What a mail cannot do
//
// A mail is made of what strangers have entered into forms. Its HTML is shown in
// a frame without scripts, forms or an origin of its own. It loads nothing,
// images that come with the mail excepted, unless "Load remote content" is
// chosen on the page; then images, style sheets and fonts, still no scripts.
// Links open in a new tab.
//
// The server answers on loopback addresses only, and only requests for a loopback
// host: a page of another site whose name leads to 127.0.0.1 (DNS rebinding) gets
// nothing. Other users of the machine can read it.
//
// # Exit status
//
//	0  ended by Ctrl-C, or the page of -get is there
//	1  the page of -get is not, or shows a mail that cannot be made
//	2  usage; a file that cannot be read, an address that cannot be had
package main
