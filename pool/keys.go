package pool

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A keyKind is what a key stands for.
type keyKind uint8

const (
	providerKey  keyKind = iota // a DomainLimit, by its name
	domainKey                   // a destination domain
	callerKey                   // Job.Key
	recipientKey                // an address that was told of receiving too much
)

var keyKindNames = [...]string{"domain", "domain", "key", "recipient"}

// String returns "domain", "key" or "recipient".
func (k keyKind) String() string { return keyKindNames[k] }

type keyID struct {
	kind keyKind
	name string
}

// String returns the kind and the name.
func (id keyID) String() string { return id.kind.String() + " " + id.name }

// A key is what jobs have in common that may hold them back. Guarded by Pool.mu.
type key struct {
	keyID
	limit   Limit
	pace    pace
	connect *bucket         // nil: Limit.Connections is not set
	parked  list            // tasks that wait for it; while there are any, alarm is set
	members map[*worker]int // with its mail in their session, and how much
	alarm   alarm
	counts  KeyStats
	named   bool // in Config, one by one
}

// A keyring is the keys that anything is known of.
type keyring struct {
	all     map[keyID]*key
	domains domainTable
	callers map[string]Limit
	swept   int64 // when those that say nothing were dropped last
}

func newKeyring(c *Config) keyring {
	return keyring{all: map[keyID]*key{}, domains: newDomainTable(c.Domains), callers: c.Keys, swept: now()}
}

// limits reports whether anything is configured.
func (r *keyring) limits() bool {
	return len(r.domains.named) > 0 || r.domains.other != nil || len(r.callers) > 0
}

// known returns the key, nil if nothing is known of it.
func (r *keyring) known(kind keyKind, name string) *key { return r.all[keyID{kind, name}] }

// get returns the key, and makes it if it is not there.
func (r *keyring) get(kind keyKind, name string, l *Limit) *key {
	id := keyID{kind, name}
	k := r.all[id]
	if k == nil {
		k = &key{keyID: id, members: map[*worker]int{}}
		if l != nil {
			k.limit = *l
			k.pace = newPace(l.Rates)
			if l.Connections != (Rate{}) {
				b := newBucket(l.Connections)
				k.connect = &b
			}
		}
		r.all[id] = k
	}
	return k
}

// sweepEvery is how often the keys that say nothing are dropped.
const sweepEvery = int64(time.Minute)

// sweep drops, now and then, the keys that would be the same if they were made
// anew. Those that the Config names stay, for what they have counted.
func (r *keyring) sweep(at int64) {
	if at-r.swept < sweepEvery {
		return
	}
	r.swept = at
	for id, k := range r.all {
		if !k.named && k.parked.len == 0 && len(k.members) == 0 && k.pace.forgettable(at) && (k.connect == nil || k.connect.paced <= at) {
			delete(r.all, id)
		}
	}
}

// of appends the keys of a task's next attempt.
func (r *keyring) of(keys []*key, t *task) []*key {
	add := func(k *key) {
		if k != nil && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if name := t.job.Key; name != "" {
		add(r.caller(name))
	}
	n, last := 0, ""
	for i := range t.attempted() {
		n, last = n+1, t.job.To[i].Address
		add(r.domain(last))
	}
	if n == 1 {
		add(r.known(recipientKey, last)) // with others it must not hold them up
	}
	return keys
}

// caller returns the key for a Job.Key, nil if nothing bounds it.
func (r *keyring) caller(name string) *key {
	if l, ok := r.callers[name]; ok && name != EveryOther {
		k := r.get(callerKey, name, &l)
		k.named = true
		return k
	}
	if l, ok := r.callers[EveryOther]; ok {
		return r.get(callerKey, name, &l)
	}
	return r.known(callerKey, name)
}

// domain returns the key for the domain of an address, nil if nothing bounds it.
func (r *keyring) domain(address string) *key {
	domain := domainOf(address)
	if l := r.domains.find(domain); l != nil {
		k := r.get(providerKey, l.Name, &l.Limit)
		k.named = true
		return k
	}
	if l := r.domains.other; l != nil {
		return r.get(domainKey, domain, &l.Limit)
	}
	return r.known(domainKey, domain)
}

// domainOf returns the domain of an address in canonical form.
func domainOf(address string) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	for i := 0; i < len(domain); i++ {
		if domain[i] >= 0x80 {
			if name, ok := canonicalDomain(domain); ok {
				return name
			}
			break
		}
	}
	return strings.ToLower(domain)
}

// A passage is what became of a task that was looked at for a session.
type passage uint8

const (
	passed      passage = iota
	heldBack            // has been put aside
	sessionFull         // must go by another session; it is where it was
)

// pass finds out whether t may go over w now. If so, it counts. p.mu is held.
func (p *Pool) pass(t *task, w *worker, at int64) passage {
	if len(p.keys.all) == 0 && !p.keys.limits() {
		return passed
	}
	p.keys.sweep(at)
	keys := p.keys.of(t.keys[:0], t)
	t.keys = keys
	for _, k := range keys {
		if next := k.pace.next(); next > at {
			p.park(t, k, next)
			return heldBack
		}
		carried, member := k.members[w]
		switch {
		case member && k.limit.MaxMessages > 0 && carried >= k.limit.MaxMessages:
			w.full = true
			return sessionFull
		case member:
		case k.isTaken():
			p.park(t, k, at+int64(lookAgain))
			k.summon(p, at)
			return heldBack
		case k.connect != nil && k.connect.next() > at:
			p.park(t, k, k.connect.next())
			k.summon(p, at)
			return heldBack
		}
	}
	for _, k := range keys {
		k.pace.take(at)
		if k.limit.bindsSessions() {
			k.join(w, at)
		}
	}
	return passed
}

// isTaken reports that no further session may carry k's mail. p.mu is held.
func (k *key) isTaken() bool { return k.limit.Sessions > 0 && len(k.members) >= k.limit.Sessions }

// bindsSessions reports a limit for which it matters which session carries what.
func (l *Limit) bindsSessions() bool {
	return l.Sessions > 0 || l.MaxMessages > 0 || l.Connections != (Rate{})
}

// join notes that w carries one message more of k.
func (k *key) join(w *worker, at int64) {
	if _, member := k.members[w]; !member {
		w.keys = append(w.keys, k)
		if k.connect != nil {
			k.connect.take(at)
		}
	}
	k.members[w]++
}

// summon has one of k's sessions look at what was set aside for them. One that
// has nothing to do and will not be able to send soon gives its place to another,
// if all are like that. p.mu is held.
func (k *key) summon(p *Pool, at int64) {
	var useless *worker
	for w := range k.members {
		able := p.opens(w.relay) <= at+int64(lookAgain) && p.wanted(w.relay) && (k.parked.len == 0 || p.fits(k.parked.head, w, at))
		switch {
		case able && w.listed:
			w.rouse()
			return
		case able:
			return // it will look when it is done
		case w.listed:
			useless = w
		}
	}
	if useless != nil {
		useless.full = true
		useless.rouse()
	}
}

// fits reports that t's keys let it go over w, but for their pace. Else two
// sessions would call each other without end. p.mu is held.
func (p *Pool) fits(t *task, w *worker, at int64) bool {
	for _, k := range t.keys {
		if _, member := k.members[w]; !member && k.room(at) == 0 {
			return false
		}
	}
	return t.mayGoBy(w.relay)
}

// mayGoBy reports whether r may have the next attempt.
func (t *task) mayGoBy(r *relay) bool { return t.pinned == nil || t.pinned == r }

// leaveKeys ends what w's session was to its keys. p.mu is held.
func (p *Pool) leaveKeys(w *worker) {
	for _, k := range w.keys {
		delete(k.members, w)
		k.release(p, 1)
	}
	w.keys = w.keys[:0]
	w.full = false
}

// lookAgain is how long tasks that wait for a limit are left alone at most: what
// they wait for may have changed in a way that nobody tells of.
const lookAgain = time.Second

// park puts t aside until k lets it go. p.mu is held.
func (p *Pool) park(t *task, k *key, until int64) {
	p.draw(t)
	if most := k.limit.MaxWaiting; most > 0 && k.parked.len >= most {
		t.giveUp(smtpclient.NotSent, fmt.Errorf("pool: %s: %w", k.keyID, ErrHeldBack))
		p.fallen = append(p.fallen, t)
		return
	}
	p.waitAside(t)
	t.place = isParked
	p.parked++
	k.parked.pushBack(t)
	if t.heldBy != k {
		t.heldBy = k
		k.counts.Held++
		if f := p.cfg.Trace.Held; f != nil {
			job, name, wait := t.job, k.keyID.String(), time.Duration(until-now())
			p.said = append(p.said, func() { f(job, name, wait) })
		}
	}
	k.watch(p, until)
}

// watch sets the alarm, at most lookAgain ahead.
func (k *key) watch(p *Pool, until int64) {
	until = min(until, now()+int64(lookAgain))
	if !k.alarm.isSet() || k.alarm.at > until {
		p.setAlarm(&k.alarm, until, k)
	}
}

// ring implements ringer: some of those set aside may go.
func (k *key) ring(p *Pool) {
	at := now()
	next := k.pace.next()
	if next <= at {
		n := min(k.pace.ready(at, k.parked.len), k.room(at))
		if n == 0 {
			k.summon(p, at)
		}
		k.release(p, n)
		next = at + max(k.pace.interval(), int64(soonest))
	}
	if k.parked.len > 0 {
		k.watch(p, next)
	}
}

// room is how many sessions may take up its mail now, if it matters which do.
func (k *key) room(at int64) int {
	n := math.MaxInt
	if k.limit.Sessions > 0 {
		n = max(0, k.limit.Sessions-len(k.members))
	}
	if k.connect != nil {
		n = min(n, k.connect.ready(at))
	}
	return n
}

// release puts n of those put aside in front of the queue, to be looked at
// again. p.mu is held.
func (k *key) release(p *Pool, n int) {
	for ; n > 0 && k.parked.len > 0; n-- {
		p.enqueue(p.draw(k.parked.head), true)
	}
}
