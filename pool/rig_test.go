package pool_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// A rig is a pool in front of a test server, joined by a network inside the
// process, so that it runs under a fake clock too.
type rig struct {
	t      *testing.T
	server *smtptest.Server
	net    *pipenet.Listener
	pool   *pool.Pool
}

// newRig builds one; adjust may change the server and the pool's config before
// they start. The server is closed when the test ends; the test closes the pool.
func newRig(t *testing.T, adjust func(*smtptest.Server, *pool.Config)) *rig {
	t.Helper()
	return newRigOn(t, pipenet.Listen(), adjust)
}

// newRigOn is newRig on a network with buffers, say.
func newRigOn(t *testing.T, net *pipenet.Listener, adjust func(*smtptest.Server, *pool.Config)) *rig {
	t.Helper()
	r := &rig{t: t, server: &smtptest.Server{NoSTARTTLS: true}, net: net}
	r.server.Listener = r.net
	c := pool.Config{
		Sessions: 1,
		Relay: smtpclient.Config{
			Network: "unix", Addr: "relay", Dial: r.net.Dial, Security: smtpclient.Plaintext, LocalName: "client.test",
		},
	}
	if adjust != nil {
		adjust(r.server, &c)
	}
	r.server.Start()
	var err error
	if r.pool, err = pool.New(c); err != nil {
		t.Fatal(err)
	}
	return r
}

// close ends the pool, which must not take with it what the caller is owed.
func (r *rig) close() {
	r.pool.Close()
	r.server.Close()
}

// job makes message i, to one recipient of its own or to those given.
func job(i int, to ...string) pool.Job {
	if to == nil {
		to = []string{fmt.Sprintf("r%d@example.test", i)}
	}
	return pool.Job{
		Mail: smtpclient.Mail{
			From: fmt.Sprintf("s%d@sender.test", i), To: smtpclient.Recipients(to...),
			Content: fmt.Appendf(nil, "Subject: mail %d\r\n\r\nbody %d\r\n", i, i),
		},
		Tag: i,
	}
}

// constant is a Config.Backoff that says the same each time.
func constant(d time.Duration) func() backoff.BackOff {
	return func() backoff.BackOff { return backoff.NewConstantBackOff(d) }
}

// sendApart sends n jobs at once. The func it returns waits for them, a day at
// most, and returns how long the slowest took; each must have been accepted.
func sendApart(t *testing.T, p *pool.Pool, n int) (wait func() (slowest time.Duration)) {
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	took := make(chan time.Duration, n)
	for i := range n {
		begin := time.Now()
		go func() {
			if _, err := p.Send(ctx, job(i)); err != nil {
				t.Errorf("job %d: %v", i, err)
			}
			took <- time.Since(begin)
		}()
	}
	return func() (slowest time.Duration) {
		for range n {
			slowest = max(slowest, <-took)
		}
		cancel()
		return slowest
	}
}

// jobs makes n of them.
func jobs(n int) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for i := range n {
			if !yield(job(i)) {
				return
			}
		}
	}
}

// verify holds results against what the server took: every job has one result,
// every recipient one outcome; what is Accepted was taken once, under its own
// envelope and with its own content; what is Rejected, Deferred or NotSent was
// not; nothing was taken that nobody sent.
func (r *rig) verify(n int, results []pool.Result) {
	r.t.Helper()
	taken := map[string]int{}
	for _, m := range r.server.Messages() {
		for _, to := range m.To {
			taken[fmt.Sprintf("%s %s %s", m.From, to.Address, m.Data)]++
		}
	}
	seen := map[int]bool{}
	for _, res := range results {
		i := res.Tag.(int)
		if seen[i] {
			r.t.Errorf("job %d has two results", i)
		}
		seen[i] = true
		for _, rcpt := range res.Recipients {
			j := job(i)
			key := fmt.Sprintf("%s %s %s", j.From, rcpt.Address, j.Content)
			copies := taken[key]
			delete(taken, key)
			switch {
			case rcpt.Outcome == smtpclient.Accepted && copies != 1,
				rcpt.Outcome == smtpclient.Unknown && copies > 1,
				slices.Contains([]smtpclient.Outcome{smtpclient.Rejected, smtpclient.Deferred, smtpclient.NotSent}, rcpt.Outcome) && copies != 0:
				r.t.Errorf("job %d, %s: %s, but the server took %d copies (%v)", i, rcpt.Address, rcpt.Outcome, copies, rcpt.Err)
			}
			if (rcpt.Err == nil) != (rcpt.Outcome == smtpclient.Accepted) {
				r.t.Errorf("job %d, %s: %s with error %v", i, rcpt.Address, rcpt.Outcome, rcpt.Err)
			}
		}
	}
	if len(seen) != n {
		r.t.Errorf("%d results for %d jobs", len(seen), n)
	}
	for key, copies := range taken {
		r.t.Errorf("the server took %d copies of what has no result: %s", copies, key)
	}
}

// outcomes counts the recipients by outcome.
func outcomes(results []pool.Result) map[smtpclient.Outcome]int {
	n := map[smtpclient.Outcome]int{}
	for _, r := range results {
		for _, rcpt := range r.Recipients {
			n[rcpt.Outcome]++
		}
	}
	return n
}
