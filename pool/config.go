package pool

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
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

// ErrDeadline is found by errors.Is in the error of a job that was not sent
// before its Job.Deadline, or within Config.MaxAge.
var ErrDeadline = errors.New("deadline passed before the message could be sent")

// Config says how to run a pool. Only Relay.Addr is required, or Relays; the zero
// value of every other field is a safe default.
type Config struct {
	// Relay says how to build sessions with the relay.
	Relay smtpclient.Config
	// Relays are several relays to use instead of Relay, which is left empty then.
	// When one is down, the others do its work. A message goes to another relay
	// only if it was NotSent, or if the reply that deferred it spoke of the session
	// or of too much mail; what a relay has deferred for its own sake it is given
	// again itself, as greylisting wants it. Unknown goes nowhere.
	Relays []Relay

	// Sessions is the most sessions at once, with each relay; 0 is 4.
	Sessions int
	// MinSessions is how many sessions are built at once and kept, with each
	// relay, though there is nothing to send; 0: the first job builds the first.
	MinSessions int
	// Connections bounds how many sessions are built per time, with each relay.
	// The zero Rate: any number.
	Connections Rate
	// Queue is the most jobs in the pool that wait for a session or are in a
	// session's hand; 0 is 64 + 4 × all sessions, and twice what the sessions'
	// windows hold on top of that in ModeStream. Who hands over more waits.
	Queue int
	// MaxWaiting is the most jobs that may wait for their next attempt, or for a
	// limit in Domains or Keys, without taking up a place in Queue; 0 is 4,096.
	MaxWaiting int

	// Rates are bounds of all messages of the pool, each of which holds: 14 a
	// second and 50,000 a day, say. None: no bound. See ParseRate.
	Rates []Rate
	// Domains are bounds per destination domain. Of a message with several
	// recipients, all domains must be free. See KnownProviders.
	Domains []DomainLimit
	// Keys are bounds per Job.Key: for those named and, under EveryOther, for each
	// other one.
	Keys map[string]Limit
	// Replies say which replies ask for less mail, and for whom; nil is
	// DefaultReplies, and an empty slice none. What is slowed down so is brought
	// back step by step while mail is accepted.
	Replies []ReplyRule

	// Suppressor, if not nil, says whom SendAll must not send to. They are NotSent,
	// with ErrSuppressed; the other recipients of a message get it all the same.
	Suppressor Suppressor

	// IdleTimeout is how long a session stays open without a job; 0 is 30 s. The
	// session that was used last is used first, so that the others end when there
	// is little to do.
	IdleTimeout time.Duration
	// MaxLifetime is how long a session is used at most; 0: without limit. Up to a
	// fifth is taken off by chance, so that sessions do not end all at once.
	MaxLifetime time.Duration
	// MaxMessages is how many messages a session carries at most; 0: without
	// limit. The relay's LIMITS MAILMAX (RFC 9422) is obeyed in any case. Where the
	// relay does not ask for it, MaxLifetime is better: a cap on messages draws
	// traffic to the slowest of the servers behind one address.
	MaxMessages int

	// MaxAttempts is the most attempts for a message; 0 is 3, 1 is no retry.
	// Attempts that end on a session that had died while idle do not count, nor
	// do those, 10 at most, that ask for less mail.
	MaxAttempts int
	// Backoff makes the spacing of one job's attempts; nil is an exponential
	// one from 1 s to 1 min. It is a func because a BackOff has state. Use
	// backoff.NewExponentialBackOff: the zero ExponentialBackOff panics.
	Backoff func() backoff.BackOff
	// MaxAge is how long after it came a job may begin an attempt; 0: without
	// limit. See Job.Deadline.
	MaxAge time.Duration
	// RetryUnknown also retries a message whose outcome is Unknown. Some
	// recipients then get it twice.
	RetryUnknown bool

	// Patience is how long jobs wait while no relay can be had, from when the
	// first attempt to build a session began; 0 is 5 s. Failures that waiting does
	// not mend, such as refused credentials, are reported at once.
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

// A FieldError says which field of a Config is wrong.
type FieldError struct {
	// Field is its path, such as "Domains[2].Rates[0].N".
	Field string
	// Reason is what is wrong with it.
	Reason string
}

// Error implements error.
func (e *FieldError) Error() string { return "pool: Config." + e.Field + ": " + e.Reason }

// Validate reports the first field that is out of its range, by name. New
// calls it.
func (c *Config) Validate() error {
	if err := c.validateRelays(); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Sessions", int64(c.Sessions)}, {"MinSessions", int64(c.MinSessions)}, {"Queue", int64(c.Queue)},
		{"MaxWaiting", int64(c.MaxWaiting)}, {"IdleTimeout", int64(c.IdleTimeout)},
		{"MaxLifetime", int64(c.MaxLifetime)}, {"MaxMessages", int64(c.MaxMessages)},
		{"MaxAttempts", int64(c.MaxAttempts)}, {"MaxAge", int64(c.MaxAge)}, {"Patience", int64(c.Patience)},
		{"SettleTimeout", int64(c.SettleTimeout)}, {"Outage", int64(c.Outage)}, {"DialTimeout", int64(c.DialTimeout)},
	} {
		if f.value < 0 {
			return &FieldError{f.name, "negative"}
		}
	}
	return c.validateLimits()
}

// validateRelays checks Relay, or Relays.
func (c *Config) validateRelays() error {
	if len(c.Relays) == 0 {
		if err := c.Relay.Validate(); err != nil {
			return fmt.Errorf("pool: Config.Relay: %w", err)
		}
		return nil
	}
	if !reflect.ValueOf(c.Relay).IsZero() {
		return &FieldError{"Relay", "Relays is set too"}
	}
	addrs, names := map[string]bool{}, map[string]bool{}
	weights := 0
	for i := range c.Relays {
		r := &c.Relays[i]
		field := fmt.Sprintf("Relays[%d]", i)
		if err := r.Validate(); err != nil {
			return fmt.Errorf("pool: Config.%s: %w", field, err)
		}
		addr, name := strings.ToLower(r.Addr), cmp.Or(r.Name, r.Addr)
		if addrs[addr] && (r.Name == "" || names[addr]) {
			return &FieldError{field + ".Addr", fmt.Sprintf("%s is listed twice", r.Addr)}
		}
		if names[name] {
			return &FieldError{field + ".Name", fmt.Sprintf("%q is there twice", name)}
		}
		addrs[addr], names[name] = true, true
		if r.Name == "" {
			names[addr] = true
		}
		if err := r.validateNumbers(field); err != nil {
			return err
		}
		weights += r.Weight
	}
	if weights == 0 {
		return &FieldError{"Relays", "the weights sum to zero"}
	}
	return nil
}

func (r *Relay) validateNumbers(field string) error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"Weight", r.Weight}, {"Sessions", r.Sessions}, {"MinSessions", r.MinSessions}, {"MaxMessages", r.MaxMessages},
	} {
		if f.value < 0 {
			return &FieldError{field + "." + f.name, "negative"}
		}
	}
	if r.Weight > maxWeight {
		return &FieldError{field + ".Weight", fmt.Sprintf("over %d", maxWeight)}
	}
	if err := validateRate(field+".Connections", r.Connections); err != nil {
		return err
	}
	return validateRates(field+".Rates", r.Rates)
}

// maxWeight keeps sums of weights from overflowing.
const maxWeight = 1_000_000

func (c *Config) validateLimits() error {
	if err := validateRates("Rates", c.Rates); err != nil {
		return err
	}
	if err := validateRate("Connections", c.Connections); err != nil {
		return err
	}
	if err := validateDomains(c.Domains); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Keys)) {
		field := fmt.Sprintf("Keys[%q]", name)
		if name == "" {
			return &FieldError{field, "no job has an empty Key"}
		}
		l := c.Keys[name]
		if err := l.validate(field); err != nil {
			return err
		}
	}
	for i := range c.Replies {
		if err := c.Replies[i].validate(fmt.Sprintf("Replies[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) setDefaults() {
	c.Sessions = cmp.Or(c.Sessions, 4)
	c.Relays = slices.Clone(c.Relays)
	if len(c.Relays) == 0 {
		c.Relays = []Relay{{Config: c.Relay, Weight: 1}}
	}
	for i := range c.Relays {
		r := &c.Relays[i]
		r.Name = cmp.Or(r.Name, r.Addr)
		r.Sessions = cmp.Or(r.Sessions, c.Sessions)
		r.MinSessions = min(cmp.Or(r.MinSessions, c.MinSessions), r.Sessions)
		r.MaxMessages = cmp.Or(r.MaxMessages, c.MaxMessages)
		r.Connections = cmp.Or(r.Connections, c.Connections)
	}
	c.Queue = cmp.Or(c.Queue, c.defaultQueue())
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
	if c.Replies == nil {
		c.Replies = DefaultReplies()
	}
	c.copyLimits()
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
}

// copyLimits makes the limits our own: they are looked at as long as the pool is.
func (c *Config) copyLimits() {
	c.Rates, c.Replies = slices.Clone(c.Rates), slices.Clone(c.Replies)
	c.Domains, c.Keys = slices.Clone(c.Domains), maps.Clone(c.Keys)
	for i := range c.Domains {
		d := &c.Domains[i]
		d.Domains, d.Rates = slices.Clone(d.Domains), slices.Clone(d.Rates)
	}
	for i := range c.Replies {
		r := &c.Replies[i]
		r.Codes, r.Enhanced = slices.Clone(r.Codes), slices.Clone(r.Enhanced)
		r.Verbs, r.Texts = slices.Clone(r.Verbs), slices.Clone(r.Texts)
	}
	for name, l := range c.Keys {
		l.Rates = slices.Clone(l.Rates)
		c.Keys[name] = l
	}
}

// allSessions is the most sessions at once, with all relays.
func (c *Config) allSessions() int {
	n := 0
	for i := range c.Relays {
		n += c.Relays[i].Sessions
	}
	return n
}

// defaultQueue is the default of Queue, when the relays have theirs.
func (c *Config) defaultQueue() int {
	places := 64
	for i := range c.Relays {
		r := &c.Relays[i]
		window := 0 // messages that a session has in hand beyond one or two
		if r.Mode == smtpclient.ModeStream {
			window = cmp.Or(r.Window, smtpclient.DefaultWindow)
		}
		places += r.Sessions * (4 + 2*window)
	}
	return places
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
