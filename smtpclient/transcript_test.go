package smtpclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A transcript is a dialogue, the messages that the client is given, and what
// must become of them. In testdata/transcripts, after comment lines:
//
//	mode overlap                  settings, one a line; see configure
//	mail s1@a.test r1@b.test,…    a message; its content is "Subject: mail 1", "mail 2", …
//	mail <> r1@b.test size=200000 with options, see mailOption; ␣ is a space
//	flush                         lets the session become idle
//	idle 10s                      flush, and time goes by
//	noop, reset, vrfy x, help x   a command beside mail; quit
//	nosplit                       not to be played with replies split at every octet
//	---
//	hello PIPELINING|SIZE 100     short for 220, EHLO client.test, 250 and the lines given
//	S 220 mx.example.test         the server writes a line; adjacent S lines are one write
//	C EHLO client.test            the client writes; adjacent C lines are one write
//	S* 250 …                      the server writes without line end
//	content 70000                 the client writes as many octets, whatever they are
//	wait 10s                      the server waits
//	close                         the server closes the connection
//	stall                         the server says nothing more, and reads on
//	---
//	1 r1@b.test accepted 250      outcome and reply code (0: none) a recipient, or
//	1 r1@b.test bad path          what the message's error must contain, if no outcome
//	noop 250                      reply to a command beside mail; "error": none came
//	session protocol error        what the session's error must contain; "ok"; "nil"
//	dial 554                      what the error of NewSession must contain, alone
//
// The client runs over an unbuffered connection, in fake time.
type transcript struct {
	config  smtpclient.Config
	actions []action
	script  []string
	want    []string
	nosplit bool
}

type action struct {
	verb string // "mail", "flush", "idle" or a command beside mail
	arg  string
	mail *smtpclient.Mail
	wait time.Duration
}

func TestTranscripts(t *testing.T) {
	for name, tr := range transcripts(t) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tr.run(t, writeWhole) })
		})
	}
}

// TestTranscriptsSplit plays them again with every octet of the server's in a
// write of its own: where a packet ends must not matter.
func TestTranscriptsSplit(t *testing.T) {
	for name, tr := range transcripts(t) {
		if tr.nosplit {
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tr.run(t, writeOctets) })
		})
	}
}

func transcripts(t *testing.T) map[string]*transcript {
	t.Helper()
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) < 150 {
		t.Fatalf("transcripts: %d files, %v", len(files), err)
	}
	all := map[string]*transcript{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := parseTranscript(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = tr
	}
	return all
}

func parseTranscript(text string) (*transcript, error) {
	parts := strings.Split(text, "---\n")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%d parts", len(parts))
	}
	tr := &transcript{config: smtpclient.Config{
		Network: "unix", Addr: "pipe", Security: smtpclient.Plaintext, LocalName: "client.test",
		Timeouts: smtpclient.Timeouts{LastWord: time.Second},
	}}
	mails := 0
	for _, line := range lines(parts[0]) {
		verb, arg, _ := strings.Cut(line, " ")
		a := action{verb: verb, arg: arg}
		var err error
		switch verb {
		case "mail":
			mails++
			a.mail, err = parseMail(mails, spaced(strings.Fields(arg)))
		case "idle":
			a.wait, err = time.ParseDuration(arg)
		case "flush", "noop", "reset", "vrfy", "help", "quit":
		case "nosplit":
			tr.nosplit = true
			continue
		default:
			if err := configure(&tr.config, verb, arg); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		tr.actions = append(tr.actions, a)
	}
	tr.script, tr.want = lines(parts[1]), lines(parts[2])
	if len(tr.want) == 0 {
		return nil, errors.New("nothing is expected")
	}
	return tr, nil
}

// configure takes a setting: a field of Config.
func configure(c *smtpclient.Config, name, arg string) (err error) {
	t := &c.Timeouts
	durations := map[string]*time.Duration{
		"timeout-greeting": &t.Greeting, "timeout-command": &t.Command, "timeout-mail": &t.Mail,
		"timeout-rcpt": &t.Rcpt, "timeout-data": &t.Data, "timeout-block": &t.Block,
		"timeout-end": &t.EndOfData, "timeout-quit": &t.Quit, "timeout-lastword": &t.LastWord,
	}
	if d := durations[name]; d != nil {
		*d, err = time.ParseDuration(arg)
		return err
	}
	switch name {
	case "mode":
		c.Mode, err = smtpclient.ParseMode(arg)
	case "window":
		c.Window, err = strconv.Atoi(arg)
	case "rcptmax":
		c.MaxRecipients, err = strconv.Atoi(arg)
	case "localname":
		c.LocalName = arg
	case "refuse-bare":
		c.BareNewlines = smtpclient.RefuseBareNewlines
	default:
		err = errors.New("unknown setting")
	}
	return err
}

// spaced puts spaces into words.
func spaced(words []string) []string {
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "␣", " ")
	}
	return words
}

func parseMail(n int, f []string) (*smtpclient.Mail, error) {
	if len(f) < 2 {
		return nil, errors.New("a mail needs a sender and recipients")
	}
	m := &smtpclient.Mail{
		From: strings.Trim(f[0], "<>"), To: smtpclient.Recipients(strings.Split(f[1], ",")...),
		Content: fmt.Appendf(nil, "Subject: mail %d\r\n", n),
	}
	for _, option := range f[2:] {
		if err := mailOption(m, option); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// mailOption sets a field of m; NOTIFY and ORCPT for its first recipient.
func mailOption(m *smtpclient.Mail, option string) (err error) {
	name, arg, _ := strings.Cut(option, "=")
	switch name {
	case "size": // pads the content to so many octets
		var size int
		size, err = strconv.Atoi(arg)
		line := []byte(strings.Repeat("x", 98) + "\r\n")
		for m.Content = append(m.Content, "\r\n"...); len(m.Content) < size; {
			m.Content = append(m.Content, line[max(0, len(line)-(size-len(m.Content))):]...)
		}
	case "content":
		arg, err = strconv.Unquote(arg)
		m.Content = []byte(arg)
	case "utf8":
		m.SMTPUTF8 = true
	case "requiretls":
		m.RequireTLS = true
	case "ret":
		m.Return = smtpclient.DSNReturn(arg)
	case "envid":
		m.EnvelopeID = arg
	case "xverp":
		m.XVERP = arg
	case "notify":
		var n int
		n, err = strconv.Atoi(arg)
		m.To[0].Notify = smtpclient.DSNNotify(n)
	case "orcpt":
		m.To[0].OriginalRecipient = arg
	default:
		err = fmt.Errorf("unknown option %q", option)
	}
	return err
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

// run plays both sides. write is how the server writes.
func (tr *transcript) run(t *testing.T, write func(net.Conn, []byte) error) {
	got, sessionErr, dialErr := tr.play(t, write)
	want, ok := strings.CutPrefix(tr.want[0], "dial ")
	switch {
	case ok && !strings.Contains(fmt.Sprint(dialErr), want):
		t.Errorf("NewSession: %v; want %s", dialErr, want)
	case !ok && dialErr != nil:
		t.Fatal(dialErr)
	case !ok:
		tr.compare(t, got, sessionErr)
	}
}

// play returns what became of the messages and commands, and the errors of the
// session and of NewSession.
func (tr *transcript) play(t *testing.T, write func(net.Conn, []byte) error) (got []string, sessionErr, dialErr error) {
	client, server := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- (&actor{conn: server, script: tr.script, write: write}).play() }()
	session, dialErr := smtpclient.NewSession(context.Background(), client, tr.config)
	if dialErr == nil {
		got = tr.perform(t, session)
		session.Close()
		sessionErr = session.Err()
	} else {
		synctest.Wait() // what the client writes before it leaves is part of the dialogue
	}
	server.Close()
	if err := <-served; err != nil {
		t.Error("dialogue:", err)
	}
	return got, sessionErr, dialErr
}

// perform gives the messages and commands to the session and returns what
// became of them.
func (tr *transcript) perform(t *testing.T, session *smtpclient.Session) (got []string) {
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
			session.Flush()
			select {
			case <-session.Done():
			case <-time.After(a.wait):
			}
		default:
			got = append(got, a.verb+" "+beside(session, a.verb, a.arg))
		}
	}
	session.Flush()
	var outcomes []string
	for i, r := range results {
		if r == nil {
			t.Fatalf("message %d has no result", i+1)
		}
		outcomes = append(outcomes, tr.outcomes(t, i+1, r)...)
	}
	return append(outcomes, got...)
}

// beside runs a command beside mail.
func beside(s *smtpclient.Session, verb, arg string) string {
	ctx := context.Background()
	var r smtpclient.Reply
	var err error
	switch verb {
	case "noop":
		r, err = s.Noop(ctx)
	case "reset":
		r, err = s.Reset(ctx)
	case "vrfy":
		r, err = s.Verify(ctx, arg)
	case "help":
		r, err = s.Help(ctx, arg)
	case "quit":
		if err := s.Quit(ctx); err != nil {
			return "error"
		}
		return "ok"
	}
	if r.Code == 0 && err != nil {
		return "error"
	}
	return strconv.Itoa(r.Code)
}

// outcomes spells the result of message n, a line a recipient.
func (tr *transcript) outcomes(t *testing.T, n int, r *smtpclient.Result) (got []string) {
	for _, rcpt := range r.Recipients {
		if (rcpt.Err == nil) != (rcpt.Outcome == smtpclient.Accepted) {
			t.Errorf("message %d, %s: outcome %s with error %v", n, rcpt.Address, rcpt.Outcome, rcpt.Err)
		}
		var refused *smtpclient.RefusedError
		if errors.As(rcpt.Err, &refused) {
			got = append(got, fmt.Sprintf("%d %s %v", n, rcpt.Address, refused.Reason))
			continue
		}
		code := rcpt.Reply.Code
		var reply *smtpclient.ReplyError
		if errors.As(rcpt.Err, &reply) {
			code = reply.Reply.Code
		}
		got = append(got, fmt.Sprintf("%d %s %s %d", n, rcpt.Address, rcpt.Outcome, code))
	}
	return got
}

func (tr *transcript) compare(t *testing.T, got []string, sessionErr error) {
	last := len(tr.want) - 1
	if !slices.Equal(got, tr.want[:last]) {
		t.Errorf("outcomes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tr.want[:last], "\n"))
	}
	want, ok := strings.CutPrefix(tr.want[last], "session ")
	switch {
	case want == "ok" && errors.Is(sessionErr, smtpclient.ErrClosed):
	case want == "nil" && sessionErr == nil:
	case !ok, want == "ok", want == "nil", !strings.Contains(fmt.Sprint(sessionErr), want):
		t.Errorf("session error: %v; want %s", sessionErr, want)
	}
}

func writeWhole(conn net.Conn, b []byte) error {
	_, err := conn.Write(b)
	return err
}

func writeOctets(conn net.Conn, b []byte) error {
	for c := range bytes.SplitSeq(b, nil) {
		if _, err := conn.Write(c); err != nil {
			return err
		}
	}
	return nil
}
