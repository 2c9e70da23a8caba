package pool_test

import (
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/ledger"
	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// A faultCase is a run of messages with one fault in it.
type faultCase struct {
	mode     smtpclient.Mode
	sessions int
	tls      bool // STARTTLS, and AUTH
	network  string
	fault    smtptest.Fault
}

// networks join the pool and the server.
var networks = map[string]func() *pipenet.Listener{
	"unbuffered": pipenet.Listen,
	"buffered":   func() *pipenet.Listener { return pipenet.ListenBuffered(64 << 10) },
	"lines":      func() *pipenet.Listener { return pipenet.ListenLines(64 << 10) },
}

func (c *faultCase) String() string {
	return fmt.Sprintf("%v-%d-%s/%v-%d-%v", c.mode, c.sessions, c.network, c.fault.At, c.fault.Nth, c.fault.Do)
}

// matrixRun is how many messages a run has.
const matrixRun = 20

// TestFaultMatrix puts every fault at every point of every message of a run, in
// every mode, over one session and over four, and holds the ledger against the
// server each time. By default it takes a sample of the cases, spread evenly;
// BULKSMTP_MATRIX=all takes all of them.
func TestFaultMatrix(t *testing.T) {
	step := 13
	switch {
	case os.Getenv("BULKSMTP_MATRIX") == "all":
		step = 1
	case testing.Short():
		step = 101
	}
	began := time.Now()
	all, cases, violations := 0, 0, 0
	for c := range faultCases {
		if all++; all%step != 0 {
			continue
		}
		cases++
		t.Run(c.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, v := range runFaultCase(t, &c) {
					violations++
					t.Error(v)
				}
			})
		})
	}
	t.Logf("of %d: cases %d, violations %d, seconds %.0f", all, cases, violations, time.Since(began).Seconds())
	if all < 5000 {
		t.Errorf("the matrix has %d cases", all)
	}
}

// faultCases yields the whole matrix.
func faultCases(yield func(faultCase) bool) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for _, sessions := range []int{1, 4} {
			for _, network := range slices.Sorted(maps.Keys(networks)) {
				for f := range faults(mode, sessions) {
					c := faultCase{mode: mode, sessions: sessions, network: network, fault: f}
					switch f.At {
					case smtptest.PointSTARTTLS, smtptest.PointHandshake, smtptest.PointAUTH:
						c.tls = true
					}
					// Nothing tells a refusal that comes between the 354 and the reply to
					// the end of mail data from that reply, if no message follows.
					refusal := strings.HasPrefix(f.Do.String(), `Trailing("550`)
					if f.At == smtptest.PointDATA && refusal && network == "lines" && (mode < smtpclient.ModeOverlap || sessions > 1 || f.Nth >= matrixRun-4) {
						continue
					}
					if !yield(c) {
						return
					}
				}
			}
		}
	}
}

// faults yields the faults of a mode: at each point, each as often as it comes
// by in a run.
func faults(mode smtpclient.Mode, sessions int) func(func(smtptest.Fault) bool) {
	once, run := sessions, matrixRun
	points := []struct {
		at    smtptest.Point
		times int
	}{
		{smtptest.PointConnect, once}, {smtptest.PointGreeting, once}, {smtptest.PointEHLO, once}, {smtptest.PointSTARTTLS, once},
		{smtptest.PointHandshake, once}, {smtptest.PointAUTH, once}, {smtptest.PointMAIL, run}, {smtptest.PointRCPT, run + run/4},
		{smtptest.PointDATA, run}, {smtptest.PointContent, run}, {smtptest.PointEndOfData, run}, {smtptest.PointBDAT, run},
		{smtptest.PointRSET, run}, {smtptest.PointIdle, once}, {smtptest.PointQUIT, once},
	}
	return func(yield func(smtptest.Fault) bool) {
		for _, p := range points {
			if p.at == smtptest.PointBDAT && mode != smtpclient.ModeStream {
				continue
			}
			for nth := 1; nth <= p.times; nth++ {
				for _, do := range actionsAt(p.at) {
					// Without the RSET that it was given, a server in ModeStream mixes
					// up envelopes, and says so when it is too late (rule 4).
					if p.at == smtptest.PointRSET && mode == smtpclient.ModeStream && undone.MatchString(do.String()) {
						continue
					}
					if !yield(smtptest.Fault{At: p.at, Nth: nth, AfterBytes: contentAt(p.at), Do: do}) {
						return
					}
				}
			}
		}
	}
}

// undone matches the actions that leave a command undone and the session going.
var undone = regexp.MustCompile("^(Answer|MixedCodes|Garbage|EndlessReply)")

// contentAt is where in its content a message fails.
func contentAt(p smtptest.Point) int64 {
	if p == smtptest.PointContent {
		return 12
	}
	return 0
}

// actionsAt are the things a server can do wrong at a point.
func actionsAt(p smtptest.Point) []smtptest.Action {
	actions := []smtptest.Action{
		smtptest.Answer("450 4.3.0 not now"), smtptest.Answer("550 5.7.1 never"), smtptest.AnswerAndClose("421 4.3.2 closing"),
		smtptest.Answer("421 4.7.0 tired"), smtptest.CloseConn(), smtptest.ResetConn(), smtptest.Stall(), smtptest.StopReading(),
		smtptest.Garbage(), smtptest.OverLongLine(5000), smtptest.EndlessReply(), smtptest.MixedCodes(),
	}
	switch p {
	case smtptest.PointConnect, smtptest.PointIdle, smtptest.PointHandshake:
		return append(actions, smtptest.Raw("250 2.0.0 unasked\r\n"), smtptest.Raw("451 4.4.2 timeout\r\n"), smtptest.Raw("421 4.4.2 idle\r\n"))
	case smtptest.PointContent:
		return append(actions, smtptest.Answer("552 5.3.4 too large"), smtptest.AnswerAndClose("552 5.3.4 too large"))
	}
	return append(actions, smtptest.Twice(), smtptest.Omit(), smtptest.Omit().ThenStall(), smtptest.SplitReply(), smtptest.AcceptAndClose(),
		smtptest.Usual().ThenClose(), smtptest.Usual().ThenReset(), smtptest.Usual().ThenStall(), smtptest.Delay(time.Minute),
		smtptest.Trailing("250 2.0.0 unasked\r\n"), smtptest.Trailing("550 5.0.0 unasked\r\n"), smtptest.Trailing("421 4.3.2 going\r\n"))
}

// runFaultCase sends a run and returns what is wrong with its ledger.
func runFaultCase(t *testing.T, c *faultCase) []string {
	books := &ledger.Ledger{Domain: "a.test", SenderDomain: "b.test"}
	// Where a message is refused in Lockstep, no DATA is sent that would tell whether
	// that was a refusal too many which came late, in a packet of its own.
	late := c.mode == smtpclient.ModeLockstep && c.network == "lines" && strings.HasPrefix(c.fault.Do.String(), `Trailing("550`)
	books.Refuser = late || strings.HasPrefix(c.fault.Do.String(), "Answer")
	r := newRigOn(t, networks[c.network](), func(s *smtptest.Server, config *pool.Config) {
		s.OnRcpt = refuseByName
		config.Sessions = c.sessions
		config.Relay.Mode = c.mode
		config.Relay.Timeouts = shortTimeouts
		config.Patience, config.Outage, config.MaxAttempts = time.Minute, time.Minute, 2
		config.Backoff = func() backoff.BackOff { return backoff.NewConstantBackOff(time.Second) }
		config.DialBackoff = config.Backoff
		if c.tls {
			s.NoSTARTTLS, s.NoPlaintextAuth, s.RequireAuth, s.Users = false, true, true, map[string]string{"user": "secret"}
			config.Relay.Security, config.Relay.Auth = smtpclient.StartTLS, smtpclient.PasswordAuth("user", "secret")
			config.Relay.TLSConfig = &tls.Config{
				InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return nil }, // not what is tested here
			}
		}
	})
	r.server.Script(c.fault)
	began := time.Now()
	for res := range r.pool.SendAll(t.Context(), matrixJobs(books)) {
		books.Enter(res)
	}
	if took := time.Since(began); took > 10*time.Minute {
		t.Errorf("it took %v", took)
	}
	r.close()
	for _, m := range r.server.Messages() {
		var to []string
		for _, rcpt := range m.To {
			to = append(to, rcpt.Address)
		}
		books.Arrived(m.From, to, m.Data)
	}
	return books.Violations()
}

// shortTimeouts are all the same, so that no fault takes long.
var shortTimeouts = smtpclient.Timeouts{
	Connect: 10 * time.Second, Greeting: 10 * time.Second, Handshake: 10 * time.Second, Command: 10 * time.Second,
	Mail: 10 * time.Second, Rcpt: 10 * time.Second, Data: 10 * time.Second, Block: 10 * time.Second,
	EndOfData: 10 * time.Second, Quit: time.Second, LastWord: time.Second,
}

// matrixJobs yields a run: most messages are taken, and among them some are
// refused or deferred, for one recipient or all.
func matrixJobs(books *ledger.Ledger) func(func(pool.Job) bool) {
	return func(yield func(pool.Job) bool) {
		for i := range matrixRun {
			to := []string{"ok"}
			switch i % 10 {
			case 2:
				to = []string{"bad"}
			case 4:
				to = []string{"busy", "ok", "bad"}
			case 7:
				to = []string{"ok", "ok"}
			}
			if !yield(books.Job("mail", to...)) {
				return
			}
		}
	}
}

func refuseByName(_ *smtptest.Session, path, _ string) *smtptest.Reply {
	switch {
	case strings.HasPrefix(path, "bad"):
		return &smtptest.Reply{Code: 550, Text: "5.1.1 unknown"}
	case strings.HasPrefix(path, "busy"):
		return &smtptest.Reply{Code: 450, Text: "4.2.1 busy"}
	}
	return nil
}
