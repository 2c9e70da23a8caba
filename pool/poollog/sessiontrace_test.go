package poollog_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool/poollog"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestSessionTrace(t *testing.T) {
	for _, tt := range []struct {
		event func(*smtpclient.Trace)
		want  string
	}{
		{func(t *smtpclient.Trace) { t.Dialed(7, "tcp", "relay:25", time.Second, nil) },
			"DEBUG connected session=7 network=tcp addr=relay:25 took=1s"},
		{func(t *smtpclient.Trace) { t.Dialed(7, "tcp", "relay:25", time.Second, fmt.Errorf("refused")) },
			"DEBUG not connected session=7 network=tcp addr=relay:25 took=1s error=refused"},
		{func(t *smtpclient.Trace) {
			t.TLS(7, tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256, DidResume: true}, true)
		}, "DEBUG TLS session=7 version=TLS 1.3 cipher_suite=TLS_AES_128_GCM_SHA256 verified=true resumed=true"},
		{func(t *smtpclient.Trace) { t.Command(7, "EHLO client.example") }, "DEBUG-4 command session=7 line=EHLO client.example"},
		{func(t *smtpclient.Trace) { t.Command(7, "AUTH PLAIN …") }, "DEBUG-4 command session=7 line=AUTH PLAIN …"},
		{func(t *smtpclient.Trace) { t.Command(7, "MAIL FROM:<> SIZE=100 BODY=8BITMIME") },
			"DEBUG-4 command session=7 line=MAIL FROM:<> SIZE=100 BODY=8BITMIME"},
		{func(t *smtpclient.Trace) { t.Command(7, "BDAT 1000 LAST") }, "DEBUG-4 command session=7 line=BDAT 1000 LAST"},
		{func(t *smtpclient.Trace) { t.Content(7, 1000) }, "DEBUG-4 content session=7 octets=1000"},
		{func(t *smtpclient.Trace) {
			t.Reply(7, "EHLO", smtpclient.Reply{Code: 250, Text: "relay.example\nPIPELINING"})
		}, "DEBUG-4 reply session=7 verb=EHLO code=250 reply=relay.example\nPIPELINING"},
		{func(t *smtpclient.Trace) { t.Wrote(7, 1000) }, "DEBUG-4 wrote session=7 octets=1000"},
		{func(t *smtpclient.Trace) { t.RoundTrip(7, time.Millisecond) }, "DEBUG-4 round trip session=7 took=1ms"},
		{func(t *smtpclient.Trace) {
			t.Ready(7, smtpclient.Extensions{Domain: "relay.example", Pipelining: true, MaxSize: 5}, smtpclient.ModeOverlap)
		}, "DEBUG ready session=7 server=relay.example mode=overlap pipelining=true chunking=false max_size=5"},
		{func(t *smtpclient.Trace) { t.Closed(7, nil) }, "DEBUG closed session=7"},
		{func(t *smtpclient.Trace) { t.Closed(7, smtpclient.ErrClosed) }, "DEBUG closed session=7 error=session closed"},
	} {
		log, into := newLog(poollog.LevelWire, poollog.Config{})
		tt.event(log.SessionTrace(nil))
		if got := into.one(t); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		log, into = newLog(slog.LevelInfo, poollog.Config{})
		if tt.event(log.SessionTrace(nil)); len(into.take()) > 0 {
			t.Errorf("logged above its level: %s", tt.want)
		}
	}
}

// MAIL and RCPT are shown without the addresses in them.
func TestCommands(t *testing.T) {
	for line, want := range map[string]string{
		"RCPT TO:<zoe.smith@example.org>":                                          "RCPT TO:<~X@example.org>",
		"RCPT TO:<\"zoe smith\"@[192.0.2.1]> NOTIFY=NEVER":                         "RCPT TO:<~X@[192.0.2.1]> NOTIFY=NEVER",
		"RCPT TO:<zoe.smith@example.org> ORCPT=rfc822;zoe.smith+40example.org":     "RCPT TO:<~X@example.org> ORCPT=…",
		"MAIL FROM:<l-zoe.smith=example.org@lists.example> ENVID=zoe.smith SIZE=9": "MAIL FROM:<~X@lists.example> ENVID=… SIZE=9",
		"MAIL FROM:<a@b.example> AUTH=zoe.smith+40example.org RET=HDRS":            "MAIL FROM:<~X@b.example> AUTH=… RET=HDRS",
		"MAIL FROM:<a@b.example> X-WHO=zoe.smith+40example.org":                    "MAIL FROM:<~X@b.example> ~X",
	} {
		log, into := newLog(poollog.LevelWire, poollog.Config{})
		log.SessionTrace(nil).Command(1, line)
		_, got, _ := strings.Cut(into.one(t), "line=")
		if got = hashes.ReplaceAllString(got, "~X"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		log, into = newLog(poollog.LevelWire, poollog.Config{Addresses: poollog.ShowAddresses})
		log.SessionTrace(nil).Command(1, line)
		if _, got, _ := strings.Cut(into.one(t), "line="); got != line {
			t.Errorf("shown as %s, want %s", got, line)
		}
	}
}

// A session knows whom its replies speak of, as long as it lasts, and of one with
// very many recipients it knows the last.
func TestRepliesOfASession(t *testing.T) {
	log, into := newLog(poollog.LevelWire, poollog.Config{})
	trace := log.SessionTrace(nil)
	say := func(session uint64) string {
		into.take()
		trace.Reply(session, "RCPT", smtpclient.Reply{Code: 550, Text: "no mailbox zoe.smith here"})
		return into.one(t)
	}
	if got := say(1); strings.Contains(got, "reply=") {
		t.Errorf("before any command: %s", got)
	}
	trace.Command(1, "RCPT TO:<Zoe.Smith+news@example.org>")
	if got := hashes.ReplaceAllString(say(1), "~X"); !strings.HasSuffix(got, "reply=no mailbox ~X here") {
		t.Errorf("%s", got)
	}
	trace.Closed(1, nil)
	if got := say(1); strings.Contains(got, "reply=") {
		t.Errorf("after the session: %s", got)
	}
	trace.Command(2, "RCPT TO:<zoe.smith@example.org>")
	for i := range 999 {
		trace.Command(2, fmt.Sprintf("RCPT TO:<r%d@example.org>", i))
	}
	if got := say(2); strings.Contains(got, "smith") {
		t.Errorf("%s", got)
	}
	trace.Command(2, "RCPT TO:<last@example.org>")
	if got := say(2); !strings.Contains(got, "smith") {
		t.Errorf("remembered for too long: %s", got)
	}
}
