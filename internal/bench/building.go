package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bulksmtp/bulksmtp/internal/bench/builder"
)

// A buildRow is a builder and its runs.
type buildRow struct {
	builder *builder.Builder
	build   builder.Build
	rounds  []builder.Measurement
}

// building measures the builders, one after the other in each round, in this
// process.
func (b *bench) building(ctx context.Context) error {
	var rows []*buildRow
	for _, by := range b.builders {
		build, err := by.New()
		if err != nil {
			return fmt.Errorf("%s: %w", by.Name, err)
		}
		rows = append(rows, &buildRow{builder: by, build: build})
	}
	for round := range b.runs {
		for k := range rows {
			if err := ctx.Err(); err != nil {
				return err
			}
			r := rows[(k+round)%len(rows)]
			m, err := builder.Measure(r.build, b.measured())
			if err != nil {
				return fmt.Errorf("%s: %w", r.builder.Name, err)
			}
			r.rounds = append(r.rounds, m)
			fmt.Fprintf(b.stderr, "run %d/%d   building, %s: %.2f µs\n", round+1, b.runs, r.builder.Name, m.Micros)
		}
	}
	return b.printBuilding(rows)
}

// A buildSummary is a row of the table, as JSON has it: medians.
type buildSummary struct {
	Builder string `json:"builder"`
	Note    string `json:"note"`
	builder.Measurement
	Least  float64               `json:"least_cpu_us"`
	Most   float64               `json:"most_cpu_us"`
	Enmime float64               `json:"times_enmime,omitempty"`  // how many times as fast
	GoMail float64               `json:"times_go_mail,omitempty"` // …
	Copy   float64               `json:"of_copy,omitempty"`       // its time, of that of a copy of the bytes
	Runs   []builder.Measurement `json:"runs"`
}

func summarizeBuild(rows []*buildRow, r *buildRow) buildSummary {
	of := func(f func(builder.Measurement) float64) float64 {
		var values []float64
		for _, m := range r.rounds {
			values = append(values, f(m))
		}
		return median(values)
	}
	s := buildSummary{Builder: r.builder.Name, Note: r.builder.Note, Runs: r.rounds}
	s.Measurement = builder.Measurement{
		Mails: r.rounds[0].Mails, Micros: of(micros),
		Allocs: of(func(m builder.Measurement) float64 { return m.Allocs }),
		Bytes:  of(func(m builder.Measurement) float64 { return m.Bytes }),
		Octets: of(func(m builder.Measurement) float64 { return m.Octets }),
	}
	s.Least, s.Most = s.Micros, s.Micros
	for _, m := range r.rounds {
		s.Least, s.Most = min(s.Least, m.Micros), max(s.Most, m.Micros)
	}
	if r.builder.Baseline == builder.Copy {
		s.Copy = timesOf(rows, builder.Copy, r)
		if s.Copy > 0 {
			s.Copy = 1 / s.Copy
		}
		return s
	}
	s.Enmime, s.GoMail = timesOf(rows, builder.Enmime, r), timesOf(rows, builder.GoMail, r)
	return s
}

func micros(m builder.Measurement) float64 { return m.Micros }

// timesOf is the median over the rounds of how many times as fast as the named
// one the builder is; 0 if that one was not measured.
func timesOf(rows []*buildRow, name string, r *buildRow) float64 {
	i := slices.IndexFunc(rows, func(r *buildRow) bool { return r.builder.Name == name })
	if i < 0 {
		return 0
	}
	var ratios []float64
	for round, m := range r.rounds {
		ratios = append(ratios, rows[i].rounds[round].Micros/m.Micros)
	}
	return median(ratios)
}

func (b *bench) printBuilding(rows []*buildRow) error {
	table := [][]string{{"builder", "CPU µs/msg", "least–most", "× enmime", "× go-mail", "of a copy", "allocs", "octets"}}
	for _, r := range rows {
		s := summarizeBuild(rows, r)
		if b.json {
			if err := json.NewEncoder(b.stdout).Encode(s); err != nil {
				return err
			}
			continue
		}
		table = append(table, []string{
			s.Builder, fmt.Sprintf("%.2f", s.Micros), fmt.Sprintf("%.2f–%.2f", s.Least, s.Most),
			known("%.1f", s.Enmime, s.Enmime > 0), known("%.1f", s.GoMail, s.GoMail > 0), known("%.2f", s.Copy, s.Copy > 0),
			fmt.Sprintf("%.1f", s.Allocs), fmt.Sprintf("%.0f", s.Octets),
		})
	}
	if b.json {
		return nil
	}
	_, err := fmt.Fprintf(b.stdout, "\nbuilding a newsletter: 2 KB of text, 8 KB of HTML, 6 fields in 9 places; one processor\n\n%s", format(table))
	return err
}
