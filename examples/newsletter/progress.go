package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// watch shows how far the mailing is until the returned func is called, which
// waits for its goroutine.
func (p *program) watch(m *mailing) (stop func()) {
	if m.options.quiet {
		return func() {}
	}
	show, every := plainProgress(p.stderr, m.ledger), 5*time.Second
	end := func() {}
	if isTerminal(p.stderr) {
		bar := newBar(p.stderr, m.source.rows())
		every = 200 * time.Millisecond
		show = func(n int64) { _ = bar.Set64(n) } // an error only says that there are more rows than lines
		end = func() {
			_ = bar.Exit()
			fmt.Fprintln(p.stderr)
		}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				show(m.ledger.counts().total())
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
		if every < time.Second {
			show(m.ledger.counts().total())
		}
		end()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newBar makes a progress bar, or a spinner if the number of rows is not known.
func newBar(w io.Writer, rows int64) *progressbar.ProgressBar {
	if rows == 0 {
		rows = -1
	}
	return progressbar.NewOptions64(rows,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("newsletter"),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("mails"),
		progressbar.OptionSetWidth(30),
		// The clock starts here, not with the first mails.
		progressbar.OptionSetRenderBlankState(true),
		// The default has a goroutine that nobody waits for.
		progressbar.OptionSetSpinnerChangeInterval(0),
	)
}

// plainProgress writes a line at a time, for a log.
func plainProgress(w io.Writer, l *ledger) func(int64) {
	before, at := int64(0), time.Now()
	return func(n int64) {
		now := time.Now()
		rate := float64(n-before) / now.Sub(at).Seconds()
		before, at = n, now
		fmt.Fprintf(w, "newsletter: %d done, %d accepted, %.0f a second\n", n, l.counts()[accepted], rate)
	}
}
