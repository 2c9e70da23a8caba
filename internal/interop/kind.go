package interop

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// A Kind is one of the servers under servers/, by the name of its directory.
type Kind string

const (
	// Postfix is Debian's Postfix.
	Postfix Kind = "postfix"
	// Exim is Debian's Exim.
	Exim Kind = "exim"
	// Sendmail is Debian's Sendmail.
	Sendmail Kind = "sendmail"
	// OpenSMTPD is Debian's OpenSMTPD. Its TLS handshake fails, so that all it
	// has is Open without TLS and AUTH.
	OpenSMTPD Kind = "opensmtpd"
	// Aiosmtpd is Python's aiosmtpd, from Debian.
	Aiosmtpd Kind = "aiosmtpd"
	// Haraka is Haraka, from npm.
	Haraka Kind = "haraka"
	// SMTPServer is Nodemailer's smtp-server, from npm.
	SMTPServer Kind = "smtp-server"
	// GoSMTP is emersion/go-smtp, from the Go module proxy.
	GoSMTP Kind = "go-smtp"
	// Dovecot is Debian's Dovecot, for mail to be read. It takes none.
	Dovecot Kind = "dovecot"
)

// A Port is one of the services of a server.
type Port string

// Which of them a server has is up to its kind, see [Kind.Ports].
const (
	// Submission takes mail after STARTTLS and AUTH only.
	Submission Port = "submission"
	// Submissions is Submission with implicit TLS.
	Submissions Port = "submissions"
	// Open offers STARTTLS and, behind it, AUTH, and requires neither.
	Open Port = "open"
	// Limited takes five messages: Postfix five a minute, it answers 450 to the
	// sixth MAIL, and the others five a connection, they answer 421.
	Limited Port = "limited"
	// Small has a SIZE limit of 1,000 octets.
	Small Port = "small"
	// Bare answers EHLO without any keyword.
	Bare Port = "bare"
	// IMAPS is IMAP with implicit TLS. Any user has a mailbox.
	IMAPS Port = "imaps"
	// IMAP offers STARTTLS, and wants it before a login.
	IMAP Port = "imap"
)

// Known to every server.
const (
	// Host is the name in the servers' greeting and certificate. The certificate
	// is good for localhost and 127.0.0.1 as well.
	Host = "mx.example.test"
	// Domain is the one whose mail comes to the maildir.
	Domain = "example.test"
	// User and Password are the login.
	User     = "user"
	Password = "secret"
)

// A layout is what the harness has to know of a kind. Paths are as the server
// sees them, or relative to its working directory.
type layout struct {
	ports   map[Port]bool // true: implicit TLS
	maildir string
	// queues hold accepted messages until they are in the maildir, in the order
	// in which a message moves through them.
	queues []string
	// whole tells the file that there is for every message in a queue from other
	// files there, some of which a killed server leaves behind for good; nil:
	// there are no others.
	whole func(path string, d fs.DirEntry) bool
}

var layouts = map[Kind]layout{
	Postfix: {
		ports:   map[Port]bool{Submission: false, Submissions: true, Open: false, Limited: false, Small: false, Bare: false},
		maildir: "/var/vmail/all/new",
		queues: []string{
			"/var/spool/postfix/incoming",
			"/var/spool/postfix/active",
			"/var/spool/postfix/deferred",
		},
		whole: executable, // which Postfix makes a file before it says 250
	},
	Exim: {
		ports:   map[Port]bool{Submission: false, Open: false, Limited: false, Small: false},
		maildir: "/var/vmail/all/new",
		queues:  []string{"/var/spool/exim4/input"},
		whole:   hasData,
	},
	Sendmail: {
		ports:   map[Port]bool{Submission: false, Open: false},
		maildir: "/var/vmail/all/new",
		queues:  []string{"/var/spool/mqueue"},
		whole:   queueFile,
	},
	OpenSMTPD: {
		ports:   map[Port]bool{Open: false},
		maildir: "/var/vmail/all/new",
		queues:  []string{"/var/spool/smtpd/queue"},
	},
	Aiosmtpd:   scripted,
	Haraka:     {ports: map[Port]bool{Submission: false, Open: false, Limited: false}, maildir: "maildir/new"},
	SMTPServer: scripted,
	GoSMTP:     scripted,
	Dovecot:    {ports: map[Port]bool{IMAPS: true, IMAP: false}, maildir: "/var/vmail/" + User + "/new"},
}

// scripted is the layout of servers that are libraries, and write to the maildir
// before they accept.
var scripted = layout{
	ports:   map[Port]bool{Submission: false, Open: false, Limited: false, Small: false},
	maildir: "maildir/new",
}

func executable(_ string, d fs.DirEntry) bool {
	info, err := d.Info()
	return err == nil && info.Mode()&0o100 != 0
}

// hasData reports a header file of Exim's that has its data: what is delivered
// loses the data first, what is not yet accepted gets the header last.
func hasData(path string, _ fs.DirEntry) bool {
	message, ok := strings.CutSuffix(path, "-H")
	if !ok {
		return false
	}
	_, err := os.Stat(message + "-D")
	return err == nil
}

// queueFile reports a queue file of Sendmail's with something in it. An empty one
// only holds the name for a message to come.
func queueFile(_ string, d fs.DirEntry) bool {
	info, err := d.Info()
	return err == nil && strings.HasPrefix(d.Name(), "qf") && info.Size() > 0
}

// Kinds returns all kinds of servers that take mail.
func Kinds() []Kind {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(layouts)), func(k Kind) bool { return !k.Has(Open) })
}

// Has reports whether servers of the kind have a service.
func (k Kind) Has(p Port) bool {
	_, ok := layouts[k].ports[p]
	return ok
}

// Ports returns the services that servers of the kind have.
func (k Kind) Ports() []Port {
	return slices.Sorted(maps.Keys(layouts[k].ports))
}
