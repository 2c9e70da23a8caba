package main

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestParseTargets(t *testing.T) {
	for _, tt := range []struct {
		values []string
		want   string // or a part of the error
	}{
		{nil, "[]"},
		{[]string{""}, "[]"},
		{[]string{"a.example:25"}, "[{a.example:25 1}]"},
		{[]string{"a.example:25", "b.example:submission*3,[2001:db8::1]:25*0"}, "[{a.example:25 1} {b.example:submission 3} {[2001:db8::1]:25 0}]"},
		{[]string{"a.example:25,a.example:587"}, "[{a.example:25 1} {a.example:587 1}]"},
		{[]string{"a.example:25", "A.Example:smtp*2"}, "A.Example:smtp is listed twice"},
		{[]string{"a.example:25", ""}, `"" is not of the form`},
		{[]string{"a.example:25,"}, `"" is not of the form`},
		{[]string{"a.example:25 b.example:25"}, "is not of the form"},
		{[]string{"a.example:25*-1"}, "weight"},
		{[]string{"a.example:25*"}, "weight"},
		{[]string{"a.example:25*1.5"}, "weight"},
		{[]string{"a.example:25*1000001"}, "weight"},
		{[]string{"a.example:25*0,b.example:25*0"}, "all weights are zero"},
	} {
		got, err := parseTargets(tt.values)
		if err == nil && fmt.Sprint(got) != tt.want || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, %v; want %s", tt.values, got, err, tt.want)
		}
	}
}

// The queue has room for what all relays can have in hand.
func TestQueueOfSeveralRelays(t *testing.T) {
	for args, want := range map[string]int{
		"-sessions 3": 64 + 4*3,
		"-addr a.example:25,b.example:25 -tls none -sessions 3":                         64 + 4*6,
		"-addr a.example:25,b.example:25 -tls none -sessions 3 -mode stream -window 10": 64 + 4*6 + 2*6*10,
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		m, err := prepare(o)
		if err != nil {
			t.Fatal(err)
		}
		defer m.close()
		if o.sink() {
			m.relay.targets = []target{{"127.0.0.1:25", 1}}
		}
		c := poolConfig(m)
		if c.Queue != want {
			t.Errorf("%s: a queue of %d, want %d", args, c.Queue, want)
		}
		if _, err := pool.New(c); err != nil {
			t.Error(err)
		}
	}
}

// Relays share the mails by their weights, and the report has a line for each.
func TestSeveralRelays(t *testing.T) {
	a, b := newServer(t), newServer(t)
	a.Start()
	b.Start()
	tr := newTrial(t)
	const n = 2000
	list := tr.run(t.Context(), "-addr", a.Addr+"*3", "-addr", b.Addr, "-tls", "none", "-n", fmt.Sprint(n), "-max-per-session", "50")
	tr.want(exitAccepted)
	fromA, fromB := len(a.Messages()), len(b.Messages())
	if len(fatesOf(t, list)) != n || fromA+fromB != n || fromA < n/2 || fromB < n/10 {
		t.Errorf("%d outcomes; %d and %d mails", len(list), fromA, fromB)
	}
	for _, s := range []*smtptest.Server{a, b} {
		want := fmt.Sprintf(`(?m)^relay +%s: %d accepted, 0 rejected, 0 deferred; \d+ sessions built, 0 attempts failed, 0 lost$`,
			regexp.QuoteMeta(s.Addr), len(s.Messages()))
		if !regexp.MustCompile(want).MatchString(tr.stdout.String()) {
			t.Errorf("no %q in:\n%s", want, tr.stdout.String())
		}
		if built := s.Counters().Connections; built < int64(len(s.Messages()))/50 {
			t.Errorf("%d mails over %d sessions of 50", len(s.Messages()), built)
		}
	}
}

// What a relay that dies has not taken the other one takes.
func TestRelayDiesBesideAnother(t *testing.T) {
	for _, log := range []bool{false, true} {
		a, b := newServer(t), newServer(t)
		a.Script(smtptest.Fault{At: smtptest.PointConnect, Do: smtptest.Answer("421 4.3.2 closing down")})
		a.Start()
		b.Start()
		tr := newTrial(t)
		if log {
			tr.logEvery = 1 // nanosecond
		}
		list := tr.run(t.Context(), "-addr", a.Addr+","+b.Addr, "-tls", "none", "-n", "500")
		tr.want(exitAccepted)
		if got, want := tallyOf(list), (tally{accepted: 500}); !maps.Equal(got, want) || len(b.Messages()) != 500 {
			t.Errorf("outcomes %v, and %d mails", got, len(b.Messages()))
		}
		if !strings.Contains(tr.stdout.String(), a.Addr+": 0 accepted") || !strings.Contains(tr.stdout.String(), "; down\n") {
			t.Errorf("report:\n%s", tr.stdout.String())
		}
		down := "newsletter: relay " + a.Addr + ": down: "
		if got := strings.Contains(tr.stderr.String(), down); got != log {
			t.Errorf("logged: %t, want %t:\n%s", got, log, tr.stderr.String())
		}
	}
}
