package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/bulksmtp/bulksmtp/message/preflight"
	"github.com/bulksmtp/bulksmtp/pool"
)

// Exit codes, see the package comment.
const (
	exitAccepted = 0
	exitSome     = 1
	exitUsage    = 2
)

func main() {
	stop, abort := interrupts()
	p := newProgram(os.Stdout, os.Stderr)
	p.abort = abort
	os.Exit(p.run(stop, os.Args[1:]))
}

// interrupts returns two contexts, of which the first ends with the first
// signal and the other with the second. A third one kills the process.
func interrupts() (stop, abort context.Context) {
	stop, first := context.WithCancel(context.Background())
	abort, second := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		first()
		<-signals
		second()
		signal.Stop(signals)
	}()
	return stop, abort
}

// A program is one run, and what tests need to change about it.
type program struct {
	stdout, stderr io.Writer
	// abort ends with the second interrupt.
	abort context.Context
	// grace is how long retries go on after the first interrupt.
	grace time.Duration
	// logEvery is how often progress is logged where there is no terminal.
	logEvery time.Duration
	// tune alters the pool's configuration.
	tune func(*pool.Config)
	// wrap stands between the recipients and their reader.
	wrap func(source, *ledger) source
	// resolver is for -check-dns.
	resolver preflight.Resolver
}

func newProgram(stdout, stderr io.Writer) *program {
	return &program{
		stdout: stdout, stderr: stderr,
		abort:    context.Background(),
		grace:    10 * time.Second,
		logEvery: 5 * time.Second,
		tune:     func(*pool.Config) {},
		wrap:     func(s source, _ *ledger) source { return s },
		resolver: net.DefaultResolver,
	}
}

// run parses the arguments, does what they say, and returns the exit code.
func (p *program) run(stop context.Context, args []string) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(p.stdout)
		return exitAccepted
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "newsletter: %v\nnewsletter -h lists the flags.\n", err)
		return exitUsage
	}
	code, err := p.mail(stop, o)
	if err != nil {
		fmt.Fprintf(p.stderr, "newsletter: %v\n", err)
		return exitUsage
	}
	return code
}

// mail does the mailing. The error is one that ends it early: a file that
// cannot be read or written.
func (p *program) mail(stop context.Context, o *options) (code int, err error) {
	m, err := prepare(o)
	if err != nil {
		return 0, err
	}
	defer m.close()
	if err := p.check(stop, m); err != nil {
		return 0, err
	}
	if err := m.openOutcomes(); err != nil {
		return 0, err
	}
	m.source = p.wrap(m.source, m.ledger)
	if m.metrics != nil && (!o.quiet || strings.HasSuffix(o.metrics, ":0")) { // else nobody knows the port
		fmt.Fprintln(p.stderr, "newsletter: metrics at "+m.metrics.url())
	}
	var d dispatch
	if o.dryRun != "" {
		d, err = p.rehearse(stop, m)
	} else {
		d, err = p.send(stop, m)
	}
	if err != nil {
		return 0, err
	}
	m.ledger.close()
	if !o.quiet {
		writeReport(p.stdout, m, d)
	}
	if err := errors.Join(m.readErr, m.ledger.failure()); err != nil {
		return 0, err
	}
	if d.miscount != nil {
		fmt.Fprintf(p.stderr, "newsletter: %v\n", d.miscount)
	}
	return m.exitCode(d), nil
}

// exitCode says how the mailing went.
func (m *mailing) exitCode(d dispatch) int {
	counts := m.ledger.counts()
	failed := counts.total() - counts[accepted] - m.ledger.suppressed
	switch {
	case m.options.dryRun != "":
		failed = counts[invalid]
	case m.options.demo() && counts[invalid] == shippedInvalid:
		failed -= counts[invalid]
	}
	if failed > 0 || m.interrupted || d.miscount != nil {
		return exitSome
	}
	return exitAccepted
}
