package pool_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestParseRate(t *testing.T) {
	for s, want := range map[string]pool.Rate{
		"14/s": {N: 14, Per: time.Second}, "1/second": {N: 1, Per: time.Second}, "600/min": {N: 600, Per: time.Minute},
		"5/m": {N: 5, Per: time.Minute}, "10000/h": {N: 10_000, Per: time.Hour}, "2/hour": {N: 2, Per: time.Hour},
		"50000/day": {N: 50_000, Per: 24 * time.Hour}, "1/d": {N: 1, Per: 24 * time.Hour},
	} {
		if got, err := pool.ParseRate(s); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %+v, %v", s, got, err)
		} else if again, err := pool.ParseRate(got.String()); err != nil || again != want {
			t.Errorf("%q is printed as %q, which is %+v, %v", s, got, again, err)
		}
	}
	for s, want := range map[string]string{
		"": "unit", "14": "unit", "14/": "unit", "14/week": "unit", "14/S": "unit", "/s": "whole number", "x/s": "whole number",
		"1.5/s": "whole number", "0/s": "above zero", "-3/h": "above zero", "99999999999999999999/s": "whole number",
		"1000000001/s": "nanosecond", "14/s/s": "unit",
	} {
		if got, err := pool.ParseRate(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRate(%q) = %+v, %v; want an error with %q", s, got, err, want)
		}
	}
	if s := (pool.Rate{N: 3, Per: 90 * time.Second}).String(); s != "3 every 1m30s" {
		t.Errorf("%q", s)
	}
}

// What is wrong with a Config is said by New, with the field's name.
func TestTrafficErrorsNameTheField(t *testing.T) {
	relay := func(addr string, weight int) pool.Relay {
		return pool.Relay{Config: smtpclient.Config{Addr: addr}, Weight: weight}
	}
	named := func(name, addr string) pool.Relay {
		r := relay(addr, 1)
		r.Name = name
		return r
	}
	limit := func(n int, per time.Duration) []pool.DomainLimit {
		return []pool.DomainLimit{{Domains: []string{"a.test"}, Limit: pool.Limit{Rates: []pool.Rate{{N: n, Per: per}}}}}
	}
	some := pool.Limit{Sessions: 1}
	for field, c := range map[string]pool.Config{
		"Rates[0].N":                 {Rates: []pool.Rate{{Per: time.Hour}}},
		"Rates[1].N":                 {Rates: []pool.Rate{{N: 1, Per: time.Hour}, {N: -1, Per: time.Hour}}},
		"Rates[0].Per":               {Rates: []pool.Rate{{N: 1}}},
		"Rates[0].Burst":             {Rates: []pool.Rate{{N: 1, Per: time.Hour, Burst: -1}}},
		"Rates[2].Per":               {Rates: []pool.Rate{{N: 1, Per: 366 * 24 * time.Hour}, {N: 1 << 30, Per: time.Hour}, {N: 1, Per: 366*24*time.Hour + 1}}},
		"Connections.N":              {Connections: pool.Rate{N: -1, Per: time.Second}},
		"Connections.Per":            {Connections: pool.Rate{N: 5}},
		"Domains[0].Rates[0].N":      {Domains: limit(0, time.Hour)},
		"Domains[0].Rates[0].Per":    {Domains: limit(1, -time.Hour)},
		"Domains[0].Domains":         {Domains: []pool.DomainLimit{{Limit: some}}},
		"Domains[0].Domains[1]":      {Domains: []pool.DomainLimit{{Domains: []string{"a.test", "A.TEST"}, Limit: some}}},
		"Domains[1].Domains[0]":      {Domains: []pool.DomainLimit{{Domains: []string{"a.test"}, Limit: some}, {Domains: []string{"a..b"}, Limit: some}}},
		"Domains[0]":                 {Domains: []pool.DomainLimit{{Domains: []string{"a.test"}}}},
		"Domains[0].Sessions":        {Domains: []pool.DomainLimit{{Domains: []string{"*"}, Limit: pool.Limit{Sessions: -1}}}},
		"Domains[0].MaxMessages":     {Domains: []pool.DomainLimit{{Domains: []string{"*"}, Limit: pool.Limit{MaxMessages: -1}}}},
		"Domains[0].MaxWaiting":      {Domains: []pool.DomainLimit{{Domains: []string{"*"}, Limit: pool.Limit{MaxWaiting: -1}}}},
		"Domains[0].Connections.Per": {Domains: []pool.DomainLimit{{Domains: []string{"*"}, Limit: pool.Limit{Connections: pool.Rate{N: 1}}}}},
		"Domains[1].Name":            {Domains: []pool.DomainLimit{{Name: "x", Domains: []string{"a.test"}, Limit: some}, {Name: "x", Domains: []string{"b.test"}, Limit: some}}},
		"Domains[2].Name":            {Domains: []pool.DomainLimit{{Domains: []string{"a.test"}, Limit: some}, {Domains: []string{"b.test"}, Limit: some}, {Name: "a.test", Domains: []string{"c.test"}, Limit: some}}},
		`Keys[""]`:                   {Keys: map[string]pool.Limit{"": some}},
		`Keys["k"]`:                  {Keys: map[string]pool.Limit{"k": {}}},
		`Keys["k"].Rates[0].N`:       {Keys: map[string]pool.Limit{"k": {Rates: []pool.Rate{{Per: 1}}}}},
		"Replies[0].Codes":           {Replies: []pool.ReplyRule{{Codes: []int{550}}}},
		"Replies[0].Meaning":         {Replies: []pool.ReplyRule{{Meaning: 99}}},
		"Replies[0].Texts":           {Replies: []pool.ReplyRule{{Texts: []string{"Slow"}}}},
		"Replies[1].Enhanced":        {Replies: []pool.ReplyRule{{Enhanced: []string{"4", "4.7", "4.7.28"}}, {Enhanced: []string{"4.7", "5.7.1"}}}},
		"MinSessions":                {MinSessions: -1},
		"MaxAge":                     {MaxAge: -1},
		"MaxLifetime":                {MaxLifetime: -1},
		"Relays[1].Addr":             {Relays: []pool.Relay{relay("a.test:25", 1), relay("A.test:25", 1)}},
		"Relays[1].Name":             {Relays: []pool.Relay{named("x", "a.test:25"), named("x", "b.test:25")}},
		"Relays[2].Name":             {Relays: []pool.Relay{relay("a.test:25", 1), relay("b.test:25", 1), named("a.test:25", "c.test:25")}},
		"Relays[2].Addr":             {Relays: []pool.Relay{named("x", "a.test:25"), named("y", "A.test:25"), relay("a.test:25", 1)}},
		"Relays":                     {Relays: []pool.Relay{relay("a.test:25", 0), relay("b.test:25", 0)}},
		"Relays[1].Weight":           {Relays: []pool.Relay{relay("a.test:25", 1), relay("b.test:25", -1)}},
		"Relays[0].Weight":           {Relays: []pool.Relay{relay("a.test:25", 1<<30)}},
		"Relays[0].Sessions":         {Relays: []pool.Relay{{Config: smtpclient.Config{Addr: "a.test:25"}, Weight: 1, Sessions: -1}}},
		"Relays[0].Rates[0].N":       {Relays: []pool.Relay{{Config: smtpclient.Config{Addr: "a.test:25"}, Weight: 1, Rates: []pool.Rate{{Per: 1}}}}},
		"Relays[0].Connections.N":    {Relays: []pool.Relay{{Config: smtpclient.Config{Addr: "a.test:25"}, Weight: 1, Connections: pool.Rate{Per: 1}}}},
		"Relay":                      {Relay: smtpclient.Config{Addr: "a.test:25"}, Relays: []pool.Relay{relay("b.test:25", 1)}},
	} {
		if c.Relays == nil {
			c.Relay.Addr = "relay.test:25"
		}
		p, err := pool.New(c)
		var bad *pool.FieldError
		if !errors.As(err, &bad) || bad.Field != field || !strings.Contains(err.Error(), "Config."+field+": ") {
			t.Errorf("%s: got %v", field, err)
		}
		if p != nil {
			p.Close()
		}
	}
	if _, err := pool.New(pool.Config{Relays: []pool.Relay{relay("a.test", 1)}}); err == nil || !strings.Contains(err.Error(), "Config.Relays[0]") {
		t.Errorf("an address without a port: %v", err)
	}
}

// Two accounts with one relay are two relays, if they can be told apart.
func TestRelaysOfOneAddress(t *testing.T) {
	var c pool.Config
	for _, name := range []string{"x", "y"} {
		c.Relays = append(c.Relays, pool.Relay{Config: smtpclient.Config{Addr: "a.test:25"}, Name: name, Weight: 1})
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

// Relay beside Relays would be overlooked, whichever of its fields is set.
func TestRelayBesideRelays(t *testing.T) {
	for i, relay := range []smtpclient.Config{
		{Addr: "a.test:25"}, {Auth: smtpclient.PasswordAuth("user", "secret")}, {Dial: (&net.Dialer{}).DialContext}, {TLSConfig: &tls.Config{}},
		{Trace: &smtpclient.Trace{}}, {Mode: smtpclient.ModeStream}, {Security: smtpclient.Plaintext},
		{Network: "tcp4"}, {LocalName: "client.test"}, {AllowInsecureAuth: true}, {Window: 5}, {MaxRecipients: 5}, {Timeouts: smtpclient.Timeouts{Greeting: 1}},
	} {
		c := pool.Config{Relay: relay, Relays: []pool.Relay{{Config: smtpclient.Config{Addr: "b.test:25"}, Weight: 1}}}
		var bad *pool.FieldError
		if err := c.Validate(); !errors.As(err, &bad) || bad.Field != "Relay" {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// The shipped table is a valid one, and reaches the providers it names.
func TestKnownProviders(t *testing.T) {
	p, err := pool.New(pool.Config{Relay: smtpclient.Config{Addr: "relay.test:25"}, Domains: pool.KnownProviders()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	caps := map[string][2]int{}
	for _, l := range pool.KnownProviders() {
		for _, d := range l.Domains {
			caps[d] = [2]int{l.MaxMessages, l.Sessions}
		}
	}
	for d, want := range map[string][2]int{
		"gmail.com": {50, 5}, "outlook.com": {50, 5}, "yahoo.com": {20, 0}, "icloud.com": {5, 10}, "gmx.net": {20, 4}, "web.de": {20, 4},
		"comcast.net": {1000, 25}, "orange.fr": {100, 2},
	} {
		if caps[d] != want {
			t.Errorf("%s: %v messages a session and sessions, want %v", d, caps[d], want)
		}
	}
}
