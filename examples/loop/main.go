package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// Exit codes, see the package comment.
const (
	exitTraced = 0
	exitSome   = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Stdout, os.Stderr, os.Args[1:]))
}

// run does what the arguments say, and returns the exit code.
func run(ctx context.Context, stdout, stderr io.Writer, args []string) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(stdout)
		return exitTraced
	}
	if err != nil {
		fmt.Fprintf(stderr, "loop: %v\nloop -h lists the flags.\n", err)
		return exitUsage
	}
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "loop"); err != nil {
			fmt.Fprintf(stderr, "loop: %v\n", err)
			return exitUsage
		}
		defer os.RemoveAll(o.dir)
	}
	good, err := loop(ctx, stdout, o)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "loop: %v\n", err)
		return exitUsage
	case !good:
		return exitSome
	}
	return exitTraced
}

// loop sends all rounds. good is false if something was not traced to anybody, or
// not accepted.
func loop(ctx context.Context, w io.Writer, o *options) (good bool, err error) {
	list, maildir := filepath.Join(o.dir, "suppressed.txt"), filepath.Join(o.dir, "Maildir")
	ledger, err := bounce.LoadLedger(list, bounce.Rules{SoftLimit: 2, SoftWindow: 30 * 24 * time.Hour})
	if err != nil {
		return false, err
	}
	far, err := newFar(maildir)
	if err != nil {
		return false, err
	}
	server := smtptest.NewServer()
	defer server.Close()
	p, err := pool.New(pool.Config{Sessions: o.sessions, Relay: smtpclient.Config{Addr: server.Addr, Security: smtpclient.Plaintext}})
	if err != nil {
		return false, err
	}
	defer p.Close()
	readers, err := newMailingList(o.n, o.dir)
	if err != nil {
		return false, err
	}
	good = true
	answered := 0
	for number := 1; number <= o.rounds; number++ {
		r, err := newRound(ctx, p, number, readers, ledger, maildir, func() error {
			messages := server.Messages()
			defer func() { answered = len(messages) }()
			return far.answer(messages[answered:])
		})
		if err != nil {
			return false, err
		}
		r.show(w, number)
		good = good && len(r.failed) == 0 && len(r.untraced) == 0
		if err := ledger.Save(list); err != nil {
			return false, err
		}
	}
	showSuppressions(w, ledger)
	return good, nil
}

// show writes what came of a round.
func (r *round) show(w io.Writer, number int) {
	fmt.Fprintf(w, "Newsletter no. %d: %d sent, %d left out; in the maildir now %d dsn, %d bounce, %d feedback, %d auto-reply, %d forged; %d newly suppressed\n",
		number, r.sent, r.leftOut, r.kinds[bounce.DSN], r.kinds[bounce.Bounce], r.kinds[bounce.Feedback], r.kinds[bounce.AutoReply], r.forged, len(r.suppressed))
	for _, s := range append(r.failed, r.untraced...) {
		fmt.Fprintf(w, "  not good: %s\n", s)
	}
}

// mostShown is how many suppressions are listed.
const mostShown = 30

func showSuppressions(w io.Writer, l *bounce.Ledger) {
	all := l.Suppressions()
	fmt.Fprintf(w, "\n%d get no more mail:\n", len(all))
	for _, s := range all[:min(len(all), mostShown)] {
		fmt.Fprintf(w, "  %-28s %-13s %s\n", s.Address, s.Reason, strings.TrimSpace(s.Detail))
	}
	if len(all) > mostShown {
		fmt.Fprintf(w, "  and %d others\n", len(all)-mostShown)
	}
}
