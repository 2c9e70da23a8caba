package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit codes, see the package comment.
const (
	exitDone  = 0
	exitPage  = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	code, err := preview(ctx, args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		printUsage(stdout)
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "preview: %v\npreview -h lists the flags.\n", err)
		return exitUsage
	}
	return code
}

func preview(ctx context.Context, args []string, stdout io.Writer) (code int, err error) {
	o, err := parseOptions(args)
	if err != nil {
		return 0, err
	}
	e, err := newEditions(o)
	if err != nil {
		return 0, err
	}
	if o.get != "" {
		return get(ctx, newHandler(e), o.get, stdout)
	}
	return exitDone, serve(ctx, o.addr, newHandler(e), stdout)
}

// serve prints the URL and answers until ctx ends.
func serve(ctx context.Context, addr string, h http.Handler, stdout io.Writer) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	// What localhost is, the machine's files say.
	if host, _, err := net.SplitHostPort(l.Addr().String()); err != nil || !isLoopback(host) {
		return errors.Join(fmt.Errorf("-addr: %s leads to %s, which is no loopback address", addr, l.Addr()), l.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	defer context.AfterFunc(ctx, func() { server.Close() })() // pages are short; nothing is lost
	fmt.Fprintf(stdout, "http://%s/\n", l.Addr())
	fmt.Fprintln(stdout, "Open that in the browser. Ctrl-C ends it. Nothing is sent.")
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
