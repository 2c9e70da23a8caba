package pool

// pick takes the next task for w out of where it waits, nil if there is none
// that may go over w now. p.mu is held.
func (p *Pool) pick(w *worker) *task {
	if p.unlimited() {
		for p.queue.len > 0 {
			t := p.draw(p.queue.head)
			if !t.tooLate(0) {
				t.sent = past
				return t
			}
			p.expire(t)
		}
		return nil
	}
	r, at := w.relay, now()
	if p.work(r) == 0 && !w.keysHaveWork() {
		return nil
	}
	if next := p.opens(r); next > at {
		p.watch(r, next)
		return nil
	}
	t := p.search(w, at)
	if t == nil {
		return nil
	}
	t.sent = at
	p.pace.take(at)
	r.pace.take(at)
	if len(p.relays) > 1 {
		p.takes(r, at)
		p.rouseOthers(r, at)
	}
	return t
}

// unlimited reports that the next task may go at once, whoever it is for. p.mu
// is held.
func (p *Pool) unlimited() bool {
	return p.plain && len(p.keys.all) == 0 && p.relays[0].pace.learned == nil
}

// called reports whether there is something that r may send now; if not now, it
// is called again. p.mu is held.
func (p *Pool) called(r *relay) bool {
	if p.work(r) == 0 {
		return false
	}
	if p.unlimited() {
		return true
	}
	at := now()
	if next := p.opens(r); next > at {
		p.watch(r, next)
		return false
	}
	return p.takesANewSession(&r.pinned, at) || p.mayShare(r, at) && p.takesANewSession(&p.queue, at)
}

// takesANewSession reports that one of the tasks of l is not for sessions that are
// there already alone. Those that are it puts aside for them. p.mu is held.
func (p *Pool) takesANewSession(l *list, at int64) bool {
	for t := l.head; t != nil; {
		next := t.next
		if !p.leaveToMembers(t, at) {
			return true
		}
		t = next
	}
	return false
}

// leaveToMembers puts t aside if it is for a key that no further session may
// carry. p.mu is held.
func (p *Pool) leaveToMembers(t *task, at int64) bool {
	if !p.keys.limits() {
		return false
	}
	t.keys = p.keys.of(t.keys[:0], t)
	for _, k := range t.keys {
		if k.isTaken() {
			p.park(t, k, at+int64(lookAgain))
			k.summon(p, at)
			return true
		}
	}
	return false
}

// search finds the next task that may go over w, and puts aside those that are
// held back: of those set aside for what w's session carries already, then of
// those that only its relay may have, and of all. p.mu is held.
func (p *Pool) search(w *worker, at int64) *task {
	for _, k := range w.keys {
		if k.parked.len > 0 && k.pace.next() <= at {
			if t := p.searchList(&k.parked, w, at); t != nil || w.full {
				return t
			}
		}
	}
	if t := p.searchList(&w.relay.pinned, w, at); t != nil || w.full {
		return t
	}
	if p.queue.len == 0 || !p.mayShare(w.relay, at) {
		return nil
	}
	return p.searchList(&p.queue, w, at)
}

// mostLooks bounds how many tasks of a list are looked at for one message, those
// not counted that are put aside elsewhere and so are not there the next time.
const mostLooks = 64

// searchList looks at the tasks of l, each once.
func (p *Pool) searchList(l *list, w *worker, at int64) *task {
	last := l.tail
	for t, looks := l.head, 0; t != nil && looks < mostLooks; {
		next := t.next
		if t == last {
			next = nil
		}
		switch {
		case t.tooLate(0):
			p.expire(p.draw(t))
		case t.pinned != nil && t.pinned != w.relay:
			looks++
		default:
			switch p.pass(t, w, at) {
			case passed:
				return p.draw(t)
			case sessionFull:
				return nil
			}
		}
		t = next
	}
	return nil
}

// draw takes t out of the list that it is in. p.mu is held.
func (p *Pool) draw(t *task) *task {
	if t.place == isParked {
		p.parked--
	}
	t.in.remove(t)
	t.place = atLarge
	p.letIn() // the queue may be empty now
	return t
}

// keysHaveWork reports that tasks were set aside for what w's session carries.
// Pool.mu is held.
func (w *worker) keysHaveWork() bool {
	for _, k := range w.keys {
		if k.parked.len > 0 {
			return true
		}
	}
	return false
}
