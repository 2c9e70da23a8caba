package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// checkSuppress refuses an empty name, which may be that of a variable in a script:
// nobody would be left out.
func (o *options) checkSuppress() error {
	if o.given["suppress"] && o.suppress == "" {
		return errors.New("-suppress: empty")
	}
	return nil
}

// openSuppressions reads the addresses to which no mail is to be sent; nil if no
// file is named. For package bounce a file that is not there is an empty list:
// here a mistyped name would send to all who are on it.
func openSuppressions(name string) (bounce.Suppressor, error) {
	if name == "" {
		return nil, nil
	}
	_, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("-suppress: %w", err)
	}
	list, err := bounce.LoadLedger(name, bounce.Rules{})
	if err != nil {
		return nil, fmt.Errorf("-suppress: %w", err)
	}
	return list, nil
}

// suppressedOutcome is that of a row whose address is suppressed.
func suppressedOutcome(email, reason string) *outcome {
	o := &outcome{Email: email, Outcome: notSent, Error: "suppressed", suppressed: true}
	if reason != "" {
		o.Error += ": " + reason
	}
	return o
}
