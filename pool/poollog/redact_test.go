package poollog_test

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/poollog"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

var hashes = regexp.MustCompile(`~[0-9a-f]{8}`)

// reply logs a rejected recipient and returns the reply as it is shown.
func reply(t *testing.T, c poollog.Config, recipient, text string) string {
	t.Helper()
	log, into := newLog(slog.LevelInfo, c)
	err := replyError("RCPT", 550, smtpclient.EnhancedCode{5, 1, 1}, text)
	log.PoolTrace(nil).Settled(resultOf(recipient, smtpclient.Rejected, err))
	_, shown, ok := strings.Cut(into.one(t), " reply=")
	if !ok {
		t.Fatalf("no reply")
	}
	return shown
}

func TestReplyTexts(t *testing.T) {
	for _, tt := range []struct{ recipient, text, want string }{
		{zoe, "5.1.1 no such user", "5.1.1 no such user"},
		{zoe, "5.1.1 <zoe.smith@example.org>: unknown", "5.1.1 <~ZOE@example.org>: unknown"},
		{zoe, "5.1.1 Zoe.Smith@EXAMPLE.org... User unknown", "5.1.1 ~ZOE@EXAMPLE.org... User unknown"},
		{zoe, "'zoe.smith@example.org' is unknown", "'~ZOE@example.org' is unknown"},
		{zoe, "zoe.smith: unknown. (zoe.smith) 'zoe.smith' user=zoe.smith", "~ZOE: unknown. (~ZOE) '~ZOE' ~X"},
		{zoe, "zoe.smith's mailbox is full, ZOE.SMITH.", "~ZOE's mailbox is full, ~ZOE."},
		{"zoesmith@example.org", "user=zoesmith", "user=~ZOE"},
		{zoe, "mailbox /var/mail/zoe.smith", "mailbox /var/mail/~ZOE"},
		{zoe, "see https://p.example/?r=zoe.smith%40example.org&x=1", "see https:~X&x=1"},
		{zoe, "rfc822;zoe.smith+40example.org", "rfc822;~X"},
		{zoe, "zoe.smith&#64;example.org", "~X"},
		{zoe, "l-zoe.smith=example.org@lists.example is blocked", "~X@lists.example is blocked"},
		{zoe, "l-zoe.smith=example.org is blocked", "~X is blocked"},
		{zoe, "zoe.smith@", "~X@"},
		{zoe, "relayed from zoe.smith@[192.0.2.1]:25", "relayed from ~X@[192.0.2.1]:25"},
		{zoe, "other.person@example.net is unknown", "~X@example.net is unknown"},
		{zoe, "blocked: 192.0.2.1, see https://bl.example/192.0.2.1", "blocked: 192.0.2.1, see https://bl.example/192.0.2.1"},
		{zoe, "@ and @example.org", "@ and @example.org"},
		{`"zoe smith"@example.org`, `"zoe smith"@example.org, zoe smith, \"zoe smith\"@example.org`, `~ZOE@example.org, ~ZOE, ~X@example.org`},
		{`"zoe\"s"@example.org`, `"zoe\"s"@example.org or zoe"s`, `~ZOE@example.org or ~ZOE`},
		{"zoë@bücher.example", "zoë@xn--bcher-kva.example, zoë", "~ZOE@xn--bcher-kva.example, ~ZOE"},
		{"zoe.smith+news@example.org", "zoe.smith+news@example.org, zoe.smith+news, zoe.smith", "~ZOE@example.org, ~ZOE, ~ZOE"},
	} {
		log, into := newLog(slog.LevelInfo, poollog.Config{})
		log.PoolTrace(nil).Slowed("recipient "+tt.recipient, 0, nil)
		hash := hashes.FindString(into.one(t))
		got := reply(t, poollog.Config{}, tt.recipient, tt.text)
		got = hashes.ReplaceAllString(strings.ReplaceAll(got, hash, "~ZOE"), "~X")
		if got != tt.want {
			t.Errorf("%s: %q\n got %q\nwant %q", tt.recipient, tt.text, got, tt.want)
		}
		if got := reply(t, poollog.Config{Addresses: poollog.ShowAddresses}, tt.recipient, tt.text); got != tt.text {
			t.Errorf("%q is shown as %q", tt.text, got)
		}
		got = reply(t, poollog.Config{Addresses: poollog.HideAddresses}, tt.recipient, tt.text)
		if strings.Contains(tt.want, "~") != strings.Contains(got, "…") || strings.Contains(got, "~") {
			t.Errorf("%q is hidden as %q", tt.text, got)
		}
	}
}

func TestSecret(t *testing.T) {
	hash := func(c poollog.Config) string {
		into := newCapture(slog.LevelInfo)
		c.Logger = slog.New(into)
		poollog.New(c).PoolTrace(nil).Slowed("recipient "+zoe, 0, nil)
		return hashes.FindString(into.one(t))
	}
	a, b := hash(poollog.Config{Secret: []byte("a")}), hash(poollog.Config{Secret: []byte("b")})
	if a == b || a == "" || a != hash(poollog.Config{Secret: []byte("a")}) {
		t.Errorf("%s and %s", a, b)
	}
	if a, b := hash(poollog.Config{}), hash(poollog.Config{}); a == b {
		t.Errorf("%s twice without a secret", a)
	}
}

// Errors that quote what they could not make sense of do not tell either.
func TestErrors(t *testing.T) {
	log, into := newLog(poollog.LevelWire, poollog.Config{})
	trace := log.PoolTrace(nil)
	several := &smtpclient.RecipientsError{Recipients: []smtpclient.RecipientResult{
		{Address: zoe, Outcome: smtpclient.Rejected, Err: replyError("RCPT", 550, smtpclient.EnhancedCode{}, "zoe.smith who?")},
		{Address: "yann@example.org", Outcome: smtpclient.Accepted},
	}}
	trace.Retry(jobFor(zoe, "yann@example.org"), 1, 0, several)
	trace.Retry(jobFor("zoe smith"), 1, 0, smtpclient.CheckAddress("zoe smith"))
	trace.Retry(jobFor("<zoe.smith@example.org>"), 1, 0, smtpclient.CheckAddress("<zoe.smith@example.org>"))
	garbage := fmt.Errorf("smtp: relay: read: %w: not a reply line: %.60q", smtpclient.ErrProtocol, "zoe.smi")
	trace.SessionClosed("relay", 1, 0, garbage)
	log.SessionTrace(nil).Closed(1, garbage)
	lines := into.take()
	for _, line := range lines {
		if strings.Contains(line, "zoe") || strings.Contains(line, "yann") || strings.Contains(line, "smi") {
			t.Errorf("%s", line)
		}
	}
	if len(lines) != 5 || !strings.Contains(lines[3], "not a reply line") || !strings.Contains(lines[0], "1 of 2 recipients accepted") {
		t.Errorf("%q", lines)
	}
}

// TestNothingLeaks sends to a relay that repeats addresses in every reply, and
// looks for anything of them in the log.
func TestNothingLeaks(t *testing.T) {
	for name, mode := range map[string]smtpclient.Mode{"overlap": smtpclient.ModeOverlap, "stream": smtpclient.ModeStream} {
		t.Run(name, func(t *testing.T) {
			lines, results := gossip(t, mode, poollog.HashLocalParts)
			for _, line := range lines {
				for _, secret := range []string{"quokka", "wombat", "CONFIDENTIAL", "passw0rd", "cGFzc3cwcmQ", "login-name"} {
					if strings.Contains(strings.ToLower(line), strings.ToLower(secret)) {
						t.Errorf("%q is in: %s", secret, line)
					}
				}
			}
			for _, what := range []string{"session opened", "command", "reply", "retry", "settled", "outcome=rejected", "outcome=accepted",
				"outcome=deferred", "slowed down", "example.org", "TLS", "ready", "closed", "line=AUTH ", " …"} {
				if !strings.Contains(strings.Join(lines, "\n"), what) {
					t.Errorf("nothing of %q in the log", what)
				}
			}
			if results < 20 {
				t.Errorf("%d results", results)
			}
			shown, _ := gossip(t, mode, poollog.ShowAddresses)
			all := strings.Join(shown, "\n")
			if !strings.Contains(all, "quokka") || strings.Contains(all, "CONFIDENTIAL") || strings.Contains(all, "passw0rd") {
				t.Errorf("with addresses: %s", all)
			}
		})
	}
}

// gossip sends to a relay that repeats addresses in its replies, and returns the
// log.
func gossip(t *testing.T, mode smtpclient.Mode, addresses poollog.Addresses) (lines []string, results int) {
	t.Helper()
	server := smtptest.NewUnstartedServer()
	defer server.Close()
	server.Users, server.RequireAuth = map[string]string{"login-name": "passw0rd"}, true
	server.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		local, _, _ := strings.Cut(path, "@")
		switch {
		case strings.Contains(path, "1"):
			return &smtptest.Reply{Code: 550, Text: "5.1.1 <" + path + ">: no " + local + " here, " + strings.ReplaceAll(path, "@", "%40")}
		case strings.Contains(path, "2"):
			return &smtptest.Reply{Code: 450, Text: "4.2.1 " + local + " gets too much mail; try " + strings.ToUpper(path)}
		}
		return nil
	}
	server.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		if to := m.To[0].Address; strings.Contains(to, "3") {
			return &smtptest.Reply{Code: 451, Text: "4.7.1 too many messages for " + to + "\n4.7.1 from " + m.From}
		}
		return &smtptest.Reply{Code: 250, Text: "2.0.0 queued for " + m.To[0].Address}
	}
	server.Start()
	log, into := newLog(poollog.LevelWire, poollog.Config{Addresses: addresses})
	p, err := pool.New(pool.Config{
		Relay: smtpclient.Config{
			Addr: server.Addr, TLSConfig: server.ClientTLSConfig(), Mode: mode, Trace: log.SessionTrace(nil),
			Auth: smtpclient.PasswordAuth("login-name", "passw0rd"),
		},
		Trace: log.PoolTrace(nil), Sessions: 2, MaxAge: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	jobs := func(yield func(pool.Job) bool) {
		for i := range 30 {
			to := []string{fmt.Sprintf("quokka%d@example.org", i)}
			if i%10 == 4 {
				to = append(to, fmt.Sprintf("\"wombat %d\"@example.net", i), "not an address wombat")
			}
			if !yield(pool.Job{Mail: smtpclient.Mail{
				From: fmt.Sprintf("list-quokka%d=example.org@lists.example.com", i), To: smtpclient.Recipients(to...),
				Content: []byte("Subject: CONFIDENTIAL\r\n\r\nCONFIDENTIAL\r\n"),
			}}) {
				return
			}
		}
	}
	for range p.SendAll(context.Background(), jobs) {
		results++
	}
	_ = p.Close()
	return into.take(), results
}

// FuzzTexts: whatever stands around it, an address is not in what is shown of a
// text, nor is its local part alone.
func FuzzTexts(f *testing.F) {
	for _, seed := range [][3]string{
		{"zoe.smith", "5.1.1 <", ">: unknown"}, {`"a b c"`, `said "hello" to `, "."}, {"zoe", "user=", "@relay"}, {"zoë+x", "(", ")"},
		{`"zoe\smith"`, " ", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, local, before, after string) {
		address := local + "@example.org"
		bare := local
		if n := len(local); n > 2 && local[0] == '"' {
			bare = local[1 : n-1]
		}
		if smtpclient.CheckAddress(address) != nil || len(bare) < 4 || hashes.MatchString("~"+local) {
			t.Skip()
		}
		for _, text := range []string{
			before + address + after, before + " " + bare + " " + after, before + "<" + bare + ">" + after,
			before + strings.Replace(address, "@", "%40", 1) + after,
		} {
			if strings.Count(text, bare) != 1 {
				continue // it is in what stands around it, perhaps within a word
			}
			if got := reply(t, poollog.Config{Addresses: poollog.HideAddresses}, address, text); strings.Contains(got, bare) {
				t.Errorf("%q in %q, shown of %q", bare, got, text)
			}
		}
	})
}
