package smtpclient_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// streamed sends mails over one session in ModeStream and returns the results.
func streamed(t *testing.T, config smtpclient.Config, mails []*smtpclient.Mail) []*smtpclient.Result {
	t.Helper()
	config.Mode = smtpclient.ModeStream
	session, err := smtpclient.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	results := make([]*smtpclient.Result, len(mails))
	for i, m := range mails {
		session.Start(m, func(r *smtpclient.Result) { results[i] = r })
	}
	session.Flush()
	for i, r := range results {
		if r == nil {
			t.Fatalf("message %d has no result after Flush", i+1)
		}
	}
	return results
}

func numbered(n, size int) []*smtpclient.Mail {
	var mails []*smtpclient.Mail
	for i := range n {
		mails = append(mails, &smtpclient.Mail{
			From: fmt.Sprintf("s%d@a.test", i), To: smtpclient.Recipients(fmt.Sprintf("r%d@b.test", i)),
			Content: fmt.Appendf(nil, "Subject: %d\r\n\r\n%s", i, strings.Repeat(".dots\r\n", size/7)),
		})
	}
	return mails
}

// checkTaken holds what the server has against what was sent, all of which must
// have been accepted.
func checkTaken(t *testing.T, srv *smtptest.Server, mails []*smtpclient.Mail) {
	t.Helper()
	taken := map[string]bool{}
	for _, m := range srv.Messages() {
		for _, to := range m.To {
			key := m.From + to.Address + string(m.Data)
			if taken[key] {
				t.Errorf("%s got a second copy", to.Address)
			}
			taken[key] = true
		}
	}
	for _, m := range mails {
		for _, to := range m.To {
			key := m.From + to.Address + string(m.Content)
			if !taken[key] {
				t.Errorf("%s did not get the mail of %s", to.Address, m.From)
			}
			delete(taken, key)
		}
	}
	if len(taken) > 0 {
		t.Errorf("%d mails that nobody sent", len(taken))
	}
}

// What the server said stands where it cannot have the message: the session ends, by
// the one side or the other, when it has not got all of the content. So does what it
// said of a message before, if it is this side that ends it.
func TestStreamCutInContent(t *testing.T) {
	// The first message is shorter than that.
	content := func(do smtptest.Action) smtptest.Fault {
		return smtptest.Fault{At: smtptest.PointContent, AfterBytes: 100, Do: do}
	}
	bdat := func(do smtptest.Action) smtptest.Fault { return smtptest.Fault{At: smtptest.PointBDAT, Nth: 2, Do: do} }
	for _, test := range []struct {
		fault  smtptest.Fault
		before smtpclient.Outcome // of the message before, which was refused
		want   smtpclient.Outcome // of the recipient who was not refused
	}{
		{content(smtptest.CloseConn()), smtpclient.Unknown, smtpclient.NotSent},
		{content(smtptest.AnswerAndClose("554 5.6.0 spam")), smtpclient.Rejected, smtpclient.Rejected},
		{bdat(smtptest.AnswerAndClose("552 5.3.4 too large")), smtpclient.Rejected, smtpclient.Rejected},
		{bdat(smtptest.AnswerUnread("554 5.1.8 spam")), smtpclient.Rejected, smtpclient.Rejected},
		{bdat(smtptest.AnswerUnread("451 4.2.0 not now")), smtpclient.Rejected, smtpclient.Deferred},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv, config := newPipeServer(t)
			srv.OnRcpt = refuseByName
			srv.Script(smtptest.Fault{At: smtptest.PointBDAT, Nth: 1, Do: smtptest.Answer("554 5.6.0 spam")}, test.fault)
			srv.Start()
			mails := append(numbered(1, 70), numbered(2, 300<<10)...)
			mails[1].To = smtpclient.Recipients("bad@b.test", "ok@b.test")
			results := streamed(t, config, mails)
			if got := results[0].Recipients[0].Outcome; got != test.before {
				t.Errorf("%v: the message before is %v", test.fault.Do, got)
			}
			if cut := results[1].Recipients; cut[0].Outcome != smtpclient.Rejected || cut[1].Outcome != test.want {
				t.Errorf("%v: %v", test.fault.Do, cut)
			}
		})
	}
}

func TestStreamWindow(t *testing.T) {
	for _, window := range []int{1, 2, 8, 100} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, config := newPipeServer(t)
				srv.Start()
				trips, unanswered, most := 0, 0, 0
				config.Window = window
				config.Trace = &smtpclient.Trace{Content: func(uint64, int) {
					unanswered++
					most = max(most, unanswered)
				}}
				config.Trace.RoundTrip = func(uint64, time.Duration) { trips++; unanswered = 0 }
				mails := numbered(50, 2000)
				for i, r := range streamed(t, config, mails) {
					if r.Err != nil {
						t.Errorf("message %d: %v", i, r.Err)
					}
				}
				checkTaken(t, srv, mails)
				if most != min(window, 49) {
					t.Errorf("%d messages were unanswered at a time", most)
				}
				// The last content goes alone, behind the 354 to its DATA.
				if want := (49+window-1)/window + 1; trips != want {
					t.Errorf("%d round trips, want %d", trips, want)
				}
			})
		})
	}
}

// Large content goes out in blocks, over a connection that buffers nothing.
func TestStreamLargeContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, config := newPipeServer(t)
		srv.Start()
		mails := numbered(3, 3<<20)
		for i, r := range streamed(t, config, mails) {
			if r.Err != nil {
				t.Errorf("message %d: %v", i, r.Err)
			}
		}
		checkTaken(t, srv, mails)
	})
}

// Rule 16 in a window: who was refused for being one too many gets the message
// in another transaction.
func TestStreamTooManyRecipients(t *testing.T) {
	for _, recipients := range []int{12, 250} {
		synctest.Test(t, func(t *testing.T) {
			srv, config := newPipeServer(t)
			srv.MaxRecipients = 5
			srv.Start()
			mails := numbered(4, 100)
			mails[1].To = nil
			for i := range recipients {
				mails[1].To = append(mails[1].To, smtpclient.Recipient{Address: fmt.Sprintf("many%d@b.test", i)})
			}
			for i, r := range streamed(t, config, mails) {
				if r.Err != nil {
					t.Errorf("message %d: %v", i, r.Err)
				}
			}
			checkTaken(t, srv, mails)
		})
	}
}

// Without CHUNKING, or without PIPELINING, the mode is the next best.
func TestStreamNotOffered(t *testing.T) {
	for offered, want := range map[string]smtpclient.Mode{
		"PIPELINING": smtpclient.ModeOverlap, "CHUNKING": smtpclient.ModeLockstep,
	} {
		synctest.Test(t, func(t *testing.T) {
			srv, config := newPipeServer(t)
			srv.Extensions = []string{offered}
			srv.Start()
			config.Mode = smtpclient.ModeStream
			s, err := smtpclient.Dial(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if s.Mode() != want {
				t.Errorf("%s: mode %v, want %v", offered, s.Mode(), want)
			}
		})
	}
}

// Every failure at every place of a window of eight, against a server that keeps
// a transaction open as long as real ones do: each mail is under its own
// envelope, or nowhere.
func TestStreamWrongEnvelope(t *testing.T) {
	cases := 0
	for _, fault := range []smtptest.Fault{
		{At: smtptest.PointMAIL, Do: smtptest.Answer("550 5.7.1 sender refused")},
		{At: smtptest.PointMAIL, Do: smtptest.Answer("451 4.7.1 sender deferred")},
		{At: smtptest.PointMAIL, Do: smtptest.Answer("503 5.5.1 nested MAIL")},
		{At: smtptest.PointMAIL, Do: smtptest.Answer("421 4.7.0 too many messages")},
		{At: smtptest.PointRCPT, Do: smtptest.Answer("550 5.1.1 unknown")},
		{At: smtptest.PointRCPT, Do: smtptest.Answer("450 4.2.1 busy")},
		{At: smtptest.PointRCPT, Do: smtptest.Answer("452 4.5.3 too many")},
		{At: smtptest.PointRCPT, Do: smtptest.Answer("503 5.5.1 no MAIL")},
		{At: smtptest.PointRCPT, Do: smtptest.Answer("421 4.3.2 going down")},
		{At: smtptest.PointBDAT, Do: smtptest.Answer("554 5.7.1 content refused")},
		{At: smtptest.PointBDAT, Do: smtptest.Answer("452 4.3.1 no space")},
		{At: smtptest.PointBDAT, Do: smtptest.Answer("552 5.3.4 too large")},
		{At: smtptest.PointBDAT, Do: smtptest.Answer("503 5.5.1 no MAIL")},
		{At: smtptest.PointBDAT, Do: smtptest.CloseConn()},
		{At: smtptest.PointEndOfData, Do: smtptest.AnswerAndKeep("554 5.7.1 content refused, transaction kept")},
		{At: smtptest.PointEndOfData, Do: smtptest.AcceptAndClose()},
		{At: smtptest.PointRSET, Do: smtptest.CloseConn()},
	} {
		for nth := 1; nth <= 8; nth++ {
			fault.Nth = nth
			cases++
			t.Run(fmt.Sprintf("%v-%d-%v", fault.At, nth, fault.Do), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { runWindowWithFault(t, fault) })
			})
		}
	}
	if cases < 100 {
		t.Errorf("only %d cases", cases)
	}
}

func runWindowWithFault(t *testing.T, fault smtptest.Fault) {
	srv, config := newPipeServer(t)
	srv.Script(fault)
	srv.Start()
	config.Window = 8
	mails := numbered(8, 50)
	results := streamed(t, config, mails)
	srv.Close()
	taken := map[string]int{}
	for _, m := range srv.Messages() {
		i := -1
		for n, mail := range mails {
			if bytes.Equal(mail.Content, m.Data) {
				i = n
			}
		}
		if i < 0 || m.From != mails[i].From || len(m.To) != 1 || m.To[0].Address != mails[i].To[0].Address {
			t.Errorf("content %d is under the envelope of %s to %v", i, m.From, m.To)
			continue
		}
		taken[mails[i].From]++
	}
	for i, r := range results {
		copies, o := taken[mails[i].From], r.Recipients[0].Outcome
		if copies > 1 || o == smtpclient.Accepted && copies != 1 || o != smtpclient.Accepted && o != smtpclient.Unknown && copies != 0 {
			t.Errorf("message %d: %v, the server took %d copies (%v)", i, o, copies, r.Err)
		}
	}
}

// 421 while the writer is away, and nobody comes to say QUIT before
// Timeouts.LastWord is over: no reply is missing, so each of them stands.
func TestStreamTiredUnheard(t *testing.T) {
	for _, away := range []time.Duration{time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			srv, config := newBufferedServer(t, 1<<20)
			srv.Script(smtptest.Fault{At: smtptest.PointMAIL, Nth: 3, Do: smtptest.Answer("421 4.7.0 too many messages")})
			srv.Start()
			config.Mode, config.Window = smtpclient.ModeStream, 64
			s := dial(t, config)
			mails := numbered(5, 30_000) // each some blocks, so that it goes out at once
			results := make([]*smtpclient.Result, len(mails))
			for i, m := range mails {
				s.Start(m, func(r *smtpclient.Result) { results[i] = r })
			}
			select { // fake time
			case <-s.Done():
			case <-time.After(away):
			}
			s.Flush()
			for i, r := range results {
				o := r.Recipients[0].Outcome
				if i < 2 && o != smtpclient.Accepted || i == 2 && o != smtpclient.NotSent || o == smtpclient.Unknown {
					t.Errorf("after %v: message %d: %v", away, i+1, o)
				}
			}
		})
	}
}
