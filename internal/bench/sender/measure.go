package sender

import (
	"runtime"
	"syscall"
	"time"
)

// A Result is what a run of a sender has cost. Apart from Accepted it is about
// the measured part of the run alone: sessions are built before it, and closed
// behind it.
type Result struct {
	Accepted int64 // mails, in the whole run

	Messages int64
	Seconds  float64
	CPU      float64 // seconds of this process, user and system
	Allocs   uint64
	Bytes    uint64 // allocated
}

// Run sends a load from its beginning to its end. If measured is not 0, the run
// is measured for that long after a warm-up, and the load ends with it.
func (s *Sender) Run(l *Load, warmUp, measured time.Duration) (Result, error) {
	done := make(chan error, 1)
	go func() { done <- s.Send(l) }()
	if measured == 0 {
		err := <-done
		return Result{Accepted: l.accepted.Load()}, err
	}
	var begin, end reading
	for _, step := range []struct {
		wait time.Duration
		into *reading
	}{{warmUp, &begin}, {measured, &end}} {
		select {
		case err := <-done: // before its time
			return Result{Accepted: l.accepted.Load()}, err
		case <-time.After(step.wait):
			*step.into = l.read()
		}
	}
	l.Stop()
	err := <-done
	r := end.since(&begin)
	r.Accepted = l.accepted.Load()
	return r, err
}

// A reading is the state of all counters at a moment.
type reading struct {
	at       time.Time
	cpu      float64
	memory   runtime.MemStats
	accepted int64
}

func (l *Load) read() reading {
	r := reading{at: time.Now(), cpu: cpuSeconds(), accepted: l.accepted.Load()}
	runtime.ReadMemStats(&r.memory)
	return r
}

func (r *reading) since(begin *reading) Result {
	return Result{
		Messages: r.accepted - begin.accepted,
		Seconds:  r.at.Sub(begin.at).Seconds(),
		CPU:      r.cpu - begin.cpu,
		Allocs:   r.memory.Mallocs - begin.memory.Mallocs,
		Bytes:    r.memory.TotalAlloc - begin.memory.TotalAlloc,
	}
}

// cpuSeconds is what this process has used so far.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
