package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Exit codes, see the package comment.
const (
	exitQuit  = 0
	exitLost  = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(stdout)
		return exitQuit
	}
	if err != nil {
		fmt.Fprintf(stderr, "session: %v\nsession -h lists the flags.\n", err)
		return exitUsage
	}
	relay, err := o.relay()
	if err == nil && o.addr == "" {
		server := startBuiltIn(o, &relay)
		defer server.Close()
	}
	mails, mailsErr := o.mails()
	if err := cmp.Or(err, relay.Validate(), mailsErr); err != nil {
		fmt.Fprintf(stderr, "session: %v\n", err)
		return exitUsage
	}
	v := &viewer{wire: newWire(stdout), mails: mails}
	if o.interactive {
		v.commands = stdin
	}
	if err := v.view(ctx, relay); err != nil {
		fmt.Fprintf(stderr, "session: %v\n", err)
		return exitLost
	}
	return exitQuit
}

// A viewer has one session and shows it.
type viewer struct {
	wire     *wire
	mails    []*smtpclient.Mail
	commands io.Reader // nil: none
	session  *smtpclient.Session
	sent     int // messages
}

// view is the session, from Dial to QUIT. The error says why there was none, or
// why it ended otherwise.
func (v *viewer) view(ctx context.Context, relay smtpclient.Config) (err error) {
	relay.Trace = v.wire.trace()
	if v.session, err = smtpclient.Dial(ctx, relay); err != nil {
		return err
	}
	defer v.session.Close()
	stop := context.AfterFunc(ctx, func() { v.session.Close() })
	defer stop()

	// This is how to send in a row: the next Start takes along what the last
	// one has left to be sent, in ModeOverlap, and Flush what is left at the end.
	for _, m := range v.mails {
		v.sent++
		number := v.sent
		v.session.Start(m, func(r *smtpclient.Result) { v.wire.result(number, r) })
	}
	v.session.Flush()

	if v.commands != nil {
		v.obey(ctx)
	}
	if err := v.session.Quit(ctx); err != nil {
		return cmp.Or(ctx.Err(), err) // an interrupt first: it closed the session
	}
	v.wire.summary(v.session.Begun())
	return nil
}
