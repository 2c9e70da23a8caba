package smtpclient_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		alter func(c *smtpclient.Config)
		field string // the error must name it; "": no error
	}{
		{"zero but Addr", func(*smtpclient.Config) {}, ""},
		{"tcp4", func(c *smtpclient.Config) { c.Network = "tcp4" }, ""},
		{"IPv6", func(c *smtpclient.Config) { c.Network, c.Addr = "tcp6", "[::1]:25" }, ""},
		{"unix", func(c *smtpclient.Config) { c.Network, c.Addr = "unix", "/run/smtp" }, ""},
		{"no Addr", func(c *smtpclient.Config) { c.Addr = "" }, "Addr"},
		{"no port", func(c *smtpclient.Config) { c.Addr = "mx.example.test" }, "Addr"},
		{"IPv6 without brackets", func(c *smtpclient.Config) { c.Addr = "::1:25" }, "Addr"},
		{"unix without path", func(c *smtpclient.Config) { c.Network, c.Addr = "unix", "" }, "Addr"},
		{"Security", func(c *smtpclient.Config) { c.Security = smtpclient.Plaintext + 1 }, "Security"},
		{"Mode", func(c *smtpclient.Config) { c.Mode = smtpclient.ModeStream + 1 }, "Mode"},
		{"stream", func(c *smtpclient.Config) { c.Mode = smtpclient.ModeStream }, ""},
		{"Window", func(c *smtpclient.Config) { c.Window = -1 }, "Window"},
		{"large Window", func(c *smtpclient.Config) { c.Window = 4097 }, "Window"},
		{"overlap", func(c *smtpclient.Config) { c.Mode = smtpclient.ModeOverlap }, ""},
		{"BareNewlines", func(c *smtpclient.Config) { c.BareNewlines = 2 }, "BareNewlines"},
		{"MaxRecipients", func(c *smtpclient.Config) { c.MaxRecipients = -1 }, "MaxRecipients"},
		{"local name", func(c *smtpclient.Config) { c.LocalName = "a.example.test" }, ""},
		{"local literal", func(c *smtpclient.Config) { c.LocalName = "[192.0.2.1]" }, ""},
		{"local IPv6 literal", func(c *smtpclient.Config) { c.LocalName = "[IPv6:2001:db8::1]" }, ""},
		{"local name with a command", func(c *smtpclient.Config) { c.LocalName = "a\r\nMAIL FROM:<>" }, "LocalName"},
		{"local name with a space", func(c *smtpclient.Config) { c.LocalName = "a b" }, "LocalName"},
		{"local name not ASCII", func(c *smtpclient.Config) { c.LocalName = "grün.test" }, "LocalName"},
		{"bare local address", func(c *smtpclient.Config) { c.LocalName = "2001:db8::1" }, "LocalName"},
		{"bad local literal", func(c *smtpclient.Config) { c.LocalName = "[192.0.2]" }, "LocalName"},
		{"Connect", func(c *smtpclient.Config) { c.Timeouts.Connect = -1 }, "Timeouts.Connect"},
		{"Greeting", func(c *smtpclient.Config) { c.Timeouts.Greeting = -1 }, "Timeouts.Greeting"},
		{"Handshake", func(c *smtpclient.Config) { c.Timeouts.Handshake = -1 }, "Timeouts.Handshake"},
		{"Command", func(c *smtpclient.Config) { c.Timeouts.Command = -1 }, "Timeouts.Command"},
		{"Mail", func(c *smtpclient.Config) { c.Timeouts.Mail = -1 }, "Timeouts.Mail"},
		{"Rcpt", func(c *smtpclient.Config) { c.Timeouts.Rcpt = -1 }, "Timeouts.Rcpt"},
		{"Data", func(c *smtpclient.Config) { c.Timeouts.Data = -1 }, "Timeouts.Data"},
		{"Block", func(c *smtpclient.Config) { c.Timeouts.Block = -1 }, "Timeouts.Block"},
		{"EndOfData", func(c *smtpclient.Config) { c.Timeouts.EndOfData = -time.Second }, "Timeouts.EndOfData"},
		{"Quit", func(c *smtpclient.Config) { c.Timeouts.Quit = -1 }, "Timeouts.Quit"},
		{"LastWord", func(c *smtpclient.Config) { c.Timeouts.LastWord = -1 }, "Timeouts.LastWord"},
	} {
		c := smtpclient.Config{Addr: "mx.example.test:25"}
		tt.alter(&c)
		err := c.Validate()
		if tt.field == "" && err != nil || tt.field != "" && (err == nil || !strings.Contains(err.Error(), "Config."+tt.field+":")) {
			t.Errorf("%s: %v; want %s named", tt.name, err, tt.field)
		}
		if err == nil {
			continue
		}
		if s, dialErr := smtpclient.Dial(t.Context(), c); s != nil || dialErr == nil || dialErr.Error() != err.Error() {
			t.Errorf("%s: Dial: %v, Validate: %v", tt.name, dialErr, err)
		}
	}
}

func TestParseSecurity(t *testing.T) {
	for s := smtpclient.StartTLS; s <= smtpclient.Plaintext; s++ {
		if got, err := smtpclient.ParseSecurity(s.String()); got != s || err != nil {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, bad := range []string{"", "tls", "STARTTLS", "Security(9)"} {
		if got, err := smtpclient.ParseSecurity(bad); err == nil || got != smtpclient.StartTLS {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	if got := smtpclient.Security(9).String(); got != "Security(9)" {
		t.Error(got)
	}
}
