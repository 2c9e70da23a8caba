package pool

import (
	"sync/atomic"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Stats is a snapshot of a pool.
type Stats struct {
	Sessions int // open
	Idle     int // open sessions with nothing to send
	Dialing  int // sessions being built

	Queued  int // jobs that wait for a session
	InHand  int // jobs that a session has
	Waiting int // jobs that wait for their next attempt

	Jobs int64 // that have had their result
	// Recipients by outcome, of the jobs that have had their result.
	Accepted, Rejected, Deferred, NotSent, Unknown int64

	Retries      int64 // attempts after the first, the free ones included
	Dials        int64 // attempts to build a session
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
}

// Stats returns a snapshot. The counts of one moment agree with each other
// only as far as they come from the same list: it is for watching, not for
// accounting.
func (p *Pool) Stats() Stats {
	s := p.tally.snapshot()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Sessions, s.Idle, s.Dialing = len(p.sessions), len(p.idle), p.dialing
	s.Queued, s.InHand, s.Waiting = p.queue.len, p.inHand.len, len(p.delayed)
	s.Down, s.LastError, s.Mode = p.relay.failing && len(p.sessions) == 0, p.relay.err, p.relay.mode
	return s
}

// A tally is the counts that only grow.
type tally struct {
	jobs, retries, dials, dialFailures, lost atomic.Int64
	roundTrips, written                      atomic.Int64
	outcomes                                 [smtpclient.NotSent + 1]atomic.Int64
}

func (c *tally) snapshot() Stats {
	return Stats{
		Jobs:     c.jobs.Load(),
		Accepted: c.outcomes[smtpclient.Accepted].Load(), Rejected: c.outcomes[smtpclient.Rejected].Load(),
		Deferred: c.outcomes[smtpclient.Deferred].Load(), NotSent: c.outcomes[smtpclient.NotSent].Load(),
		Unknown: c.outcomes[smtpclient.Unknown].Load(),
		Retries: c.retries.Load(), Dials: c.dials.Load(), DialFailures: c.dialFailures.Load(), Lost: c.lost.Load(),
		RoundTrips: c.roundTrips.Load(), BytesWritten: c.written.Load(),
	}
}

// count takes a result into account.
func (c *tally) count(r *Result) {
	c.jobs.Add(1)
	for i := range r.Recipients {
		c.outcomes[r.Recipients[i].Outcome].Add(1)
	}
}

// watch returns a Trace that counts, and tells t too.
func (c *tally) watch(t *smtpclient.Trace) *smtpclient.Trace {
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
