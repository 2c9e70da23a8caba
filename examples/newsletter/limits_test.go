package main

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestLimitFlags(t *testing.T) {
	o, err := parseOptions(strings.Fields("-rate 14/s -rate 50000/day -domain-rate Example.COM=2/s -domain-rate *=5/min " +
		"-domain-rate example.com=100/h -max-per-session 100 -max-lifetime 10m"))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(o.rates, o.domains, o.maxPerSession, o.maxLifetime)
	want := fmt.Sprint([]pool.Rate{{N: 14, Per: time.Second}, {N: 50000, Per: 24 * time.Hour}},
		[]pool.DomainLimit{
			{Domains: []string{"example.com"}, Limit: pool.Limit{Rates: []pool.Rate{{N: 2, Per: time.Second}, {N: 100, Per: time.Hour}}}},
			{Domains: []string{"*"}, Limit: pool.Limit{Rates: []pool.Rate{{N: 5, Per: time.Minute}}}},
		}, 100, 10*time.Minute)
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Each is an error that names the flag, before anything is sent or written.
func TestBadLimits(t *testing.T) {
	server := newServer(t)
	server.Start()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, args := range []string{
		"-rate 0/s", "-rate -1/s", "-rate 5", "-rate 5/fortnight", "-rate 1.5/s", "-rate /s", "-rate 5/s:-rate 6/sec", "-rate :",
		"-domain-rate example.com", "-domain-rate example.com=0/s", "-domain-rate example.com=5/x", "-domain-rate =5/s",
		"-domain-rate exam_ple!.com=5/s", "-domain-rate a@example.com=5/s", "-domain-rate *.example.com=5/s",
		"-domain-rate example.com=5/s:-domain-rate EXAMPLE.com=6/s", "-domain-rate bücher.example=5/s:-domain-rate xn--bcher-kva.example=5/s",
		"-max-per-session 0", "-max-per-session -1", "-max-per-session x",
		"-max-lifetime 0s", "-max-lifetime -1m", "-max-lifetime 10",
		"-metrics 127.0.0.1", "-metrics 127.0.0.1:99999", "-metrics :", "-metrics " + busy.Addr().String(), "-metrics 127.0.0.1:0:-dry-run out",
		"-addr " + server.Addr, "-addr 127.0.0.1:1*x", "-addr ,",
	} {
		fields := []string{"-addr", server.Addr, "-tls", "none"}
		for i, part := range strings.Split(strings.ReplaceAll(args, ":-", "\n-"), "\n") {
			name, value, _ := strings.Cut(part, " ")
			if value == ":" && i == 0 && name == "-rate" {
				value = ""
			}
			fields = append(fields, name, value)
		}
		tr := newTrial(t)
		list := tr.run(t.Context(), fields...)
		tr.want(exitUsage)
		flag, _, _ := strings.Cut(args, " ")
		if got := tr.stderr.String(); !strings.HasPrefix(got, "newsletter: ") || !strings.Contains(got, flag) || tr.stdout.String() != "" {
			t.Errorf("%s: says %q", args, got)
		}
		if list != nil || server.Counters().Connections != 0 {
			t.Errorf("%s: %d outcomes, %d sessions", args, len(list), server.Counters().Connections)
		}
	}
}

// An arrival is a mail at the server.
type arrival struct {
	domain string
	at     time.Duration
}

// arrivals runs the program with made-up recipients in fake time, and returns the
// mails at the server as they came.
func arrivals(t *testing.T, n int, args ...string) (all []arrival) {
	t.Helper()
	lines := pipenet.Listen()
	server := &smtptest.Server{Listener: lines, NoSTARTTLS: true, CountOnly: true}
	begin := time.Now()
	var mu sync.Mutex
	server.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		mu.Lock()
		defer mu.Unlock()
		_, domain, _ := strings.Cut(m.To[0].Address, "@")
		all = append(all, arrival{domain, time.Since(begin)})
		return nil
	}
	server.Start()
	defer server.Close()
	tr := newTrial(t)
	tr.tune = func(c *pool.Config) {
		for i := range c.Relays {
			c.Relays[i].Network, c.Relays[i].Dial, c.Relays[i].LocalName = "unix", lines.Dial, "client.test"
		}
	}
	list := tr.run(t.Context(), append([]string{"-addr", "relay.example:25", "-tls", "none", "-n", fmt.Sprint(n)}, args...)...)
	tr.want(exitAccepted)
	if len(list) != n || len(all) != n {
		t.Fatalf("%d outcomes and %d mails, want %d", len(list), len(all), n)
	}
	return all
}

// most is how many mails came within any window of that length.
func most(all []arrival, window time.Duration) (n int) {
	for i := range all {
		end := i
		for end < len(all) && all[end].at-all[i].at < window {
			end++
		}
		n = max(n, end-i)
	}
	return n
}

// -rate holds for all mails together, over all sessions, and takes no longer than
// it must.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := arrivals(t, 100, "-rate", "50/s")
		// 2 go at once in 50 ms, the default burst.
		if n := most(all, time.Second); n > 50+2 {
			t.Errorf("%d mails within a second", n)
		}
		if last := all[len(all)-1].at; last < 1900*time.Millisecond || last > 2100*time.Millisecond {
			t.Errorf("the last after %v, want 2 s", last)
		}
	})
}

// Of several rates each holds.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := arrivals(t, 30, "-rate", "10/s", "-rate", "60/min")
		if last := all[len(all)-1].at; last < 28*time.Second || last > 31*time.Second {
			t.Errorf("the last after %v, want 29 s", last)
		}
	})
}

// -domain-rate holds back its domain, and nobody else.
func TestDomainRate(t *testing.T) {
	const n = 23 * 6 // one of each of the people at each of the domains
	split := func(all []arrival, own func(string) bool) (those, others []arrival) {
		for _, a := range all {
			if own(a.domain) {
				those = append(those, a)
			} else {
				others = append(others, a)
			}
		}
		return those, others
	}
	synctest.Test(t, func(t *testing.T) {
		under := func(d string) bool { return d == "example.com" || d == "mail.example.com" }
		those, others := split(arrivals(t, n, "-domain-rate", "example.com=2/s"), under)
		if len(those) != 46 || most(those, time.Second) > 2+1 || those[45].at < 22*time.Second || those[45].at > 24*time.Second {
			t.Errorf("%d mails, %d a second, the last after %v", len(those), most(those, time.Second), those[len(those)-1].at)
		}
		if len(others) != n-46 || others[len(others)-1].at > 0 {
			t.Errorf("%d others, the last after %v", len(others), others[len(others)-1].at)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		all := arrivals(t, n, "-domain-rate", "*=1/s", "-domain-rate", "example.org=1000/s")
		domains := map[string]bool{}
		for _, a := range all {
			domains[a.domain] = true
		}
		for _, d := range slices.Sorted(maps.Keys(domains)) {
			those, _ := split(all, func(other string) bool { return other == d })
			last := those[len(those)-1].at
			if slow := last > 20*time.Second; slow != (d != "example.org") || last > 24*time.Second {
				t.Errorf("%s: %d mails, the last after %v", d, len(those), last)
			}
		}
		if len(domains) != 6 {
			t.Errorf("%v", domains)
		}
	})
}

// The flags that bound sessions reach the pool.
func TestSessionLimits(t *testing.T) {
	o, err := parseOptions(strings.Fields("-max-per-session 7 -max-lifetime 90s"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if c := poolConfig(m); c.MaxMessages != 7 || c.MaxLifetime != 90*time.Second {
		t.Errorf("%d messages, %v", c.MaxMessages, c.MaxLifetime)
	}
}

// The built-in sink ends a run with limits in time, too.
func TestLimitsOnSink(t *testing.T) {
	tr := newTrial(t)
	list := tr.run(t.Context(), "-n", "60", "-rate", "500/s", "-domain-rate", "example.com=200/s")
	tr.want(exitAccepted)
	if len(list) != 60 || tr.reported("sink") != 60 {
		t.Errorf("%d outcomes, %d mails", len(list), tr.reported("sink"))
	}
}

// What was held back and slowed down is in the report.
func TestReportOfLimits(t *testing.T) {
	server := newServer(t)
	var once sync.Once
	server.OnMessage = func(*smtptest.Session, *smtptest.Message) (reply *smtptest.Reply) {
		once.Do(func() { reply = &smtptest.Reply{Code: 421, Text: "4.7.28 rate limit"} })
		return reply
	}
	server.Start()
	tr := newTrial(t)
	tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-n", "60", "-domain-rate", "example.com=50/s", "-sessions", "1")
	tr.want(exitAccepted)
	for _, want := range []string{"slowed       relay " + server.Addr + ", 1 times by replies\n", "slowed       domain example.com, "} {
		if !strings.Contains(tr.stdout.String(), want) {
			t.Errorf("no %q in:\n%s", want, tr.stdout.String())
		}
	}
}
