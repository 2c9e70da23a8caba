package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// A measurement is what came out of one run. Figures a mail are of the sender.
type measurement struct {
	Messages   int64   `json:"messages"`
	Seconds    float64 `json:"seconds"`
	Rate       float64 `json:"msgs_per_s"`
	CPU        float64 `json:"cpu_s_per_1000"`
	SinkCPU    float64 `json:"sink_cpu_s_per_1000"`
	Allocs     float64 `json:"allocs_per_msg"` // -1: not known
	Bytes      float64 `json:"bytes_per_msg"`  // allocated; -1: not known
	RoundTrips float64 `json:"round_trips_per_msg"`
	Writes     float64 `json:"writes_per_msg"`
	Reads      float64 `json:"reads_per_msg"`
	Noise      float64 `json:"noise"` // share of the machine
}

// A row is a sender in a scenario.
type row struct {
	sender  *sender.Sender
	rounds  []*measurement // nil: the run failed
	failure error          // of the first that did
}

// measureAll runs the senders of a scenario, one after the other in each round,
// and beginning with another one in each.
func (b *bench) measureAll(ctx context.Context, sc *scenario) []*row {
	rows := make([]*row, len(b.senders))
	for i, s := range b.senders {
		rows[i] = &row{sender: s, rounds: make([]*measurement, b.runs)}
	}
	for round := range b.runs {
		for k := range rows {
			r := rows[(k+round)%len(rows)]
			if r.failure != nil || ctx.Err() != nil {
				continue
			}
			m, err := b.calmer(ctx, sc, r.sender)
			if ctx.Err() != nil {
				break
			}
			if err != nil {
				r.failure = fmt.Errorf("%s, %s: %w", sc.name, r.sender.Name, err)
				fmt.Fprintf(b.stderr, "failed    %v\n", r.failure)
				continue
			}
			r.rounds[round] = m
			fmt.Fprintf(b.stderr, "run %d/%d   %s, %s: %.0f msgs/s, %.4f CPU s/1000, noise %.0f %%\n",
				round+1, b.runs, sc.name, r.sender.Name, m.Rate, m.CPU, 100*m.Noise)
		}
	}
	return rows
}

// calmer measures a sender, and once more if the machine was too noisy. Which
// of the two counts, their noise decides alone.
func (b *bench) calmer(ctx context.Context, sc *scenario, s *sender.Sender) (*measurement, error) {
	m, err := b.measure(ctx, sc, s)
	if err != nil || m.Noise <= b.noise {
		return m, err
	}
	again, err := b.measure(ctx, sc, s)
	if err != nil || again.Noise < m.Noise {
		return again, err
	}
	return m, nil
}

// slack is what a run may take beyond the time it is to take: the starting of
// two processes, and the last mails of a slow machine.
const slack = 20 * time.Second

func (b *bench) measure(ctx context.Context, sc *scenario, s *sender.Sender) (*measurement, error) {
	n := 0
	if s.Command != nil { // it knows numbers only, so find out which takes the time
		n = 50 * sc.sessions
		m, err := b.measureOnce(ctx, sc, s, n)
		if err != nil {
			return nil, err
		}
		n = max(n, int(m.Rate*b.seconds))
	}
	return b.measureOnce(ctx, sc, s, n)
}

// measureOnce runs a sender; n is how many mails a command is to send.
func (b *bench) measureOnce(ctx context.Context, sc *scenario, s *sender.Sender, n int) (*measurement, error) {
	ctx, cancel := context.WithTimeout(ctx, b.warmUp()+b.measured()+slack)
	defer cancel()
	before, began := machineTime(), time.Now()
	check := s.Check
	if check != sink.CheckNothing {
		check = sink.CheckRecipients // a closer look would take time that the sender should have
	}
	to, err := b.startSink(ctx, sink.Config{RoundTrip: sc.roundTrip, Check: check})
	if err != nil {
		return nil, err
	}
	var r sender.Result
	var used time.Duration
	if s.Command != nil {
		_, used, err = execute(ctx, s.Command(to.addr, sc.sessions, n))
	} else {
		r, used, err = b.send(ctx, &sending{name: s.Name, addr: to.addr, sessions: sc.sessions,
			warmUp: b.warmUp(), measured: b.measured()})
	}
	counts, sinkUsed, sinkErr := to.stop()
	if err := errors.Join(err, sinkErr); err != nil {
		return nil, err
	}
	noise := machineTime().since(before).share(used+sinkUsed, time.Since(began))
	if s.Command != nil {
		r = sender.Result{Accepted: int64(n), Messages: counts.Messages, Seconds: counts.Span.Seconds(), CPU: used.Seconds()}
	}
	if err := verify(&counts, r.Accepted); err != nil {
		return nil, err
	}
	if r.Messages <= 0 || r.Seconds <= 0 {
		return nil, errors.New("no mails in the measured time")
	}
	return assemble(&r, &counts, sinkUsed, noise, s.Command == nil), nil
}

func assemble(r *sender.Result, c *sink.Counts, sinkCPU time.Duration, noise float64, allocs bool) *measurement {
	measured, all := float64(r.Messages), float64(c.Messages)
	m := &measurement{
		Messages: r.Messages, Seconds: r.Seconds, Rate: measured / r.Seconds,
		CPU: 1000 * r.CPU / measured, SinkCPU: 1000 * sinkCPU.Seconds() / all,
		Allocs: float64(r.Allocs) / measured, Bytes: float64(r.Bytes) / measured,
		RoundTrips: float64(c.RoundTrips) / all, Writes: float64(c.Reads) / all, Reads: float64(c.Writes) / all,
		Noise: noise,
	}
	if !allocs {
		m.Allocs, m.Bytes = -1, -1
	}
	return m
}
