package smtpclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A transcript is a dialogue, the messages that the client is given, and what
// must become of them. In testdata/transcripts, after comment lines:
//
//	mode overlap                  settings, one a line
//	mail s1@a.test r1@b.test,…    a message; its content is "mail 1", "mail 2", …
//	flush                         lets the session become idle
//	idle 10s                      flush, and time goes by
//	---
//	S 220 mx.example.test         the server writes a line
//	C EHLO client.test            the client writes; adjacent C lines are one write
//	S* 250 …                      the server writes without line end
//	close                         the server closes the connection
//	stall                         the server says nothing more, and reads on
//	---
//	1 r1@b.test accepted 250      outcome and reply code (0: none) a recipient
//	session protocol error        what the session's error must contain; "ok"
//
// The client runs over an unbuffered connection, in fake time.
type transcript struct {
	config  smtpclient.Config
	actions []action
	script  []string
	want    []string
}

type action struct {
	verb string
	mail *smtpclient.Mail
	wait time.Duration
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) < 3 {
		t.Fatalf("transcripts: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tr := parseTranscript(t, string(text))
			synctest.Test(t, tr.run)
		})
	}
}

func parseTranscript(t *testing.T, text string) *transcript {
	t.Helper()
	parts := strings.Split(text, "---\n")
	if len(parts) != 3 {
		t.Fatalf("transcript has %d parts", len(parts))
	}
	tr := &transcript{config: smtpclient.Config{
		Network: "unix", Addr: "pipe", Security: smtpclient.Plaintext, LocalName: "client.test",
		Timeouts: smtpclient.Timeouts{LastWord: time.Second},
	}}
	n := 0
	for _, line := range lines(parts[0]) {
		f := strings.Fields(line)
		switch f[0] {
		case "mode":
			mode, err := smtpclient.ParseMode(f[1])
			if err != nil {
				t.Fatal(err)
			}
			tr.config.Mode = mode
		case "rcptmax":
			fmt.Sscan(f[1], &tr.config.MaxRecipients)
		case "mail":
			n++
			m := &smtpclient.Mail{
				From: strings.Trim(f[1], "<>"), To: smtpclient.Recipients(strings.Split(f[2], ",")...),
				Content: fmt.Appendf(nil, "Subject: mail %d\r\n", n),
			}
			tr.actions = append(tr.actions, action{verb: "mail", mail: m})
		case "flush":
			tr.actions = append(tr.actions, action{verb: "flush"})
		case "idle":
			d, err := time.ParseDuration(f[1])
			if err != nil {
				t.Fatal(err)
			}
			tr.actions = append(tr.actions, action{verb: "flush"}, action{verb: "idle", wait: d})
		default:
			t.Fatalf("unknown setting %q", line)
		}
	}
	tr.script, tr.want = lines(parts[1]), lines(parts[2])
	return tr
}

// lines drops comments and empty lines.
func lines(s string) (out []string) {
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		if line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

func (tr *transcript) run(t *testing.T) {
	client, server := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- tr.serve(server) }()

	session, err := smtpclient.NewSession(context.Background(), client, tr.config)
	if err != nil {
		t.Fatal(err)
	}
	results := tr.send(session)
	session.Close()
	server.Close()
	if err := <-served; err != nil {
		t.Error("dialogue:", err)
	}
	tr.compare(t, results, session.Err())
}

// send gives the messages to the session and returns their results.
func (tr *transcript) send(session *smtpclient.Session) []*smtpclient.Result {
	var results []*smtpclient.Result
	for _, a := range tr.actions {
		switch a.verb {
		case "mail":
			i := len(results)
			results = append(results, nil)
			session.Start(a.mail, func(r *smtpclient.Result) {
				if results[i] != nil {
					panic("second result for one message")
				}
				results[i] = r
			})
		case "flush":
			session.Flush()
		case "idle":
			select {
			case <-session.Done():
			case <-time.After(a.wait):
			}
		}
	}
	session.Flush()
	return results
}

func (tr *transcript) compare(t *testing.T, results []*smtpclient.Result, sessionErr error) {
	var got []string
	for i, r := range results {
		if r == nil {
			t.Fatalf("message %d has no result", i+1)
		}
		for _, rcpt := range r.Recipients {
			code := rcpt.Reply.Code
			var reply *smtpclient.ReplyError
			if errors.As(rcpt.Err, &reply) {
				code = reply.Reply.Code
			}
			got = append(got, fmt.Sprintf("%d %s %s %d", i+1, rcpt.Address, rcpt.Outcome, code))
			if (rcpt.Err == nil) != (rcpt.Outcome == smtpclient.Accepted) {
				t.Errorf("message %d, %s: outcome %s with error %v", i+1, rcpt.Address, rcpt.Outcome, rcpt.Err)
			}
		}
	}
	last := len(tr.want) - 1
	if g, w := strings.Join(got, "\n"), strings.Join(tr.want[:last], "\n"); g != w {
		t.Errorf("outcomes:\n%s\nwant:\n%s", g, w)
	}
	want := strings.TrimPrefix(tr.want[last], "session ")
	if want == "ok" && !errors.Is(sessionErr, smtpclient.ErrClosed) || want != "ok" && !strings.Contains(fmt.Sprint(sessionErr), want) {
		t.Errorf("session error: %v; want %s", sessionErr, want)
	}
}

// serve plays the server.
func (tr *transcript) serve(conn net.Conn) error {
	defer conn.Close()
	buf := make([]byte, 1<<20)
	for i := 0; i < len(tr.script); {
		step, rest, _ := strings.Cut(tr.script[i], " ")
		switch step {
		case "S", "S*":
			var out bytes.Buffer
			for ; i < len(tr.script) && strings.HasPrefix(tr.script[i], "S"); i++ {
				step, rest, _ := strings.Cut(tr.script[i], " ")
				out.WriteString(rest)
				if step == "S" {
					out.WriteString("\r\n")
				}
			}
			if _, err := conn.Write(out.Bytes()); err != nil && i < len(tr.script) {
				return fmt.Errorf("before step %d (%s): %w", i, tr.script[i], err)
			}
		case "C":
			var want strings.Builder
			for ; i < len(tr.script) && strings.HasPrefix(tr.script[i], "C"); i++ {
				want.WriteString(strings.TrimPrefix(strings.TrimPrefix(tr.script[i], "C"), " ") + "\r\n")
			}
			n, err := conn.Read(buf)
			if err != nil {
				return fmt.Errorf("waiting for %q: %w", want.String(), err)
			}
			if got := string(buf[:n]); got != want.String() {
				return fmt.Errorf("client wrote\n%s\nwant\n%s", got, want.String())
			}
		case "close":
			return nil
		case "stall":
			io.Copy(io.Discard, conn)
			return nil
		default:
			return fmt.Errorf("unknown step %q %q", step, rest)
		}
	}
	// What the client writes beyond the script is wrong.
	if n, _ := conn.Read(buf); n > 0 {
		return fmt.Errorf("client wrote %q after the end of the script", buf[:n])
	}
	return nil
}
