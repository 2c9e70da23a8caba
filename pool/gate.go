package pool

import (
	"context"
	"slices"
)

// A gate bounds how many jobs are inside: those that hold a place in
// Config.Queue. Who finds no place waits; with batch places at once somebody who
// makes jobs faster than the relay takes them is woken now and then, not for
// every message. But while the queue is empty nobody waits for more than one.
// Guarded by Pool.mu.
type gate struct {
	free    int             // places
	batch   int             // how many must be free for the first who waits to be let in
	waiting []chan struct{} // of those who wait, closed to let them in
}

func newGate(places int) gate { return gate{free: places, batch: max(1, min(places/8, 32))} }

// enter takes a place. The error is ctx's, if that ends before there is one.
// p.mu is held, but not while enter waits.
func (p *Pool) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := &p.gate
	if g.free > 0 && len(g.waiting) == 0 {
		g.free--
		return nil
	}
	in := make(chan struct{})
	g.waiting = append(g.waiting, in)
	p.letIn()
	p.mu.Unlock()
	select {
	case <-in:
		p.mu.Lock()
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	if i := slices.Index(g.waiting, in); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	} else {
		p.leave() // let in meanwhile
	}
	return ctx.Err()
}

// leave gives a place back. p.mu is held.
func (p *Pool) leave() {
	p.gate.free++
	p.letIn()
}

// letIn lets in who waits, if it is time. p.mu is held.
func (p *Pool) letIn() {
	g := &p.gate
	if g.free < g.batch && p.queue.len > 0 {
		return
	}
	for g.free > 0 && len(g.waiting) > 0 {
		close(g.waiting[0])
		g.waiting = slices.Delete(g.waiting, 0, 1)
		g.free--
	}
}
