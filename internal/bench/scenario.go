package main

import (
	"fmt"
	"time"
)

// A scenario is a network and a number of sessions over it.
type scenario struct {
	name      string
	sessions  int
	roundTrip time.Duration // 0: the loopback interface as it is
}

var allScenarios = []*scenario{
	{name: "loopback-1", sessions: 1},
	{name: "loopback-4", sessions: 4},
	{name: "loopback-16", sessions: 16},
	{name: "loopback-64", sessions: 64},
	{name: "rtt20-10", sessions: 10, roundTrip: 20 * time.Millisecond},
}

// String describes the scenario.
func (s *scenario) String() string {
	sessions := fmt.Sprintf("%d sessions", s.sessions)
	if s.sessions == 1 {
		sessions = "one session"
	}
	if s.roundTrip == 0 {
		return "loopback, " + sessions
	}
	return fmt.Sprintf("round trip of %v, %s: %.0f msgs/s at one round trip a mail", s.roundTrip, sessions,
		float64(s.sessions)/s.roundTrip.Seconds())
}
