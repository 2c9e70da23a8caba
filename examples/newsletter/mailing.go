package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// A mailing is all that is known before the first mail goes out.
type mailing struct {
	options  *options
	source   source
	renderer *renderer
	suppress bounce.Suppressor // nil: nobody is suppressed
	ledger   *ledger
	relay    relay        // zero in a dry run
	metrics  *metricsPage // nil: not asked for

	// Set when the letters have ended.
	interrupted bool  // there were more rows
	readErr     error // of the source
	// unwanted is why the consumer of the letters wants no more of them.
	unwanted error
}

// prepare reads what has to be read before anything is sent, and makes the key
// files that are missing: last, when mistakes have been found.
func prepare(o *options) (*mailing, error) {
	m := &mailing{options: o, ledger: newLedger(), unwanted: errInterrupted}
	if err := m.open(); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *mailing) open() (err error) {
	o := m.options
	if m.source, err = openSource(o); err != nil {
		return err
	}
	if m.suppress, err = openSuppressions(o.suppress); err != nil {
		return err
	}
	var keys *unsubscribeKeys // nil: not needed
	if o.unsubscribeURL != "" {
		if keys, err = openUnsubscribeKeys(o.unsubscribeKey); err != nil {
			return fmt.Errorf("-unsubscribe-key: %w", err)
		}
	}
	if m.renderer, err = newRenderer(o, keys, m.source.columns()); err != nil {
		return err
	}
	if err := m.openWays(); err != nil {
		return err
	}
	if m.renderer.paths, err = openReturnPaths(o); err != nil || keys == nil {
		return err
	}
	if err := keys.save(); err != nil {
		return fmt.Errorf("-unsubscribe-key: %w", err)
	}
	return nil
}

// openWays opens where the mails go, and what tells of it.
func (m *mailing) openWays() (err error) {
	o := m.options
	if err := o.checkOverwrite(); err != nil {
		return err
	}
	if o.dryRun == "" {
		m.relay, err = newRelay(o)
	} else {
		err = makeDryRun(o.dryRun)
	}
	if err == nil && o.metrics != "" {
		m.metrics, err = listenForMetrics(o.metrics)
	}
	return err
}

// openOutcomes makes the outcomes file. It comes last: it overwrites another.
func (m *mailing) openOutcomes() error {
	if m.options.outcomes == "" {
		return nil
	}
	f, err := os.Create(m.options.outcomes)
	if err != nil {
		return fmt.Errorf("-outcomes: %w", err)
	}
	m.ledger.writeTo(f)
	return nil
}

// checkOverwrite protects what is read from being overwritten by the outcomes.
func (o *options) checkOverwrite() error {
	if o.outcomes == "" {
		return nil
	}
	inputs := [][2]string{
		{"recipients", o.recipients}, {"suppress", o.suppress}, {"text", o.text}, {"html", o.html},
		{"ca", o.ca}, {"password-file", o.passwordFile},
	}
	if o.keyedPaths() {
		inputs = append(inputs, [2]string{"verp-key", o.verpKey})
	}
	if o.unsubscribeURL != "" {
		inputs = append(inputs, [2]string{"unsubscribe-key", o.unsubscribeKey})
	}
	for _, name := range o.dkimKeys {
		inputs = append(inputs, [2]string{"dkim-key", name})
	}
	for _, name := range o.attach {
		inputs = append(inputs, [2]string{"attach", name})
	}
	for _, in := range inputs {
		if in[1] != "" && sameFile(o.outcomes, in[1]) {
			return fmt.Errorf("-outcomes: %s is the file of -%s", o.outcomes, in[0])
		}
	}
	return nil
}

// sameFile also looks at the names: a key file is perhaps not made yet.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// close frees what prepare has opened.
func (m *mailing) close() {
	if m.source != nil { // open may have failed before
		_ = m.source.Close() // only read
	}
	m.metrics.close()
	m.ledger.close()
}

// letters yields the letter of each row that gets a mail, in no order, and enters
// the other rows in the ledger. Rendering and signing take most of the CPU time of
// a mailing, so they go on on all cores, outside of the sessions.
//
// Rows are taken until the source or ctx ends. If the consumer wants no more,
// the letters that it did not get are entered as not sent. All goroutines have
// ended when the iterator returns, and memory is bounded: two rows or letters are
// in hand for each core.
func (m *mailing) letters(ctx context.Context) iter.Seq[*letter] {
	return func(yield func(*letter) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		spread := dkim.Parallel{Ahead: 2 * runtime.GOMAXPROCS(0), Unordered: true}
		wanted := true
		for l := range dkim.Each(spread, m.rows(ctx), m.render) {
			switch {
			case l == nil: // has its outcome
			case !wanted:
				m.ledger.enter(l.outcome(notSent, m.unwanted))
			default:
				if wanted = yield(l); !wanted {
					cancel() // the loop goes on: what is in hand needs an outcome
				}
			}
		}
	}
}

// errInterrupted is the error of a letter that was ready when sending ended.
var errInterrupted = errors.New("interrupted before it was sent")

// rows takes rows from the source. Every row taken goes on.
func (m *mailing) rows(ctx context.Context) iter.Seq[row] {
	return func(yield func(row) bool) {
		// A source may be a pipe that has nothing to read for a long time.
		defer context.AfterFunc(ctx, func() { _ = m.source.Close() })()
		for {
			r, err := m.source.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case ctx.Err() != nil || m.ledger.failing():
				m.interrupted = true
				return
			case err != nil:
				m.readErr = fmt.Errorf("-recipients: %w", err)
				return
			}
			if !yield(r) {
				return
			}
		}
	}
}

// render makes the letter of a row, or nil, with an outcome in the ledger. It never
// returns an error.
func (m *mailing) render(r row) (*letter, error) {
	l, other := m.letter(r)
	if other != nil {
		m.ledger.enter(*other)
		return nil, nil
	}
	if !l.named {
		m.ledger.unnamed()
	}
	return l, nil
}

// letter makes the letter of a row, or else the outcome that the row has.
func (m *mailing) letter(r row) (*letter, *outcome) {
	if r.err == nil && m.suppress != nil {
		if reason, yes := m.suppress.Suppressed(r.email); yes {
			return nil, suppressedOutcome(r.email, reason)
		}
	}
	err := r.err
	var l *letter
	if err == nil {
		l, err = m.renderer.render(r)
	}
	if err != nil {
		return nil, &outcome{Email: r.email, Outcome: invalid, Error: r.blame(err).Error()}
	}
	return l, nil
}
