package message

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClock: what the clock tells is the time of day, however much time passes
// between two readings, and wherever the time comes from.
func TestClock(t *testing.T) {
	var c clock
	told := func() {
		t.Helper()
		before := time.Now()
		now := c.now()
		if after := time.Now(); now.Before(before) || now.After(after) || now.Location() != time.Local {
			t.Errorf("%v, between %v and %v", now, before, after)
		}
	}
	inBubble := func() {
		synctest.Test(t, func(t *testing.T) {
			for _, pass := range []time.Duration{0, time.Nanosecond, mostPassed / 2, mostPassed - 1, mostPassed, mostPassed + 1, time.Hour, mostPassed / 3} {
				<-time.After(pass)
				// Without their monotonic reading, which equal times of day may differ by.
				if now, want := c.now().Round(0), time.Now().Round(0); !now.Equal(want) {
					t.Errorf("after %v: %v, want %v", pass, now, want)
				}
			}
		})
	}
	told()
	told()
	inBubble()
	told()
	c.read = c.read.Add(-time.Hour) // as if long ago
	told()
	told()
}
