package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

// Sender is the return path that the recipients are written into.
const sender = "news@lists.example.net"

// A round is one newsletter and what came of it.
type round struct {
	sent, leftOut int
	failed        []string            // not accepted by the relay
	kinds         map[bounce.Kind]int // what came back
	untraced      []string            // what came back and is about nobody
	suppressed    []string
}

// newRound sends the newsletter to those who are not suppressed, has deliver
// bring in what comes back to the maildir, reads that, and records it.
func newRound(ctx context.Context, p *pool.Pool, number int, recipients []string, ledger *bounce.Ledger, maildir string, deliver func() error) (*round, error) {
	r := &round{kinds: map[bounce.Kind]int{}}
	for result := range p.SendAll(ctx, r.jobs(number, recipients, ledger)) {
		if result.Err != nil {
			r.failed = append(r.failed, fmt.Sprintf("%s: %v", result.Tag, result.Err))
		}
	}
	if err := deliver(); err != nil {
		return nil, err
	}
	return r, r.read(maildir, ledger)
}

// jobs makes the mails. Each has a return path of its own.
func (r *round) jobs(number int, recipients []string, suppressor bounce.Suppressor) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for _, to := range recipients {
			if _, yes := suppressor.Suppressed(to); yes {
				r.leftOut++
				continue
			}
			content, err := letter(number, to)
			if err != nil {
				r.failed = append(r.failed, fmt.Sprintf("%s: %v", to, err))
				continue
			}
			path, err := verp.Encode(sender, to)
			if err != nil {
				path = sender // too long: what comes back is traced by its own words
			}
			r.sent++
			if !yield(pool.Job{Tag: to, Mail: smtpclient.Mail{From: path, To: smtpclient.Recipients(to), Content: content}}) {
				return
			}
		}
	}
}

func letter(number int, to string) ([]byte, error) {
	m := message.Message{
		From:    message.Address{Name: "The News", Addr: "news@example.net"},
		To:      []message.Address{{Addr: to}},
		Subject: fmt.Sprintf("Newsletter no. %d", number),
		Text:    "Hello,\n\nthere is nothing new.\n",
	}
	return m.Bytes()
}

// read reads the maildir. What was read in an earlier round counts once.
func (r *round) read(maildir string, ledger *bounce.Ledger) error {
	parser, err := bounce.New(bounce.Config{VERP: func(path string) (string, error) { return verp.Decode(sender, path) }})
	if err != nil {
		return err
	}
	for m := range parser.Maildir(maildir) {
		if m.Err != nil {
			return m.Err
		}
		r.kinds[m.Report.Kind]++
		if m.Report.Kind != bounce.Other && m.Report.WhoSource != bounce.FromVERP {
			r.untraced = append(r.untraced, m.File)
		}
		r.suppressed = append(r.suppressed, ledger.Record(m.Report, time.Now())...)
	}
	return nil
}
