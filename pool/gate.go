package pool

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// A gate bounds how many jobs are inside. Who finds it full waits until there
// are several places, so that somebody who makes jobs faster than the relay
// takes them is woken now and then, not for every message.
type gate struct {
	places *semaphore.Weighted
	batch  int64 // how many places are waited for
}

func newGate(places int) *gate {
	return &gate{semaphore.NewWeighted(int64(places)), max(1, min(int64(places/8), 32))}
}

// enter takes a place. The error is ctx's, if that ends before there is one.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.places.TryAcquire(1) {
		return nil
	}
	if err := g.places.Acquire(ctx, g.batch); err != nil {
		return err
	}
	if g.batch > 1 {
		g.places.Release(g.batch - 1)
	}
	return nil
}

func (g *gate) leave() { g.places.Release(1) }
