package pool_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// Replies met in the field, and what is done about them: what is slowed, how
// long it is until the message goes again, and by how many sessions.
var fieldReplies = []struct {
	at      smtptest.Point
	reply   string
	slowed  string        // "": nothing
	again   time.Duration // the pause
	charged bool          // the attempt
}{
	{smtptest.PointEndOfData, "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n421 4.7.28 from your IP address.", "relay relay", time.Second, false},
	{smtptest.PointRCPT, "450 4.2.1 The user you are trying to contact is receiving mail too quickly.", "recipient r0@example.test", 5 * time.Second, true},
	{smtptest.PointRCPT, "450 4.2.1 mailbox disabled for now", "", time.Hour, true},
	{smtptest.PointRCPT, "452 4.5.3 Your message has too many recipients.", "", time.Hour, true}, // of one: it is no help to split it
	{smtptest.PointMAIL, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", "relay relay", time.Second, false},
	{smtptest.PointMAIL, "451 4.4.2 Timeout waiting for data from client.", "", 0, false},
	{smtptest.PointEndOfData, "454 Throttling failure: Maximum sending rate exceeded.", "relay relay", time.Second, false},
	{smtptest.PointMAIL, "421 Maximum message count per session reached", "", 0, false},
	{smtptest.PointMAIL, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", "", 0, false},
	{smtptest.PointRCPT, "450 4.2.0 Greylisted, please try again in 300 seconds", "", time.Hour, true},
	{smtptest.PointRCPT, "451 4.7.1 Greylisting in action, please come back later", "", time.Hour, true},
	{smtptest.PointEndOfData, "451 4.3.0 Temporary lookup failure", "", time.Hour, true},
	{smtptest.PointRCPT, "452 4.2.2 The mailbox is full", "", time.Hour, true},
	{smtptest.PointRCPT, "451 4.7.0 Rate limit for this domain, slow down", "domain example.test", time.Second, false},
}

func TestWhatRepliesMean(t *testing.T) {
	for _, tt := range fieldReplies {
		t.Run(tt.reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var slowed []string
				var mu sync.Mutex
				r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
					s.Script(smtptest.Fault{At: tt.at, Nth: 1, Do: smtptest.Answer(tt.reply)})
					c.Sessions = 2
					c.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Hour) }
					if strings.HasPrefix(tt.slowed, "recipient") {
						c.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Second) }
					}
					c.Trace = &pool.Trace{Slowed: func(what string, _ float64, err error) {
						mu.Lock()
						defer mu.Unlock()
						if slowed = append(slowed, what); err == nil {
							t.Error("slowed without a reason")
						}
					}}
				})
				defer r.close()
				begin := time.Now()
				res, err := r.pool.Send(t.Context(), job(0))
				if err != nil {
					t.Fatal(err)
				}
				attempts := 1
				if tt.charged {
					attempts = 2
				}
				took := time.Since(begin).Round(time.Second)
				if tt.at == smtptest.PointMAIL && took == time.Second && tt.again == 0 {
					took = 0 // a session that was of no use is not built anew at once
				}
				if took != tt.again || res.Attempts != attempts {
					t.Errorf("accepted after %v and %d attempts, want %v and %d", took, res.Attempts, tt.again, attempts)
				}
				if want := fmt.Sprint([]string{tt.slowed}); tt.slowed == "" && slowed != nil || tt.slowed != "" && fmt.Sprint(slowed) != want {
					t.Errorf("slowed: %v, want %v", slowed, want)
				}
			})
		})
	}
}

// A refusal for good asks for nothing.
func TestRefusalsSlowNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
			s.Script(smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.Answer("550 5.7.515 Access denied, sending domain does not meet the required authentication level; rate limit")})
			c.Trace = &pool.Trace{Slowed: func(what string, _ float64, _ error) { t.Errorf("slowed: %s", what) }}
		})
		defer r.close()
		if res, _ := r.pool.Send(t.Context(), job(0)); res.Recipients[0].Outcome != smtpclient.Rejected || res.Attempts != 1 {
			t.Errorf("%+v", res)
		}
	})
}

// A user's own table takes the place of the default one; an empty one ends it.
func TestOwnReplies(t *testing.T) {
	for _, tt := range []struct {
		rules []pool.ReplyRule
		want  string
	}{
		{[]pool.ReplyRule{{Enhanced: []string{"4.3"}, Texts: []string{"tired"}, Meaning: pool.SlowDomain}}, "domain example.test"},
		{[]pool.ReplyRule{{Codes: []int{450}, Meaning: pool.SlowRelay}, {Verbs: []string{"RCPT"}, Meaning: pool.SlowRecipient}}, "recipient r0@example.test"},
		{[]pool.ReplyRule{{Enhanced: []string{"4.3.1"}, Meaning: pool.SlowDomain}}, ""},
		{[]pool.ReplyRule{}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			slowed := ""
			r := newRig(t, func(s *smtptest.Server, c *pool.Config) {
				s.Script(smtptest.Fault{At: smtptest.PointRCPT, Nth: 1, Do: smtptest.Answer("451 4.3.12 I am TIRED, unusual rate limit")})
				c.Replies = tt.rules
				c.Trace = &pool.Trace{Slowed: func(what string, _ float64, _ error) { slowed = what }}
			})
			defer r.close()
			if _, err := r.pool.Send(t.Context(), job(0)); err != nil || slowed != tt.want {
				t.Errorf("slowed %q, want %q (%v)", slowed, tt.want, err)
			}
		})
	}
}
