package metrics

import (
	"cmp"
	"maps"
	"slices"

	"github.com/bulksmtp/bulksmtp/pool"
)

// recipientKind is the pool.KeyStats.Kind of keys that are addresses. They are
// many, and people: only their number is exported.
const recipientKind = "recipient"

// A keyID is a key by the values of its labels.
type keyID struct{ kind, name string }

type shownKey struct {
	keyID
	stats *pool.KeyStats
}

// countKeys counts keys by kind.
func (c collection) countKeys(all []pool.KeyStats) {
	n := map[string]int{"domain": 0, "key": 0, recipientKind: 0}
	for i := range all {
		n[all[i].Kind]++
	}
	for _, kind := range slices.Sorted(maps.Keys(n)) {
		c.set(keys, float64(n[kind]), kind)
	}
}

// choose returns the keys that have series, by kind and name, and how many have
// none.
func (e *Exporter) choose(all []pool.KeyStats) (chosen []shownKey, omitted int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	known := map[keyID]*pool.KeyStats{}
	var waiting []shownKey // for a place
	for i := range all {
		k := &all[i]
		if k.Kind == recipientKind {
			continue
		}
		id := keyID{k.Kind, clean(k.Name)}
		switch {
		case known[id] != nil:
			omitted++ // looks like another one when it is made clean
		case e.shown[id]:
			known[id] = k
		default:
			known[id] = k
			waiting = append(waiting, shownKey{id, k})
		}
	}
	maps.DeleteFunc(e.shown, func(id keyID, _ bool) bool { return known[id] == nil })
	slices.SortStableFunc(waiting, func(a, b shownKey) int { return cmp.Compare(mail(b.stats), mail(a.stats)) })
	room := min(e.maxKeys-len(e.shown), len(waiting))
	for _, k := range waiting[:room] {
		e.shown[k.keyID] = true
	}
	for id := range e.shown {
		chosen = append(chosen, shownKey{id, known[id]})
	}
	slices.SortFunc(chosen, func(a, b shownKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
	return chosen, omitted + len(waiting) - room
}

// mail is how much a key has to do with.
func mail(k *pool.KeyStats) int64 {
	return k.Accepted + k.Rejected + k.Deferred + int64(k.Waiting)
}
