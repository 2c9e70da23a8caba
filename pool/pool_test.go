package pool_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func config(s *smtptest.Server) pool.Config {
	return pool.Config{Relay: smtpclient.Config{Addr: s.Addr, TLSConfig: s.ClientTLSConfig()}}
}

func job(i int) pool.Job {
	return pool.Job{
		Mail: smtpclient.Mail{
			From: fmt.Sprintf("s%d@sender.test", i), To: smtpclient.Recipients(fmt.Sprintf("r%d@example.test", i)),
			Content: fmt.Appendf(nil, "Subject: mail %d\r\n\r\nbody %d\r\n", i, i),
		},
		Tag: i,
	}
}

func jobs(n int) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for i := range n {
			if !yield(job(i)) {
				return
			}
		}
	}
}

func TestSendAll(t *testing.T) {
	s := smtptest.NewServer()
	defer s.Close()
	p, err := pool.New(config(s))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	seen := map[int]bool{}
	for r := range p.SendAll(t.Context(), jobs(2000)) {
		i := r.Tag.(int)
		if seen[i] || r.Err != nil || r.Attempts != 1 {
			t.Fatalf("job %d: seen %v, attempts %d, error %v", i, seen[i], r.Attempts, r.Err)
		}
		seen[i] = true
	}
	if len(seen) != 2000 || len(s.Messages()) != 2000 {
		t.Fatalf("%d results, %d messages", len(seen), len(s.Messages()))
	}
	for _, m := range s.Messages() {
		var i int
		fmt.Sscanf(m.From, "s%d@", &i)
		if want := job(i); string(m.Data) != string(want.Content) || m.To[0].Address != want.To[0].Address {
			t.Errorf("from %s to %s with content %q", m.From, m.To[0].Address, m.Data)
		}
	}
	t.Logf("%+v", p.Stats())
}

func TestRelayDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	p, err := pool.New(pool.Config{
		Relay:    smtpclient.Config{Addr: l.Addr().String(), Security: smtpclient.Plaintext},
		Patience: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, err = p.Send(t.Context(), job(1))
	if !errors.Is(err, pool.ErrRelayDown) || !smtpclient.SafeToRetry(err) {
		t.Errorf("error %v", err)
	}
	n := 0
	for r := range p.SendAll(context.Background(), jobs(5000)) {
		n++
		if r.Recipients[0].Outcome != smtpclient.NotSent || !errors.Is(r.Err, pool.ErrRelayDown) {
			t.Fatalf("%+v", r)
		}
	}
	if n != 5000 {
		t.Errorf("%d results", n)
	}
}
