package pool

import (
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Trace is a set of hooks into the pool's decisions. Any hook may be nil. They
// must be safe for concurrent use, return soon, and not call the pool.
type Trace struct {
	// Down: a session could not be built, and nobody will try again for pause.
	Down func(err error, pause time.Duration)
	// Up: the relay has judged a message again, after Down or after sessions that
	// it ended before it had.
	Up func()
	// Retry: a job goes back to the queue after pause; 0: at once, and without
	// an attempt charged.
	Retry func(j Job, attempts int, pause time.Duration, err error)
	// ModeLowered: the relay answered oddly to the mode in use; its next
	// sessions use mode instead.
	ModeLowered func(mode smtpclient.Mode, err error)
}
