package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// The roles in which the program starts itself.
const (
	roleSink = "sink"
	roleSend = "send"
)

// A sending is what a sender's process is to do, and the flags that say so.
type sending struct {
	name             string
	addr             string
	sessions, n      int
	warmUp, measured time.Duration
}

func (s *sending) flags() *flag.FlagSet {
	f := flag.NewFlagSet(roleSend, flag.ContinueOnError)
	f.StringVar(&s.name, "name", "", "the sender")
	f.StringVar(&s.addr, "addr", "", "the sink's address")
	f.IntVar(&s.sessions, "sessions", 1, "sessions at once")
	f.IntVar(&s.n, "n", 0, "mails; 0: until the time is over")
	f.DurationVar(&s.warmUp, "warm-up", 0, "time before the measuring")
	f.DurationVar(&s.measured, "measured", 0, "time of the measuring; 0: none")
	return f
}

func (s *sending) args() []string {
	return []string{roleSend, "-name", s.name, "-addr", s.addr, "-sessions", fmt.Sprint(s.sessions),
		"-n", fmt.Sprint(s.n), "-warm-up", s.warmUp.String(), "-measured", s.measured.String()}
}

// beSender sends, and writes a sender.Result.
func beSender(args []string, stdout io.Writer) error {
	var s sending
	if err := s.flags().Parse(args); err != nil {
		return err
	}
	by := sender.Named(s.name)
	if by == nil || by.Send == nil {
		return fmt.Errorf("there is no sender %q", s.name)
	}
	result, err := by.Run(sender.NewLoad(s.addr, s.sessions, s.n), s.warmUp, s.measured)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(result)
}

func sinkFlags(c *sink.Config) *flag.FlagSet {
	f := flag.NewFlagSet(roleSink, flag.ContinueOnError)
	f.DurationVar(&c.RoundTrip, "round-trip", 0, "of the network")
	f.StringVar((*string)(&c.Check), "check", string(sink.CheckNothing), "how closely to look")
	return f
}

func sinkArgs(c sink.Config) []string {
	return []string{roleSink, "-round-trip", c.RoundTrip.String(), "-check", string(c.Check)}
}

// beSink writes the address of a sink, waits for the end of stdin, which comes
// too if the one who started it dies, and writes the sink.Counts.
func beSink(args []string, stdin io.Reader, stdout io.Writer) error {
	var c sink.Config
	if err := sinkFlags(&c).Parse(args); err != nil {
		return err
	}
	s, err := sink.Listen(c)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, s.Addr()); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, stdin); err != nil {
		return err
	}
	counts, err := s.Stop()
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(counts)
}
