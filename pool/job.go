package pool

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

// A Job is a message to send. It must not be altered before its Result is in.
type Job struct {
	smtpclient.Mail
	// Tag is the caller's own; the Result has it too.
	Tag any
	// Key names what the job belongs to: a customer, or the domain that signs it.
	// See Config.Keys. "": nothing.
	Key string
	// Deadline ends the waiting: behind it no attempt begins, and the job comes
	// back as its last attempt left it, or as NotSent with ErrDeadline. Zero:
	// Config.MaxAge. The earlier of the two holds.
	Deadline time.Time
}

// A Result is what became of a job: an outcome for each recipient, and Err,
// which is nil exactly if all of them are Accepted.
type Result struct {
	smtpclient.Result
	// Tag is the job's.
	Tag any
	// Attempts is how often the message was tried, see Config.MaxAttempts; 0 if
	// it never came to that.
	Attempts int
}

// A place is where a job is; guarded by Pool.mu.
type place uint8

const (
	atLarge  place = iota // with nobody but the goroutine at work on it
	inQueue               // waits for a worker
	inHand                // a worker has it
	isParked              // waits for a key's limit
	inDelay               // waits for its next attempt
)

// A task is a job in the pool.
type task struct {
	job     Job
	ctx     context.Context // the owner's: when it has ended there is no next attempt
	owner   owner
	settled func(*smtpclient.Result) // task's own callback for sessions, made once

	// owned by whoever has the task, handed on under Pool.mu
	result  Result
	owed    []int   // the recipients of the next attempt; nil: all
	free    int     // attempts not charged
	reused  bool    // the session of this attempt had carried mail before
	worker  *worker // of this attempt
	sent    int64   // when this attempt began, by now; past: it was not looked at
	keys    []*key  // that this attempt was held against
	slowed  int     // attempts not charged, because the relay asked to go slower
	pinned  *relay  // that alone may have the next attempt; nil: any
	backoff backoff.BackOff
	aside   bool // holds no place in Config.Queue: it has one in MaxWaiting

	// guarded by Pool.mu
	place     place
	abandoned bool                // the owner has been given a result and wants no other
	session   *smtpclient.Session // that has the task in hand
	known     *Result             // what earlier attempts have come to; nil: there were none
	open      []int               // who is to be tried again; nil: everybody
	heldBy    *key                // that last put it aside
	deadline  int64               // 0: none
	retry     alarm               // for the next attempt
	expiry    alarm               // for the deadline
	in        *list               // nil: none
	prev      *task               // in the list
	next      *task
}

// An owner takes the results of the tasks it handed in.
type owner interface {
	// take is called once for each task, with no lock held; it must not block.
	take(Result)
}

// attempted lists the recipients of the next attempt, or of the one under way.
func (t *task) attempted() iter.Seq[int] {
	return func(yield func(int) bool) {
		if t.owed != nil {
			for _, i := range t.owed {
				if !yield(i) {
					return
				}
			}
			return
		}
		for i := range t.job.To {
			if !yield(i) {
				return
			}
		}
	}
}

// mail is what to send in the next attempt.
func (t *task) mail() *smtpclient.Mail {
	if t.owed == nil {
		return &t.job.Mail
	}
	m := t.job.Mail
	m.To = make([]smtpclient.Recipient, len(t.owed))
	for k, i := range t.owed {
		m.To[k] = t.job.To[i]
	}
	return &m
}

// merge takes the result of an attempt over into the task's.
func (t *task) merge(r *smtpclient.Result) {
	if t.owed == nil {
		t.result.Result = *r
		return
	}
	for k, i := range t.owed {
		t.result.Recipients[i] = r.Recipients[k]
	}
}

// retryable reports whether a recipient with this outcome may be tried again.
func retryable(r *smtpclient.RecipientResult, unknown bool) bool {
	switch r.Outcome {
	case smtpclient.Deferred:
		return true
	case smtpclient.Unknown:
		return unknown
	case smtpclient.NotSent:
		var refused *smtpclient.RefusedError
		return !errors.As(r.Err, &refused)
	}
	return false
}

// stillOwed lists the recipients to try again, and whether all of them are
// NotSent.
func (t *task) stillOwed(unknown bool) (owed []int, allNotSent bool) {
	allNotSent = true
	for i := range t.result.Recipients {
		if r := &t.result.Recipients[i]; retryable(r, unknown) {
			owed = append(owed, i)
			allNotSent = allNotSent && r.Outcome == smtpclient.NotSent
		}
	}
	return owed, allNotSent
}

// conclude returns the task's result.
func (t *task) conclude() Result {
	t.result.Tag = t.job.Tag
	if len(t.job.To) > 0 {
		t.result.Err = smtpclient.ErrorFor(t.result.Recipients)
	}
	return t.result
}

// remember keeps what is known of t for an owner who does not wait for the next
// attempt. Pool.mu is held.
func (t *task) remember() {
	known := t.result
	known.Recipients = slices.Clone(t.result.Recipients)
	t.known = &known
	t.open = t.owed
}

// giveUp settles every recipient that has no outcome yet, and leaves the
// others as their last attempt left them, or as Config.Suppressor did.
func (t *task) giveUp(o smtpclient.Outcome, err error) {
	for i := range t.result.Recipients {
		if r := &t.result.Recipients[i]; r.Outcome == smtpclient.NotSent && r.Err == nil {
			r.Outcome, r.Err = o, err
		}
	}
	if t.result.Recipients == nil {
		t.result.Err = err
		t.result.Recipients = make([]smtpclient.RecipientResult, len(t.job.To))
		for i := range t.job.To {
			t.result.Recipients[i] = smtpclient.RecipientResult{Address: t.job.To[i].Address, Outcome: o, Err: err}
		}
	}
}
