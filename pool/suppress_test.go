package pool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A blocklist is a Suppressor.
type blocklist map[string]string

func (b blocklist) Suppressed(address string) (string, bool) {
	reason, yes := b[address]
	return reason, yes
}

// Whom the Suppressor names gets no mail of SendAll, and a result that says why;
// the other recipients of a message get it, whatever it takes.
func TestSuppressor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.OnRcpt = refuseByName
			c.Suppressor = blocklist{"gone@example.test": "no such user", "angry@example.test": "complaint"}
			c.MaxAttempts = 2
		})
		defer r.close()
		mails := [][]string{
			{"ok@example.test"}, {"gone@example.test"}, {"angry@example.test", "ok@example.test", "gone@example.test"},
			{"gone@example.test", "angry@example.test"}, {"bad@example.test", "gone@example.test"}, {"busy@example.test", "angry@example.test", "ok@example.test"},
		}
		var results []pool.Result
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) {
			for i, to := range mails {
				if !yield(job(i, to...)) {
					return
				}
			}
		}) {
			results = append(results, res)
			for i, got := range res.Recipients {
				if want := mails[res.Tag.(int)][i]; got.Address != want {
					t.Errorf("job %d: %s in the place of %s", res.Tag, got.Address, want)
				}
				if named := got.Address[:4] == "gone" || got.Address[:5] == "angry"; named != errors.Is(got.Err, pool.ErrSuppressed) {
					t.Errorf("%s: %v, %v", got.Address, got.Outcome, got.Err)
				}
			}
		}
		r.verify(len(mails), results)
		want := map[smtpclient.Outcome]int{smtpclient.Accepted: 3, smtpclient.NotSent: 7, smtpclient.Rejected: 1, smtpclient.Deferred: 1}
		if got := outcomes(results); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("outcomes %v, want %v", got, want)
		}
		if s := r.pool.Stats(); s.Jobs != int64(len(mails)) || s.NotSent != 7 {
			t.Errorf("%+v", s)
		}
		if _, err := r.pool.Send(t.Context(), job(9, "gone@example.test")); err != nil {
			t.Errorf("Send is not bulk mail: %v", err)
		}
	})
}

// What is given up keeps who was suppressed apart from who was not.
func TestSuppressorAndGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *smtptest.Server, c *pool.Config) {
			c.Suppressor = blocklist{"gone@example.test": "no such user"}
			c.Relay.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errGone }
		})
		defer r.close()
		for res := range r.pool.SendAll(t.Context(), func(yield func(pool.Job) bool) { yield(job(0, "gone@example.test", "ok@example.test")) }) {
			if a, b := res.Recipients[0], res.Recipients[1]; !errors.Is(a.Err, pool.ErrSuppressed) || errors.Is(a.Err, errGone) ||
				!errors.Is(b.Err, errGone) || a.Outcome != smtpclient.NotSent || b.Outcome != smtpclient.NotSent {
				t.Errorf("%+v", res)
			}
		}
	})
}
