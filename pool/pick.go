package pool

// pick takes the next task for w out of where it waits, nil if there is none
// that may go over w now. p.mu is held.
func (p *Pool) pick(w *worker) *task {
	if p.unlimited() {
		if p.queue.len == 0 {
			return nil
		}
		t := p.queue.head
		t.sent = past
		return p.draw(t)
	}
	r, at := w.relay, now()
	if p.work(r) == 0 && len(w.keys) == 0 || !p.mayTake(r, at) {
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

// mayTake reports whether r may have a message now, whoever it is for. If not,
// it is called when it may. p.mu is held.
func (p *Pool) mayTake(r *relay, at int64) bool {
	if next := p.opens(r); next > at {
		p.watch(r, next)
		return false
	}
	if len(p.relays) == 1 {
		return true
	}
	if !p.wanted(r) {
		return false
	}
	if p.ahead(r, at) {
		p.watch(r, at+int64(sluggish)/4)
		return false
	}
	return true
}

// search finds the next task that may go over w, and puts aside those that are
// held back. p.mu is held.
func (p *Pool) search(w *worker, at int64) *task {
	for _, k := range w.keys {
		if k.parked.len > 0 && k.pace.next() <= at {
			if t := p.searchList(&k.parked, w, at, k.parked.len); t != nil || w.full {
				return t
			}
		}
	}
	for _, l := range []*list{&w.relay.pinned, &p.queue} {
		if t := p.searchList(l, w, at, l.len); t != nil || w.full {
			return t
		}
	}
	return nil
}

// searchList looks at n tasks of l.
func (p *Pool) searchList(l *list, w *worker, at int64, n int) *task {
	for ; n > 0 && l.len > 0; n-- {
		t := l.head
		switch p.pass(t, w, at) {
		case passed:
			return p.draw(t)
		case sessionFull:
			return nil
		}
	}
	return nil
}

// draw takes t out of the list that it is in. p.mu is held.
func (p *Pool) draw(t *task) *task {
	t.in.remove(t)
	p.letIn() // the queue may be empty now
	return t
}
