package pool_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// verify holds what was seen on the wire, and what the relays have, against the
// results and the Config. All is over by now.
func (c *chaos) verify() {
	c.verifyResults()
	c.verifySessions()
	c.verifyRate("pool", c.cfg.Rates, func(sighting) bool { return true })
	for i := range c.cfg.Relays {
		r := &c.cfg.Relays[i]
		c.verifyRate(r.Addr, r.Rates, func(s sighting) bool { return s.conn.relay == i })
	}
	for i := range c.cfg.Domains {
		l := &c.cfg.Domains[i]
		if l.Domains[0] != pool.EveryOther {
			c.verifyLimit(l.Domains[0], &l.Limit, c.at(l.Domains[0]))
			continue
		}
		for d := range 5 {
			name := fmt.Sprintf("d%d.test", d)
			if !slices.ContainsFunc(c.cfg.Domains, func(l pool.DomainLimit) bool { return slices.Contains(l.Domains, name) }) {
				c.verifyLimit(name, &l.Limit, c.at(name))
			}
		}
	}
	for k := range 3 {
		name := fmt.Sprintf("k%d", k)
		l, ok := c.cfg.Keys[name]
		if !ok {
			l, ok = c.cfg.Keys[pool.EveryOther]
		}
		if ok {
			c.verifyLimit(name, &l, func(j int) share { return shareOf(c.jobs[j].Key == name, c.jobs[j].Key == name) })
		}
	}
}

// A share is how much of a job a limit is for. One with other recipients too may
// have gone without those that it is for.
type share int

const (
	none share = iota
	some
	whole
)

func shareOf(any, all bool) share {
	switch {
	case all:
		return whole
	case any:
		return some
	}
	return none
}

// at tells which jobs a domain's limit is for.
func (c *chaos) at(domain string) func(job int) share {
	return func(job int) share {
		to := c.jobs[job].To
		isAt := func(r smtpclient.Recipient) bool { return strings.HasSuffix(r.Address, "@"+domain) }
		isNot := func(r smtpclient.Recipient) bool { return !isAt(r) }
		return shareOf(slices.ContainsFunc(to, isAt), !slices.ContainsFunc(to, isNot))
	}
}

func (c *chaos) verifyResults() {
	taken := map[string]int{}
	for _, s := range c.servers {
		for _, m := range s.Messages() {
			for _, to := range m.To {
				taken[m.From+" "+to.Address]++
			}
		}
	}
	seen := map[int]bool{}
	for _, r := range c.results {
		n := r.Tag.(int)
		if seen[n] {
			c.t.Errorf("job %d has two results", n)
		}
		seen[n] = true
		for _, to := range r.Recipients {
			copies := taken[c.jobs[n].From+" "+to.Address]
			switch o := to.Outcome; {
			case copies > 1, o == smtpclient.Accepted && copies != 1, o != smtpclient.Accepted && o != smtpclient.Unknown && copies > 0:
				c.t.Errorf("job %d, %s: %v, but there are %d copies", n, to.Address, o, copies)
			}
			if (to.Err == nil) != (to.Outcome == smtpclient.Accepted) {
				c.t.Errorf("job %d, %s: %v with error %v", n, to.Address, to.Outcome, to.Err)
			}
		}
		if len(r.Recipients) == 0 && r.Err == nil {
			for _, to := range c.jobs[n].To {
				if taken[c.jobs[n].From+" "+to.Address] > 0 {
					c.t.Errorf("job %d was not taken by Submit, and sent", n)
				}
			}
		}
	}
	if len(seen) != len(c.jobs) {
		c.t.Errorf("%d results for %d jobs", len(seen), len(c.jobs))
	}
}

// verifySessions checks what bounds sessions and attempts.
func (c *chaos) verifySessions() {
	dialed := map[int][]time.Time{}
	for _, w := range c.conns {
		dialed[w.relay] = append(dialed[w.relay], w.dialed)
		if most := c.cfg.MaxMessages; most > 0 && len(w.mails) > most {
			c.t.Errorf("%d messages in a session, %d allowed", len(w.mails), most)
		}
	}
	for _, at := range dialed {
		c.verifyTimes("Connections", c.cfg.Connections, at)
	}
	tries := map[int]int{}
	for _, s := range c.log {
		open := make([]int, len(c.servers))
		for _, w := range s.open {
			open[w.relay]++
		}
		if n := slices.Max(open); n > c.cfg.Sessions {
			c.t.Errorf("%d sessions at once, %d allowed", n, c.cfg.Sessions)
		}
		tries[s.job]++
		if d := c.jobs[s.job].Deadline; !d.IsZero() && !s.at.Before(d) {
			c.t.Errorf("job %d: an attempt %v behind the deadline", s.job, s.at.Sub(d))
		}
	}
	for n, tried := range tries {
		if most := c.cfg.MaxAttempts + 2 + 10 + len(c.jobs[n].To); tried > most {
			c.t.Errorf("job %d: %d attempts", n, tried)
		}
	}
}

func (c *chaos) verifyRate(what string, rates []pool.Rate, counts func(sighting) bool) {
	var at []time.Time
	for _, s := range c.log {
		if counts(s) {
			at = append(at, s.at)
		}
	}
	for _, r := range rates {
		c.verifyTimes(what, r, at)
	}
}

// verifyTimes checks that no window has more than a rate allows.
func (c *chaos) verifyTimes(what string, r pool.Rate, at []time.Time) {
	if r.N == 0 {
		return
	}
	every := r.Per / time.Duration(r.N)
	burst := max(r.Burst, 1)
	if r.Burst == 0 {
		burst = max(1, int(50*time.Millisecond/every))
	}
	due := time.Time{}
	for i, a := range at {
		if early := due.Add(-time.Duration(burst-1) * every).Sub(a); early > 0 {
			c.t.Errorf("%s: number %d comes %v too early for %v", what, i, early, r)
			return
		}
		if due.Before(a) {
			due = a
		}
		due = due.Add(every)
	}
}

func (c *chaos) verifyLimit(what string, l *pool.Limit, of func(job int) share) {
	c.verifyRate(what, l.Rates, func(s sighting) bool { return of(s.job) == whole })
	carries, met := map[*wiretap]int{}, map[*wiretap]bool{}
	var joined []time.Time
	for _, s := range c.log {
		if of(s.job) == whole {
			if !met[s.conn] {
				joined = append(joined, s.at)
			}
			carries[s.conn]++
		}
		met[s.conn] = met[s.conn] || of(s.job) != none
		n := 0
		for _, w := range s.open {
			if carries[w] > 0 {
				n++
			}
		}
		if l.Sessions > 0 && n > l.Sessions {
			c.t.Errorf("%s: in %d sessions, %d allowed", what, n, l.Sessions)
		}
		if l.MaxMessages > 0 && carries[s.conn] > l.MaxMessages {
			c.t.Errorf("%s: %d messages in a session, %d allowed", what, carries[s.conn], l.MaxMessages)
		}
	}
	c.verifyTimes(what+" Connections", l.Connections, joined)
}
