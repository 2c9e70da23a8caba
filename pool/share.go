package pool

import "time"

// A share is how much of the messages a relay has had: its virtual time, as in
// stride scheduling. Who has the least is next. Guarded by Pool.mu.
type share struct {
	had      float64 // in messages, as if all relays had the same weight
	progress int64   // when it last took or settled a message
}

const (
	// lead is how many messages a relay may be ahead of its share. With less, the
	// relays would wait for each other at every message.
	lead = 32
	// sluggish is how long a relay that gets nothing done is waited for.
	sluggish = time.Second
)

// takes notes that r has been given a message. p.mu is held.
func (p *Pool) takes(r *relay, at int64) {
	r.share.progress = at
	if r.Weight == 0 {
		return
	}
	// Time in which r could not have taken any is not made up for.
	if least, any := p.leastShare(r, at); any {
		r.share.had = max(r.share.had, least-lead-p.longestStep)
	}
	r.share.had += p.step(r)
}

// step is what one message is to r's share.
func (p *Pool) step(r *relay) float64 {
	if r.Weight == 0 {
		return 0
	}
	return float64(p.weights) / float64(r.Weight*len(p.relays))
}

// leastShare is what the relay that has had the least has had, of those beside r
// that compete. p.mu is held.
func (p *Pool) leastShare(r *relay, at int64) (least float64, any bool) {
	for _, o := range p.relays {
		if o == r || o.Weight == 0 || !p.competes(o, at) {
			continue
		}
		if !any || o.share.had < least {
			least, any = o.share.had, true
		}
	}
	return least, any
}

// competes reports that o would take a message about now. p.mu is held.
func (p *Pool) competes(o *relay, at int64) bool {
	return len(o.sessions) > 0 && o.pace.next() <= at &&
		(len(o.idle) > 0 || at-o.share.progress < int64(sluggish))
}

// ahead reports that others are to have the next message. p.mu is held.
func (p *Pool) ahead(r *relay, at int64) bool {
	least, any := p.leastShare(r, at)
	return any && r.share.had-least > lead
}

// wanted reports whether r is to have messages at all. p.mu is held.
func (p *Pool) wanted(r *relay) bool {
	if r.Weight > 0 {
		return true
	}
	for _, o := range p.relays {
		if o.Weight > 0 && o.up() {
			return false
		}
	}
	return true
}

// mayShare reports whether r may have a message of the queue now. If not, it is
// asked again. p.mu is held.
func (p *Pool) mayShare(r *relay, at int64) bool {
	switch {
	case len(p.relays) == 1:
		return true
	case !p.wanted(r):
		p.watch(r, at+int64(sluggish))
		return false
	case p.ahead(r, at):
		p.watch(r, at+int64(sluggish)/4)
		return false
	}
	return true
}

// wakeByShare is wake with several relays: those that have had least come first.
// One of them that has no session yet builds one for the message, and the others
// are asked if that takes long. So does one that is to be found out about, for
// which nobody waits. p.mu is held.
func (p *Pool) wakeByShare() {
	p.sortByShare()
	at := now()
	hired, woken, awaited := false, false, false
	for _, r := range p.relays {
		next := p.opens(r)
		switch {
		case r.Weight > 0 && r.circuit.failing && r.slots == 0 && !time.Now().Before(r.circuit.until):
			p.hire(r)
		case woken:
		case next > at:
			p.watch(r, next) // it could not take it before
		case awaited:
			p.watch(r, at+int64(sluggish)/4)
		case !p.mayShare(r, at):
		case r.wakeIdle():
			woken = true
		case r.mayGrow() && (!hired || r.slots == 0):
			awaited = r.slots == 0 && r.up()
			p.hire(r)
			hired = true
		}
	}
}

// sortByShare orders the relays, standbys last. It takes few steps: they were in
// order a message ago.
func (p *Pool) sortByShare() {
	before := func(a, b *relay) bool {
		if (a.Weight == 0) != (b.Weight == 0) {
			return b.Weight == 0
		}
		return a.share.had < b.share.had
	}
	for i := 1; i < len(p.relays); i++ {
		for k := i; k > 0 && before(p.relays[k], p.relays[k-1]); k-- {
			p.relays[k], p.relays[k-1] = p.relays[k-1], p.relays[k]
		}
	}
}

// rouseOthers has relays that waited for r to catch up look again. p.mu is held.
func (p *Pool) rouseOthers(r *relay, at int64) {
	if p.queue.len == 0 {
		return
	}
	for _, o := range p.relays {
		if o != r && len(o.idle) > 0 && p.wanted(o) && p.opens(o) <= at && !p.ahead(o, at) {
			o.wakeIdle()
		}
	}
}
