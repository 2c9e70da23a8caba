package pool

import (
	"errors"
	"fmt"
)

// ErrHeldBack is found by errors.Is in the error of a job that was not sent
// because more jobs wait for its limit than Limit.MaxWaiting has room for.
var ErrHeldBack = errors.New("too many jobs wait for the limit")

// A Limit bounds the mail for a destination domain or of a key. The zero value
// bounds nothing; each field that is not zero holds, whatever the others say.
//
// A job that a limit holds back waits aside and keeps nobody else waiting, as
// long as there is room aside: Config.MaxWaiting jobs. When that is full, those
// who hand jobs over wait.
type Limit struct {
	// Rates are bounds of the messages, each of which holds: 14 a second and
	// 50,000 a day, say.
	Rates []Rate
	// Sessions is how many sessions may carry its mail at a time; 0: any number.
	// A session that has carried some counts until it ends.
	Sessions int
	// Connections is how many sessions may take its mail up per time. The zero
	// Rate: any number.
	Connections Rate
	// MaxMessages is how many of its messages a session carries at most. One that
	// has, and meets another, is replaced; 0: any number.
	MaxMessages int
	// MaxWaiting is how many of its jobs may wait aside. One more comes back as
	// NotSent with ErrHeldBack, and so does not keep others waiting when there is
	// more of it than memory. 0: any number, within Config.MaxWaiting.
	MaxWaiting int
}

func (l *Limit) validate(field string) error {
	if err := validateRates(field+".Rates", l.Rates); err != nil {
		return err
	}
	if err := validateRate(field+".Connections", l.Connections); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"Sessions", l.Sessions}, {"MaxMessages", l.MaxMessages}, {"MaxWaiting", l.MaxWaiting}} {
		if f.value < 0 {
			return &FieldError{field + "." + f.name, "negative"}
		}
	}
	if len(l.Rates) == 0 && l.Connections == (Rate{}) && l.Sessions == 0 && l.MaxMessages == 0 {
		return &FieldError{field, "a limit that bounds nothing"}
	}
	return nil
}

func validateRates(field string, rates []Rate) error {
	for i, r := range rates {
		if bad := r.validate(); bad != nil {
			return &FieldError{fmt.Sprintf("%s[%d].%s", field, i, bad.Field), bad.Reason}
		}
	}
	return nil
}

// validateRate is for a Rate that may be left out.
func validateRate(field string, r Rate) error {
	if r == (Rate{}) {
		return nil
	}
	if bad := r.validate(); bad != nil {
		return &FieldError{field + "." + bad.Field, bad.Reason}
	}
	return nil
}
