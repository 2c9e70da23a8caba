package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/builder"
	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
)

// Options are the flags, checked.
type options struct {
	scenarios []*scenario
	senders   []*sender.Sender
	builders  []*builder.Builder // with -build
	build     bool
	seconds   float64
	runs      int
	noise     float64
	json      bool
}

// measured is how long a run is measured, warmUp how long it goes on before: the
// building of sessions must be over by then.
func (o *options) measured() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }
func (o *options) warmUp() time.Duration   { return max(time.Second/2, o.measured()/4) }

func (o *options) flags(scenarios, only *string) *flag.FlagSet {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(scenarios, "scenario", "", "`regexp` of the scenarios, of their whole names; empty: all")
	f.StringVar(only, "only", "", "`regexp` of the senders or builders; empty: all")
	f.Float64Var(&o.seconds, "seconds", 2, "how long each run is measured")
	f.IntVar(&o.runs, "runs", 3, "runs of each sender in each scenario; 0: only the gate")
	f.Float64Var(&o.noise, "noise", 0.2, "share of the machine that others may have in a run; else it is repeated, once")
	f.BoolVar(&o.build, "build", false, "measure builders of mails, not senders")
	f.BoolVar(&o.json, "json", false, "JSON lines instead of tables")
	return f
}

// printUsage lists flags, scenarios and senders.
func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage: bench [flags]\n\nMeasures senders of mail side by side. See go doc .")
	f := new(options).flags(new(string), new(string))
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprintln(w, "\nscenarios:")
	for _, s := range allScenarios {
		fmt.Fprintf(w, "  %-12s %s\n", s.name, s)
	}
	fmt.Fprintln(w, "\nsenders:")
	for _, s := range sender.All() {
		fmt.Fprintf(w, "  %-28s %s\n", s.Name, s.Note)
	}
	fmt.Fprintln(w, "\nbuilders:")
	for _, b := range builder.All() {
		fmt.Fprintf(w, "  %-36s %s\n", b.Name, b.Note)
	}
}

// parseOptions reads the arguments. The error names the flag at fault, or is
// flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	var scenarios, only string
	f := o.flags(&scenarios, &only)
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case !(o.seconds >= 0.1 && o.seconds <= 60):
		return nil, fmt.Errorf("-seconds: %v is not in the range 0.1 to 60", o.seconds)
	case o.build && o.runs == 0:
		return nil, fmt.Errorf("-runs: 0 is for senders; go test ./builder looks at the builders' mails")
	case o.runs < 0 || o.runs > 100:
		return nil, fmt.Errorf("-runs: %d is not in the range 0 to 100", o.runs)
	case !(o.noise >= 0 && o.noise <= 1):
		return nil, fmt.Errorf("-noise: %v is not in the range 0 to 1", o.noise)
	}
	if scenarios == "" {
		scenarios = ".*"
	}
	name, err := regexp.Compile("^(?:" + scenarios + ")$") // loopback-1 is not loopback-16
	if err != nil {
		return nil, fmt.Errorf("-scenario: %w", err)
	}
	for _, s := range allScenarios {
		if name.MatchString(s.name) {
			o.scenarios = append(o.scenarios, s)
		}
	}
	if len(o.scenarios) == 0 {
		return nil, fmt.Errorf("-scenario: %q matches none", scenarios)
	}
	if name, err = regexp.Compile(only); err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	o.senders = sender.Select(name)
	for _, by := range builder.All() {
		if by.Name == builder.Enmime || name.MatchString(by.Name) {
			o.builders = append(o.builders, by)
		}
	}
	return o, nil
}
