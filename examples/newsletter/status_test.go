package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
)

func TestStatusLines(t *testing.T) {
	down := pool.RelayStats{Name: "b:25", Down: true, LastError: errors.New("connection refused")}
	slow := pool.RelayStats{Name: "a:25", Sessions: 4, Rate: 2.5, Slowed: true}
	good := pool.RelayStats{Name: "a:25", Sessions: 4}
	for _, tt := range []struct {
		status status
		lines  []string
		brief  string
	}{
		{
			status{counts: tally{accepted: 7}, rate: 3.25, stats: pool.Stats{Relays: []pool.RelayStats{good}}},
			[]string{"7 done, 7 accepted, 3.2 a second"}, "",
		},
		{
			status{rows: 1000, counts: tally{accepted: 90, rejected: 7, invalid: 3}, rate: 30, stats: pool.Stats{
				Waiting: 5, Relays: []pool.RelayStats{good},
			}},
			[]string{"100 of 1000 done, 90 accepted, 7 rejected, 3 invalid, 5 waiting for another attempt, 30 a second, 30s left"},
			"7 rejected, 3 invalid",
		},
		{
			status{rows: 10, counts: tally{accepted: 10}, stats: pool.Stats{Relays: []pool.RelayStats{slow}}},
			[]string{"10 of 10 done, 10 accepted, 0 a second", "relay a:25: up, 4 sessions, 120 a second accepted, slowed to 2.5 a second"},
			"a:25 slowed to 2.5 a second",
		},
		{
			status{stats: pool.Stats{Held: 16, Relays: []pool.RelayStats{good, down}, Keys: []pool.KeyStats{
				{Kind: "domain", Name: "a.example", Waiting: 1}, {Kind: "domain", Name: "b.example", Waiting: 9, Rate: 5},
				{Kind: "domain", Name: "c.example"}, {Kind: "domain", Name: "d.example", Waiting: 2, Rate: 20},
				{Kind: "domain", Name: "e.example", Waiting: 4, Rate: 0.5},
			}}},
			[]string{"0 done, 0 accepted, 0 a second", "relay a:25: up, 4 sessions, 120 a second accepted", "relay b:25: down: connection refused",
				"held back: 9 for domain b.example at 5 a second, 4 for domain e.example at 0.5 a second, 2 for domain d.example at 20 a second, 1 for others"},
			"b:25 down, 1 of 2 relays up, 16 held back",
		},
	} {
		tt.status.relayRates = []float64{120, 0}
		if got := tt.status.lines(); !slices.Equal(got, tt.lines) {
			t.Errorf("lines\n%q, want\n%q", got, tt.lines)
		}
		if got := tt.status.brief(); got != tt.brief {
			t.Errorf("brief %q, want %q", got, tt.brief)
		}
	}
}

// Rates are those of the last few statuses.
func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		stats := pool.Stats{Relays: []pool.RelayStats{{}, {}}}
		m := monitor{rows: 1000, ledger: l, stats: func() pool.Stats {
			s := stats
			s.Relays = slices.Clone(stats.Relays)
			return s
		}}
		if s := m.status(); s.rate != 0 || s.left() != 0 {
			t.Errorf("%v at first, %v left", s.rate, s.left())
		}
		perSecond := 10
		for i := range 20 {
			if i == 10 {
				perSecond = 20
			}
			for range perSecond {
				l.enter(outcome{Outcome: accepted})
			}
			stats.Relays[1].RecipientsAccepted += int64(perSecond / 2)
			<-time.After(time.Second)
			s := m.status()
			if i == 9 && (s.rate != 10 || s.left() != 90*time.Second || s.relayRates[0] != 0 || s.relayRates[1] != 5) {
				t.Errorf("%v a second, %v left, relays %v", s.rate, s.left(), s.relayRates)
			}
			if i == 19 && (s.rate != 20 || s.left() != 35*time.Second) {
				t.Errorf("%v a second, %v left", s.rate, s.left())
			}
		}
	})
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		s       string
		columns int
		want    string
	}{{"", 0, ""}, {"abc", 3, "abc"}, {"äbcd", 3, "äb…"}, {"abcd", 1, ""}, {"abcd", 0, ""}} {
		if got := shorten(tt.s, tt.columns); got != tt.want {
			t.Errorf("%q in %d: %q, want %q", tt.s, tt.columns, got, tt.want)
		}
	}
}

// Progress is logged where there is no terminal.
func TestProgressLog(t *testing.T) {
	tr := newTrial(t)
	tr.logEvery = time.Millisecond
	tr.run(t.Context(), "-n", "3000", "-rate", "20000/s")
	tr.want(exitAccepted)
	if got := tr.stderr.String(); !strings.Contains(got, " of 3000 done, ") || !strings.Contains(got, " a second") {
		t.Errorf("logged %q", got)
	}
}

// The bar has the outcomes and what is wrong behind it.
func TestBar(t *testing.T) {
	var w lockedBuffer
	b := newBar(&w, 100)
	s := status{counts: tally{accepted: 40, rejected: 2}, stats: pool.Stats{Relays: []pool.RelayStats{{Name: "a:25"}}}}
	b.show(&s)
	b.end(&s)
	if got := w.String(); !strings.Contains(got, "42/100") || !strings.Contains(got, "2 rejected") || !strings.HasSuffix(got, "\n") {
		t.Errorf("%q", got)
	}
}

func TestSlowdowns(t *testing.T) {
	s := newSlowdowns()
	s.note("relay a:25", 0, nil)
	s.note("relay a:25", 2.5, nil)
	for i := range 100 {
		s.note(fmt.Sprintf("recipient r%d@example.org", i), 0.5, nil)
		s.note(fmt.Sprintf("domain d%d.example", i), 0.5, nil)
	}
	list := s.list()
	if len(list) > maxSlowdowns+1 || list[0] != (slowdown{"recipients", 100, 0}) || list[1].what != "others" || list[2] != (slowdown{"relay a:25", 2, 2.5}) {
		t.Errorf("%v", list)
	}
}
