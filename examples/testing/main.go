package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/bulksmtp/bulksmtp/examples/testing/signup"
	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program; the exit codes are in the package comment.
func run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(stderr, "testing: unexpected argument %q\n", args[0])
		return 2
	}
	if err := play(ctx, stdout); err != nil {
		fmt.Fprintf(stderr, "testing: %v\n", err)
		return 1
	}
	return 0
}

// play signs up everybody in the script.
func play(ctx context.Context, stdout io.Writer) error {
	server := smtptest.NewServer()
	defer server.Close()
	p, err := pool.New(pool.Config{
		Relay:   smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()},
		Backoff: func() backoff.BackOff { return backoff.NewConstantBackOff(100 * time.Millisecond) },
	})
	if err != nil {
		return err
	}
	defer p.Close()
	service := &signup.Service{Mail: p, From: message.Address{Name: "Example", Addr: "hello@example.com"}}

	for _, scene := range script {
		if scene.fault != nil {
			server.Script(*scene.fault)
		}
		before := server.Counters().Messages
		err := service.SignUp(ctx, scene.name, scene.address)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		mails := server.Counters().Messages - before
		fmt.Fprintf(stdout, "%s: %s\n    the application: %v\n    mails at the relay: %d\n", scene.name, scene.relay, orFine(err), mails)
		if err == nil && mails != 1 {
			return fmt.Errorf("the relay has %d mails for %s", mails, scene.name)
		}
	}
	return nil
}

// orFine is what to write for err.
func orFine(err error) any {
	if err == nil {
		return "the welcome mail was accepted"
	}
	return err
}
