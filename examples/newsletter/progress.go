package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A display shows a status.
type display interface {
	show(*status)
	// end is called last, with the last status.
	end(*status)
}

// watch shows how far the mailing is until the returned func is called, which
// waits for its goroutine.
func (p *program) watch(m *mailing, stats func() pool.Stats) (stop func()) {
	if m.options.quiet {
		return func() {}
	}
	watched := monitor{rows: m.source.rows(), ledger: m.ledger, stats: stats}
	watched.status() // from here on rates are measured
	var on display = logLines{p.stderr}
	every := p.logEvery
	if isTerminal(p.stderr) {
		on, every = newBar(p.stderr, watched.rows), 200*time.Millisecond
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
				on.show(watched.status())
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
		on.end(watched.status())
	}
}

// terminal returns the file that w is if it is a terminal.
func terminal(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func isTerminal(w io.Writer) bool { return terminal(w) != nil }

// LogLines show a status as lines of a log.
type logLines struct{ w io.Writer }

func (l logLines) show(s *status) {
	for _, line := range s.lines() {
		fmt.Fprintln(l.w, "newsletter: "+line)
	}
}

func (l logLines) end(*status) {} // the report follows

// A bar shows a status on one line of a terminal.
type bar struct {
	w     io.Writer
	bar   *progressbar.ProgressBar
	brief string // what stands there
}

// newBar makes a progress bar, or a spinner if the number of rows is not known.
func newBar(w io.Writer, rows int64) *bar {
	if rows == 0 {
		rows = -1
	}
	return &bar{w: w, bar: progressbar.NewOptions64(rows,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("mails"),
		progressbar.OptionSetWidth(30),
		// The clock starts here, not with the first mails.
		progressbar.OptionSetRenderBlankState(true),
		// The default has a goroutine that nobody waits for.
		progressbar.OptionSetSpinnerChangeInterval(0),
	)}
}

func (b *bar) show(s *status) {
	if brief := shorten(s.brief(), b.room()); brief != b.brief {
		b.brief = brief
		b.bar.Describe(brief) // draws the line: not without need
	}
	_ = b.bar.Set64(s.counts.total()) // an error only says that there are more rows than lines
}

func (b *bar) end(s *status) {
	b.show(s)
	_ = b.bar.Exit()
	fmt.Fprintln(b.w)
}

// barWidth is what the rest of the line takes up: counts, rate and times. The bar
// itself becomes shorter if it must.
const barWidth = 70

// room is how many columns of the terminal there are for a description. A line
// that is too long would not be wiped out by the next.
func (b *bar) room() int {
	if f := terminal(b.w); f != nil {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return max(0, width-barWidth)
		}
	}
	return 10
}

// shorten cuts a text to a number of columns, of which each rune is taken to need
// one.
func shorten(s string, columns int) string {
	runes := []rune(s)
	if len(runes) <= columns {
		return s
	}
	if columns < 2 {
		return ""
	}
	return string(runes[:columns-1]) + "…"
}
