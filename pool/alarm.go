package pool

import (
	"container/heap"
	"time"
)

// An alarm is something to be done at a time: a task's next attempt or its
// deadline, a relay or a key that may send again. Guarded by Pool.mu.
type alarm struct {
	at    int64 // by now
	index int   // in Pool.alarms, counted from 1; 0: it is not set
	ringer
}

// A ringer is what an alarm is for. It is called with p.mu held.
type ringer interface{ ring(p *Pool) }

func (a *alarm) isSet() bool { return a.index > 0 }

// setAlarm sets a, or sets it anew. p.mu is held.
func (p *Pool) setAlarm(a *alarm, at int64, r ringer) {
	if p.dialed.Err() != nil {
		return // all tasks are, or are being, settled
	}
	a.at, a.ringer = at, r
	if a.isSet() {
		heap.Fix(&p.alarms, a.index-1)
	} else {
		heap.Push(&p.alarms, a)
	}
	if !p.ticking {
		p.ticking = true
		p.workers.Go(p.tick)
	} else if a.index == 1 {
		p.nudge()
	}
}

// stopAlarm unsets a if it is set. p.mu is held.
func (p *Pool) stopAlarm(a *alarm) {
	if a.isSet() {
		heap.Remove(&p.alarms, a.index-1)
		if len(p.alarms) == 0 {
			p.nudge() // tick ends when it has nothing to wait for
		}
	}
}

// tick is the goroutine that rings the alarms. It ends when none is set.
func (p *Pool) tick() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.mu.Lock()
		for len(p.alarms) > 0 && p.alarms[0].at <= now() {
			heap.Pop(&p.alarms).(*alarm).ring(p)
		}
		over := len(p.alarms) == 0
		if over {
			p.ticking = false
		} else {
			timer.Reset(time.Duration(p.alarms[0].at - now()))
		}
		p.unlock()
		if over {
			return
		}
		select {
		case <-timer.C:
		case <-p.lookUp:
		}
	}
}

// nudge has tick look at the alarms again.
func (p *Pool) nudge() {
	select {
	case p.lookUp <- struct{}{}:
	default:
	}
}

// silence unsets all alarms: there is nothing left to be done. p.mu is held.
func (p *Pool) silence() {
	for _, a := range p.alarms {
		a.index = 0
	}
	p.alarms = nil
	p.nudge()
}

// A schedule is a heap of alarms.
type schedule []*alarm

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].at < s[j].at }
func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i+1, j+1
}

// Push implements heap.Interface.
func (s *schedule) Push(x any) {
	a := x.(*alarm)
	*s = append(*s, a)
	a.index = len(*s)
}

// Pop implements heap.Interface.
func (s *schedule) Pop() any {
	old := *s
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	a.index = 0
	return a
}

// now is the clock of alarms and limits, in nanoseconds since the program began. It
// is below zero under a test's fake clock.
func now() int64 { return int64(time.Since(epoch)) }

var epoch = time.Now()
