package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// A bench is one run of the program.
type bench struct {
	*options
	self           string // the program's file, for its other roles
	stdout, stderr io.Writer
}

// run checks the senders, measures them, and prints what it found.
func (b *bench) run(ctx context.Context) error {
	b.leaveOut()
	if err := b.gate(ctx); err != nil || b.runs == 0 {
		return err
	}
	var failures error
	for _, sc := range b.scenarios {
		rows := b.measureAll(ctx, sc)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.print(sc, rows); err != nil {
			return err
		}
		for _, r := range rows {
			failures = errors.Join(failures, r.failure)
		}
	}
	return failures
}

// leaveOut drops the senders that cannot be measured here, and says so.
func (b *bench) leaveOut() {
	present := b.senders[:0]
	for _, s := range b.senders {
		if s.Missing != nil {
			fmt.Fprintf(b.stderr, "left out  %s: %v\n", s.Name, s.Missing)
			continue
		}
		present = append(present, s)
	}
	b.senders = present
}

// Of the gate.
const (
	gateMails    = 400
	gateSessions = 4
	gateTime     = 30 * time.Second
)

// gate has every sender send some mails to a sink that looks at each of them.
func (b *bench) gate(ctx context.Context) error {
	var failures error
	for _, s := range b.senders {
		err := b.pass(ctx, s)
		if err != nil {
			failures = errors.Join(failures, fmt.Errorf("gate: %s: %w", s.Name, err))
			continue
		}
		fmt.Fprintf(b.stderr, "gate      %s: %d mails, check: %s\n", s.Name, gateMails, s.Check)
	}
	return failures
}

// pass sends the gate's mails by one sender.
func (b *bench) pass(ctx context.Context, s *sender.Sender) error {
	ctx, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	to, err := b.startSink(ctx, sink.Config{Check: s.Check})
	if err != nil {
		return err
	}
	accepted := int64(gateMails)
	if s.Command != nil {
		_, _, err = execute(ctx, s.Command(to.addr, gateSessions, gateMails))
	} else {
		var r sender.Result
		r, _, err = b.send(ctx, &sending{name: s.Name, addr: to.addr, sessions: gateSessions, n: gateMails})
		accepted = r.Accepted
	}
	counts, _, sinkErr := to.stop()
	if err := errors.Join(err, sinkErr); err != nil {
		return err
	}
	if accepted != gateMails {
		return fmt.Errorf("%d mails were accepted, of %d", accepted, gateMails)
	}
	return verify(&counts, gateMails)
}

// verify holds a sink's counts against the number of mails sent.
func verify(c *sink.Counts, sent int64) error {
	switch {
	case c.Messages != sent:
		return fmt.Errorf("the sink has %d mails, %d were sent", c.Messages, sent)
	case c.Misplaced > 0:
		return fmt.Errorf("%d mails are wrong, the first: %s", c.Misplaced, c.Fault)
	case c.Duplicates > 0:
		return fmt.Errorf("%d mails came twice", c.Duplicates)
	case c.Refused > 0:
		return fmt.Errorf("the sink has refused %d commands", c.Refused)
	}
	return nil
}
