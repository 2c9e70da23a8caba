package interop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

// TestXVERP: Postfix makes the return paths that SplitXVERP says it makes, in
// one transaction, and Decode reads them. Its log then names every recipient's
// fate.
func TestXVERP(t *testing.T) {
	s := interop.Start(t, interop.Postfix)
	for _, delimiters := range []string{"+=", "-=", "=+"} {
		for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeStream} {
			t.Run(delimiters+" "+mode.String(), func(t *testing.T) {
				sendXVERP(t, s, verp.Codec{Delimiters: delimiters}, mode)
			})
		}
	}
	t.Run("not offered", func(t *testing.T) {
		session := plainSession(t, s, interop.Bare, smtpclient.ModeLockstep)
		_, err := session.Send(t.Context(), &smtpclient.Mail{
			From: "list@o.example", To: smtpclient.Recipients("a@example.test"), Content: []byte("Subject: x\r\n"), XVERP: "+=",
		})
		if !errors.Is(err, smtpclient.ErrNeedsXVERP) {
			t.Errorf("%v; want ErrNeedsXVERP", err)
		}
	})
}

func plainSession(t *testing.T, s *interop.Server, p interop.Port, mode smtpclient.Mode) *smtpclient.Session {
	t.Helper()
	session, err := smtpclient.Dial(t.Context(), smtpclient.Config{
		Addr: s.Addr(p), Security: smtpclient.Plaintext, Mode: mode,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

func sendXVERP(t *testing.T, s *interop.Server, codec verp.Codec, mode smtpclient.Mode) {
	const sender = "List-Out@o.example"
	id := fmt.Sprintf("<%s.%x@o.example>", mode, codec.Delimiters)
	content := "Message-ID: " + id + "\r\nSubject: to all\r\n\r\none content\r\n"
	xverp, fit, others, err := codec.SplitXVERP(sender, []string{
		"a@example.test", "b+tag@example.test", "C=d@Example.Test", "o'brien@example.test",
		`"e f"@example.test`, strings.Repeat("g", 60) + "@example.test",
	})
	if err != nil || len(fit) != 4 || len(others) != 2 {
		t.Fatalf("%q, %q, %v", fit, others, err)
	}
	session := plainSession(t, s, interop.Open, mode)
	_, err = session.Send(t.Context(), &smtpclient.Mail{From: sender, To: smtpclient.Recipients(fit...), Content: []byte(content), XVERP: xverp})
	if err != nil {
		t.Fatal(err)
	}
	mails, err := s.Mails(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{} // by recipient
	for _, m := range mails {
		paths[m.OriginalTo] = m.ReturnPath
		if string(m.Content) != content {
			t.Errorf("%s has got %q", m.OriginalTo, m.Content)
		}
	}
	if len(mails) != len(fit) {
		t.Errorf("%d mails for %d recipients", len(mails), len(fit))
	}
	for _, to := range fit {
		want, err := codec.Encode(sender, to)
		if err != nil || !strings.EqualFold(paths[to], want) {
			t.Errorf("%s has return path %q; want %q (%v)", to, paths[to], want, err)
		}
		if got, err := codec.Decode(sender, paths[to]); err != nil || !strings.EqualFold(got, to) {
			t.Errorf("%q names %q, %v; want %q", paths[to], got, err, to)
		}
	}
	checkLog(t, s, id, sender, fit)
}

// checkLog waits until the server's log has the end of a message and checks the
// fates in it.
func checkLog(t *testing.T, s *interop.Server, id, sender string, recipients []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		fates := fatesOf(t, s, id)
		if len(fates) == len(recipients) && fates[0].Removed {
			for _, f := range fates {
				if f.Sender != sender || !slices.Contains(recipients, f.Recipient) || f.Final != maillog.Sent ||
					f.DSN != "2.0.0" || f.Relay != "virtual" || f.Attempts != 1 || time.Since(f.Time).Abs() > time.Hour {
					t.Errorf("the log says %+v", f)
				}
			}
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the log has %+v for %q", fates, recipients)
		}
	}
}

// fatesOf reads the log for a message's fates.
func fatesOf(t *testing.T, s *interop.Server, id string) (fates []maillog.Fate) {
	t.Helper()
	log, err := os.Open(s.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for f, err := range maillog.Fates(log) {
		if err != nil {
			t.Fatal(err)
		}
		if f.MessageID == id {
			fates = append(fates, f)
		}
	}
	return fates
}
