package pool

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

// ErrClosed is returned for a job that comes, or is still in hand, when the
// pool is shut down or closed.
var ErrClosed = errors.New("pool: closed")

// ErrRelayDown is found by errors.Is in the error of a job that was not sent
// because no session with the relay could be had: it does not answer, or does
// not let us in. The error has the cause too: the last attempt's
// *smtpclient.SessionError.
var ErrRelayDown = errors.New("relay is down or refuses us")

// Config says how to run a pool. Only Relay.Addr is required; the zero value
// of every other field is a safe default.
type Config struct {
	// Relay says how to build sessions with the relay.
	Relay smtpclient.Config

	// Sessions is the most sessions at once; 0 is 4.
	Sessions int
	// Queue is the most jobs in the pool that wait for a session or are in a
	// session's hand; 0 is 64 + 4 × Sessions, and twice what the sessions' windows
	// hold on top of that in ModeStream. Who hands over more waits.
	Queue int
	// MaxWaiting is the most jobs that may wait for their next attempt without
	// taking up a place in Queue; 0 is 4,096.
	MaxWaiting int

	// IdleTimeout is how long a session stays open without a job; 0 is 30 s.
	IdleTimeout time.Duration
	// MaxLifetime is how long a session is used at most; 0: without limit.
	MaxLifetime time.Duration
	// MaxMessages is how many messages a session carries at most; 0: without
	// limit. The relay's LIMITS MAILMAX (RFC 9422) is obeyed in any case.
	MaxMessages int

	// MaxAttempts is the most attempts for a message; 0 is 3, 1 is no retry.
	// Attempts that end on a session that had died while idle do not count.
	MaxAttempts int
	// Backoff makes the spacing of one job's attempts; nil is an exponential
	// one from 1 s to 1 min. It is a func because a BackOff has state. Use
	// backoff.NewExponentialBackOff: the zero ExponentialBackOff panics.
	Backoff func() backoff.BackOff
	// RetryUnknown also retries a message whose outcome is Unknown. Some
	// recipients then get it twice.
	RetryUnknown bool

	// Patience is how long jobs wait for a relay with which no session can be
	// had, from when the first attempt began; 0 is 5 s. Failures that waiting does not
	// mend, such as refused credentials, are reported at once.
	Patience time.Duration
	// Outage is how long SendAll's jobs wait for a relay that was there before
	// and is gone, as it is while it restarts; 0 is 30 s. No further jobs are
	// taken meanwhile than there is room for.
	Outage time.Duration
	// DialTimeout bounds the building of a session as a whole: connecting, the
	// greeting, TLS and AUTH; 0 is 30 s.
	DialTimeout time.Duration
	// DialBackoff makes the pauses between attempts to reach a relay that is
	// down; nil is an exponential one from 0.5 s to 30 s.
	DialBackoff func() backoff.BackOff

	// SettleTimeout is how long SendAll, when its ctx has ended, waits for the
	// replies to messages under way before it closes their sessions; 0 is 30 s.
	SettleTimeout time.Duration

	// Trace, if not nil, is told what the pool decides. What the sessions do,
	// Relay.Trace is told.
	Trace *Trace
}

// Validate reports the first field that is out of its range, by name. New
// calls it.
func (c *Config) Validate() error {
	if err := c.Relay.Validate(); err != nil {
		return fmt.Errorf("pool: Config.Relay: %w", err)
	}
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Sessions", int64(c.Sessions)}, {"Queue", int64(c.Queue)}, {"MaxWaiting", int64(c.MaxWaiting)},
		{"IdleTimeout", int64(c.IdleTimeout)}, {"MaxLifetime", int64(c.MaxLifetime)}, {"MaxMessages", int64(c.MaxMessages)},
		{"MaxAttempts", int64(c.MaxAttempts)}, {"Patience", int64(c.Patience)}, {"SettleTimeout", int64(c.SettleTimeout)},
		{"Outage", int64(c.Outage)}, {"DialTimeout", int64(c.DialTimeout)},
	} {
		if f.value < 0 {
			return fmt.Errorf("pool: Config.%s: negative", f.name)
		}
	}
	return nil
}

func (c *Config) setDefaults() {
	c.Sessions = cmp.Or(c.Sessions, 4)
	c.Queue = cmp.Or(c.Queue, 64+c.Sessions*(4+2*c.window()))
	c.MaxWaiting = cmp.Or(c.MaxWaiting, 4096)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 30*time.Second)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, 3)
	c.Patience = cmp.Or(c.Patience, 5*time.Second)
	c.SettleTimeout = cmp.Or(c.SettleTimeout, 30*time.Second)
	c.Outage = cmp.Or(c.Outage, 30*time.Second)
	c.DialTimeout = cmp.Or(c.DialTimeout, 30*time.Second)
	if c.Backoff == nil {
		c.Backoff = func() backoff.BackOff { return exponential(time.Second, time.Minute) }
	}
	if c.DialBackoff == nil {
		c.DialBackoff = func() backoff.BackOff { return exponential(500*time.Millisecond, 30*time.Second) }
	}
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
}

// window is how many messages a session has in hand at a time beyond one or two.
func (c *Config) window() int {
	if c.Relay.Mode != smtpclient.ModeStream {
		return 0
	}
	return cmp.Or(c.Relay.Window, smtpclient.DefaultWindow)
}

// exponential returns a backoff that doubles and never gives up by itself.
func exponential(from, to time.Duration) backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = from, to
	b.Multiplier = 2
	b.MaxElapsedTime = 0
	b.Reset()
	return b
}
