package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// session runs the program and returns its exit code and what it wrote.
func session(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

var (
	lineForm  = regexp.MustCompile(`^ *\d+\.\d ms  (C:|S:|--|\*\*) (.*)$`)
	replyForm = regexp.MustCompile(`^\d{3} .*  \((.+)\)$`)
)

// groups takes the output apart: what was sent in each group, and what the
// replies to it answered.
func groups(t *testing.T, out string) (sent, answered []string) {
	t.Helper()
	for line := range strings.Lines(out) {
		m := lineForm.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			t.Fatalf("odd line %q", line)
		}
		mark, text := m[1], m[2]
		switch {
		case mark == group && !strings.Contains(text, ":"):
			sent, answered = append(sent, ""), append(answered, "")
			if want := fmt.Sprint("group ", len(sent)); text != want {
				t.Errorf("%q, want %q", text, want)
			}
		case len(sent) == 0: // the session is being built
		case mark == fromClient && strings.HasPrefix(text, "("):
			sent[len(sent)-1] += " end of data"
		case mark == fromClient:
			verb, _, _ := strings.Cut(text, " ")
			sent[len(sent)-1] += " " + verb
		case mark == fromServer:
			if m := replyForm.FindStringSubmatch(text); m != nil {
				answered[len(answered)-1] += " " + m[1]
			}
		}
	}
	return sent, answered
}

// TestModes looks at what travels together in each mode.
func TestModes(t *testing.T) {
	for _, test := range []struct {
		mode string
		want []string
	}{
		{"lockstep", []string{
			" MAIL", " RCPT", " DATA", " end of data",
			" MAIL", " RCPT", " RCPT", " DATA", " end of data",
			" MAIL", " RCPT",
			" QUIT",
		}},
		{"envelope", []string{
			" MAIL RCPT DATA", " end of data",
			" MAIL RCPT RCPT DATA", " end of data",
			" MAIL RCPT DATA", " RSET",
			" QUIT",
		}},
		{"overlap", []string{
			" MAIL RCPT DATA",
			" end of data RSET MAIL RCPT RCPT DATA",
			" end of data RSET MAIL RCPT DATA",
			" RSET",
			" QUIT",
		}},
	} {
		t.Run(test.mode, func(t *testing.T) {
			code, out, errs := session(t, "", "-mode", test.mode, "-latency", "0")
			if code != exitQuit || errs != "" {
				t.Errorf("exit code %d, %q", code, errs)
			}
			sent, answered := groups(t, out)
			if !slices.Equal(sent, test.want) || !slices.Equal(answered, sent) {
				t.Errorf("sent %q,\nanswered %q,\nwant %q\n%s", sent, answered, test.want, out)
			}
			for _, want := range []string{
				"** ready for mail, mode " + test.mode,
				"** message 1: accepted zoe@example.net\n",
				"** message 2: accepted zoe@example.net\n",
				"** message 2: rejected nobody@example.net\n",
				"** message 3: rejected nobody@example.net\n",
				fmt.Sprintf("** mail transactions: 3; groups, each a round trip, QUIT's included: %d\n", len(test.want)),
			} {
				if !strings.Contains(out, want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

// TestOutOfTheBox: no flags, so with TLS, a login and latency.
func TestOutOfTheBox(t *testing.T) {
	code, out, errs := session(t, "")
	if code != exitQuit || errs != "" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	for _, want := range []string{"C: STARTTLS\n", "certificate verified\n", "C: AUTH SCRAM-SHA-256-PLUS …\n", "** session over\n", "** mail transactions: 3;"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if sent, _ := groups(t, out); len(sent) != 5 {
		t.Errorf("groups %q", sent)
	}
}

func TestTLSModes(t *testing.T) {
	for _, mode := range []string{"starttls", "implicit", "opportunistic", "none"} {
		code, out, errs := session(t, "", "-tls", mode, "-latency", "0", "-n", "1")
		if code != exitQuit || strings.Contains(out, "certificate verified") != (mode != "none") {
			t.Errorf("%s: exit code %d, %q\n%s", mode, code, errs, out)
		}
	}
}

func TestCommands(t *testing.T) {
	input := strings.Join([]string{
		"noop", "VRFY zoe", "help", "help mail", "rset", "",
		"mail <> zoe@example.net <nobody@example.net>", "mail ada@example.com a..b@example.net", "mail ada zoe@example.net",
		"mail ada@example.com", "vrfy", "starttls", "quit", "noop",
	}, "\n")
	code, out, errs := session(t, input, "-i", "-latency", "0")
	if code != exitQuit || errs != "" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	sent, _ := groups(t, out)
	want := []string{" NOOP", " VRFY", " HELP", " HELP", " RSET", " MAIL RCPT RCPT DATA", " end of data", " QUIT"}
	if !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
	for _, want := range []string{
		"C: VRFY zoe\n", "C: HELP mail\n", "C: MAIL FROM:<>",
		"** message 1: accepted zoe@example.net\n", "** message 1: rejected nobody@example.net\n",
		"** message 2: not-sent a..b@example.net: smtp: refused before sending",
		"** message: From: bad address",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if n := strings.Count(out, "** no such command"); n != 3 {
		t.Errorf("%d lines were no command:\n%s", n, out)
	}
}

// TestMessagesThenCommands: the end of the input is a quit.
func TestMessagesThenCommands(t *testing.T) {
	code, out, _ := session(t, "mail ada@example.com zoe@example.net", "-i", "-n", "1", "-latency", "0", "-tls", "none")
	if code != exitQuit || !strings.Contains(out, "** message 2: accepted zoe@example.net\n") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// provider starts a server and returns the flags that lead to it.
func provider(t *testing.T, faults ...smtptest.Fault) (*smtptest.Server, []string) {
	t.Helper()
	server := smtptest.NewUnstartedServer()
	server.Users = map[string]string{"ada": "s3cret"}
	server.RequireAuth, server.NoPlaintextAuth = true, true
	server.Script(faults...)
	server.Start()
	t.Cleanup(server.Close)
	ca, password := filepath.Join(t.TempDir(), "ca"), filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return server, []string{"-addr", server.Addr, "-ca", ca, "-user", "ada", "-password-file", password}
}

func TestOtherServer(t *testing.T) {
	server, flags := provider(t)
	code, out, errs := session(t, "", append(flags, "-n", "2", "-from", "me@example.com", "-to", "a@example.net,b@example.net")...)
	if code != exitQuit || errs != "" || strings.Contains(out, "s3cret") {
		t.Errorf("exit code %d, %q:\n%s", code, errs, out)
	}
	taken := server.Messages()
	if len(taken) != 2 {
		t.Fatalf("%d messages taken", len(taken))
	}
	for _, m := range taken {
		if !m.TLS || m.User != "ada" || m.From != "me@example.com" || len(m.To) != 2 || m.To[1].Address != "b@example.net" {
			t.Errorf("taken %+v", m)
		}
	}
}

// TestServerLeaves: what the server says unasked is shown when it comes, not
// when the next command is typed.
func TestServerLeaves(t *testing.T) {
	_, flags := provider(t, smtptest.Fault{
		At: smtptest.PointIdle, Match: "NOOP", Do: smtptest.AnswerAndClose("421 4.4.2 You have been silent for too long"),
	})
	stdin, typed := io.Pipe()
	t.Cleanup(func() { typed.Close() })
	go io.WriteString(typed, "noop\n")
	var out, errs bytes.Buffer
	code := run(t.Context(), append(flags, "-i"), stdin, &out, &errs)
	if code != exitLost || !strings.Contains(out.String(), "S: 421 4.4.2 You have been silent for too long") || !strings.Contains(errs.String(), "421") {
		t.Errorf("exit code %d, %q:\n%s", code, errs.String(), out.String())
	}
}

func TestInterrupted(t *testing.T) {
	_, flags := provider(t)
	ctx, interrupt := context.WithCancel(t.Context())
	stdin, typed := io.Pipe()
	t.Cleanup(func() { typed.Close() })
	go func() {
		io.WriteString(typed, "noop\n")
		io.WriteString(typed, "noop\n") // is taken when the first one is in hand
		interrupt()
	}()
	var out, errs bytes.Buffer
	code := run(ctx, append(flags, "-i"), stdin, &out, &errs)
	if code != exitLost || !strings.Contains(errs.String(), "canceled") {
		t.Errorf("exit code %d, %q:\n%s", code, errs.String(), out.String())
	}
}

func TestNoSession(t *testing.T) {
	for name, fault := range map[string]smtptest.Fault{
		"greeting":       {At: smtptest.PointGreeting, Do: smtptest.AnswerAndClose("554 5.7.1 Not you")},
		"wrong password": {At: smtptest.PointAUTH, Do: smtptest.Answer("535 5.7.8 Bad credentials")},
	} {
		_, flags := provider(t, fault)
		code, out, errs := session(t, "", append(flags, "-i")...)
		if code != exitLost || !strings.Contains(errs, "5.7.") || !strings.Contains(out, "** session over: ") {
			t.Errorf("%s: exit code %d, %q:\n%s", name, code, errs, out)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		want string
		args []string
	}{
		{"not defined", []string{"-interactive"}},
		{"unexpected argument", []string{"-i", "localhost:25"}},
		{"-mode", []string{"-mode", "fast"}},
		{"-tls", []string{"-tls", "maybe"}},
		{"-n", []string{"-n", "-2"}},
		{"-latency", []string{"-latency", "-1s"}},
		{"go together", []string{"-user", "ada"}},
		{"no such file", []string{"-user", "ada", "-password-file", "testdata/none"}},
		{"-ca goes with -addr", []string{"-ca", "ca.pem"}},
		{"no such file", []string{"-addr", "127.0.0.1:1", "-i", "-ca", "testdata/none"}},
		{"no certificate", []string{"-addr", "127.0.0.1:1", "-i", "-ca", "main_test.go"}},
		{"missing port", []string{"-addr", "localhost", "-i"}},
		{"-from or -to", []string{"-addr", "127.0.0.1:1", "-from", "ada@example.com"}},
		{"bad address", []string{"-from", "ada"}},
	} {
		code, out, errs := session(t, "", test.args...)
		if code != exitUsage || out != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%q: exit code %d, want %q in %q, output %q", test.args, code, test.want, errs, out)
		}
	}
	if code, out, errs := session(t, "", "-h"); code != exitQuit || errs != "" || !strings.Contains(out, "-latency") || !strings.Contains(out, "vrfy") {
		t.Errorf("-h: exit code %d, %q, %q", code, out, errs)
	}
}
