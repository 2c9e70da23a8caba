package pool

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Rate is so many messages, or so many new sessions, per time. It holds over
// all sessions and is checked before a message is sent. Every attempt counts,
// whatever comes of it, and a message counts once, however many recipients it
// has.
//
// It is a token bucket that paces: with 10,000 an hour one goes every 0.36 s,
// and no window of any length T has more than N × T/Per + Burst messages. What is
// to be spent faster, a quota a day beside a rate a second, say, needs a Burst.
type Rate struct {
	// N is how many per Per, at least 1; at most one per nanosecond.
	N int
	// Per is the time, more than 0 and at most 366 days.
	Per time.Duration
	// Burst is how many may go at once after a pause, at least 1; 0 is what goes
	// in 50 ms at this rate, and at least 1.
	Burst int
}

// units are what ParseRate knows; String uses the first name.
var units = []struct {
	per   time.Duration
	names []string
}{
	{time.Second, []string{"s", "sec", "second"}},
	{time.Minute, []string{"min", "m", "minute"}},
	{time.Hour, []string{"h", "hour"}},
	{24 * time.Hour, []string{"day", "d"}},
}

// ParseRate reads "14/s", "600/min", "10000/h" or "50000/day": a whole number of
// at least 1 and a unit.
func ParseRate(s string) (Rate, error) {
	number, unit, _ := strings.Cut(s, "/")
	for _, u := range units {
		for _, name := range u.names {
			if unit != name {
				continue
			}
			n, err := strconv.Atoi(number)
			if err != nil {
				return Rate{}, fmt.Errorf("pool: rate %q: %q is no whole number", s, number)
			}
			r := Rate{N: n, Per: u.per}
			if bad := r.validate(); bad != nil {
				return Rate{}, fmt.Errorf("pool: rate %q: %s", s, bad.Reason)
			}
			return r, nil
		}
	}
	return Rate{}, fmt.Errorf("pool: rate %q: its unit is none of /s, /min, /h and /day", s)
}

// String returns the rate as ParseRate reads it, with "every 1m30s" for a time
// that has no name.
func (r Rate) String() string {
	for _, u := range units {
		if u.per == r.Per {
			return strconv.Itoa(r.N) + "/" + u.names[0]
		}
	}
	return fmt.Sprintf("%d every %v", r.N, r.Per)
}

func (r Rate) validate() *FieldError {
	switch {
	case r.N <= 0:
		return &FieldError{"N", fmt.Sprintf("%d is not above zero", r.N)}
	case r.Per <= 0:
		return &FieldError{"Per", fmt.Sprintf("%v is not above zero", r.Per)}
	case r.Per > longestPer:
		return &FieldError{"Per", "over 366 days"}
	case int64(r.N) > int64(r.Per):
		return &FieldError{"N", "more than one per nanosecond"}
	case r.Burst < 0:
		return &FieldError{"Burst", "negative"}
	case int64(r.Burst) > math.MaxInt64/4/r.interval():
		return &FieldError{"Burst", "more than centuries' worth"}
	}
	return nil
}

// longestPer keeps sums of times from overflowing.
const longestPer = 366 * 24 * time.Hour

// interval is the time between two messages in nanoseconds, rounded up, so that
// rounding never lets one more through.
func (r Rate) interval() int64 { return (int64(r.Per) + int64(r.N) - 1) / int64(r.N) }
