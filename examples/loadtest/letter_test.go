package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
	"github.com/bulksmtp/bulksmtp/verp"
)

// TestBelongTogether: in every mode each message is there once, and envelope,
// headers and text are those of one number, though buffers are used again and
// again.
func TestBelongTogether(t *testing.T) {
	for _, args := range []string{
		"-mode lockstep -c 9", "-mode envelope -c 8 -size 40000", "-mode overlap -c 2", "-mode overlap -c 16 -verp",
		"-mode stream -c 1", "-mode stream -window 64 -c 6 -verp", "-mode stream -window 3 -c 4 -rcpts 4", "-c 5 -rcpts 3",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			const n = 1000
			server := smtptest.NewUnstartedServer()
			server.Latency = time.Millisecond / 10
			server.Start()
			defer server.Close()
			o, err := parseOptions(strings.Fields(args))
			if err != nil {
				t.Fatal(err)
			}
			code, _, errs := loadtest(t, append(strings.Fields(args), "-addr", server.Addr, "-tls", "none", "-n", fmt.Sprint(n))...)
			if code != exitAccepted {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			seen := map[int64]bool{}
			for _, m := range server.Messages() {
				seen[checkMessage(t, o, &m)] = true
			}
			if len(seen) != n || server.Counters().Messages != n {
				t.Errorf("%d different messages of %d, want %d", len(seen), server.Counters().Messages, n)
			}
		})
	}
}

// checkMessage holds the parts of a message against each other and returns its
// number.
func checkMessage(t *testing.T, o *options, m *smtptest.Message) (n int64) {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(parsed.Header.Get("Subject"), "Load test, message %d", &n); err != nil {
		t.Fatal(err)
	}
	if id := parsed.Header.Get("Message-ID"); !strings.HasPrefix(id, fmt.Sprintf("<%010d.", n)) || !strings.HasSuffix(id, "@example.com>") {
		t.Errorf("message %d has the Message-ID %s", n, id)
	}
	if !bytes.Contains(m.Data, fmt.Appendf(nil, "\r\n\r\nThis is message %010d of", n)) {
		t.Errorf("message %d has another text", n)
	}
	first := (n-1)*int64(o.recipients) + 1
	if to := parsed.Header.Get("To"); to != fmt.Sprintf("<r%010d@example.net>", first) {
		t.Errorf("message %d is to %s", n, to)
	}
	var want []string
	for i := range o.recipients {
		want = append(want, fmt.Sprintf("r%010d@example.net", first+int64(i)))
	}
	var got []string
	for _, r := range m.To {
		got = append(got, r.Address)
	}
	if !slices.Equal(got, want) {
		t.Errorf("message %d went to %v", n, got)
	}
	from := o.from
	if o.verp {
		from, err = verp.Decode(o.from, m.From)
		if err != nil || from != want[0] {
			t.Errorf("message %d has the return path %s: %v", n, m.From, err)
		}
	} else if m.From != from {
		t.Errorf("message %d has the return path %s", n, m.From)
	}
	return n
}

// TestSize: the text has the size that was asked for, in good lines.
func TestSize(t *testing.T) {
	const shortest = len("This is message 0000000001 of a load test.\r\n")
	for size := range 400 {
		tmpl := newTemplate("a@b.example", "c.example", size, time.Now())
		content := []byte(tmpl.content)
		tmpl.write(content, 1, 1)
		_, text, ok := strings.Cut(string(content), "\r\n\r\n")
		if want := max(size, shortest); !ok || len(text) != want {
			t.Errorf("size %d: %d octets of text, want %d", size, len(text), want)
		}
		for line := range strings.Lines(text) {
			if len(line) > 78 || !strings.HasSuffix(line, "\r\n") || strings.Count(line, "\r") != 1 {
				t.Errorf("size %d: line %q", size, line)
			}
		}
		m := smtpclient.Mail{From: "a@b.example", To: smtpclient.Recipients("r@c.example"), Content: content}
		if err := m.Check(smtpclient.RefuseBareNewlines); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// TestRecycling: letters are used again, so that their number is bounded by the
// pool and not by that of the messages.
func TestRecycling(t *testing.T) {
	o, err := parseOptions([]string{"-n", "3000", "-c", "2", "-size", "30000"})
	if err != nil {
		t.Fatal(err)
	}
	to, err := newRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	sink := startSink(&to, o)
	defer sink.Close()
	tmpl := newTemplate(o.from, o.domain, o.size, time.Now())
	cfg := poolConfig(o, to, tmpl)
	if most := cfg.Queue + cfg.MaxWaiting; most*o.size > 3*memory {
		t.Errorf("the pool may hold %d messages of %d octets", most, o.size)
	}
	p, err := pool.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	all := newLetters(o, tmpl)
	var r report
	r.sendAll(t.Context(), p, all)
	// One more is being written, and one comes back.
	if most := cfg.Queue + cfg.MaxWaiting + 2; all.made > most || r.outcomes[smtpclient.Accepted] != 3_000 {
		t.Errorf("%d letters were made, want %d at most; %+v", all.made, most, r.outcomes)
	}
}

// TestWriteAllocates nothing but the addresses.
func TestWriteAllocates(t *testing.T) {
	for args, want := range map[string]float64{"": 1, "-rcpts 100": 1} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		all := newLetters(o, newTemplate(o.from, o.domain, o.size, time.Now()))
		l := all.get()
		n := 0
		if got := testing.AllocsPerRun(100, func() { n++; all.write(l, n) }); got != want {
			t.Errorf("%q: %v allocations, want %v", args, got, want)
		}
	}
}
