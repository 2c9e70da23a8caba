package interop_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

const newsSender = "news@" + interop.Domain

// TestBouncesComeBack closes the loop: mail goes out under return paths that name
// the recipient, a real Postfix takes it, finds out that some cannot be delivered,
// and bounces them to these paths. What is in the maildir names each of them, with
// the reason, and those that are hard are suppressed.
func TestBouncesComeBack(t *testing.T) {
	s := interop.Start(t, interop.Postfix)
	want := map[string]bounce.Class{}
	fine := 0
	for i := range 20 {
		want[fmt.Sprintf("gone-%d@remote.test", i)] = bounce.NoMailbox
		want[fmt.Sprintf("full.%d@remote.test", i)] = bounce.Full
		want[fmt.Sprintf("x+y%d@remote.test", i)] = bounce.Spam
		want[fmt.Sprintf("host-%d@remote.test", i)] = bounce.NoDomain
	}
	sendNews(t, s, want, 20, &fine)

	parser, err := bounce.New(bounce.Config{VERP: func(path string) (string, error) { return verp.Codec{Form: verp.Escaped}.Decode(newsSender, path) }})
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := bounce.NewLedger(bounce.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	got, others := readUntil(t, s, parser, len(want)+fine)
	if others != fine {
		t.Errorf("%d mails that are no bounces, want %d", others, fine)
	}
	for who, class := range want {
		r, ok := got[who]
		if !ok {
			t.Errorf("no bounce for %s", who)
			continue
		}
		ledger.Record(r, time.Now())
		c := r.Recipients[0]
		if r.Kind != bounce.DSN || len(r.Recipients) != 1 || c.Address != who || c.Who != who || c.WhoSource != bounce.FromVERP || c.Class != class || c.Action != bounce.Failed {
			t.Errorf("%s: %+v", who, r)
		}
		hard := class == bounce.NoMailbox || class == bounce.NoDomain
		if _, yes := ledger.Suppressed(who); yes != hard {
			t.Errorf("%s, %s: suppressed: %t", who, class, yes)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d recipients bounced, want %d", len(got), len(want))
	}
}

// sendNews sends a mail to each of those who bounce and to some who do not.
func sendNews(t *testing.T, s *interop.Server, bounces map[string]bounce.Class, n int, fine *int) {
	t.Helper()
	p, err := pool.New(pool.Config{Sessions: 2, Relay: smtpclient.Config{
		Addr: s.Addr(interop.Submission), TLSConfig: s.TLS(), Auth: smtpclient.PasswordAuth(interop.User, interop.Password),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	recipients := make([]string, 0, len(bounces)+n)
	for to := range bounces {
		recipients = append(recipients, to)
	}
	for i := range n {
		recipients = append(recipients, fmt.Sprintf("reader-%d@%s", i, interop.Domain))
	}
	*fine = n
	for r := range p.SendAll(t.Context(), func(yield func(pool.Job) bool) {
		for _, to := range recipients {
			from, err := verp.Codec{Form: verp.Escaped}.Encode(newsSender, to)
			if err != nil {
				t.Error(err)
				return
			}
			content := fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: news\r\nMessage-ID: <%s>\r\n\r\nnews\r\n", newsSender, to, to)
			if !yield(pool.Job{Mail: smtpclient.Mail{From: from, To: smtpclient.Recipients(to), Content: []byte(content)}}) {
				return
			}
		}
	}) {
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
}

// readUntil reads the maildir until there are n mails: the bounces by the
// recipient as the sender knows it, and the number of others.
func readUntil(t *testing.T, s *interop.Server, p *bounce.Parser, n int) (bounces map[string]*bounce.Report, others int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		bounces, others = map[string]*bounce.Report{}, 0
		for m := range p.Maildir(s.Maildir()) {
			switch {
			case errors.Is(m.Err, fs.ErrNotExist): // before the first delivery
			case m.Err != nil:
				t.Fatal(m.Err)
			case m.Report.Kind.IsBounce():
				bounces[m.Report.Who] = m.Report
			default:
				others++
			}
		}
		if len(bounces)+others >= n {
			return bounces, others
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d bounces and %d other mails after a minute, want %d together", len(bounces), others, n)
		}
	}
}
