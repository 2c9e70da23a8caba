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
	exitMeasured = 0
	exitFailed   = 1
	exitUsage    = 2
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program, and what it starts itself as: the first argument then is
// the name of a role.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 0 && args[0] == roleSink:
		err = beSink(args[1:], stdin, stdout)
	case len(args) > 0 && args[0] == roleSend:
		err = beSender(args[1:], stdout)
	default:
		return compare(ctx, args, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitMeasured
}

// compare does what the flags say.
func compare(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(stdout)
		return exitMeasured
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\nbench -h lists the flags.\n", err)
		return exitUsage
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailed
	}
	// Only here: a signal ends the roles by itself.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{options: o, self: self, stdout: stdout, stderr: stderr}
	do := b.run
	if o.build {
		do = b.building
	}
	if err := do(ctx); err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailed
	}
	return exitMeasured
}
