package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
)

// A summary is a row of the table, as JSON has it.
type summary struct {
	Scenario string `json:"scenario"`
	Sender   string `json:"sender"`
	Note     string `json:"note"`
	// The medians, each of its own.
	measurement
	Least     float64        `json:"least_msgs_per_s"`
	Most      float64        `json:"most_msgs_per_s"`
	RateRatio float64        `json:"msgs_ratio,omitempty"` // to the baseline
	CPURatio  float64        `json:"cpu_ratio,omitempty"`
	OfFloor   float64        `json:"of_floor,omitempty"`
	Runs      []*measurement `json:"runs"`
}

// summarize takes the medians of a row. It reports false if no run succeeded.
func summarize(sc *scenario, rows []*row, r *row) (summary, bool) {
	var good []*measurement
	for _, m := range r.rounds {
		if m != nil {
			good = append(good, m)
		}
	}
	if len(good) == 0 {
		return summary{}, false
	}
	s := summary{Scenario: sc.name, Sender: r.sender.Name, Note: r.sender.Note, Runs: good}
	of := func(f func(*measurement) float64) float64 { return median(each(good, f)) }
	s.measurement = measurement{
		Messages:   int64(of(func(m *measurement) float64 { return float64(m.Messages) })),
		Seconds:    of(func(m *measurement) float64 { return m.Seconds }),
		Rate:       of(rate),
		CPU:        of(cpu),
		SinkCPU:    of(func(m *measurement) float64 { return m.SinkCPU }),
		Allocs:     of(func(m *measurement) float64 { return m.Allocs }),
		Bytes:      of(func(m *measurement) float64 { return m.Bytes }),
		RoundTrips: of(func(m *measurement) float64 { return m.RoundTrips }),
		Writes:     of(func(m *measurement) float64 { return m.Writes }),
		Reads:      of(func(m *measurement) float64 { return m.Reads }),
		Noise:      of(func(m *measurement) float64 { return m.Noise }),
	}
	rates := each(good, rate)
	s.Least, s.Most = slices.Min(rates), slices.Max(rates)
	s.RateRatio = ratio(r, find(rows, sender.Baseline), rate)
	s.CPURatio = ratio(r, find(rows, sender.Baseline), cpu)
	s.OfFloor = ratio(r, find(rows, r.sender.Floor), rate)
	return s, true
}

func rate(m *measurement) float64 { return m.Rate }
func cpu(m *measurement) float64  { return m.CPU }

func each(list []*measurement, f func(*measurement) float64) []float64 {
	values := make([]float64, len(list))
	for i, m := range list {
		values[i] = f(m)
	}
	return values
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

func find(rows []*row, name string) *row {
	for _, r := range rows {
		if r.sender.Name == name {
			return r
		}
	}
	return nil
}

// ratio is the median of the rounds' ratios; 0 if there is none.
func ratio(r, to *row, f func(*measurement) float64) float64 {
	var ratios []float64
	if to != nil {
		for i, m := range r.rounds {
			if base := to.rounds[i]; m != nil && base != nil && f(base) > 0 {
				ratios = append(ratios, f(m)/f(base))
			}
		}
	}
	if len(ratios) == 0 {
		return 0
	}
	return median(ratios)
}

// print writes a scenario's results.
func (b *bench) print(sc *scenario, rows []*row) error {
	table := [][]string{{"sender", "msgs/s", "least–most", "×", "CPU s/1000", "×", "of floor", "allocs", "round trips", "writes", "reads", "noise"}}
	for _, r := range rows {
		s, ok := summarize(sc, rows, r)
		if !ok {
			continue // its failure has been reported
		}
		if b.json {
			if err := json.NewEncoder(b.stdout).Encode(s); err != nil {
				return err
			}
			continue
		}
		table = append(table, s.cells())
	}
	if b.json {
		return nil
	}
	_, err := fmt.Fprintf(b.stdout, "\n%s: %s\n\n%s", sc.name, sc, format(table))
	return err
}

func (s *summary) cells() []string {
	digits := 4
	if s.CPU < 0.01 {
		digits = 5
	}
	return []string{
		s.Sender,
		number(s.Rate), number(s.Least) + "–" + number(s.Most), known("%.2f", s.RateRatio, s.RateRatio > 0),
		fmt.Sprintf("%.*f", digits, s.CPU), known("%.2f", s.CPURatio, s.CPURatio > 0), known("%.2f", s.OfFloor, s.OfFloor > 0),
		known("%.1f", s.Allocs, s.Allocs >= 0),
		fmt.Sprintf("%.2f", s.RoundTrips), fmt.Sprintf("%.2f", s.Writes), fmt.Sprintf("%.2f", s.Reads),
		fmt.Sprintf("%.0f %%", 100*s.Noise),
	}
}

func known(format string, v float64, ok bool) string {
	if !ok {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// number writes msgs/s, thousands apart.
func number(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%.1f", v)
	}
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// format makes a Markdown table that can be read as it is. The first column is
// text, the others are numbers.
func format(table [][]string) string {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, line := range table {
		for i, cell := range line {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("| " + cell + space + " |")
			} else {
				b.WriteString(" " + space + cell + " |")
			}
		}
		b.WriteString("\n")
		if n == 0 {
			for i, w := range widths {
				if i == 0 {
					b.WriteString("|" + strings.Repeat("-", w+2) + "|")
				} else {
					b.WriteString(strings.Repeat("-", w+1) + ":|")
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
