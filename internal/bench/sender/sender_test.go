package sender_test

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// each runs a test for every sender that runs in this process.
func each(t *testing.T, test func(t *testing.T, s *sender.Sender)) {
	for _, s := range sender.All() {
		if s.Send == nil || s.Missing != nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// TestRefusal: a sender does not count what the server has refused, and says so.
func TestRefusal(t *testing.T) {
	each(t, func(t *testing.T, s *sender.Sender) {
		server := smtptest.NewUnstartedServer()
		server.NoSTARTTLS, server.CountOnly = true, true
		server.Script(smtptest.Fault{At: smtptest.PointRCPT, Nth: 3, Times: 100, Do: smtptest.Answer("550 5.1.1 No")})
		server.Start()
		defer server.Close()
		r, err := s.Run(sender.NewLoad(server.Addr, 1, 10), 0, 0)
		if err == nil {
			t.Error("no error")
		}
		if n := server.Counters().Messages; r.Accepted > n || n > 2 {
			t.Errorf("%d accepted, the server has %d", r.Accepted, n)
		}
	})
}

// TestMeasured: a run ends when its time is over, with figures.
func TestMeasured(t *testing.T) {
	server := smtptest.NewUnstartedServer()
	server.NoSTARTTLS, server.CountOnly = true, true
	server.Start()
	defer server.Close()
	l := sender.NewLoad(server.Addr, 2, 0)
	r, err := sender.Named(sender.Baseline).Run(l, 10*time.Millisecond, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if n := server.Counters().Messages; r.Accepted != n || r.Messages <= 0 || r.Messages > n {
		t.Errorf("%d accepted, %d of them measured, the server has %d", r.Accepted, r.Messages, n)
	}
	if r.Seconds < 0.05 || r.CPU <= 0 || r.Allocs == 0 || r.Bytes == 0 {
		t.Errorf("%+v", r)
	}
}

// TestNumbers: each number of a load is handed out once.
func TestNumbers(t *testing.T) {
	const n = 10_000
	l := sender.NewLoad("", 4, n)
	var mu sync.Mutex
	seen := map[int]int{}
	err := l.Each(func() error {
		for i := range l.Numbers() {
			first, count := l.Take(7)
			mu.Lock()
			seen[i]++
			for k := first; k < first+count; k++ {
				seen[k]++
			}
			mu.Unlock()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, times := range seen {
		if i < 1 || i > n || times != 1 {
			t.Errorf("%d was handed out %d times", i, times)
		}
	}
	if len(seen) != n {
		t.Errorf("%d numbers, want %d", len(seen), n)
	}
}

// TestFail: a failure ends the load, and all of them are told.
func TestFail(t *testing.T) {
	l := sender.NewLoad("", 3, 0)
	err := l.Each(func() error {
		for range l.Numbers() {
			return context.Canceled
		}
		return context.DeadlineExceeded
	})
	if err == nil || l.Failure() != err {
		t.Errorf("%v, then %v", err, l.Failure())
	}
	if _, n := l.Take(1); n != 0 {
		t.Error("there are numbers after a failure")
	}
}

// TestSelect: the baseline is there in any case, and each floor that a sender is
// compared with exists.
func TestSelect(t *testing.T) {
	names := map[string]bool{}
	for _, s := range sender.All() {
		if names[s.Name] {
			t.Errorf("two senders are called %s", s.Name)
		}
		names[s.Name] = true
	}
	for _, s := range sender.All() {
		if s.Floor != "" && !names[s.Floor] {
			t.Errorf("%s has the floor %q", s.Name, s.Floor)
		}
	}
	list := sender.Select(regexp.MustCompile("^mox"))
	if len(list) != 2 || list[0].Name != sender.Baseline || list[1] == nil {
		t.Errorf("%d senders for ^mox", len(list))
	}
	if sender.Named("nobody") != nil {
		t.Error("there is a sender called nobody")
	}
}
