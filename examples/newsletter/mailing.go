package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// A mailing is all that is known before the first mail goes out.
type mailing struct {
	options  *options
	source   source
	renderer *renderer
	ledger   *ledger
	relay    relay        // zero in a dry run
	metrics  *metricsPage // nil: not asked for

	// Set when the letters have ended.
	interrupted bool  // there were more rows
	readErr     error // of the source
	// unwanted is why the consumer of the letters wants no more of them.
	unwanted error
}

// prepare reads what has to be read before anything is sent. The outcomes file
// is made last: it overwrites another, and mistakes are found before.
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
	if m.renderer, err = newRenderer(o, m.source.columns(), m.ledger.unnamed); err != nil {
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
	if err != nil || o.outcomes == "" {
		return err
	}
	if err := o.checkOverwrite(); err != nil {
		return err
	}
	f, err := os.Create(o.outcomes)
	if err != nil {
		return fmt.Errorf("-outcomes: %w", err)
	}
	m.ledger.writeTo(f)
	return nil
}

// checkOverwrite protects what is read from being overwritten by the outcomes.
func (o *options) checkOverwrite() error {
	outcomes, err := os.Stat(o.outcomes)
	if err != nil {
		return nil // there is nothing to overwrite
	}
	inputs := [][2]string{
		{"recipients", o.recipients}, {"text", o.text}, {"html", o.html}, {"ca", o.ca}, {"password-file", o.passwordFile},
	}
	for _, name := range o.attach {
		inputs = append(inputs, [2]string{"attach", name})
	}
	for _, in := range inputs {
		if input, err := os.Stat(in[1]); err == nil && os.SameFile(outcomes, input) {
			return fmt.Errorf("-outcomes: %s is the file of -%s", o.outcomes, in[0])
		}
	}
	return nil
}

// close frees what prepare has opened.
func (m *mailing) close() {
	if m.source != nil { // open may have failed before
		_ = m.source.Close() // only read
	}
	m.metrics.close()
	m.ledger.close()
}

// letters yields the letter of each valid row, in no order, and enters the
// other rows in the ledger. Rendering takes most of the CPU time of a mailing,
// so it goes on on all cores.
//
// Rows are taken until the source or ctx ends. If the consumer wants no more,
// the letters that it did not get are entered as not sent. All goroutines have
// ended when the iterator returns, and memory is bounded: there is one row and
// one letter in the hand of each goroutine.
func (m *mailing) letters(ctx context.Context) iter.Seq[*letter] {
	return func(yield func(*letter) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		rows, letters := make(chan row), make(chan *letter)
		var work errgroup.Group
		work.Go(func() error {
			defer close(rows)
			m.readErr = m.read(ctx, rows)
			return nil
		})
		for range runtime.GOMAXPROCS(0) {
			work.Go(func() error {
				m.render(rows, letters)
				return nil
			})
		}
		go func() {
			_ = work.Wait() // always nil
			close(letters)
		}()
		wanted := true
		for l := range letters {
			if !wanted {
				m.ledger.enter(l.outcome(notSent, m.unwanted))
				continue
			}
			if wanted = yield(l); !wanted {
				cancel()
			}
		}
	}
}

// errInterrupted is the error of a letter that was ready when sending ended.
var errInterrupted = errors.New("interrupted before it was sent")

// read takes rows from the source. Every row taken goes on.
func (m *mailing) read(ctx context.Context, rows chan<- row) error {
	// A source may be a pipe that has nothing to read for a long time.
	defer context.AfterFunc(ctx, func() { _ = m.source.Close() })()
	for {
		r, err := m.source.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil || m.ledger.failing():
			m.interrupted = true
			return nil
		case err != nil:
			return fmt.Errorf("-recipients: %w", err)
		}
		rows <- r
	}
}

// render makes letters of rows.
func (m *mailing) render(rows <-chan row, letters chan<- *letter) {
	for r := range rows {
		err := r.err
		var l *letter
		if err == nil {
			l, err = m.renderer.render(r)
		}
		if err != nil {
			m.ledger.enter(outcome{Email: r.email, Outcome: invalid, Error: r.blame(err).Error()})
			continue
		}
		letters <- l
	}
}
