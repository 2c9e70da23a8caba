package smtpclient_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A matrixWay is how the messages of the matrix are sent.
type matrixWay struct {
	mode     smtpclient.Mode
	buffered bool // the network has buffers
}

func (w matrixWay) String() string {
	if w.buffered {
		return w.mode.String() + ", buffered"
	}
	return w.mode.String()
}

func matrixWays() (ways []matrixWay) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		ways = append(ways, matrixWay{mode, false}, matrixWay{mode, true})
	}
	return ways
}

// TestFaultMatrix puts every fault at every place of a run of messages, in every
// mode, and holds what the client says against what the server has: nothing
// lost, nothing sent twice, nobody gets somebody else's mail.
func TestFaultMatrix(t *testing.T) {
	runs := 0
	for _, way := range matrixWays() {
		t.Run(way.String(), func(t *testing.T) {
			for _, fault := range matrixFaults() {
				runs++
				name := fmt.Sprintf("%v-%d-%v", fault.At, fault.Nth, fault.Do)
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { runWithFaults(t, way, fault) })
				})
			}
		})
	}
	if !testing.Short() && runs < 1000 {
		t.Errorf("only %d runs", runs)
	}
}

// TestFaultPairs is TestFaultMatrix with several faults in one run, taken at
// random from those that keep the number of replies.
func TestFaultPairs(t *testing.T) {
	var faults []smtptest.Fault
	for _, f := range matrixFaults() {
		do := f.Do.String()
		if !strings.HasPrefix(do, "Omit") && !strings.HasPrefix(do, "T") && !strings.HasPrefix(do, "Raw") {
			faults = append(faults, f)
		}
	}
	ways := matrixWays()
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 0))
		var some []smtptest.Fault
		for range 2 + random.IntN(3) {
			some = append(some, faults[random.IntN(len(faults))])
		}
		way := ways[random.IntN(len(ways))]
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runWithFaults(t, way, some...) })
		})
		if !ok {
			t.Logf("%d: %s", seed, way)
			for _, f := range some {
				t.Logf("%v %d %v", f.At, f.Nth, f.Do)
			}
		}
	}
}

// TestStrayAndLoss is TestFaultMatrix with one reply too many and a lost connection
// in each run. What was refused may have been so by a reply that was another's, as
// nothing comes any more by which to tell. Still nothing is lost, unless the reply
// too many itself says so, and nothing is sent twice. By default it takes a sample;
// BULKSMTP_MATRIX=all takes every pair.
func TestStrayAndLoss(t *testing.T) {
	step := 17
	if os.Getenv("BULKSMTP_MATRIX") == "all" {
		step = 1
	}
	strays := faultsEverywhere(smtptest.Trailing("250 2.0.0 stray\r\n"), smtptest.Trailing("450 4.0.0 stray\r\n"), smtptest.Trailing("550 5.0.0 stray\r\n"))
	losses := faultsEverywhere(smtptest.CloseConn(), smtptest.AcceptAndClose(), smtptest.Usual().ThenClose(), smtptest.Usual().ThenReset())
	all := 0
	for _, way := range matrixWays() {
		t.Run(way.String(), func(t *testing.T) {
			for _, stray := range strays {
				for _, loss := range losses {
					if all++; all%step != 0 || stray.At == loss.At && stray.Nth == loss.Nth {
						continue
					}
					name := fmt.Sprintf("%v-%d-%v/%v-%d-%v", stray.At, stray.Nth, stray.Do, loss.At, loss.Nth, loss.Do)
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { runWithFaults(t, way, stray, loss) })
					})
				}
			}
		})
	}
	t.Logf("of %d pairs, every %d.", all, step)
}

// matrixMails is the run: recipients ok* are taken, bad* are refused for good,
// busy* for now, and content with "spam" is refused at the dot.
func matrixMails() []*smtpclient.Mail {
	var mails []*smtpclient.Mail
	for i, m := range []struct {
		to   []string
		word string
	}{
		{[]string{"ok1@a.test"}, "ham"},
		{[]string{"bad1@a.test", "busy1@a.test"}, "ham"},
		{[]string{"busy2@a.test", "ok2@a.test", "bad2@a.test"}, "ham"},
		{[]string{"ok3@a.test"}, "spam"},
		{[]string{"ok4@a.test", "ok5@a.test"}, "ham"},
		{[]string{"bad3@a.test"}, "ham"},
		{[]string{"ok6@a.test"}, "ham"},
	} {
		mails = append(mails, &smtpclient.Mail{
			From: fmt.Sprintf("s%d@b.test", i+1), To: smtpclient.Recipients(m.to...),
			Content: fmt.Appendf(nil, "Subject: %s %d\r\n", m.word, i+1),
		})
	}
	return mails
}

// matrixFaults are the faults at the n-th occasion of each point.
func matrixFaults() []smtptest.Fault {
	faults := faultsEverywhere(matrixActions()...)
	for nth := 1; nth <= 7; nth++ {
		faults = append(faults, smtptest.Fault{At: smtptest.PointEndOfData, Nth: nth, Do: smtptest.AnswerAndKeep("550 5.7.1 kept open")})
	}
	return faults
}

// faultsEverywhere are actions at all points of the run.
func faultsEverywhere(actions ...smtptest.Action) (faults []smtptest.Fault) {
	for _, p := range []struct {
		at    smtptest.Point
		times int
	}{
		{smtptest.PointMAIL, 7}, {smtptest.PointRCPT, 11}, {smtptest.PointDATA, 7},
		{smtptest.PointRSET, 6}, {smtptest.PointEndOfData, 7}, {smtptest.PointBDAT, 7},
	} {
		for nth := 1; nth <= p.times; nth++ {
			for _, do := range actions {
				faults = append(faults, smtptest.Fault{At: p.at, Nth: nth, Do: do})
			}
		}
	}
	return faults
}

func matrixActions() []smtptest.Action {
	actions := []smtptest.Action{
		smtptest.Omit(), smtptest.Omit().ThenStall(), smtptest.AcceptAndClose(), smtptest.CloseConn(), smtptest.Stall(),
		smtptest.StopReading(), smtptest.Garbage(), smtptest.MixedCodes(), smtptest.EndlessReply(), smtptest.Twice(),
		smtptest.Trailing("250 stray\r\n"), smtptest.Trailing("354 stray\r\n"), smtptest.Trailing("550 stray\r\n"),
		smtptest.Trailing("421 going\r\n"), smtptest.Trailing("451 idle\r\n"),
		smtptest.SplitReply(), smtptest.OverLongLine(3000), smtptest.OverLongLine(9000), smtptest.Delay(time.Minute),
		smtptest.Usual().ThenClose(), smtptest.Usual().ThenStall(), smtptest.Raw("250 ok"),
	}
	for _, code := range []int{220, 221, 235, 250, 251, 334, 354, 421, 450, 451, 452, 500, 503, 550, 552, 554} {
		reply := fmt.Sprintf("%d scripted", code)
		actions = append(actions, smtptest.Answer(reply), smtptest.AnswerAndClose(reply))
	}
	return actions
}

func runWithFaults(t *testing.T, way matrixWay, faults ...smtptest.Fault) {
	srv, config := newPipeServer(t)
	if way.buffered {
		srv, config = newBufferedServer(t, 4096)
	}
	srv.OnRcpt = refuseByName
	srv.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		if bytes.Contains(m.Data, []byte("spam")) {
			return &smtptest.Reply{Code: 554, Text: "5.6.0 spam"}
		}
		return nil
	}
	srv.Script(faults...)
	srv.Start()
	config.Mode = way.mode
	config.Timeouts.LastWord = time.Second
	var heard smtpclient.Reply
	config.Trace = &smtpclient.Trace{Reply: func(_ uint64, _ string, r smtpclient.Reply) { heard = r }}
	session, err := smtpclient.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	mails := matrixMails()
	results := make([]*smtpclient.Result, len(mails))
	for i, m := range mails {
		session.Start(m, func(r *smtpclient.Result) {
			if results[i] != nil {
				t.Errorf("message %d has two results", i+1)
			}
			results[i] = r
		})
	}
	session.Flush()
	session.Close()
	srv.Close()
	if n := srv.Counters().AfterDATA; n != 0 {
		t.Errorf("%d times something followed DATA", n)
	}
	judge := matrixJudge{t: t, mails: mails, faults: faults, has: map[string]int{}}
	// A streamed message is on its way before the RSET in front of it is
	// answered. Where the server did not do it, nothing can be done (rule 4).
	judge.noReset = way.mode == smtpclient.ModeStream && slices.ContainsFunc(faults, func(f smtptest.Fault) bool {
		return f.At == smtptest.PointRSET
	})
	judge.misread = len(faults) > 1 && slices.ContainsFunc(faults, func(f smtptest.Fault) bool {
		return strings.HasPrefix(f.Do.String(), "Trailing")
	})
	judge.heard = heard
	judge.messages(srv.Messages())
	for i, r := range results {
		judge.result(i, r)
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

// A matrixJudge compares results with what the server has.
type matrixJudge struct {
	t      *testing.T
	mails  []*smtpclient.Mail
	faults []smtptest.Fault
	has    map[string]int // by recipient, all of whom are different
	// noReset: the server may not have done a RSET, and said so too late.
	noReset bool
	// misread: refusals may be by another command's reply.
	misread bool
	heard   smtpclient.Reply // the last one
}

// messages checks that everybody got their own mail, once.
func (j *matrixJudge) messages(taken []smtptest.Message) {
	for _, m := range taken {
		i := slices.IndexFunc(j.mails, func(mail *smtpclient.Mail) bool { return bytes.Equal(mail.Content, m.Data) })
		if i < 0 {
			j.t.Errorf("the server has content that is nobody's: %q", m.Data)
			continue
		}
		if m.From != j.mails[i].From && !j.noReset {
			j.t.Errorf("content %d went out under the envelope of %s", i+1, m.From)
		}
		for _, to := range m.To {
			j.has[to.Address]++
			if !slices.ContainsFunc(j.mails[i].To, func(r smtpclient.Recipient) bool { return r.Address == to.Address }) {
				j.t.Errorf("%s got somebody else's mail, number %d", to.Address, i+1)
			}
		}
	}
}

func (j *matrixJudge) result(i int, r *smtpclient.Result) {
	if r == nil {
		j.t.Errorf("message %d has no result", i+1)
		return
	}
	if (r.Err == nil) != allAccepted(r) {
		j.t.Errorf("message %d: %v, but error %v", i+1, r.Recipients, r.Err)
	}
	for n := range r.Recipients {
		rcpt := &r.Recipients[n]
		has := j.has[rcpt.Address]
		if problem := j.verdict(rcpt, has); problem != "" {
			j.t.Errorf("message %d, %s: %s (%v), the server has it %d times: %s", i+1, rcpt.Address, rcpt.Outcome, rcpt.Err, has, problem)
		}
	}
}

func allAccepted(r *smtpclient.Result) bool {
	return !slices.ContainsFunc(r.Recipients, func(r smtpclient.RecipientResult) bool { return r.Outcome != smtpclient.Accepted })
}

// verdict says what is wrong with an outcome.
func (j *matrixJudge) verdict(r *smtpclient.RecipientResult, has int) string {
	scripted := slices.ContainsFunc(j.faults, func(f smtptest.Fault) bool {
		return strings.HasPrefix(f.Do.String(), "Answer") // the server lies, or refuses what it would not
	})
	spam := r.Address == "ok3@a.test"
	switch {
	case (r.Err == nil) != (r.Outcome == smtpclient.Accepted):
		return "error does not go with outcome"
	case has > 1:
		return "sent twice"
	case j.misread && strings.Contains(r.Reply.Text, "stray") && r.Reply == j.heard:
		// It came where another reply was due, and then nothing came.
	case r.Outcome == smtpclient.Accepted && has == 0 && !j.lies():
		return "lost"
	case r.Outcome != smtpclient.Accepted && r.Outcome != smtpclient.Unknown && has > 0:
		return "would be sent twice"
	case scripted || spam || j.misread:
	case r.Outcome == smtpclient.Rejected && !strings.HasPrefix(r.Address, "bad"):
		return "rejected by a reply that was not its own"
	case r.Outcome == smtpclient.Deferred && !strings.HasPrefix(r.Address, "busy"):
		return "deferred by a reply that was not its own"
	}
	return ""
}

// lies reports a fault in which the server says that it has a message, or a
// recipient, and has not.
func (j *matrixJudge) lies() bool {
	return slices.ContainsFunc(j.faults, func(f smtptest.Fault) bool {
		do := f.Do.String()
		return (f.At == smtptest.PointEndOfData || f.At == smtptest.PointBDAT || f.At == smtptest.PointRCPT) &&
			(strings.Contains(do, "(250") || strings.Contains(do, "(251"))
	})
}
