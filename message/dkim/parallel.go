package dkim

import (
	"fmt"
	"iter"
	"runtime"
	"sync"
)

// A Parallel says how All and Each spread work over the processor's cores. The
// zero value uses all of them and keeps the order.
type Parallel struct {
	// Workers is how many goroutines work at the same time; 0 means
	// runtime.GOMAXPROCS(0).
	Workers int
	// Ahead is how many items at most are taken from the source before the loop
	// over the results has asked for them: what is held in memory. 0 means four
	// for each worker, and less than Workers leaves some of these idle.
	Ahead int
	// Unordered yields results as they are ready. One that takes long then holds
	// up no others.
	Unordered bool
}

// Validate reports what is wrong with p: negative numbers. Each and All panic
// with this error.
func (p Parallel) Validate() error {
	if p.Workers < 0 {
		return fmt.Errorf("dkim: Parallel.Workers: %d is negative", p.Workers)
	}
	if p.Ahead < 0 {
		return fmt.Errorf("dkim: Parallel.Ahead: %d is negative", p.Ahead)
	}
	return nil
}

// All signs the messages of an iterator on all cores and yields them signed. Where
// there is an error, it comes with the message as it was. See Each for the
// rest.
func (s *Signer) All(p Parallel, msgs iter.Seq[[]byte]) iter.Seq2[[]byte, error] {
	return Each(p, msgs, func(msg []byte) ([]byte, error) {
		signed, err := s.Sign(msg)
		if err != nil {
			return msg, err
		}
		return signed, nil
	})
}

// Each calls do for every item of source and yields what it returns: for jobs that
// hold more than a message, or to render messages on all cores as well. Do is
// called from several goroutines at the same time.
//
// Memory is constant: source is asked for an item only when one of
// Parallel.Ahead places is free, so that it waits for who uses the results.
// Source runs in a goroutine of its own. When the loop over the results ends,
// by itself or by break, source has been left, and no call of do is running; so
// it waits for a source that itself waits for something. A panic in source or
// do comes out of the loop.
func Each[In, Out any](p Parallel, source iter.Seq[In], do func(In) (Out, error)) iter.Seq2[Out, error] {
	if err := p.Validate(); err != nil {
		panic(err)
	}
	if p.Workers == 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if p.Ahead == 0 {
		p.Ahead = 4 * p.Workers
	}
	return func(yield func(Out, error) bool) {
		r := newRun(p, do)
		r.start(source)
		defer r.stop()
		r.results(yield)
	}
}

// A run is one loop over the results of Each.
type run[In, Out any] struct {
	Parallel
	do func(In) (Out, error)

	free  chan *place[In, Out] // places that hold nothing
	work  chan *place[In, Out] // to be worked on
	queue chan *place[In, Out] // to be yielded; closed behind the last one
	over  chan struct{}        // closed when no more results are wanted
	all   sync.WaitGroup       // the goroutines

	panics chan any // what source panicked with, if it did
}

// A place holds one item. It goes from free to work to queue and back; unless
// Unordered, it is in queue from the start, and done tells when it is ready.
type place[In, Out any] struct {
	in       In
	out      Out
	err      error
	panicked any           // what do panicked with; nil: it did not
	done     chan struct{} // holds one token when ready
}

func newRun[In, Out any](p Parallel, do func(In) (Out, error)) *run[In, Out] {
	r := &run[In, Out]{
		Parallel: p, do: do,
		free: make(chan *place[In, Out], p.Ahead), work: make(chan *place[In, Out], p.Ahead),
		queue: make(chan *place[In, Out], p.Ahead), over: make(chan struct{}), panics: make(chan any, 1),
	}
	for range p.Ahead {
		r.free <- &place[In, Out]{done: make(chan struct{}, 1)}
	}
	return r
}

func (r *run[In, Out]) start(source iter.Seq[In]) {
	var workers sync.WaitGroup
	for range min(r.Workers, r.Ahead) {
		workers.Go(r.serve)
	}
	r.all.Go(func() {
		r.feed(source)
		close(r.work)
		workers.Wait()
		close(r.queue)
	})
}

// feed takes the items. There is a place in each channel for every *place.
func (r *run[In, Out]) feed(source iter.Seq[In]) {
	defer func() {
		if p := recover(); p != nil {
			r.panics <- p
		}
	}()
	pl := r.place() // before the item is asked for
	if pl == nil {
		return
	}
	for in := range source {
		pl.in = in
		r.work <- pl
		if !r.Unordered {
			r.queue <- pl
		}
		if pl = r.place(); pl == nil {
			return
		}
	}
}

// place waits for a free place; nil means that no more results are wanted.
func (r *run[In, Out]) place() *place[In, Out] {
	select {
	case <-r.over:
		return nil
	default:
	}
	select {
	case pl := <-r.free:
		return pl
	case <-r.over:
		return nil
	}
}

// serve is a worker.
func (r *run[In, Out]) serve() {
	for pl := range r.work {
		select {
		case <-r.over: // nobody wants it
			continue
		default:
		}
		pl.run(r.do)
		pl.done <- struct{}{}
		if r.Unordered {
			r.queue <- pl
		}
	}
}

func (pl *place[In, Out]) run(do func(In) (Out, error)) {
	defer func() { pl.panicked = recover() }()
	pl.out, pl.err = do(pl.in)
}

func (r *run[In, Out]) results(yield func(Out, error) bool) {
	for pl := range r.queue {
		<-pl.done
		if pl.panicked != nil {
			panic(pl.panicked)
		}
		out, err := pl.out, pl.err
		*pl = place[In, Out]{done: pl.done} // holds on to nothing
		r.free <- pl
		if !yield(out, err) {
			return
		}
	}
}

// stop ends what still runs and waits for it.
func (r *run[In, Out]) stop() {
	close(r.over)
	r.all.Wait()
	select {
	case p := <-r.panics:
		panic(p)
	default:
	}
}
