package pool

import (
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Trace is a set of hooks into the pool's decisions. Any hook may be nil. They
// must be safe for concurrent use, return soon, and not call the pool. relay is
// a Relay.Name.
type Trace struct {
	// SessionOpened: a session was built. Its number is that of the hooks of
	// smtpclient.Trace.
	SessionOpened func(relay string, session uint64)
	// SessionClosed: a session is over, having been given so many messages; err
	// says why, nil after QUIT.
	SessionClosed func(relay string, session uint64, messages int, err error)
	// Down: a session could not be built, or ended before the relay had judged a
	// message. Nobody will try again for pause, if it was the only one.
	Down func(relay string, err error, pause time.Duration)
	// Up: the relay has judged a message again, after Down or after sessions that
	// it ended before it had.
	Up func(relay string)
	// ModeLowered: the relay answered oddly to the mode in use; its next
	// sessions use mode instead.
	ModeLowered func(relay string, mode smtpclient.Mode, err error)
	// Held: a job waits for the limit of what, such as "domain example.com", for
	// wait or a little longer.
	Held func(j Job, what string, wait time.Duration)
	// Slowed: a reply asked for less mail for what, such as "relay host:25" or
	// "recipient a@example.com"; it gets rate messages a second from now on, until
	// it takes more again. 0: that is not known yet, and it is left alone for a
	// moment.
	Slowed func(what string, rate float64, err error)
	// Retry: a job goes back to the queue after pause; 0: at once, and without
	// an attempt charged.
	Retry func(j Job, attempts int, pause time.Duration, err error)
	// Settled: a job has its result, whose Recipients must not be altered.
	Settled func(r Result)
}
