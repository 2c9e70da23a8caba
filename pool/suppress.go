package pool

import (
	"errors"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// ErrSuppressed is found by errors.Is in the error of a recipient whom
// Config.Suppressor wants no bulk mail sent to.
var ErrSuppressed = errors.New("recipient is suppressed")

// A Suppressor knows whom to write to no more: bounce.Ledger is one.
type Suppressor interface {
	// Suppressed reports whether an address is to get no more bulk mail, and why.
	// It must be safe for concurrent use and not call the pool.
	Suppressed(address string) (reason string, yes bool)
}

// suppress leaves out of t whom it must not be sent to, and reports whether nobody
// else is left. It is called before anybody else has t.
func (t *task) suppress(by Suppressor) (nobody bool) {
	kept := make([]int, 0, len(t.job.To))
	var results []smtpclient.RecipientResult
	for i := range t.job.To {
		address := t.job.To[i].Address
		reason, yes := by.Suppressed(address)
		if !yes {
			kept = append(kept, i)
			continue
		}
		if results == nil {
			results = make([]smtpclient.RecipientResult, len(t.job.To))
			for k := range results {
				results[k] = smtpclient.RecipientResult{Address: t.job.To[k].Address, Outcome: smtpclient.NotSent}
			}
		}
		results[i].Err = &smtpclient.RefusedError{Reason: ErrSuppressed, Detail: address + ": " + reason}
	}
	if results == nil {
		return false
	}
	t.result.Recipients, t.owed = results, kept
	t.remember()
	return len(kept) == 0
}
