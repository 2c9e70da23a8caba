package pool

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"golang.org/x/sync/semaphore"
)

// SendAll sends the jobs of an iterator and yields their results as they come,
// in no order. Memory is constant: at most Config.Queue + Config.MaxWaiting jobs
// are in the pool or among the results not yet yielded. jobs runs in a goroutine
// of its own, which has ended when SendAll's iterator ends.
//
// When ctx ends, no more jobs are taken. Those that wait come back as NotSent or
// as their last attempt left them; those that a session has in hand get
// Config.SettleTimeout to be settled, and then their sessions are closed. To
// stop early but let everything in hand take its course, retries included, end
// jobs instead. jobs itself has to see that ctx has ended if it waits for
// something: SendAll waits for it.
//
// Every job that was taken from the iterator has one result, unless the caller
// breaks out of the loop: then what waits is not sent, what is in hand is
// settled as when ctx ends, and the results are dropped. A panic in jobs comes
// out of the loop.
func (p *Pool) SendAll(ctx context.Context, jobs iter.Seq[Job]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		b := &bulk{
			pool: p, window: semaphore.NewWeighted(int64(p.cfg.Queue + p.cfg.MaxWaiting)),
			news: make(chan struct{}, 1), fed: make(chan struct{}),
		}
		go b.feed(ctx, jobs)
		defer func() {
			cancel()
			b.drain()
			if b.panicked != nil {
				panic(b.panicked)
			}
		}()
		b.results(ctx, yield)
	}
}

// A bulk is one call of SendAll, and the owner of its tasks.
type bulk struct {
	pool   *Pool
	window *semaphore.Weighted // jobs in the pool, and results not yielded
	news   chan struct{}       // a token: look at ready
	fed    chan struct{}       // closed when no more jobs will come

	panicked any // what jobs panicked with; read when fed is closed

	mu    sync.Mutex
	out   int // jobs in the pool
	ready []due
}

// A due is a result to be yielded.
type due struct {
	Result
	held bool // has a place in window
}

// feed takes the jobs from the iterator.
func (b *bulk) feed(ctx context.Context, jobs func(func(Job) bool)) {
	defer close(b.fed)
	defer func() { b.panicked = recover() }() // it is the caller's: see SendAll
	for j := range jobs {
		if err := b.window.Acquire(ctx, 1); err != nil {
			b.yield(0, due{unsent(&j, b.pool.notSent("queue", err)), false})
			return
		}
		b.mu.Lock()
		b.out++
		b.mu.Unlock()
		if _, err := b.pool.admit(ctx, ctx, j, b); err != nil {
			b.take(unsent(&j, err))
			if !errors.Is(err, ErrRelayDown) {
				return
			}
		}
	}
}

// take implements owner.
func (b *bulk) take(r Result) { b.yield(1, due{r, true}) }

// yield puts a result where the caller's loop will find it; out says how many
// jobs less are in the pool.
func (b *bulk) yield(out int, d due) {
	b.mu.Lock()
	b.out -= out
	b.ready = append(b.ready, d)
	b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// results yields until all is yielded or the caller has had enough.
func (b *bulk) results(ctx context.Context, yield func(Result) bool) {
	over, fed := ctx.Done(), b.fed
	var patience <-chan time.Time
	var batch []due
	for {
		b.mu.Lock()
		batch, b.ready = b.ready, batch[:0]
		out := b.out
		b.mu.Unlock()
		for i := range batch {
			if batch[i].held {
				b.window.Release(1)
			}
			if !yield(batch[i].Result) {
				return
			}
			batch[i] = due{}
		}
		if len(batch) > 0 {
			continue
		}
		if fed == nil && out == 0 {
			return
		}
		select {
		case <-b.news:
		case <-fed:
			fed = nil
			if ctx.Err() != nil {
				b.recall(ctx.Err()) // what came in after the last recall
			}
		case <-over:
			over = nil
			b.recall(ctx.Err())
			patience = time.After(b.pool.cfg.SettleTimeout)
		case <-patience:
			patience = nil
			b.closeSessions()
		}
	}
}

// drain settles what is left when the caller has had enough. ctx has ended, so
// it is soon over, and when it is, nothing of the jobs is used any more.
func (b *bulk) drain() {
	b.recall(context.Canceled)
	<-b.fed
	b.recall(context.Canceled)
	patience := time.After(b.pool.cfg.SettleTimeout)
	for {
		b.mu.Lock()
		out := b.out
		b.mu.Unlock()
		if out == 0 {
			return
		}
		select {
		case <-b.news:
		case <-patience:
			b.closeSessions()
			patience = nil
		}
	}
}

// recall withdraws the tasks that no session has in hand.
func (b *bulk) recall(why error) {
	p := b.pool
	p.mu.Lock()
	mine := p.outside(func(t *task) bool { return t.owner == b })
	p.mu.Unlock()
	for _, t := range mine {
		p.withdraw(t, why)
	}
}

// closeSessions closes the sessions that have tasks of b in hand. These then
// come back as NotSent or Unknown, by what can have reached the relay.
func (b *bulk) closeSessions() {
	p := b.pool
	sessions := map[*smtpclient.Session]bool{}
	p.mu.Lock()
	for t := p.inHand.head; t != nil; t = t.next {
		if t.owner == b {
			sessions[t.session] = true
		}
	}
	p.mu.Unlock()
	for s := range sessions {
		s.Close()
	}
}
