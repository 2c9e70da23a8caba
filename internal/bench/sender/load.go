package sender

import (
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// A Load is mails to send, known by their numbers, and the count of those that
// were accepted.
type Load struct {
	Addr     string // of the server
	Sessions int    // to use

	last     int64 // the highest number
	next     atomic.Int64
	accepted atomic.Int64
	stopped  atomic.Bool

	mu  sync.Mutex // guards the following
	err error
}

// NewLoad returns a load of n mails; if n is 0, of as many as can be sent until
// the measuring ends.
func NewLoad(addr string, sessions, n int) *Load {
	if n == 0 {
		n = content.MaxNumber
	}
	return &Load{Addr: addr, Sessions: sessions, last: int64(n)}
}

// Take returns up to n successive numbers: count of them, from first on; 0 when
// there are no more.
func (l *Load) Take(n int) (first, count int) {
	if l.stopped.Load() {
		return 0, 0
	}
	end := l.next.Add(int64(n))
	start := end - int64(n) + 1
	return int(start), int(max(0, min(end, l.last)-start+1))
}

// Numbers yields numbers until there are no more. Many goroutines may ask for
// numbers of one load.
func (l *Load) Numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for {
			i, n := l.Take(1)
			if n == 0 || !yield(i) {
				return
			}
		}
	}
}

// Accepted counts mails that the server has accepted.
func (l *Load) Accepted(n int) { l.accepted.Add(int64(n)) }

// Stop ends the load: there are no more numbers.
func (l *Load) Stop() { l.stopped.Store(true) }

// Fail stops the load because of an error.
func (l *Load) Fail(err error) {
	l.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = errors.Join(l.err, err)
}

// Failure returns what Fail was called with.
func (l *Load) Failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Each runs a func for each session, at once, and waits for them.
func (l *Load) Each(session func() error) error {
	var wg sync.WaitGroup
	for range l.Sessions {
		wg.Go(func() {
			if err := session(); err != nil {
				l.Fail(err)
			}
		})
	}
	wg.Wait()
	return l.Failure()
}
