package main

import (
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/bulksmtp/bulksmtp/verp"
)

// TestRelayRefuses: every recipient has the outcome that the relay gave it, and
// the mails that it has are the accepted ones, in their own envelopes.
func TestRelayRefuses(t *testing.T) {
	for _, mode := range []string{"auto", "lockstep", "envelope", "overlap", "stream"} {
		t.Run(mode, func(t *testing.T) {
			server := newServer(t)
			var greylist sync.Map
			server.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
				switch {
				case strings.Contains(path, "amelie"):
					return &smtptest.Reply{Code: 550, Text: "5.1.1 No such user"}
				case strings.Contains(path, "taro"):
					return &smtptest.Reply{Code: 450, Text: "4.2.0 Mailbox busy"}
				case strings.Contains(path, "thordis"):
					if _, known := greylist.LoadOrStore(path, true); !known {
						return &smtptest.Reply{Code: 451, Text: "4.7.1 Greylisted"}
					}
				}
				return nil
			}
			server.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
				if strings.Contains(m.To[0].Address, "oksana") {
					return &smtptest.Reply{Code: 554, Text: "5.6.0 Not that\n5.6.0 one"}
				}
				return nil
			}
			server.Start()
			tr := newTrial(t)
			const n = 23 * 20
			list := tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-n", fmt.Sprint(n), "-mode", mode, "-max-attempts", "4")
			tr.want(exitSome)
			fates := fatesOf(t, list)
			if len(fates) != n {
				t.Errorf("%d outcomes, want %d", len(fates), n)
			}
			for email, o := range fates {
				want := outcome{Outcome: accepted, Code: 250, EnhancedCode: "2.0.0", Attempts: 1}
				switch {
				case strings.Contains(email, "amelie"):
					want = outcome{Outcome: rejected, Code: 550, EnhancedCode: "5.1.1", Attempts: 1, Error: "smtp: RCPT: 550 5.1.1 No such user"}
				case strings.Contains(email, "thordis"):
					want.Attempts = 2
				case strings.Contains(email, "taro"):
					want = outcome{Outcome: deferred, Code: 450, EnhancedCode: "4.2.0", Attempts: 4, Error: "smtp: RCPT: 450 4.2.0 Mailbox busy"}
				case strings.Contains(email, "oksana"):
					want = outcome{Outcome: rejected, Code: 554, EnhancedCode: "5.6.0", Attempts: 1, Error: o.Error}
				}
				if o.Outcome != want.Outcome || o.Code != want.Code || o.EnhancedCode != want.EnhancedCode || o.Attempts != want.Attempts || o.Error != want.Error {
					t.Errorf("%+v, want %+v", o, want)
				}
			}
			checkArrivals(t, server, fates)
		})
	}
}

// checkArrivals holds what the server has against the outcomes.
func checkArrivals(t *testing.T, server *smtptest.Server, fates map[string]outcome) {
	t.Helper()
	arrived := map[string]bool{}
	for _, m := range server.Messages() {
		to := m.To[0].Address
		to = strings.Replace(to, "xn--bcher-kva", "bücher", 1)
		o, ok := fates[to]
		if !ok || o.Outcome != accepted || arrived[to] || len(m.To) != 1 {
			t.Errorf("arrived for %q: %+v", to, o)
		}
		arrived[to] = true
		if m.From != o.ReturnPath {
			t.Errorf("%s: return path %q, the outcome has %q", to, m.From, o.ReturnPath)
		}
		if !strings.Contains(string(m.Data), "Message-ID: "+o.MessageID+"\r\n") {
			t.Errorf("%s has the content of another", to)
		}
	}
	if n := tallyOfMap(fates)[accepted]; int(n) != len(arrived) {
		t.Errorf("%d arrived, %d were accepted", len(arrived), n)
	}
}

func tallyOfMap(fates map[string]outcome) tally {
	n := tally{}
	for _, o := range fates {
		n[o.Outcome]++
	}
	return n
}

func TestRelayDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	tr := newTrial(t)
	list := tr.run(t.Context(), "-addr", addr, "-n", "2000")
	tr.want(exitSome)
	if got, want := tallyOf(list), (tally{notSent: 2000}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	for _, o := range list[:1] {
		if !strings.Contains(o.Error, pool.ErrRelayDown.Error()) || o.Code != 0 || o.MessageID == "" {
			t.Errorf("%+v", o)
		}
	}
}

// TestSTARTTLSAndLogin: with the right authority and password all is well, else
// nobody gets anything, least of all the password.
func TestSTARTTLSAndLogin(t *testing.T) {
	server := newServer(t)
	server.Users = map[string]string{"me": "secret"}
	server.NoPlaintextAuth, server.RequireAuth, server.RequireTLS = true, true, true
	server.Start()
	other := newServer(t)
	other.Start()
	authority := func(s *smtptest.Server) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	}
	for name, test := range map[string]struct {
		ca, password string
		code         int
		want         tally
		says         string
	}{
		"good":            {authority(server), "secret\n", exitAccepted, tally{accepted: 50}, ""},
		"wrong password":  {authority(server), "guess\n", exitSome, tally{notSent: 50}, "535"},
		"wrong authority": {authority(other), "secret\n", exitSome, tally{notSent: 50}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t)
			list := tr.run(t.Context(), "-addr", server.Addr, "-ca", tr.file("ca", test.ca),
				"-user", "me", "-password-file", tr.file("pw", test.password), "-n", "50")
			tr.want(test.code)
			if got := tallyOf(list); !maps.Equal(got, test.want) {
				t.Errorf("outcomes %v, want %v", got, test.want)
			}
			if !strings.Contains(list[0].Error, test.says) || strings.Contains(tr.stdout.String(), "secret") {
				t.Errorf("error %q; report:\n%s", list[0].Error, tr.stdout.String())
			}
		})
	}
}

func TestNoSTARTTLSOffered(t *testing.T) {
	server := newServer(t)
	server.NoSTARTTLS = true
	server.Start()
	tr := newTrial(t)
	list := tr.run(t.Context(), "-addr", server.Addr, "-n", "20")
	tr.want(exitSome)
	if got, want := tallyOf(list), (tally{notSent: 20}); !maps.Equal(got, want) || !strings.Contains(list[0].Error, "STARTTLS") {
		t.Errorf("outcomes %v, want %v; %s", got, want, list[0].Error)
	}
}

// TestNoSMTPUTF8Offered: who needs it is not sent to, the others are.
func TestNoSMTPUTF8Offered(t *testing.T) {
	server := newServer(t)
	server.Extensions = []string{"PIPELINING", "8BITMIME"}
	server.Start()
	tr := newTrial(t)
	csv := tr.file("r.csv", "email\nzoe@bücher.example\nzoë@example.org\n")
	list := tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-recipients", csv, "-text", tr.file("t", "x"))
	tr.want(exitSome)
	fates := fatesOf(t, list)
	if a, b := fates["zoe@bücher.example"], fates["zoë@example.org"]; a.Outcome != accepted || b.Outcome != notSent {
		t.Errorf("%+v and %+v", a, b)
	}
}

// TestReturnPaths: each mail's return path leads back to its recipient, or the
// report counts it.
func TestReturnPaths(t *testing.T) {
	const path = "bounces@lists.example.com"
	long := strings.Repeat("l", 60) + "@example.org"
	for form, test := range map[string]struct {
		args  []string
		codec verp.Codec
		plain []string
	}{
		"classic": {nil, verp.Codec{}, []string{long, "плюс@example.org", `"a b"@example.org`}},
		"escaped": {[]string{"-verp", "escaped"}, verp.Codec{Form: verp.Escaped}, []string{long}},
		"off":     {[]string{"-verp", "off"}, verp.Codec{}, nil},
	} {
		t.Run(form, func(t *testing.T) {
			server := newServer(t)
			server.Start()
			tr := newTrial(t)
			csv := "email\nzoe@example.org\no'neill+x@bücher.example\n" + long + "\nплюс@example.org\n\"\"\"a b\"\"@example.org\"\n"
			args := append([]string{"-addr", server.Addr, "-tls", "none", "-return-path", path,
				"-recipients", tr.file("r.csv", csv), "-text", tr.file("t", "x")}, test.args...)
			fates := fatesOf(t, tr.run(t.Context(), args...))
			tr.want(exitAccepted)
			for email, o := range fates {
				plain := form == "off"
				for _, p := range test.plain {
					plain = plain || p == email
				}
				if plain {
					if o.ReturnPath != path {
						t.Errorf("%s: %q, want the plain one", email, o.ReturnPath)
					}
					continue
				}
				got, err := test.codec.Decode(path, o.ReturnPath)
				if want := strings.Replace(email, "bücher", "xn--bcher-kva", 1); err != nil || got != want {
					t.Errorf("%s: %q leads to %q, %v", email, o.ReturnPath, got, err)
				}
			}
			if n := len(test.plain); n > 0 && tr.reported("return paths") != n {
				t.Errorf("%d plain return paths reported, want %d", tr.reported("return paths"), n)
			}
			for _, m := range server.Messages() {
				if o, ok := fates[strings.Replace(m.To[0].Address, "xn--bcher-kva", "bücher", 1)]; !ok || o.ReturnPath != m.From {
					t.Errorf("%s came from %q, the outcome has %q", m.To[0].Address, m.From, o.ReturnPath)
				}
			}
		})
	}
}
