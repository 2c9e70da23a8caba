package main

import (
	"errors"
	"math"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
)

// TestSummary: ratios are those of rounds, and a round that failed is left out.
func TestSummary(t *testing.T) {
	rounds := func(rates ...float64) (list []*measurement) {
		for _, r := range rates {
			if r == 0 {
				list = append(list, nil)
				continue
			}
			list = append(list, &measurement{Rate: r, CPU: 1 / r, Allocs: -1})
		}
		return list
	}
	rows := []*row{
		{sender: &sender.Sender{Name: sender.Baseline}, rounds: rounds(100, 50, 200)},
		{sender: &sender.Sender{Name: "floor x"}, rounds: rounds(800, 400, 1600)},
		{sender: &sender.Sender{Name: "x", Floor: "floor x"}, rounds: rounds(400, 200, 800)},
		{sender: &sender.Sender{Name: "y", Floor: "none"}, rounds: rounds(0, 50, 400), failure: errors.New("once")},
		{sender: &sender.Sender{Name: "z"}, rounds: rounds(0, 0, 0), failure: errors.New("always")},
	}
	for i, want := range []struct{ rate, least, most, ratio, cpu, floor float64 }{
		{100, 50, 200, 1, 1, 0},
		{800, 400, 1600, 8, 0.125, 0},
		{400, 200, 800, 4, 0.25, 0.5},
		{225, 50, 400, 1.5, 0.75, 0},
	} {
		s, ok := summarize(allScenarios[0], rows, rows[i])
		got := []float64{s.Rate, s.Least, s.Most, s.RateRatio, s.CPURatio, s.OfFloor}
		for k, w := range []float64{want.rate, want.least, want.most, want.ratio, want.cpu, want.floor} {
			if !ok || math.Abs(got[k]-w) > 1e-9 {
				t.Errorf("%s: %v, want %v", s.Sender, got, want)
				break
			}
		}
	}
	if _, ok := summarize(allScenarios[0], rows, rows[4]); ok {
		t.Error("a sender that always failed has a summary")
	}
}

func TestFormat(t *testing.T) {
	got := format([][]string{{"sender", "×"}, {"a", "1 000"}, {"longer name", "–"}})
	want := "" +
		"| sender      |     × |\n" +
		"|-------------|------:|\n" +
		"| a           | 1 000 |\n" +
		"| longer name |     – |\n"
	if got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	for v, want := range map[float64]string{0.5: "0.5", 119.84: "119.8", 999: "999.0", 1000: "1 000", 1234567.8: "1 234 568"} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %s, want %s", v, got, want)
		}
	}
}
