package pool

import (
	"math"
	"time"
)

// defaultBurst is how much time's worth may go at once where nothing is said:
// timers and the scheduler are late by milliseconds, and what is missed so would
// be lost.
const defaultBurst = 50 * time.Millisecond

// A bucket is a Rate at work: the generic cell rate algorithm, which is a token
// bucket kept as one point in time. Times are those of now.
type bucket struct {
	interval int64 // between two messages
	slack    int64 // how much earlier than paced a message may go
	paced    int64 // when the next message is due at an even pace
}

func newBucket(r Rate) bucket {
	b := bucket{paced: math.MinInt64 / 2}
	b.set(r.interval(), r.Burst)
	return b
}

// set changes the rate; burst 0 is the default.
func (b *bucket) set(interval int64, burst int) {
	if burst == 0 {
		burst = max(1, int(int64(defaultBurst)/interval))
	}
	b.interval, b.slack = interval, int64(burst-1)*interval
}

// next is when the next message may go: now, if it is past.
func (b *bucket) next() int64 { return b.paced - b.slack }

// take notes that one goes.
func (b *bucket) take(now int64) { b.paced = max(b.paced, now) + b.interval }

// ready is how many may go now.
func (b *bucket) ready(now int64) int {
	if left := now - b.next(); left >= 0 {
		return int(min(left, b.slack)/b.interval) + 1
	}
	return 0
}

// pace is when the next message of a relay or a key may go: what is configured,
// and what has been learned.
type pace struct {
	configured []bucket
	learned    *learned // nil: nothing
}

func newPace(rates []Rate) pace {
	var c pace
	for _, r := range rates {
		c.configured = append(c.configured, newBucket(r))
	}
	return c
}

// next is when the next message may go: now, if it is past.
func (c *pace) next() int64 {
	next := past
	for i := range c.configured {
		next = max(next, c.configured[i].next())
	}
	if c.learned != nil {
		next = max(next, c.learned.next())
	}
	return next
}

// past is a time before all others.
const past int64 = -1 << 62

// take notes that a message goes.
func (c *pace) take(now int64) {
	if c.learned != nil && c.learned.paced+int64(forgetAfter) < now {
		c.learned = nil // so long ago that it says nothing
	}
	for i := range c.configured {
		c.configured[i].take(now)
	}
	if c.learned != nil && c.learned.rate > 0 {
		c.learned.take(now)
	}
}

// ready is how many messages may go now, most at most.
func (c *pace) ready(now int64, most int) int {
	for i := range c.configured {
		most = min(most, c.configured[i].ready(now))
	}
	if l := c.learned; l != nil && (l.rate > 0 || l.next() > now) {
		most = min(most, l.ready(now))
	}
	return most
}

// interval is the time between two messages at the least of the rates, in
// nanoseconds; lookAgain if there is none.
func (c *pace) interval() int64 {
	if r := c.perSecond(); r > 0 {
		return int64(float64(time.Second) / r)
	}
	return int64(lookAgain)
}

// perSecond is the least of the rates, 0 if there is none.
func (c *pace) perSecond() float64 {
	least := 0.0
	for i := range c.configured {
		if r := float64(time.Second) / float64(c.configured[i].interval); least == 0 || r < least {
			least = r
		}
	}
	if l := c.learned; l != nil && l.rate > 0 && (least == 0 || l.rate < least) {
		least = l.rate
	}
	return least
}
