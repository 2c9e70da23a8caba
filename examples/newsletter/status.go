package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
)

// A status is how far a mailing is.
type status struct {
	at     time.Time
	rows   int64 // all, as far as is known; 0: not known
	counts tally
	stats  pool.Stats

	// Lately, per second.
	rate       float64   // rows
	relayRates []float64 // mails accepted, by relay
}

// left is how long it will take at the rate of late; 0: not known.
func (s *status) left() time.Duration {
	rest := s.rows - s.counts.total()
	if s.rate <= 0 || rest <= 0 {
		return 0
	}
	return time.Duration(float64(rest) / s.rate * float64(time.Second))
}

// A monitor takes the status of a mailing from time to time.
type monitor struct {
	rows   int64
	ledger *ledger
	stats  func() pool.Stats
	past   []status // the last ones, the first of which the rates are measured from
}

// lately is how many statuses rates are measured over.
const lately = 6

func (m *monitor) status() *status {
	s := status{at: time.Now(), rows: m.rows, counts: m.ledger.counts(), stats: m.stats()}
	s.relayRates = make([]float64, len(s.stats.Relays))
	if len(m.past) > 0 {
		before := &m.past[0]
		took := max(s.at.Sub(before.at).Seconds(), 1e-6)
		s.rate = float64(s.counts.total()-before.counts.total()) / took
		for i := range s.relayRates {
			s.relayRates[i] = float64(s.stats.Relays[i].RecipientsAccepted-before.stats.Relays[i].RecipientsAccepted) / took
		}
	}
	m.past = append(m.past, s)
	if len(m.past) > lately {
		m.past = m.past[1:]
	}
	return &s
}

// lines are for a log: the mailing, the relays if there are several or one that
// has trouble, and whose mail is held back.
func (s *status) lines() (lines []string) {
	lines = append(lines, s.line())
	for i := range s.stats.Relays {
		if r := &s.stats.Relays[i]; len(s.stats.Relays) > 1 || r.Down || r.Slowed {
			lines = append(lines, "relay "+relayState(r, s.relayRates[i]))
		}
	}
	if held := s.heldBack(); held != "" {
		lines = append(lines, "held back: "+held)
	}
	return lines
}

func (s *status) line() string {
	parts := []string{fmt.Sprintf("%d done", s.counts.total())}
	if s.rows > 0 {
		parts[0] = fmt.Sprintf("%d of %d done", s.counts.total(), s.rows)
	}
	parts = append(parts, fmt.Sprintf("%d %s", s.counts[accepted], accepted))
	parts = append(parts, s.failed()...)
	if n := s.stats.Waiting; n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting for another attempt", n))
	}
	parts = append(parts, perSecond(s.rate))
	if left := s.left(); left > 0 {
		parts = append(parts, fmt.Sprintf("%v left", left.Round(time.Second)))
	}
	return strings.Join(parts, ", ")
}

// failed lists the outcomes that are not accepted.
func (s *status) failed() (parts []string) {
	for _, fate := range fates {
		if n := s.counts[fate]; n > 0 && fate != accepted {
			parts = append(parts, fmt.Sprintf("%d %s", n, fate))
		}
	}
	return parts
}

// brief is for the line of a progress bar, which has the counts and the rate: what
// is not as it should be comes first.
func (s *status) brief() string {
	parts := s.failed()
	up := 0
	for i := range s.stats.Relays {
		r := &s.stats.Relays[i]
		switch {
		case r.Down:
			parts = append(parts, r.Name+" down")
		case r.Slowed:
			parts = append(parts, r.Name+" slowed"+limit(" to ", r.Rate))
		}
		if !r.Down {
			up++
		}
	}
	if n := len(s.stats.Relays); n > 1 {
		parts = append(parts, fmt.Sprintf("%d of %d relays up", up, n))
	}
	if n := s.stats.Held; n > 0 {
		parts = append(parts, fmt.Sprintf("%d held back", n))
	}
	return strings.Join(parts, ", ")
}

// relayState says how a relay does; rate is how much it has accepted lately.
func relayState(r *pool.RelayStats, rate float64) string {
	s := fmt.Sprintf("%s: up, %d sessions, %s accepted", r.Name, r.Sessions, perSecond(rate))
	if r.Down {
		s = fmt.Sprintf("%s: down", r.Name)
		if r.LastError != nil {
			s += ": " + r.LastError.Error()
		}
	}
	if r.Slowed {
		s += ", slowed" + limit(" to ", r.Rate)
	}
	return s
}

// shownKeys is how many of those whose mail is held back are named.
const shownKeys = 3

// heldBack says whose mail waits for a limit, those with most of it first.
func (s *status) heldBack() string {
	var waiting []pool.KeyStats
	for _, k := range s.stats.Keys {
		if k.Waiting > 0 {
			waiting = append(waiting, k)
		}
	}
	slices.SortStableFunc(waiting, func(a, b pool.KeyStats) int { return cmp.Compare(b.Waiting, a.Waiting) })
	var parts []string
	others := 0
	for i, k := range waiting {
		if i < shownKeys {
			parts = append(parts, fmt.Sprintf("%d for %s %s%s", k.Waiting, k.Kind, k.Name, limit(" at ", k.Rate)))
		} else {
			others += k.Waiting
		}
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("%d for others", others))
	}
	return strings.Join(parts, ", ")
}

// limit writes a limit behind a word; nothing if there is none.
func limit(word string, rate float64) string {
	if rate <= 0 {
		return ""
	}
	return word + perSecond(rate)
}

// perSecond writes a rate with as many digits as mean something.
func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.2g a second", rate)
	}
	return fmt.Sprintf("%.0f a second", rate)
}
