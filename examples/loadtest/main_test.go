package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// loadtest runs the program and returns its exit code and what it wrote.
func loadtest(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// A line is what -json writes.
type line struct {
	Messages     int              `json:"messages"`
	Seconds      float64          `json:"seconds"`
	MsgsPerS     float64          `json:"msgs_per_s"`
	CPU          float64          `json:"cpu_s"`
	AllocsPerMsg float64          `json:"allocs_per_msg"`
	BytesPerMsg  float64          `json:"bytes_per_msg"`
	MaxRSS       float64          `json:"max_rss_mb"`
	Outcomes     map[string]int64 `json:"outcomes"`
}

// parse checks the form of what -json has written.
func parse(t *testing.T, out string) line {
	t.Helper()
	if strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
		t.Fatalf("not one line: %q", out)
	}
	var l line
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(out), &keys); err != nil || len(keys) != 8 {
		t.Fatalf("%s has %d keys, want 8: %v", out, len(keys), err)
	}
	for _, name := range []string{"accepted", "rejected", "deferred", "not-sent", "unknown"} {
		if _, ok := l.Outcomes[name]; !ok || len(l.Outcomes) != 5 {
			t.Fatalf("outcomes %v", l.Outcomes)
		}
	}
	return l
}

func TestOutOfTheBox(t *testing.T) {
	code, out, errs := loadtest(t, "-n", "500")
	if code != exitAccepted || errs != "" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	fields := strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"messages 500 of ", "to 500 recipients", "accepted 500 ", "unknown 0 ", "in mode overlap", "sessions 4 built", "built-in sink is part of this process"} {
		if !strings.Contains(fields, want) {
			t.Errorf("no %q in the report:\n%s", want, out)
		}
	}
}

func TestJSON(t *testing.T) {
	code, out, errs := loadtest(t, "-n", "300", "-rcpts", "2", "-latency", "1ms", "-json")
	if code != exitAccepted || errs != "" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	l := parse(t, out)
	if l.Messages != 300 || l.Outcomes["accepted"] != 600 || l.Seconds <= 0 || l.MsgsPerS <= 0 || l.AllocsPerMsg <= 0 || l.BytesPerMsg <= 0 {
		t.Errorf("%+v", l)
	}
	if cpuTime() > 0 && (l.CPU < 0 || l.MaxRSS < 1) {
		t.Errorf("cpu_s %v, max_rss_mb %v", l.CPU, l.MaxRSS)
	}
}

// file writes a file for a flag and returns its name.
func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRelay goes to a relay that wants TLS and a login.
func TestRelay(t *testing.T) {
	for _, security := range []string{"starttls", "implicit"} {
		t.Run(security, func(t *testing.T) {
			server := smtptest.NewUnstartedServer()
			server.Users = map[string]string{"me": "s3cret"}
			server.RequireAuth, server.RequireTLS, server.NoPlaintextAuth = true, true, true
			if security == "implicit" {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			ca := file(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
			args := []string{"-addr", server.Addr, "-tls", security, "-n", "50", "-json"}
			good := append(slices.Clone(args), "-ca", ca, "-user", "me", "-password-file", file(t, "password", []byte("s3cret\r\n")))
			if code, out, errs := loadtest(t, good...); code != exitAccepted || errs != "" || parse(t, out).Outcomes["accepted"] != 50 {
				t.Errorf("exit code %d, %s%s", code, out, errs)
			}
			if m := server.Messages(); len(m) != 50 || !m[0].TLS || m[0].User != "me" {
				t.Errorf("the server has %d messages", len(m))
			}
			bad := append(slices.Clone(args), "-ca", ca, "-user", "me", "-password-file", file(t, "password", []byte("wrong")))
			if code, out, errs := loadtest(t, bad...); code != exitSome || parse(t, out).Outcomes["not-sent"] != 50 || !strings.Contains(errs, "535") {
				t.Errorf("wrong password: exit code %d, %s%s", code, out, errs)
			}
		})
	}
}

// TestSinkSecurity: the built-in sink takes any security and any login.
func TestSinkSecurity(t *testing.T) {
	password := file(t, "password", []byte("x"))
	for _, args := range []string{
		"-tls starttls", "-tls implicit", "-tls opportunistic", "-tls implicit -user me -password-file " + password,
		"-tls none -insecure-auth -user me -password-file " + password,
	} {
		if code, out, errs := loadtest(t, append(strings.Fields(args), "-n", "20", "-json")...); code != exitAccepted || parse(t, out).Outcomes["accepted"] != 20 {
			t.Errorf("%s: exit code %d, %s%s", args, code, out, errs)
		}
	}
}

// TestOutcomes has a relay that fails.
func TestOutcomes(t *testing.T) {
	server := smtptest.NewUnstartedServer()
	server.CountOnly = true
	server.Script(
		smtptest.Fault{At: smtptest.PointRCPT, Match: "r0000000007@", Do: smtptest.Answer("550 5.1.1 Nobody")},
		smtptest.Fault{At: smtptest.PointRCPT, Match: "r0000000011@", Do: smtptest.Answer("450 4.2.1 Later")},
		smtptest.Fault{At: smtptest.PointEndOfData, Match: "r0000000031@", Do: smtptest.AcceptAndClose()},
	)
	server.Start()
	defer server.Close()
	args := []string{"-addr", server.Addr, "-tls", "none", "-n", "20", "-rcpts", "2", "-c", "1", "-mode", "lockstep"}
	want := map[string]int64{"accepted": 36, "rejected": 1, "deferred": 1, "not-sent": 0, "unknown": 2}

	code, out, errs := loadtest(t, append(args, "-json")...)
	l := parse(t, out)
	for name, n := range want {
		if l.Outcomes[name] != n || code != exitSome || l.Messages != 20 {
			t.Fatalf("exit code %d, %s, want %v", code, out, want)
		}
	}
	for _, reason := range []string{"rejected, the first of 1: r0000000007@example.net: ", "550 5.1.1", "deferred, the first of 1: ", "450 4.2.1", "unknown, the first of 2: r0000000031@"} {
		if !strings.Contains(errs, reason) {
			t.Errorf("no %q in %q", reason, errs)
		}
	}
	code, out, errs = loadtest(t, args...)
	if code != exitSome || errs != "" || !strings.Contains(out, "rejected, the first of 1") {
		t.Errorf("exit code %d, %q\n%s", code, errs, out)
	}
}

// TestInterrupt: after an interrupt no more is sent, and what there is comes out
// even.
func TestInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	server := smtptest.NewUnstartedServer()
	server.CountOnly = true
	var seen atomic.Int64
	server.OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
		if seen.Add(1) == 300 {
			interrupt()
		}
		return nil
	}
	server.Start()
	defer server.Close()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"-addr", server.Addr, "-tls", "none", "-n", "1000000", "-json"}, &out, &errs)
	l := parse(t, out.String())
	var total int64
	for _, n := range l.Outcomes {
		total += n
	}
	taken := server.Counters().Messages
	if code != exitSome || total != int64(l.Messages) || l.Messages >= 1_000_000 || l.Outcomes["accepted"] != taken || taken < 300 {
		t.Errorf("exit code %d, the server has %d, %s", code, taken, out.String())
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"-n 0":                    "-n: ",
		"-n x":                    "-n",
		"-c 0":                    "-c: ",
		"-c 1001":                 "-c: ",
		"-size -1":                "-size: ",
		"-rcpts 0":                "-rcpts: ",
		"-n 1000000000 -rcpts 10": "-rcpts: ",
		"-max-attempts 0":         "-max-attempts: ",
		"-window -1":              "-window: ",
		"-window 4097":            "-window: ",
		"-mode fast":              "-mode: ",
		"-from nobody":            "-from: ",
		"-from zoë@example.com":   "-from: ",
		"-domain a@b":             "-domain: ",
		"-domain bücher.example":  "-domain: ",
		"-verp -rcpts 2":          "-verp: ",
		"-verp -from aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example": "-verp: ",
		"-addr nowhere":                   "-addr: ",
		"-tls maybe":                      "-tls: ",
		"-ca ca.pem":                      "-ca: ",
		"-addr a:25 -tls none -ca ca.pem": "-ca: ",
		"-addr a:25 -ca /does/not/exist":  "-ca: ",
		"-latency -1s":                    "-latency: ",
		"-addr a:25 -latency 1s":          "-latency: ",
		"-user me":                        "-user: ",
		"-password-file x":                "-password-file: ",
		"-insecure-auth":                  "-insecure-auth: ",
		"-user me -password-file x":       "-user: ",
		"-tls starttls -user me -password-file /does/not/exist": "-password-file: ",
		"-nonsense": "-nonsense",
		"extra":     "extra",
	} {
		code, out, errs := loadtest(t, strings.Fields(args)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %q", args, code, errs)
		}
	}
	if code, out, _ := loadtest(t, "-h"); code != exitAccepted || !strings.Contains(out, "-rcpts") {
		t.Errorf("-h: exit code %d, %q", code, out)
	}
}

// TestDefaultSecurity: what is said of a relay, and where it is, decides.
func TestDefaultSecurity(t *testing.T) {
	for args, want := range map[string]smtpclient.Security{
		"":                        smtpclient.Plaintext,
		"-addr localhost:25":      smtpclient.Plaintext,
		"-addr 127.0.0.2:25":      smtpclient.Plaintext,
		"-addr [::1]:25":          smtpclient.Plaintext,
		"-addr [::1]:25 -ca x":    smtpclient.StartTLS,
		"-addr 192.0.2.1:25":      smtpclient.StartTLS,
		"-addr mx.example.net:25": smtpclient.StartTLS,
		"-addr localhost:25 -user me -password-file x": smtpclient.StartTLS,
		"-addr localhost:25 -tls implicit":             smtpclient.ImplicitTLS,
		"-addr mx.example.net:25 -tls none":            smtpclient.Plaintext,
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil || o.security != want {
			t.Errorf("%s: %v, want %v", args, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	o := outcomes{smtpclient.Accepted: 5, smtpclient.Unknown: 2, smtpclient.Rejected: 9}
	for n := int64(4); n <= 8; n++ {
		err := compare(smtptest.Counters{Recipients: n}, o)
		if wrong := n < 5 || n > 7; (err != nil) != wrong {
			t.Errorf("%d counted: %v", n, err)
		}
	}
}
