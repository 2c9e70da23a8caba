package pool

import "time"

// What a relay or a key is slowed down by when told to: multiplicatively down,
// additively up.
const (
	// cutTo is what is left of the rate that was accepted when it was too much.
	cutTo = 0.85
	// cutBlind is what is left of a rate at which nothing was accepted.
	cutBlind = 0.5
	// regain is how much of the rate that was too much comes back per second.
	// With cutTo it is 15 s until that is tried again.
	regain = 0.01
	// enough ends it: so many times the rate that was too much is no longer.
	enough = 2
	// slowest is the least rate, in messages a second.
	slowest = 1.0 / 300
	// breath is how long nothing is sent then: many count by the second, and refuse
	// all until it is over. recipientBreath is it for one recipient.
	breath          = time.Second
	recipientBreath = 5 * time.Second
	// forgetAfter ends what nothing was sent under.
	forgetAfter = 10 * time.Minute
)

// learned is a rate that nobody configured: what a relay, a domain, a key or a
// recipient has been found to take. It measures what is accepted from when it
// was first told to slow down.
type learned struct {
	bucket
	rate  float64 // messages per second; 0: not known yet, the bucket only holds for a breath
	top   float64 // the rate that was too much
	guess bool    // top was not measured: nothing has been accepted
	cut   int64   // when it was last cut
	grown int64   // when it last grew
	meter meter
}

// slow notes that a message that went at sent was too much, and returns the rate
// from now on, 0 while it is not known. It reports false if that is no news: the
// message went before the rate was last cut.
func (c *pace) slow(sent, now int64, pause time.Duration) (rate float64, news bool) {
	l := c.learned
	if l == nil {
		l = &learned{bucket: bucket{interval: 1, paced: now + int64(pause)}, cut: now, grown: now}
		c.learned = l
		return 0, true
	}
	if sent < l.cut {
		return l.rate, false
	}
	accepted := l.meter.rate(now)
	switch {
	case accepted > 0:
		// No less than half of what it was: little may have been asked for.
		l.top, l.guess = max(accepted, cutBlind/cutTo*l.rate), false
		l.rate = cutTo * l.top
	case l.rate > 0:
		l.rate *= cutBlind // top stays: that much will do again some day
	default:
		l.top, l.guess = 1/pause.Seconds(), true
		l.rate = cutBlind * l.top
	}
	l.rate = max(l.rate, slowest)
	l.cut, l.grown = now, now
	l.apply()
	l.paced = max(l.paced, now+max(l.interval, int64(pause)))
	return l.rate, true
}

// apply has the bucket follow the rate.
func (l *learned) apply() { l.set(max(1, int64(float64(time.Second)/l.rate)), 0) }

// accepted notes that a message was accepted at now.
func (c *pace) accepted(now int64) {
	l := c.learned
	if l == nil {
		return
	}
	l.meter.add(now)
	if l.rate == 0 {
		if now-l.cut > int64(forgetAfter) {
			c.learned = nil
		}
		return
	}
	if now-l.cut < int64(breath) {
		// It had gone before the cut: the rate that was too much was more.
		if accepted := l.meter.rate(now); accepted > l.top || l.guess {
			l.top, l.rate, l.guess = accepted, cutTo*accepted, false
			l.apply()
		}
		return
	}
	if !l.regain(now) || l.rate > c.configuredRate() {
		c.learned = nil
	}
}

// regain adds to the rate for the time since it was last added to, and reports
// false when that is enough. A second at most counts: what was not sent has
// proven nothing. A guess is soon given up.
func (l *learned) regain(now int64) bool {
	if l.guess {
		l.rate += l.top
	} else {
		l.rate += regain * l.top * min(time.Duration(now-l.grown), time.Second).Seconds()
	}
	l.grown = now
	l.apply()
	l.paced = min(l.paced, now+l.slack+l.interval) // it was paced at the rate before
	return l.rate < enough*l.top
}

// configuredRate is the least rate that was configured, in messages a second.
func (c *pace) configuredRate() float64 {
	own := pace{configured: c.configured}
	if r := own.perSecond(); r > 0 {
		return r
	}
	return 1e18
}

// forgettable reports that a new pace would say the same as c.
func (c *pace) forgettable(now int64) bool {
	for i := range c.configured {
		if c.configured[i].paced > now {
			return false
		}
	}
	return c.learned == nil || c.learned.paced+int64(forgetAfter) < now
}

// A meter measures a rate over the last second.
type meter struct {
	second    int64 // the current one
	now, last float64
}

func (m *meter) add(now int64) {
	m.turn(now)
	m.now++
}

// turn begins a new second if it is time.
func (m *meter) turn(now int64) {
	switch second, _ := splitSecond(now); second - m.second {
	case 0:
		return
	case 1:
		m.last = m.now
		m.second, m.now = second, 0
	default:
		m.second, m.now, m.last = second, 0, 0
	}
}

// rate is how many were added in the last second: all of the current one, and of
// the one before the part that is less than a second ago.
func (m *meter) rate(now int64) float64 {
	m.turn(now)
	_, part := splitSecond(now)
	return m.now + (1-part)*m.last
}

// splitSecond returns the second that now is in, and how much of it is over. now
// may be below zero.
func splitSecond(now int64) (second int64, part float64) {
	second = now / int64(time.Second)
	rest := now % int64(time.Second)
	if rest < 0 {
		second--
		rest += int64(time.Second)
	}
	return second, float64(rest) / float64(time.Second)
}
