package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/verp"
)

// A round is one newsletter and what came of it.
type round struct {
	sent, leftOut int
	failed        []string            // not accepted by the relay
	kinds         map[bounce.Kind]int // what came back
	forged        int                 // came back to a token that nobody here has made
	untraced      []string            // what else came back and is about nobody
	suppressed    []string
}

// newRound sends the newsletter to those who are not suppressed, has deliver
// bring in what comes back to the maildir, reads that, and records it.
func newRound(ctx context.Context, p *pool.Pool, number int, list mailingList, ledger *bounce.Ledger, maildir string, deliver func() error) (*round, error) {
	r := &round{kinds: map[bounce.Kind]int{}}
	for result := range p.SendAll(ctx, r.jobs(number, list, ledger)) {
		if result.Err != nil {
			r.failed = append(r.failed, fmt.Sprintf("%s: %v", result.Tag, result.Err))
		}
	}
	if err := deliver(); err != nil {
		return nil, err
	}
	return r, r.read(maildir, list, ledger)
}

// jobs makes the mails. Each has a return path of its own.
func (r *round) jobs(number int, list mailingList, suppressor bounce.Suppressor) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for i, to := range list.recipients {
			if _, yes := suppressor.Suppressed(to); yes {
				r.leftOut++
				continue
			}
			job, err := list.job(number, i)
			if err != nil {
				r.failed = append(r.failed, fmt.Sprintf("%s: %v", to, err))
				continue
			}
			r.sent++
			if !yield(job) {
				return
			}
		}
	}
}

// read reads the maildir. What was read in an earlier round counts once. What
// does not come back to a genuine token suppresses nobody: anybody can write a
// bounce about anybody.
func (r *round) read(maildir string, list mailingList, ledger *bounce.Ledger) error {
	parser, err := bounce.New(bounce.Config{VERP: list.recipient})
	if err != nil {
		return err
	}
	for m := range parser.Maildir(maildir) {
		if m.Err != nil {
			return m.Err
		}
		switch {
		case m.Report.Kind == bounce.Other:
		case m.Report.WhoSource == bounce.FromVERP:
			r.kinds[m.Report.Kind]++
			r.suppressed = append(r.suppressed, ledger.Record(m.Report, time.Now())...)
		case errors.Is(m.Report.VERPErr, verp.ErrForged):
			r.forged++
		default:
			r.untraced = append(r.untraced, m.File)
		}
	}
	return nil
}
