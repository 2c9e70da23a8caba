package interop_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/internal/ledger"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/cenkalti/backoff/v4"
)

// A serverCase is a server and what it lets a client do.
type serverCase struct {
	kind  interop.Kind
	modes []smtpclient.Mode
	// perSession is how many messages a session carries, 0 is any number.
	perSession int
	// limited: a connection on Limited takes five messages, and another one five
	// more at once.
	limited bool
}

var (
	lockstep  = []smtpclient.Mode{smtpclient.ModeLockstep}
	pipelined = append(lockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap) // with PIPELINING
	chunked   = append(pipelined, smtpclient.ModeStream)                          // and CHUNKING
)

var serverCases = []serverCase{
	{kind: interop.Postfix, modes: chunked},
	// Exim ends a session with too many refusals, see TestStreamRefusals.
	{kind: interop.Exim, modes: chunked, perSession: 50, limited: true},
	{kind: interop.Sendmail, modes: pipelined},
	{kind: interop.OpenSMTPD, modes: lockstep},
	{kind: interop.Aiosmtpd, modes: lockstep, limited: true},
	{kind: interop.Haraka, modes: pipelined, limited: true},
	{kind: interop.SMTPServer, modes: pipelined, limited: true},
	{kind: interop.GoSMTP, modes: chunked, limited: true},
}

// TestServers sends through package pool to every server in every mode, and holds
// the ledger against what has arrived: mail of mixed fate, a limit of messages a
// connection, a limit of size, and a server that is killed in the midst of it. It
// prints the table that is in README.md.
func TestServers(t *testing.T) {
	var table resultTable
	t.Run("servers", func(t *testing.T) {
		for _, c := range serverCases {
			t.Run(string(c.kind), func(t *testing.T) {
				t.Parallel()
				c.run(t, interop.Start(t, c.kind), &table)
			})
		}
	})
	t.Logf("\n%v", &table)
}

func TestServersAreAllKinds(t *testing.T) {
	seen := map[interop.Kind]bool{}
	for _, c := range serverCases {
		seen[c.kind] = true
	}
	for _, kind := range interop.Kinds() {
		if !seen[kind] {
			t.Errorf("%s has no case", kind)
		}
	}
}

func (c *serverCase) run(t *testing.T, s *interop.Server, table *resultTable) {
	last := c.modes[len(c.modes)-1]
	for _, mode := range c.modes {
		t.Run(mode.String(), func(t *testing.T) { table.add(c.mixed(t, s, mode)) })
		if c.limited {
			t.Run("limited "+mode.String(), func(t *testing.T) { table.add(c.atLimit(t, s, mode)) })
		}
	}
	if c.kind.Has(interop.Small) {
		t.Run("small", func(t *testing.T) { table.add(c.small(t, s, last)) })
	}
	for _, mode := range c.modes {
		t.Run("restart "+mode.String(), func(t *testing.T) { table.add(c.restarted(t, s, mode)) })
	}
}

// mixed sends 500 messages of mixed fate, and one that is too large.
func (c *serverCase) mixed(t *testing.T, s *interop.Server, mode smtpclient.Mode) result {
	r := newPoolRun(c, mode.String(), s, mode)
	size := advertisedSize(t, s, c.port())
	r.send(t, func(yield func(pool.Job) bool) {
		for i := range 500 {
			if i == 250 && !yield(r.books.JobOfSize(size+1, "large", "large")) || !yield(r.job(i)) {
				return
			}
		}
	})
	r.wantFates(t)
	return r.result
}

// atLimit sends 100 messages to a port that takes five a connection: the limit
// costs sessions, and no message.
func (c *serverCase) atLimit(t *testing.T, s *interop.Server, mode smtpclient.Mode) result {
	r := newPoolRun(c, "limited, "+mode.String(), s, mode)
	r.open(interop.Limited)
	r.config.MaxAttempts = 20
	r.send(t, func(yield func(pool.Job) bool) {
		for range 100 {
			if !yield(r.books.Job("within limits")) {
				return
			}
		}
	})
	r.wantFates(t)
	if r.result.sessions < 20 {
		t.Errorf("%d sessions: no limit was met", r.result.sessions)
	}
	return r.result
}

// small sends to a port with a limit of size that every other message is over.
func (c *serverCase) small(t *testing.T, s *interop.Server, mode smtpclient.Mode) result {
	r := newPoolRun(c, "small, "+mode.String(), s, mode)
	r.open(interop.Small)
	size := advertisedSize(t, s, interop.Small)
	r.send(t, func(yield func(pool.Job) bool) {
		for range 50 {
			if !yield(r.books.Job("fits")) || !yield(r.books.JobOfSize(size+1, "large", "large")) {
				return
			}
		}
	})
	r.wantFates(t)
	return r.result
}

// restarted sends while the server is killed, twice, and comes back: what is then
// in hand may be Unknown, the rest has its fate.
func (c *serverCase) restarted(t *testing.T, s *interop.Server, mode smtpclient.Mode) result {
	r := newPoolRun(c, "killed twice, "+mode.String(), s, mode)
	r.config.MaxAttempts = 4
	r.config.Outage = 2 * time.Minute // a busy machine starts servers slowly
	r.killed = true
	restarts := restarts{t: t, s: s}
	r.each = restarts.see
	r.send(t, func(yield func(pool.Job) bool) {
		for i := 0; i < 200 || !restarts.done.Load(); i++ {
			if !yield(r.job(i)) {
				return
			}
		}
	})
	r.wantFates(t)
	return r.result
}

func (c *serverCase) port() interop.Port {
	if c.kind.Has(interop.Submission) {
		return interop.Submission
	}
	return interop.Open
}

func advertisedSize(t *testing.T, s *interop.Server, p interop.Port) int {
	t.Helper()
	c := dial(t, s, p)
	defer c.Close()
	_, param := c.Extension("SIZE")
	size, err := strconv.Atoi(param)
	if err != nil {
		t.Fatalf("SIZE %q", param)
	}
	return size
}

// A poolRun is mail sent through a pool, and the books about it.
type poolRun struct {
	config pool.Config
	server *interop.Server
	books  ledger.Ledger
	result result
	// each, if not nil, is called for each result of the pool.
	each func()
	// killed: the server is killed in the run. What is in hand then may be
	// Unknown, and a session that is cut before a message is judged may look like
	// a relay that cannot do what it offers.
	killed bool

	fates []pool.Result
}

func newPoolRun(c *serverCase, name string, s *interop.Server, mode smtpclient.Mode) *poolRun {
	r := &poolRun{server: s, result: result{server: c.kind, run: name}}
	r.books.Domain, r.books.SenderDomain = interop.Domain, "sender.test"
	r.config = pool.Config{
		Sessions: 4, MaxAttempts: 2, MaxMessages: c.perSession,
		Backoff:     func() backoff.BackOff { return backoff.NewConstantBackOff(50 * time.Millisecond) },
		DialBackoff: func() backoff.BackOff { return backoff.NewConstantBackOff(50 * time.Millisecond) },
		Relay: smtpclient.Config{
			Addr: s.Addr(c.port()), TLSConfig: s.TLS(), Mode: mode,
			Auth: smtpclient.PasswordAuth(interop.User, interop.Password),
		},
	}
	if c.port() == interop.Open {
		r.open(interop.Open)
	}
	return r
}

// open has the run use a port without TLS and AUTH.
func (r *poolRun) open(p interop.Port) {
	mode := r.config.Relay.Mode
	r.config.Relay = smtpclient.Config{Addr: r.server.Addr(p), Security: smtpclient.Plaintext, Mode: mode}
}

// job makes message i. The prefixes of its recipients say what becomes of it, see
// wantFate.
func (r *poolRun) job(i int) pool.Job {
	switch {
	case i%20 == 7:
		return r.books.Job("for nobody", "bad")
	case i%50 == 9:
		return r.books.Job("for later", "tmp")
	case i%40 == 11:
		return r.books.Job("REJECTME", "content")
	case i%30 == 13:
		return r.books.Job("for some", "ok", "bad", "ok", "tmp")
	case i%10 == 4:
		return r.books.Job("for two", "ok", "ok")
	}
	return r.books.Job("for one")
}

var wantFate = map[string]smtpclient.Outcome{
	"ok":      smtpclient.Accepted,
	"bad":     smtpclient.Rejected,
	"tmp":     smtpclient.Deferred,
	"content": smtpclient.Rejected,
	"large":   smtpclient.NotSent,
}

// send runs the jobs through a pool and holds the ledger against the maildir.
func (r *poolRun) send(t *testing.T, jobs iter.Seq[pool.Job]) {
	t.Helper()
	r.config.Trace = &pool.Trace{ModeLowered: func(_ string, mode smtpclient.Mode, err error) {
		if t.Logf("the pool has gone down to mode %v: %v", mode, err); !r.killed {
			t.Errorf("%s did not live up to mode %v", r.server.Kind(), r.config.Relay.Mode)
		}
	}}
	p, err := pool.New(r.config)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for fate := range p.SendAll(t.Context(), jobs) {
		r.books.Enter(fate)
		r.fates = append(r.fates, fate)
		if r.each != nil {
			r.each()
		}
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	r.arrived(t)
	violations := r.books.Violations()
	for _, v := range violations {
		t.Error(v)
	}
	stats := p.Stats()
	r.result.messages, r.result.outcomes = len(r.fates), r.books.Outcomes()
	r.result.sessions, r.result.roundTrips = int(stats.Dials-stats.DialFailures), int(stats.RoundTrips)
	r.result.violations = len(violations)
}

// arrived notes what is in the maildir. A server that dies between a delivery
// and the note that it makes of it delivers again: that is not the pool's doing,
// and told from it by the Received.
func (r *poolRun) arrived(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mails, err := r.server.Mails(ctx)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range mails {
		key := fmt.Sprintf("%s %s %s %x", m.OriginalTo, m.Received, m.ReturnPath, sha256.Sum256(m.Content))
		if r.killed && seen[key] {
			t.Logf("delivered twice by the server: %s", key)
			continue
		}
		seen[key] = true
		r.books.Arrived(m.ReturnPath, []string{m.OriginalTo}, m.Content)
	}
}

// wantFates checks that the recipients' outcomes are those that their addresses
// ask for.
func (r *poolRun) wantFates(t *testing.T) {
	t.Helper()
	unknown := 0
	for _, fate := range r.fates {
		if slices.ContainsFunc(fate.Recipients, func(got smtpclient.RecipientResult) bool { return got.Outcome == smtpclient.Unknown }) {
			unknown++
		}
		for _, got := range fate.Recipients {
			prefix, _, _ := strings.Cut(got.Address, "-")
			if got.Outcome == wantFate[prefix] || r.killed && got.Outcome == smtpclient.Unknown {
				continue
			}
			t.Errorf("%s: %v after %d attempts; want %v (%v)", got.Address, got.Outcome, fate.Attempts, wantFate[prefix], got.Err)
		}
	}
	// Of each session that was cut, what was on its way.
	if most := wantRestarts * r.config.Sessions * (smtpclient.DefaultWindow + 1); unknown > most {
		t.Errorf("%d messages are Unknown, %d could be", unknown, most)
	}
}
