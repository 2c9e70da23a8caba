package interop_test

import (
	"sync/atomic"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// wantRestarts is how often a server is killed in a run, resultsBetween how many
// results there are before each.
const (
	wantRestarts   = 2
	resultsBetween = 100
)

// restarts kill a server while a pool sends, from behind the pool's back.
type restarts struct {
	t    *testing.T
	s    *interop.Server
	done atomic.Bool

	// Of the goroutine that calls see.
	results, mark, count int
	running              chan error
}

// see is called for each result.
func (r *restarts) see() {
	r.results++
	select {
	case err := <-r.running:
		r.running, r.mark = nil, r.results
		if r.count++; err != nil {
			r.t.Error(err)
			r.count = wantRestarts
		}
	default:
	}
	switch {
	case r.count == wantRestarts:
		r.done.Store(true)
	case r.running == nil && r.results >= r.mark+resultsBetween:
		running := make(chan error, 1)
		r.running = running
		go func() { running <- r.s.Restart(r.t.Context()) }()
	}
}
