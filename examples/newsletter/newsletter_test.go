package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/examples/newsletter/shipped"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/cenkalti/backoff/v4"
)

// A lockedBuffer takes what several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// A trial is a run of the program in this process.
type trial struct {
	*program
	t              *testing.T
	stdout, stderr lockedBuffer
	dir            string
	code           int
}

// newTrial returns a program whose waits are too short to notice.
func newTrial(t *testing.T) *trial {
	t.Helper()
	tr := &trial{t: t, dir: t.TempDir()}
	tr.program = newProgram(&tr.stdout, &tr.stderr)
	tr.tune = func(c *pool.Config) {
		c.Patience = 20 * time.Millisecond
		soon := func() backoff.BackOff { return backoff.NewConstantBackOff(time.Millisecond) }
		c.Backoff, c.DialBackoff = soon, soon
	}
	return tr
}

// file writes a file for the run and returns its name.
func (tr *trial) file(name, content string) string {
	tr.t.Helper()
	path := filepath.Join(tr.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tr.t.Fatal(err)
	}
	return path
}

// run runs the program and returns the lines of -outcomes.
func (tr *trial) run(ctx context.Context, args ...string) []outcome {
	tr.t.Helper()
	path := filepath.Join(tr.dir, "outcomes.jsonl")
	tr.code = tr.program.run(ctx, append([]string{"-outcomes", path}, args...))
	data, err := os.ReadFile(path)
	if err != nil && tr.code != exitUsage {
		tr.t.Fatal(err)
	}
	var list []outcome
	for line := range bytes.Lines(data) {
		var o outcome
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			tr.t.Fatalf("outcomes: %q: %v", line, err)
		}
		var keys map[string]any
		if err := json.Unmarshal(line, &keys); err != nil || len(keys) != 9 {
			tr.t.Fatalf("outcomes: %q has %d keys, want 9: %v", line, len(keys), err)
		}
		list = append(list, o)
	}
	return list
}

// want checks the exit code.
func (tr *trial) want(code int) {
	tr.t.Helper()
	if tr.code != code {
		tr.t.Errorf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", tr.code, code, tr.stdout.String(), tr.stderr.String())
	}
}

// reported returns a number of the report.
func (tr *trial) reported(label string) int {
	tr.t.Helper()
	m := regexp.MustCompile(`(?m)^` + label + `\s+(\d+)`).FindStringSubmatch(tr.stdout.String())
	if m == nil {
		tr.t.Fatalf("no %q in the report:\n%s", label, tr.stdout.String())
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// fatesOf maps addresses to outcomes. No address may come twice.
func fatesOf(t *testing.T, list []outcome) map[string]outcome {
	t.Helper()
	byEmail := map[string]outcome{}
	for _, o := range list {
		if _, twice := byEmail[o.Email]; twice {
			t.Errorf("%q has two outcomes", o.Email)
		}
		byEmail[o.Email] = o
	}
	return byEmail
}

func tallyOf(list []outcome) tally {
	n := tally{}
	for _, o := range list {
		n[o.Outcome]++
	}
	return n
}

// newServer returns a server that is not started yet.
func newServer(t *testing.T) *smtptest.Server {
	s := smtptest.NewUnstartedServer()
	t.Cleanup(s.Close)
	return s
}

func TestShippedRun(t *testing.T) {
	tr := newTrial(t)
	list := tr.run(t.Context())
	tr.want(exitAccepted)
	data, err := shipped.Files.ReadFile("recipients.csv")
	if err != nil {
		t.Fatal(err)
	}
	// The header is one line, the row with a line break has two.
	rows := bytes.Count(data, []byte("\n")) - 2
	if len(list) != rows || rows < 1000 {
		t.Errorf("%d outcomes of %d rows", len(list), rows)
	}
	want := tally{accepted: int64(rows - shippedInvalid), invalid: shippedInvalid}
	if got := tallyOf(list); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	if sink := tr.reported("sink"); sink != rows-shippedInvalid {
		t.Errorf("the sink counts %d, want %d", sink, rows-shippedInvalid)
	}
	if strings.Contains(strings.ToLower(tr.stdout.String()), "delivered") {
		t.Error("the report claims a delivery")
	}
	ids := map[string]bool{}
	for _, o := range list {
		if o.Outcome == accepted && (o.Code != 250 || o.Attempts != 1 || o.Error != "" || ids[o.MessageID]) {
			t.Errorf("accepted: %+v", o)
		}
		ids[o.MessageID] = true
	}
}

func TestShippedRunAgainstSinkWithTLS(t *testing.T) {
	for _, mode := range []string{"starttls", "implicit", "opportunistic"} {
		t.Run(mode, func(t *testing.T) {
			tr := newTrial(t)
			tr.run(t.Context(), "-tls", mode, "-user", "me", "-password-file", tr.file("pw", "secret\r\n"))
			tr.want(exitAccepted)
		})
	}
}

func TestMadeUpRecipients(t *testing.T) {
	tr := newTrial(t)
	list := tr.run(t.Context(), "-n", "3000", "-mode", "lockstep", "-sessions", "2")
	tr.want(exitAccepted)
	if n := len(fatesOf(t, list)); n != 3000 {
		t.Errorf("%d different recipients, want 3000", n)
	}
	if sink := tr.reported("sink"); sink != 3000 {
		t.Errorf("the sink counts %d", sink)
	}
}

func TestQuiet(t *testing.T) {
	tr := newTrial(t)
	tr.run(t.Context(), "-quiet", "-n", "10")
	tr.want(exitAccepted)
	if out := tr.stdout.String() + tr.stderr.String(); out != "" {
		t.Errorf("said %q", out)
	}
}

func TestHelp(t *testing.T) {
	tr := newTrial(t)
	if code := tr.program.run(t.Context(), []string{"-h"}); code != exitAccepted {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{"-addr", "-tls", "-ca", "-user", "-password-file", "-from", "-return-path", "-verp", "-verp-key", "-unsubscribe-url", "-unsubscribe-key", "-list-id", "-dkim-key", "-dkim-selector", "-dkim-domain", "-suppress", "-check", "-check-dns",
		"-recipients", "-subject", "-text", "-html", "-attach", "-n", "-sessions", "-mode", "-window", "-max-attempts", "-rate", "-domain-rate", "-max-per-session", "-max-lifetime", "-metrics", "-outcomes", "-dry-run", "-quiet"} {
		if !strings.Contains(tr.stdout.String(), "  "+name+" ") && !strings.Contains(tr.stdout.String(), "  "+name+"\n") {
			t.Errorf("%s is not in the usage", name)
		}
	}
}

func TestMadeUpRecipientsStayTheSame(t *testing.T) {
	take := func() (list []string) {
		for m := (&madeUp{n: 500}); ; {
			r, err := m.next()
			if err != nil {
				return list
			}
			list = append(list, r.email+r.fields["name"]+r.fields["plan"])
		}
	}
	if a, b := take(), take(); !slices.Equal(a, b) || len(a) != 500 {
		t.Errorf("%d and %d recipients, or different ones", len(a), len(b))
	}
}
