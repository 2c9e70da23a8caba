package pool

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Stats is a snapshot of a pool.
type Stats struct {
	Queued  int // jobs that wait for a session
	InHand  int // jobs that a session has
	Held    int // jobs that wait for a limit in Config.Domains or Config.Keys, or for one that was learned
	Waiting int // jobs that wait for their next attempt

	Jobs int64 // that have had their result
	// Recipients by outcome, of the jobs that have had their result.
	Accepted, Rejected, Deferred, NotSent, Unknown int64
	Retries                                        int64 // attempts after the first, the free ones included

	// RelayStats are the sums over all relays. Down is true if all are, LastError
	// is that of any, Rate that of the pool as a whole, and Mode the least.
	RelayStats
	// Relays are in the order of Config.Relays.
	Relays []RelayStats
	// Keys are the domains, keys and recipients that have a limit, configured or
	// learned, and that something is known of, by kind and name.
	Keys []KeyStats
}

// RelayStats is a snapshot of one relay.
type RelayStats struct {
	Name string

	Sessions int // open
	Idle     int // open sessions with nothing to send
	Dialing  int // sessions being built

	// RecipientsAccepted, RecipientsRejected and RecipientsDeferred count the
	// relay's judgements, those of attempts that were followed by another
	// included.
	RecipientsAccepted, RecipientsRejected, RecipientsDeferred int64

	Dials        int64 // attempts to build a session that have ended otherwise than by Shutdown
	DialFailures int64
	Lost         int64 // sessions that ended otherwise than by our QUIT
	RoundTrips   int64 // times a session wrote and waited, after it was built
	BytesWritten int64

	// Down reports that there is no session, and that the last ones could not be
	// built, or ended before the relay had judged a message. LastError says why.
	Down      bool
	LastError error
	// Mode is what the next session will be built with.
	Mode smtpclient.Mode
	// Rate is the least of the limits, configured or learned, in messages a
	// second; 0: there is none. Slowed reports that one was learned.
	Rate   float64
	Slowed bool
}

// KeyStats is a snapshot of a destination domain, a key or a recipient.
type KeyStats struct {
	// Kind is "domain", "key" or "recipient"; Name is a DomainLimit's or a domain,
	// a Job.Key, or an address.
	Kind, Name string

	Waiting  int   // jobs that its limit holds back now
	Held     int64 // how often one was
	Sessions int   // that count for its limit

	// Recipients by what came of attempts with its mail. A message with several
	// recipients counts whole.
	Accepted, Rejected, Deferred int64

	// Rate and Slowed are as in RelayStats.
	Rate   float64
	Slowed bool
}

// count takes an attempt into account.
func (k *KeyStats) count(r *smtpclient.Result) {
	for i := range r.Recipients {
		switch r.Recipients[i].Outcome {
		case smtpclient.Accepted:
			k.Accepted++
		case smtpclient.Rejected:
			k.Rejected++
		case smtpclient.Deferred:
			k.Deferred++
		}
	}
}

// Stats returns a snapshot. The counts of one moment agree with each other
// only as far as they come from the same list: it is for watching, not for
// accounting.
func (p *Pool) Stats() Stats {
	s := Stats{
		Jobs:     p.jobs.Load(),
		Accepted: p.outcomes[smtpclient.Accepted].Load(), Rejected: p.outcomes[smtpclient.Rejected].Load(),
		Deferred: p.outcomes[smtpclient.Deferred].Load(), NotSent: p.outcomes[smtpclient.NotSent].Load(),
		Unknown: p.outcomes[smtpclient.Unknown].Load(), Retries: p.retries.Load(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.InHand, s.Waiting = p.inHand.len, p.delayed
	s.Queued = p.queue.len
	s.Relays = make([]RelayStats, len(p.relays))
	for _, r := range p.relays {
		s.Relays[r.index] = r.stats()
		s.Queued += r.pinned.len
	}
	s.RelayStats = sum(s.Relays)
	s.Rate, s.Slowed = p.pace.perSecond(), false
	for _, k := range p.keys.all {
		s.Keys = append(s.Keys, k.stats())
		s.Held += k.parked.len
	}
	slices.SortFunc(s.Keys, func(a, b KeyStats) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	if len(s.Relays) == 1 {
		one := s.Relays[0]
		s.Slowed = one.Slowed
		if s.Rate == 0 || one.Rate > 0 && one.Rate < s.Rate {
			s.Rate = one.Rate
		}
	}
	return s
}

// stats is a snapshot of r. Pool.mu is held.
func (r *relay) stats() RelayStats {
	s := r.tally.snapshot()
	s.Name = r.Name
	s.Sessions, s.Idle, s.Dialing = len(r.sessions), len(r.idle), r.dialing
	s.Down, s.LastError, s.Mode = !r.up(), r.circuit.err, r.modes.mode
	s.Rate, s.Slowed = r.pace.perSecond(), r.pace.learned != nil
	return s
}

// stats is a snapshot of k. Pool.mu is held.
func (k *key) stats() KeyStats {
	s := k.counts
	s.Kind, s.Name = k.kind.String(), k.name
	s.Waiting, s.Sessions = k.parked.len, len(k.members)
	s.Rate, s.Slowed = k.pace.perSecond(), k.pace.learned != nil
	return s
}

// sum adds up what can be added up.
func sum(relays []RelayStats) RelayStats {
	total := RelayStats{Down: true, Mode: relays[0].Mode}
	for i := range relays {
		r := &relays[i]
		total.Sessions += r.Sessions
		total.Idle += r.Idle
		total.Dialing += r.Dialing
		total.RecipientsAccepted += r.RecipientsAccepted
		total.RecipientsRejected += r.RecipientsRejected
		total.RecipientsDeferred += r.RecipientsDeferred
		total.Dials += r.Dials
		total.DialFailures += r.DialFailures
		total.Lost += r.Lost
		total.RoundTrips += r.RoundTrips
		total.BytesWritten += r.BytesWritten
		total.Down = total.Down && r.Down
		total.Mode = min(total.Mode, r.Mode)
		if r.LastError != nil {
			total.LastError = r.LastError
		}
	}
	return total
}

// A tally is the pool's counts that only grow.
type tally struct {
	jobs, retries atomic.Int64
	outcomes      [smtpclient.NotSent + 1]atomic.Int64
}

// count takes a result into account.
func (c *tally) count(r *Result) {
	c.jobs.Add(1)
	for i := range r.Recipients {
		c.outcomes[r.Recipients[i].Outcome].Add(1)
	}
}

// A relayTally is a relay's counts that only grow.
type relayTally struct {
	dials, dialFailures, lost    atomic.Int64
	roundTrips, written          atomic.Int64
	accepted, rejected, deferred atomic.Int64
}

func (c *relayTally) snapshot() RelayStats {
	return RelayStats{
		Dials: c.dials.Load(), DialFailures: c.dialFailures.Load(), Lost: c.lost.Load(),
		RoundTrips: c.roundTrips.Load(), BytesWritten: c.written.Load(),
		RecipientsAccepted: c.accepted.Load(), RecipientsRejected: c.rejected.Load(), RecipientsDeferred: c.deferred.Load(),
	}
}

// judged counts what the relay has said of a message, and reports whether that
// was something.
func (c *relayTally) judged(r *smtpclient.Result) (useful bool) {
	for i := range r.Recipients {
		useful = judged(r.Recipients[i]) || useful
		switch r.Recipients[i].Outcome {
		case smtpclient.Accepted:
			c.accepted.Add(1)
		case smtpclient.Rejected:
			c.rejected.Add(1)
		case smtpclient.Deferred:
			c.deferred.Add(1)
		}
	}
	return useful
}

// watch returns a Trace that counts, and tells t too.
func (c *relayTally) watch(t *smtpclient.Trace) *smtpclient.Trace {
	var w smtpclient.Trace
	if t != nil {
		w = *t
	}
	wrote, roundTrip := w.Wrote, w.RoundTrip
	w.Wrote = func(session uint64, n int) {
		c.written.Add(int64(n))
		if wrote != nil {
			wrote(session, n)
		}
	}
	w.RoundTrip = func(session uint64, took time.Duration) {
		c.roundTrips.Add(1)
		if roundTrip != nil {
			roundTrip(session, took)
		}
	}
	return &w
}
