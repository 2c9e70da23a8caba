package interop

import (
	"maps"
	"slices"
)

// A Kind is one of the servers under servers/, by the name of its directory.
type Kind string

const (
	// Postfix is Debian's Postfix.
	Postfix Kind = "postfix"
	// Exim is Debian's Exim. It has no Submissions and no Bare.
	Exim Kind = "exim"
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
	// sixth MAIL, and Exim five a connection, it answers 421.
	Limited Port = "limited"
	// Small has a SIZE limit of 1,000 octets.
	Small Port = "small"
	// Bare answers EHLO without any keyword.
	Bare Port = "bare"
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

// A layout is what the harness has to know of a kind, paths as the server sees
// them.
type layout struct {
	ports   map[Port]bool // true: implicit TLS
	maildir string
	// queues hold accepted messages until they are in the maildir, in the order
	// in which a message moves through them.
	queues []string
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
	},
	Exim: {
		ports:   map[Port]bool{Submission: false, Open: false, Limited: false, Small: false},
		maildir: "/var/vmail/all/new",
		queues:  []string{"/var/spool/exim4/input"},
	},
}

// Ports returns the services that servers of the kind have.
func (k Kind) Ports() []Port {
	return slices.Sorted(maps.Keys(layouts[k].ports))
}
