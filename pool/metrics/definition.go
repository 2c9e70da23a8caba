package metrics

import (
	"slices"
	"strings"
)

// A Type is what a metric's value means.
type Type uint8

const (
	// Counter is a sum that only grows, from 0 on; for a key from 0 again when the
	// pool has forgotten it meanwhile.
	Counter Type = iota
	// Gauge is a value of the moment.
	Gauge
)

// String returns the type as it stands in the text format: "counter" or "gauge".
func (t Type) String() string {
	if t == Counter {
		return "counter"
	}
	return "gauge"
}

// A Definition is what stays the same about a metric.
type Definition struct {
	Name string
	Help string
	Type Type
	// Labels are the names of the labels that each sample has, in order.
	Labels []string
}

// Definitions returns a new list of all metrics that an Exporter can have, by
// name.
func Definitions() []Definition {
	all := make([]Definition, 0, len(definitions))
	for _, d := range definitions {
		d := *d
		d.Labels = slices.Clone(d.Labels)
		all = append(all, d)
	}
	return all
}

var definitions []*Definition // by name

// define adds to definitions.
func define(t Type, name, help string, labels ...string) *Definition {
	d := &Definition{Name: "bulksmtp_" + name, Help: help, Type: t, Labels: labels}
	at, _ := slices.BinarySearchFunc(definitions, d.Name, func(d *Definition, name string) int {
		return strings.Compare(d.Name, name)
	})
	definitions = slices.Insert(definitions, at, d)
	return d
}

// Of the pool as a whole.
var (
	jobs = define(Gauge, "jobs",
		"Jobs in the pool: queued for a session, in_hand of one, held back by a limit, or waiting for their next attempt.", "state")
	jobsSettled = define(Counter, "jobs_settled_total", "Jobs that have had their result.")
	recipients  = define(Counter, "recipients_total", "Recipients of settled jobs.", "outcome")
	retries     = define(Counter, "retries_total", "Attempts after a job's first.")
	rate        = define(Gauge, "rate_limit_messages_per_second",
		"The least of the limits of the pool as a whole; absent if there is none.")
)

// Of each relay.
var (
	relayUp = define(Gauge, "relay_up",
		"1 unless there is no session and the last ones could not be built or were of no use.", "relay")
	relaySessions = define(Gauge, "relay_sessions", "Sessions: busy, idle, or dialing, which is being built.", "relay", "state")
	relayMode     = define(Gauge, "relay_mode_info", "1, with the mode that the next session will be built with.", "relay", "mode")
	relayRate     = define(Gauge, "relay_rate_limit_messages_per_second",
		"The least of the relay's limits, configured or learned; absent if there is none.", "relay")
	relaySlowed     = define(Gauge, "relay_slowed", "1 if replies have asked for less mail, and that still holds.", "relay")
	relayRecipients = define(Counter, "relay_recipients_total",
		"The relay's judgements on recipients, those that another attempt followed included.", "relay", "outcome")
	relayDials        = define(Counter, "relay_dials_total", "Attempts to build a session.", "relay")
	relayDialFailures = define(Counter, "relay_dial_failures_total", "Attempts to build a session that failed.", "relay")
	relayLost         = define(Counter, "relay_sessions_lost_total", "Sessions that ended otherwise than by QUIT.", "relay")
	relayRoundTrips   = define(Counter, "relay_round_trips_total", "Times a session wrote and waited, after it was built.", "relay")
	relayWritten      = define(Counter, "relay_written_bytes_total", "Octets written to the relay.", "relay")
)

// Of destination domains, and keys that the caller sets.
var (
	keys        = define(Gauge, "keys", "Domains, keys and recipients that have a limit, configured or learned.", "kind")
	keysOmitted = define(Gauge, "keys_omitted", "Domains and keys that have no series of their own.")
	keyHeld     = define(Gauge, "key_jobs_held", "Jobs that the limit holds back now.", "kind", "key")
	keyHolds    = define(Counter, "key_holds_total", "How often the limit has held a job back.", "kind", "key")
	keySessions = define(Gauge, "key_sessions", "Sessions that count for the limit.", "kind", "key")
	keyRate     = define(Gauge, "key_rate_limit_messages_per_second",
		"The least of the limits, configured or learned; absent if there is none.", "kind", "key")
	keySlowed     = define(Gauge, "key_slowed", "1 if replies have asked for less mail, and that still holds.", "kind", "key")
	keyRecipients = define(Counter, "key_recipients_total",
		"Recipients by what came of attempts with the mail for this domain or key.", "kind", "key", "outcome")
)
