package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes, see the package comment.
const (
	exitAccepted = 0
	exitSome     = 1
	exitUsage    = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses the arguments, does what they say, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(stdout)
		return exitAccepted
	}
	var to relay
	if err == nil {
		to, err = newRelay(o)
	}
	if err != nil {
		fmt.Fprintf(stderr, "loadtest: %v\nloadtest -h lists the flags.\n", err)
		return exitUsage
	}
	r, err := send(ctx, o, to)
	if err != nil {
		fmt.Fprintf(stderr, "loadtest: %v\n", err)
		return exitUsage
	}
	if err := r.write(stdout, stderr, o.json); err != nil {
		fmt.Fprintf(stderr, "loadtest: %v\n", err)
		return exitSome
	}
	return r.exitCode()
}
