package message

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClock: the time that is told is that of day, of which a reading is kept for a
// while.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		for i, pass := range []struct {
			time time.Duration
			kept bool
		}{
			{0, false}, {time.Nanosecond, true}, {mostPassed - 2, true}, {1, false}, {mostPassed / 2, true},
			{mostPassed / 2, false}, {time.Hour, false}, {mostPassed - 1, true}, {0, true},
		} {
			<-time.After(pass.time)
			read := c.read
			if now := c.now().Round(0); !now.Equal(time.Now().Round(0)) || now.Location() != time.Local {
				t.Errorf("%d: %v, want %v", i, now, time.Now())
			}
			if kept := c.read == read; kept != pass.kept {
				t.Errorf("%d: reading kept %v", i, kept)
			}
		}
	})
}

// TestClockElsewhere: a reading of a test's time is none for others, and the other
// way round.
func TestClockElsewhere(t *testing.T) {
	var c clock
	told := func() {
		t.Helper()
		before := time.Now().Round(0)
		now := c.now().Round(0)
		if after := time.Now().Round(0); now.Before(before) || now.After(after) {
			t.Errorf("%v, between %v and %v", now, before, after)
		}
	}
	told()
	synctest.Test(t, func(t *testing.T) {
		if now := c.now().Round(0); !now.Equal(time.Now().Round(0)) {
			t.Errorf("%v, want %v", now, time.Now())
		}
	})
	told()
}
