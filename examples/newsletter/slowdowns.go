package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Slowdowns are the rates that replies have asked for, by what they are for. It is
// safe for concurrent use.
type slowdowns struct {
	mu     sync.Mutex
	byWhat map[string]*slowdown
}

// A slowdown is how often something was slowed down, and to what.
type slowdown struct {
	what  string
	times int
	rate  float64 // the last, in mails a second; 0: it was only left alone for a moment
}

// maxSlowdowns bounds the report; recipients are one entry.
const maxSlowdowns = 20

func newSlowdowns() *slowdowns { return &slowdowns{byWhat: map[string]*slowdown{}} }

// note is a hook of pool.Trace.
func (s *slowdowns) note(what string, rate float64, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.HasPrefix(what, "recipient "):
		what, rate = "recipients", 0
	case s.byWhat[what] == nil && len(s.byWhat) >= maxSlowdowns:
		what, rate = "others", 0
	}
	entry := s.byWhat[what]
	if entry == nil {
		entry = &slowdown{what: what}
		s.byWhat[what] = entry
	}
	entry.times++
	entry.rate = rate
}

// list returns them, those slowed down most often first.
func (s *slowdowns) list() (all []slowdown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for entry := range maps.Values(s.byWhat) {
		all = append(all, *entry)
	}
	slices.SortFunc(all, func(a, b slowdown) int {
		return cmp.Or(cmp.Compare(b.times, a.times), strings.Compare(a.what, b.what))
	})
	return all
}
