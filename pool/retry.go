package pool

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

const (
	// freeAttempts is how often a message may go back to the queue without an
	// attempt charged, because a session that had been in use died on it.
	freeAttempts = 2
	// slowedAttempts is how often it may because the relay wanted it slower, and
	// got it slower.
	slowedAttempts = 10
)

// A verdict is what an attempt says of the next one.
type verdict struct {
	heard  []heard
	useful bool // the relay has judged the message
	first  bool // and it was the session's first
	again  bool
	pause  time.Duration // 0: at once
	pinned bool          // by the same relay
}

// settle takes the result of an attempt: the task is done with, or goes back
// to the queue, now or later.
func (p *Pool) settle(t *task, r *smtpclient.Result) {
	t.merge(r)
	from := t.worker.relay
	v := verdict{heard: p.hear(r), useful: from.tally.judged(r)}
	if v.useful {
		v.first = !t.worker.useful.Swap(true)
	}
	p.judge(t, r, &v)
	if v.again {
		p.retries.Add(1)
		if f := p.cfg.Trace.Retry; f != nil {
			f(t.job, t.result.Attempts, v.pause, smtpclient.ErrorFor(t.result.Recipients))
		}
	}
	done, up := p.putBack(t, r, &v)
	if f := p.cfg.Trace.Up; up && f != nil {
		f(from.Name)
	}
	if done {
		p.finish(t)
	}
}

// judge decides whether there is a next attempt, and when.
func (p *Pool) judge(t *task, r *smtpclient.Result, v *verdict) {
	tried := len(r.Recipients)
	owed, allNotSent := t.stillOwed(p.cfg.RetryUnknown)
	// A used session that died says nothing about the message (rule 7), and one
	// that has carried all that the relay takes in one says it least of all.
	// A deferred recipient among them has to wait its turn all the same.
	spent := allNotSent && errors.Is(r.Err, smtpclient.ErrSpent)
	died := allNotSent && t.reused || v.says(SessionOver) || v.says(FewerSessions)
	slower := v.says(SlowRelay) || v.says(SlowDomain) || v.says(SlowKey)
	switch {
	case len(owed) == 0:
	case spent, v.says(SplitRecipients) && len(owed) < tried:
		v.again = true
	case died && t.free < freeAttempts:
		t.free++
		v.again = true
	case slower && t.slowed < slowedAttempts:
		t.slowed++
		v.again = true // and waits for the limit
	case !refusedHere(r):
		t.result.Attempts++
		v.pause = p.pause(t)
		v.again = v.pause > 0
	}
	if len(owed) == 0 && !refusedHere(r) {
		t.result.Attempts++
	}
	if len(owed) < len(t.job.To) {
		t.owed = owed
	}
	v.again = v.again && !t.tooLate(v.pause)
	v.pinned = !slower && !died && slices.ContainsFunc(r.Recipients, deferredItself)
}

// deferredItself reports that the relay has put off the message, and not the
// session.
func deferredItself(r smtpclient.RecipientResult) bool {
	return r.Outcome == smtpclient.Deferred && r.Reply.Code != 421
}

// hear finds what the replies ask of the pool. Of most results that is nothing.
func (p *Pool) hear(r *smtpclient.Result) []heard {
	if r.Err == nil {
		return nil
	}
	var all []heard
	for i := range r.Recipients {
		got := &r.Recipients[i]
		var reply *smtpclient.ReplyError
		if !errors.As(got.Err, &reply) {
			continue
		}
		m := replyTable(p.cfg.Replies).meaning(reply.Verb, reply.Reply)
		if got.Outcome != smtpclient.Deferred && !m.ofSession() {
			continue // a 421 ended the session, and the reply was not to this message
		}
		if m != JustDeferred {
			all = append(all, heard{m, got.Address, got.Err})
		}
	}
	return all
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

// putBack takes t from its worker and puts it into the queue, or sets the alarm
// for its next attempt. done reports a task that is done with, and up that the
// relay is useful again.
func (p *Pool) putBack(t *task, r *smtpclient.Result, v *verdict) (done, up bool) {
	p.mu.Lock()
	defer p.unlock()
	from := t.worker.relay
	up = v.useful && from.circuit.useful(v.first)
	if v.heard != nil || !p.unlimited() {
		p.learn(t, r, v)
	}
	t.session = nil
	p.inHand.remove(t)
	t.place = atLarge
	if !v.again || t.abandoned || t.ctx.Err() != nil || p.dialed.Err() != nil {
		return true, up
	}
	t.remember()
	t.pinned = nil
	if v.pinned && len(p.relays) > 1 {
		t.pinned = from
	}
	if v.pause == 0 {
		if err := p.hopeless(t); err != nil {
			t.relayDown(err)
			return true, up
		}
		p.enqueue(t, true)
		return false, up
	}
	p.waitAside(t)
	t.place = inDelay
	p.delayed++
	p.setAlarm(&t.retry, now()+int64(v.pause), (*retrying)(t))
	return false, up
}

// waitAside has t give up its place in the queue for one in MaxWaiting, if there
// is one: who waits for long must not keep others from being sent. p.mu is held.
func (p *Pool) waitAside(t *task) {
	if !t.aside && p.waiting < p.cfg.MaxWaiting {
		t.aside = true
		p.waiting++
		p.leave()
	}
}

// vacate frees the place that t held. p.mu is held.
func (p *Pool) vacate(t *task) {
	if t.aside {
		p.waiting--
	} else {
		p.leave()
	}
}

// pause is how long t has to wait for its next attempt; 0: there is none.
func (p *Pool) pause(t *task) time.Duration {
	if t.result.Attempts >= p.cfg.MaxAttempts {
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

// retrying is a task whose alarm rings for its next attempt.
type retrying task

func (r *retrying) ring(p *Pool) {
	t := (*task)(r)
	p.delayed--
	t.place = atLarge
	if err := p.hopeless(t); err != nil {
		t.relayDown(err)
		p.fallen = append(p.fallen, t)
		return
	}
	p.enqueue(t, true)
}

// expiring is a task whose alarm rings for its deadline.
type expiring task

func (e *expiring) ring(p *Pool) {
	if t := (*task)(e); p.pull(t) {
		p.expire(t)
	}
}

// expire gives up a task that nobody has because of its deadline. p.mu is held.
func (p *Pool) expire(t *task) {
	t.giveUp(smtpclient.NotSent, p.notSent("queue", ErrDeadline))
	p.fallen = append(p.fallen, t)
}

// tooLate reports that the next attempt would begin behind the deadline.
func (t *task) tooLate(pause time.Duration) bool {
	return t.deadline != 0 && now()+int64(pause) >= t.deadline
}

// deadline is when the waiting of a job that comes now ends, by now; 0: never.
func (p *Pool) deadline(j *Job) int64 {
	at := int64(0)
	if p.cfg.MaxAge > 0 {
		at = now() + int64(p.cfg.MaxAge)
	}
	if !j.Deadline.IsZero() {
		if own := now() + int64(time.Until(j.Deadline)); at == 0 || own < at {
			at = own
		}
	}
	return at
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

// says reports whether something of that meaning was heard.
func (v *verdict) says(m Meaning) bool {
	return slices.ContainsFunc(v.heard, func(h heard) bool { return h.meaning == m })
}
