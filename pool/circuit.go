package pool

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

// A circuit is what is known of a relay's health, and the one gate in front of
// it: when sessions cannot be had, or end before they were of any use, they are
// asked for more and more slowly, and by one worker. Guarded by Pool.mu.
type circuit struct {
	cfg     *Config
	backoff backoff.BackOff // nil: all is well

	failing bool      // open: sessions cannot be had, or end before they were of any use
	since   time.Time // since when
	err     error     // the last reason
	lasting bool      // err is not mended by waiting
	wasUp   bool      // it has judged a message before
	until   time.Time // no session is to be built before
	pause   time.Duration
	knocker *worker // waits for until or room, or is building a session since

	// The relay has refused a session beside others that it keeps.
	crowding backoff.BackOff // nil: it has not
	room     time.Time       // no session beside others before
}

// knock asks to build a session; live is how many there are. mine is false if
// none is wanted of w; else w is to wait and ask again, until wait is 0.
func (c *circuit) knock(w *worker, live int) (wait time.Duration, mine bool) {
	crowded := live > 0 && time.Now().Before(c.room)
	switch {
	case c.backoff == nil && !crowded, live == 0 && !c.failing:
		return 0, true
	case c.knocker != nil && c.knocker != w:
		return 0, false
	case crowded:
		wait = time.Until(c.room)
	}
	c.knocker = w
	if c.backoff != nil {
		wait = max(wait, time.Until(c.until))
	}
	return wait, true
}

// leave is for a worker that ends.
func (c *circuit) leave(w *worker) {
	if c.knocker == w {
		c.knocker = nil
	}
}

// guarded reports whether no further worker should try to build a session beside
// live others now.
func (c *circuit) guarded(live int) bool {
	return c.backoff != nil && (c.knocker != nil || time.Now().Before(c.until)) || live > 0 && time.Now().Before(c.room)
}

// slowDown puts off the next attempt to build a session, longer each time.
func (c *circuit) slowDown() {
	if c.backoff == nil {
		c.backoff = c.cfg.DialBackoff()
	}
	c.pause = c.backoff.NextBackOff()
	if c.pause == backoff.Stop {
		c.pause = c.cfg.Patience
	}
	c.until = time.Now().Add(c.pause)
}

// full notes that the relay does not want a further session beside those it has.
func (c *circuit) full() {
	if c.crowding == nil {
		c.crowding = c.cfg.DialBackoff()
	}
	pause := c.crowding.NextBackOff()
	if pause == backoff.Stop {
		pause = c.cfg.Patience
	}
	c.room = time.Now().Add(pause)
}

// useful notes that the relay has judged a message, a session's first one or not:
// all is well. It reports whether that is news.
func (c *circuit) useful(first bool) bool {
	was := c.failing
	if first {
		c.crowding = nil // it does want one more
	}
	c.failing, c.err, c.lasting, c.wasUp, c.backoff = false, nil, false, true, nil
	return was
}

// down notes that what w began at began was of no use: building a session, or
// sending by it.
func (c *circuit) down(w *worker, err error, began time.Time) {
	if !c.failing {
		c.failing, c.since = true, began
	}
	c.err, c.lasting = err, lasting(err)
	c.slowDown()
	if left := time.Until(c.since.Add(c.cfg.Patience)); left > 0 && left < c.pause {
		c.pause = left // one more attempt just before patience ends
		c.until = time.Now().Add(left)
	}
	c.leave(w)
}

// exhausted reports whether t has waited long enough for the relay.
func (c *circuit) exhausted(t *task) bool {
	patience := c.cfg.Patience
	if _, bulk := t.owner.(*bulk); bulk && c.wasUp {
		patience = max(patience, c.cfg.Outage)
	}
	return c.failing && (c.lasting || time.Since(c.since) >= patience)
}

// lasting reports whether a failure to build a session is one that will not
// pass by itself.
func lasting(err error) bool {
	for _, e := range []error{
		smtpclient.ErrNoSTARTTLS, smtpclient.ErrNoAuth, smtpclient.ErrInsecureAuth, smtpclient.ErrUnproven, smtpclient.ErrIterations,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var reply *smtpclient.ReplyError
	if errors.As(err, &reply) {
		return !reply.Temporary()
	}
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &dns) && dns.IsNotFound
}
