package pool

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A Pool sends messages to a relay, or to several. Its methods are safe for concurrent use.
type Pool struct {
	cfg       Config
	dialed    context.Context    // ends when no session may be built any more, under mu
	closeDoor context.CancelFunc // ends dialed
	aborted   context.Context    // ends when all sessions are to be closed
	cancel    context.CancelFunc // ends aborted, and with it dialed
	tally
	addr string // of the relay, or the names of all, for errors

	workers sync.WaitGroup // workers, and the goroutine of alarms

	plain       bool    // nothing is configured that could hold a message back
	weights     int     // of the relays, together
	longestStep float64 // of a relay's share

	mu      sync.Mutex // guards the following; never held across I/O, nor while an owner or a hook is called
	gate    gate       // to the queue
	queue   list       // tasks for the next free worker, of any relay
	inHand  list       // tasks that a worker has
	relays  []*relay   // those that have had least of their share first
	keys    keyring
	pace    pace          // of all messages
	alarms  schedule      // what is to be done at a time
	ticking bool          // the goroutine of alarms is there
	lookUp  chan struct{} // a token: the first of alarms has changed
	fallen  []*task       // to be finished when mu is free
	said    []func()      // hooks to be called when mu is free
	parked  int           // tasks that wait for a key
	delayed int           // tasks that wait for their next attempt
	waiting int           // tasks with a place in Config.MaxWaiting
	taken   int           // tasks whose result has not been handed out
	closed  bool          // no new tasks
	emptied chan struct{} // closed when closed and taken is 0
}

// New returns a pool for c. It does no I/O and starts no goroutine: the first
// job does, unless Config.MinSessions asks for sessions. The error names the
// field of c that is wrong.
func New(c Config) (*Pool, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.setDefaults()
	p := &Pool{
		cfg: c, gate: newGate(c.Queue), keys: newKeyring(&c), pace: newPace(c.Rates),
		lookUp:  make(chan struct{}, 1),
		emptied: make(chan struct{}),
	}
	p.aborted, p.cancel = context.WithCancel(context.Background())
	p.dialed, p.closeDoor = context.WithCancel(p.aborted)
	p.plain = len(c.Relays) == 1 && len(c.Rates)+len(c.Relays[0].Rates) == 0 && !p.keys.limits()
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for i, r := range c.Relays {
		p.relays = append(p.relays, newRelay(&p.cfg, i, r))
		p.weights += r.Weight
		names = append(names, r.Name)
	}
	for _, r := range p.relays {
		p.longestStep = max(p.longestStep, p.step(r))
	}
	p.addr = strings.Join(names, ",")
	for _, r := range p.relays {
		for range r.MinSessions {
			p.hire(r)
		}
	}
	return p, nil
}

// Send sends one message and waits for its result. The error is Result.Err: nil
// exactly if the message was accepted for every recipient.
//
// When ctx ends first, Send returns at once. A message that was still waiting
// is NotSent, or what its last attempt made of it, and will not be sent; one
// that a session has in hand is Unknown, and may still be sent. Whichever it is,
// the job is the caller's again: if ctx can end, Send works on a copy.
func (p *Pool) Send(ctx context.Context, j Job) (Result, error) {
	w := make(waiter, 1)
	if ctx.Done() != nil {
		j.Content, j.To = bytes.Clone(j.Content), slices.Clone(j.To)
	}
	t, err := p.admit(ctx, ctx, j, w)
	if err != nil {
		r := unsent(&j, err)
		return r, r.Err
	}
	select {
	case r := <-w:
		return r, r.Err
	case <-ctx.Done():
		if !p.withdraw(t, ctx.Err()) {
			p.abandon(t, ctx.Err())
		}
		r := <-w
		return r, r.Err
	}
}

// A waiter is the owner of Send's task.
type waiter chan Result

func (w waiter) take(r Result) { w <- r }

// Submit hands a job over. It waits while the queue is full; if ctx ends before
// there is room, the pool is closed, or the relay is known to be down, the error
// says so and the pool does not have the job. Otherwise done is called once with
// the result, from a goroutine of the pool: it must not block, and so must not
// Submit with a ctx that does not end. done may be nil.
//
// ctx bounds the wait for room alone, not the sending.
func (p *Pool) Submit(ctx context.Context, j Job, done func(Result)) error {
	if done == nil {
		done = func(Result) {}
	}
	_, err := p.admit(ctx, context.Background(), j, callback(done))
	return err
}

// A callback is the owner of Submit's task.
type callback func(Result)

func (c callback) take(r Result) { c(r) }

// admit takes a job into the queue. ctx bounds the wait for a place, and life
// the attempts.
func (p *Pool) admit(ctx, life context.Context, j Job, o owner) (*task, error) {
	t := &task{job: j, ctx: life, owner: o}
	t.settled = func(r *smtpclient.Result) { p.settle(t, r) }
	_, isBulk := o.(*bulk)
	nobody := isBulk && p.cfg.Suppressor != nil && t.suppress(p.cfg.Suppressor)
	p.mu.Lock()
	defer p.unlock()
	if err := p.enter(ctx); err != nil {
		return nil, p.notSent("queue", err)
	}
	err := p.hopeless(t)
	if t.deadline = p.deadline(&j); t.tooLate(0) {
		err = p.notSent("queue", ErrDeadline)
	}
	if p.closed {
		err = p.notSent("queue", ErrClosed)
	}
	if err != nil {
		p.leave()
		return nil, err
	}
	p.taken++
	if nobody {
		p.fallen = append(p.fallen, t)
		return t, nil
	}
	if t.deadline != 0 {
		p.setAlarm(&t.expiry, t.deadline, (*expiring)(t))
	}
	p.enqueue(t, false)
	return t, nil
}

// enqueue puts t into the queue and sees to it that a worker will come for it.
// p.mu is held.
func (p *Pool) enqueue(t *task, front bool) {
	t.place = inQueue
	l := &p.queue
	if t.pinned != nil {
		l = &t.pinned.pinned
	}
	if front {
		l.pushFront(t)
	} else {
		l.pushBack(t)
	}
	if t.pinned != nil {
		p.wakeFor(t.pinned)
	} else {
		p.wake()
	}
}

// unsent is the result of a job that the pool did not take.
func unsent(j *Job, err error) Result {
	t := task{job: *j}
	t.giveUp(smtpclient.NotSent, err)
	return t.conclude()
}

// notSent is an error of the pool's own about a message that was not sent.
func (p *Pool) notSent(op string, err error) error {
	return &smtpclient.SessionError{Op: op, Addr: p.addr, Outcome: smtpclient.NotSent, Err: err}
}

// withdraw takes a task out of the queue or the schedule for its owner, whose
// patience has ended with why, and gives the owner its result. It reports false
// if the task is not there.
func (p *Pool) withdraw(t *task, why error) bool {
	p.mu.Lock()
	took := p.pull(t)
	p.mu.Unlock()
	if took {
		t.giveUp(smtpclient.NotSent, p.notSent("queue", why))
		p.finish(t)
	}
	return took
}

// abandon gives the owner of a task that a session has in hand a result now:
// what earlier attempts have come to, and Unknown for the recipients of this
// one. The task stays with the session.
func (p *Pool) abandon(t *task, why error) {
	p.mu.Lock()
	if t.place != inHand {
		p.mu.Unlock()
		return // its result is about to come
	}
	t.abandoned = true
	mine := task{job: t.job}
	if t.known != nil {
		mine.result = *t.known
	}
	open := t.open
	p.mu.Unlock()
	err := &smtpclient.SessionError{Op: "send", Addr: p.addr, Outcome: smtpclient.Unknown, Err: why}
	mine.giveUp(smtpclient.Unknown, err)
	for i := range mine.result.Recipients {
		if open == nil || slices.Contains(open, i) {
			r := &mine.result.Recipients[i]
			r.Outcome, r.Reply, r.Err = smtpclient.Unknown, smtpclient.Reply{}, err
		}
	}
	t.owner.take(mine.conclude())
}

// pull takes t out of the queue, or from where it waits aside, if it is there.
// p.mu is held.
func (p *Pool) pull(t *task) bool {
	switch t.place {
	case inQueue, isParked:
		p.draw(t)
	case inDelay:
		p.stopAlarm(&t.retry)
		p.delayed--
	default:
		return false
	}
	t.place = atLarge
	return true
}

// outside returns the tasks that no session has in hand and that are wanted.
// p.mu is held.
func (p *Pool) outside(wanted func(*task) bool) []*task {
	var tasks []*task
	add := func(t *task) {
		if wanted(t) {
			tasks = append(tasks, t)
		}
	}
	for t := p.queue.head; t != nil; t = t.next {
		add(t)
	}
	for _, r := range p.relays {
		for t := r.pinned.head; t != nil; t = t.next {
			add(t)
		}
	}
	for _, k := range p.keys.all {
		for t := k.parked.head; t != nil; t = t.next {
			add(t)
		}
	}
	for _, a := range p.alarms {
		if t, ok := a.ringer.(*retrying); ok {
			add((*task)(t))
		}
	}
	return tasks
}

// unlock frees p.mu, and then does what was to be done without it.
func (p *Pool) unlock() {
	fallen, said := p.fallen, p.said
	if fallen == nil && said == nil {
		p.mu.Unlock()
		return
	}
	p.fallen, p.said = nil, nil
	p.mu.Unlock()
	for _, say := range said {
		say()
	}
	p.finish(fallen...)
}

// finish hands out the results of tasks that are done with.
func (p *Pool) finish(tasks ...*task) {
	if len(tasks) == 0 {
		return
	}
	p.mu.Lock()
	for _, t := range tasks {
		p.stopAlarm(&t.expiry)
		p.vacate(t) // before its owner hears of it, and perhaps submits the next
	}
	p.mu.Unlock()
	for _, t := range tasks {
		r := t.conclude()
		p.count(&r)
		if f := p.cfg.Trace.Settled; f != nil {
			f(r)
		}
		if !t.abandoned {
			t.owner.take(r)
		}
	}
	p.mu.Lock()
	p.taken -= len(tasks)
	if p.closed && p.taken == 0 {
		close(p.emptied)
	}
	p.mu.Unlock()
}
