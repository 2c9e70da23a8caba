package main

import (
	"flag"
	"fmt"
	"io"
)

// Options are the flags.
type options struct {
	n, rounds, sessions int
	dir                 string
}

func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("loop", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.IntVar(&o.n, "n", 200, "recipients")
	f.IntVar(&o.rounds, "rounds", 3, "newsletters")
	f.IntVar(&o.sessions, "sessions", 4, "sessions at once")
	f.StringVar(&o.dir, "dir", "", "`directory` for the maildir and the suppressions (default a temporary one)")
	return f
}

func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage: loop [flags]\n\nSends newsletters, reads what comes back, and leaves out whom it suppresses. See go doc ./examples/loop.")
	f := new(options).flags()
	f.SetOutput(w)
	f.PrintDefaults()
}

// parseOptions reads the arguments. The error names the flag at fault, or is
// flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	for _, n := range []struct {
		flag        string
		value, high int
	}{{"n", o.n, 100_000}, {"rounds", o.rounds, 100}, {"sessions", o.sessions, 100}} {
		if n.value < 1 || n.value > n.high {
			return nil, fmt.Errorf("-%s: %d is not in the range 1 to %d", n.flag, n.value, n.high)
		}
	}
	return o, nil
}
