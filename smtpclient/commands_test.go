package smtpclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestCommandsBesideMail(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	s := dial(t, c)
	ctx := t.Context()
	for name, run := range map[string]func() (smtpclient.Reply, error){
		"NOOP": func() (smtpclient.Reply, error) { return s.Noop(ctx) },
		"RSET": func() (smtpclient.Reply, error) { return s.Reset(ctx) },
		"VRFY": func() (smtpclient.Reply, error) { return s.Verify(ctx, "postmaster") },
		"HELP": func() (smtpclient.Reply, error) { return s.Help(ctx, "") },
	} {
		if r, err := run(); err != nil || r.Code/100 != 2 {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		if n := srv.Counters().Commands[name]; n != 1 {
			t.Errorf("%s: sent %d times", name, n)
		}
	}
	if err := s.Quit(ctx); err != nil {
		t.Error(err)
	}
	if r, err := s.Noop(ctx); r.Code != 0 || asSession(t, err).Outcome != smtpclient.NotSent {
		t.Errorf("after QUIT: %v, %v", r, err)
	}
}

// A refusal comes back as the reply and as a typed error; the session lives on.
func TestCommandRefused(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Script(smtptest.Fault{At: smtptest.PointVRFY, Do: smtptest.Answer("550 5.1.1 nobody")})
	srv.Start()
	s := dial(t, c)
	r, err := s.Verify(t.Context(), "nobody")
	var reply *smtpclient.ReplyError
	if r.Code != 550 || !errors.As(err, &reply) || reply.Verb != "VRFY" {
		t.Errorf("%v, %v", r, err)
	}
	if _, err := s.Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
		t.Error(err)
	}
}

// Arguments cannot bring a command of their own.
func TestCommandInjection(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Extensions = []string{"PIPELINING"}
	srv.Start()
	s := dial(t, c)
	for _, arg := range []string{"a\r\nMAIL FROM:<>", "a\n", "a\rb", "a\x00b", "\x7f"} {
		if _, err := s.Verify(t.Context(), arg); !errors.Is(err, smtpclient.ErrBadParameter) {
			t.Errorf("VRFY %q: %v", arg, err)
		}
		if _, err := s.Help(t.Context(), arg); !errors.Is(err, smtpclient.ErrBadParameter) {
			t.Errorf("HELP %q: %v", arg, err)
		}
	}
	if _, err := s.Verify(t.Context(), "grün"); !errors.Is(err, smtpclient.ErrNeedsSMTPUTF8) {
		t.Error(err)
	}
	if n := srv.Counters().Commands; n["VRFY"]+n["HELP"]+n["MAIL"] != 0 {
		t.Error(n)
	}
}

// ctx bounds the wait for a reply, and ends the session with it.
func TestCommandContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, c := newPipeServer(t)
		srv.Script(smtptest.Fault{At: smtptest.PointNOOP, Do: smtptest.Stall()})
		srv.Start()
		s := dial(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Noop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		<-s.Done()
		srv.Close()
	})
}

// A farewell that goes wrong affects no message (rule 17).
func TestQuitGoesWrong(t *testing.T) {
	for _, do := range []smtptest.Action{
		smtptest.CloseConn(), smtptest.Stall(), smtptest.StopReading(), smtptest.Garbage(), smtptest.Answer("421 bye"),
		smtptest.Answer("250 no 221"), smtptest.Answer("500 what"), smtptest.EndlessReply(), smtptest.Twice(), smtptest.Usual().ThenStall(),
	} {
		t.Run(do.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, c := newPipeServer(t)
				srv.Script(smtptest.Fault{At: smtptest.PointQUIT, Do: do})
				srv.Start()
				s := dial(t, c)
				var result *smtpclient.Result
				s.Start(mailTo(1, "b@b.test"), func(r *smtpclient.Result) { result = r })
				began := time.Now()
				s.Quit(t.Context())
				if took := time.Since(began); took > 11*time.Second {
					t.Errorf("took %v", took)
				}
				if result == nil || result.Err != nil {
					t.Errorf("message: %+v", result)
				}
				if s.Err() != nil {
					t.Error(s.Err())
				}
				<-s.Done()
				srv.Close()
			})
		})
	}
}

// QUIT on a session that was over before returns the reason.
func TestQuitTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, c := newPipeServer(t)
		srv.Script(smtptest.Fault{At: smtptest.PointIdle, Do: smtptest.AnswerAndClose("421 4.4.2 idle too long").After(time.Minute)})
		srv.Start()
		s := dial(t, c)
		<-s.Done()
		if err := s.Quit(t.Context()); err == nil || !strings.Contains(err.Error(), "idle too long") {
			t.Error(err)
		}
		srv.Close()
	})
}
