package pool

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

// freeAttempts is how often a message may go back to the queue without an
// attempt charged, because a session that had been in use died on it.
const freeAttempts = 2

// settle takes the result of an attempt: the task is done with, or goes back
// to the queue, now or later.
func (p *Pool) settle(t *task, r *smtpclient.Result) {
	t.merge(r)
	useful := slices.ContainsFunc(r.Recipients, judged)
	if useful {
		t.worker.useful.Store(true)
	}
	owed, allNotSent := t.stillOwed(p.cfg.RetryUnknown)
	// A used session that died says nothing about the message (rule 7), and one
	// that has carried all that the relay takes in one says it least of all.
	// A deferred recipient among them has to wait its turn all the same.
	spent := allNotSent && errors.Is(r.Err, smtpclient.ErrSpent)
	free := len(owed) > 0 && allNotSent && t.reused && t.free < freeAttempts || spent
	var pause time.Duration
	switch {
	case spent:
	case free:
		t.free++
	case !refusedHere(r):
		t.result.Attempts++
		pause = p.pause(t, len(owed))
	}
	if len(owed) < len(t.job.To) {
		t.owed = owed
	}
	again := free || pause > 0
	if again {
		p.tally.retries.Add(1)
		if f := p.cfg.Trace.Retry; f != nil {
			f(t.job, t.result.Attempts, pause, smtpclient.ErrorFor(t.result.Recipients))
		}
	}
	done, up := p.putBack(t, again, useful, pause)
	if f := p.cfg.Trace.Up; up && f != nil {
		f()
	}
	if done {
		p.finish(t)
	}
}

// judged reports that the relay has said something about a recipient's mail, and
// so does its work. 421 speaks of the session.
func judged(r smtpclient.RecipientResult) bool {
	switch r.Outcome {
	case smtpclient.Accepted, smtpclient.Rejected:
		return true
	}
	return r.Outcome == smtpclient.Deferred && r.Reply.Code != 421
}

// putBack takes t from its worker and puts it into the queue, or the schedule.
// done reports a task that is done with, and up that the relay is useful again.
func (p *Pool) putBack(t *task, again, useful bool, pause time.Duration) (done, up bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	up = useful && p.relay.useful()
	t.session = nil
	p.inHand.remove(t)
	t.place = atLarge
	if !again || t.abandoned || t.ctx.Err() != nil || p.dialed.Err() != nil {
		return true, up
	}
	t.remember()
	if pause == 0 {
		if err := p.hopeless(t); err != nil {
			t.relayDown(err)
			return true, up
		}
		p.enqueue(t, true)
		return false, up
	}
	if !t.patience && p.waiting < p.cfg.MaxWaiting {
		// Who waits for long must not keep others from being sent.
		t.patience = true
		p.waiting++
		p.leave()
	}
	t.place, t.due = inDelay, now()+int64(pause)
	p.delayed.add(t)
	if !p.ticking {
		p.ticking = true
		p.workers.Go(p.tick)
	}
	p.nudge()
	return false, up
}

// pause is how long t has to wait for its next attempt; 0: there is none.
func (p *Pool) pause(t *task, owed int) time.Duration {
	if owed == 0 || t.result.Attempts >= p.cfg.MaxAttempts {
		return 0
	}
	if t.backoff == nil {
		t.backoff = p.cfg.Backoff()
	}
	d := t.backoff.NextBackOff()
	if d == backoff.Stop {
		return 0
	}
	return max(d, 1)
}

// vacate frees the place that t held. p.mu is held.
func (p *Pool) vacate(t *task) {
	if t.patience {
		p.waiting--
	} else {
		p.leave()
	}
}

// tick is the goroutine that puts delayed tasks back into the queue. It ends
// when there are none.
func (p *Pool) tick() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.mu.Lock()
		var failed []*task
		for len(p.delayed) > 0 && p.delayed[0].due <= now() {
			t := p.delayed[0]
			p.pull(t)
			if err := p.hopeless(t); err != nil {
				t.relayDown(err)
				failed = append(failed, t)
			} else {
				p.enqueue(t, true)
			}
		}
		if len(p.delayed) == 0 {
			p.ticking = false
			p.mu.Unlock()
			p.finish(failed...)
			return
		}
		wait := time.Duration(p.delayed[0].due - now())
		p.mu.Unlock()
		p.finish(failed...)
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-p.recheck:
		}
	}
}

// nudge has tick look at the schedule again.
func (p *Pool) nudge() {
	select {
	case p.recheck <- struct{}{}:
	default:
	}
}

// refusedHere reports that the session refused the message before sending it.
func refusedHere(r *smtpclient.Result) bool {
	if r.Err == nil {
		return false
	}
	var refused *smtpclient.RefusedError
	return errors.As(r.Err, &refused)
}

func isEOF(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
