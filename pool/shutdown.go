package pool

import (
	"context"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Shutdown takes no new jobs, sends those it has, and closes the sessions with
// QUIT. When ctx ends before that is done, it closes them at once: what is
// still in hand comes back as NotSent, as Unknown, or as its last attempt left
// it. In any case every job has its result, and every goroutine of the pool has
// ended, when Shutdown returns. The error is ctx's, if that cut it short.
func (p *Pool) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		if p.taken == 0 {
			close(p.emptied)
		}
	}
	p.mu.Unlock()

	var err error
	if !p.isEmptied() {
		select {
		case <-p.emptied:
		case <-ctx.Done():
			err = ctx.Err()
			p.abort()
			<-p.emptied
		}
	}
	p.mu.Lock()
	p.closeDoor() // nobody needs a session any more
	p.silence()
	p.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		p.workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		p.abort() // a QUIT may be under way
		<-ended
	}
	p.cancel()
	return err
}

func (p *Pool) isEmptied() bool {
	select {
	case <-p.emptied:
		return true
	default:
		return false
	}
}

// Close is Shutdown without waiting for anything but what must be waited for.
func (p *Pool) Close() error {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	p.Shutdown(now)
	return nil
}

// abort ends all sessions and settles what is not in a session's hand.
func (p *Pool) abort() {
	p.mu.Lock()
	p.cancel() // not before: what is put back or aside now would be overlooked
	tasks := p.outside(func(*task) bool { return true })
	for _, t := range tasks {
		p.pull(t)
	}
	var sessions []*smtpclient.Session
	for _, r := range p.relays {
		for s := range r.sessions {
			sessions = append(sessions, s)
		}
	}
	p.mu.Unlock()
	for _, t := range tasks {
		t.giveUp(smtpclient.NotSent, p.notSent("queue", ErrClosed))
	}
	p.finish(tasks...)
	for _, s := range sessions {
		s.Close()
	}
}
