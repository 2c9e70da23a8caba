// Package sender has the senders that the bench compares, one small file each,
// and what they have in common: the mails to send, and the measuring.
//
// A sender uses its library as the library's documentation has it, keeps its
// sessions open, and prepares its mails with package content, or builds them
// where the library takes no prepared ones. The floors are loops written for the
// purpose, without a library, without a check beyond the reply code: what is
// left of the cost is the wire's.
package sender

import (
	"regexp"

	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// A Sender is a way to send mails.
type Sender struct {
	Name string
	// Note says in a few words how it sends.
	Note string
	// Check is the closest look that its mails bear.
	Check sink.Check
	// Send sends the mails of a load, until there are no more.
	Send func(*Load) error
	// Command, for a sender that is a program, is used instead of Send: it
	// returns the command line that sends n mails.
	Command func(addr string, sessions, n int) []string
	// Missing says why the sender cannot be measured here; nil if it can.
	Missing error
	// Floor names the floor to compare it with; "": none.
	Floor string
}

// Baseline is the name of the sender that all others are compared with.
const Baseline = "net/smtp, reused"

// All returns the senders, in the order of the table.
func All() []*Sender {
	list := []*Sender{
		goMail(), goMailWithoutNoop(), smtpPool(), netSMTP(), emersion(), smtpSource(), mox(),
		lockstepFloor(), envelopeFloor(), overlapFloor(), streamFloor(),
	}
	list = append(list, bulkSMTP()...)
	list = append(append(list, sessions()...), smtpPoolNewsletter())
	return append(list, newsletters()...)
}

// Select returns the senders whose name matches, and the baseline.
func Select(name *regexp.Regexp) []*Sender {
	var list []*Sender
	for _, s := range All() {
		if s.Name == Baseline || name.MatchString(s.Name) {
			list = append(list, s)
		}
	}
	return list
}

// Named returns the sender of that name, or nil.
func Named(name string) *Sender {
	for _, s := range All() {
		if s.Name == name {
			return s
		}
	}
	return nil
}
