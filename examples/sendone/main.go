package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// Exit codes, see the package comment.
const (
	exitAccepted = 0
	exitSome     = 1
	exitUsage    = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	code, err := sendOne(ctx, args, stdin, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		printUsage(stdout)
		return exitAccepted
	case err != nil:
		fmt.Fprintf(stderr, "sendone: %v\nsendone -h lists the flags.\n", err)
		return exitUsage
	}
	return code
}

// sendOne does what the arguments say. The error is about them, and nothing has
// been sent if there is one.
func sendOne(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (code int, err error) {
	o, err := parseOptions(args)
	if err != nil {
		return 0, err
	}
	account, err := o.account()
	if err != nil {
		return 0, err
	}
	var server *smtptest.Server
	if o.addr == "" {
		server = startBuiltIn(&account)
		defer server.Close()
		o.fillIn()
	}
	m, err := o.message(stdin)
	if err != nil {
		return 0, err
	}
	result, err := deliver(ctx, account, m, o.maxAttempts)
	if err != nil {
		return 0, err
	}
	code = report(stdout, result)
	if server != nil {
		showReceived(stdout, server.Messages())
	}
	return code, nil
}

// report writes a line for each recipient and returns the exit code.
func report(w io.Writer, result smtpclient.Result) int {
	code := exitAccepted
	for _, r := range result.Recipients {
		why := r.Reply.String()
		if r.Outcome != smtpclient.Accepted {
			code = exitSome
			why = r.Err.Error()
		}
		fmt.Fprintf(w, "%-8s  %s  %s\n", r.Outcome, r.Address, why)
	}
	return code
}
