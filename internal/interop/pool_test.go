package interop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

func TestPoolAgainstPostfix(t *testing.T) { testPool(t, interop.Postfix, 2000, 0) }

// Exim is slow: it writes several files a message and starts processes for it.
// Its sessions are kept short, since it ends one with too many refusals, see
// TestStreamRefusals.
func TestPoolAgainstExim(t *testing.T) { testPool(t, interop.Exim, 400, 50) }

// testPool sends to fates recipients over STARTTLS with AUTH and four sessions,
// in every mode: some refused at RCPT, some deferred, some content refused at
// its end. Every recipient has one outcome, and the mails that arrived are
// exactly the accepted ones, each under its own envelope and with its own
// content.
func testPool(t *testing.T, kind interop.Kind, fates, perSession int) {
	s := interop.Start(t, kind)
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		t.Run(mode.String(), func(t *testing.T) { runFates(t, s, mode, fates, perSession) })
	}
}

// fate makes message i, and what must become of it.
func fate(mode smtpclient.Mode, i int) (pool.Job, smtpclient.Outcome, int) {
	to := fmt.Sprintf("%s-r%d@%s", mode, i, interop.Domain)
	subject := fmt.Sprintf("%s mail %d", mode, i)
	outcome, code := smtpclient.Accepted, 250
	switch {
	case i%20 == 7:
		to, outcome, code = "bad-"+to, smtpclient.Rejected, 550
	case i%50 == 9:
		to, outcome, code = "tmp-"+to, smtpclient.Deferred, 450
	case i%40 == 11:
		subject, outcome, code = "REJECTME "+subject, smtpclient.Rejected, 550
	case i%100 == 3:
		to = fmt.Sprintf(`"%s r %d"@%s`, mode, i, interop.Domain)
	}
	content := fmt.Sprintf("From: news@sender.test\r\nTo: %s\r\nSubject: %s\r\n\r\n.\r\n..\r\nbody %d\r\n.%s\r\n",
		to, subject, i, strings.Repeat(" padding", i%90))
	return pool.Job{Tag: i, Mail: smtpclient.Mail{
		From: fmt.Sprintf("%s-s%d@sender.test", mode, i), To: smtpclient.Recipients(to), Content: []byte(content),
	}}, outcome, code
}

func runFates(t *testing.T, s *interop.Server, mode smtpclient.Mode, fates, perSession int) {
	p, err := pool.New(pool.Config{
		Sessions: 4, MaxAttempts: 2, MaxMessages: perSession,
		Backoff: func() backoff.BackOff { return backoff.NewConstantBackOff(100 * time.Millisecond) },
		Relay: smtpclient.Config{
			Addr: s.Addr(interop.Submission), TLSConfig: s.TLS(), Mode: mode,
			Auth: smtpclient.PasswordAuth(interop.User, interop.Password),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	results := 0
	var want []interop.Mail
	began := time.Now()
	for r := range p.SendAll(t.Context(), func(yield func(pool.Job) bool) {
		for i := range fates {
			if j, _, _ := fate(mode, i); !yield(j) {
				return
			}
		}
	}) {
		results++
		j, outcome, code := fate(mode, r.Tag.(int))
		got := r.Recipients[0]
		if got.Outcome != outcome || got.Reply.Code != code {
			t.Errorf("%s: %v with %v, want %v with %d (%v)", got.Address, got.Outcome, got.Reply, outcome, code, got.Err)
		}
		if got.Outcome == smtpclient.Accepted {
			want = append(want, interop.Mail{ReturnPath: j.From, OriginalTo: got.Address, Content: j.Content})
		}
	}
	took := time.Since(began)
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if results != fates {
		t.Errorf("%d results for %d messages", results, fates)
	}
	stats := p.Stats()
	t.Logf("%d accepted, %d rejected, %d deferred in %v, %.0f/s; %.2f round trips a message over %d sessions",
		stats.Accepted, stats.Rejected, stats.Deferred, took.Round(time.Millisecond), float64(fates)/took.Seconds(),
		float64(stats.RoundTrips)/float64(fates), stats.Dials)
	wantMails(t, s, want)
}
