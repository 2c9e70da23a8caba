package bounce_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
)

func TestNoMail(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "an empty line": "\n\n", "NULs": "\x00\x00\x00\x00", "words": "hello, there is\nno header\n", "binary": "\x89PNG\r\n\x1a\n\x00",
	} {
		if r, err := bounce.Parse(strings.NewReader(text)); !errors.Is(err, bounce.ErrNoMail) || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	broken := errors.New("broken")
	if _, err := bounce.Parse(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestFields(t *testing.T) {
	r, err := bounce.Parse(strings.NewReader(read(t, "dsn-two-groups")))
	if err != nil {
		t.Fatal(err)
	}
	c := r.Recipients[1]
	if r.ReportingMTA != "relay.example.net" || c.RemoteMTA != "mx.gamma.example" || c.Original != "cleo@gamma.example" || c.Final != "cleo@home.gamma.example" {
		t.Errorf("%+v", r)
	}
	if want := time.Date(2026, 5, 9, 10, 0, 0, 0, time.UTC); !c.RetryUntil.Equal(want) {
		t.Errorf("retry until %v", c.RetryUntil)
	}
	if o := r.Original; o.MessageID != "n.4711@example.net" || o.Subject != "What is new in May" || o.Field("x-recipient") != "ann@alpha.example" || o.Field("none") != "" {
		t.Errorf("%+v", o)
	}
	if r.MessageID != "b.1@relay.example.net" || r.From != "postmaster@relay.example.net" || r.Date.IsZero() {
		t.Errorf("%+v", r)
	}
	success, err := bounce.Parse(strings.NewReader(read(t, "dsn-success")))
	if err != nil || success.EnvelopeID != "env-42" {
		t.Error(success, err)
	}
	if hard, known := success.Recipients[0].Hard(); hard || !known {
		t.Error("success is hard or not known")
	}
}

func TestFeedbackFields(t *testing.T) {
	r, err := bounce.Parse(strings.NewReader(read(t, "arf-abuse")))
	if err != nil {
		t.Fatal(err)
	}
	f := r.Feedback
	if f.Type != "abuse" || f.UserAgent != "SomeFBL/1.0" || f.MailFrom != "news-ann=alpha.example@lists.example.net" || f.SourceIP != "192.0.2.1" || f.Domain != "example.net" || f.Incidents != 1 {
		t.Errorf("%+v", f)
	}
}

// A mail over the limit is read as far as the limit goes: what a bounce says is
// at its beginning.
func TestMaxSize(t *testing.T) {
	p, err := bounce.New(bounce.Config{MaxSize: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, "text-qmail")
	if len(text) > 4<<10 {
		t.Fatal("the mail is too large for this test")
	}
	endless := io.MultiReader(strings.NewReader(text), io.LimitReader(zeros{}, 64<<20))
	r, err := p.Parse(endless)
	if err != nil || !r.Truncated || len(r.Recipients) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = p.Parse(strings.NewReader(text)); err != nil || r.Truncated {
		t.Errorf("%+v, %v", r, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestMaxDepth(t *testing.T) {
	nested := func(depth int) string {
		var b strings.Builder
		b.WriteString("From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: Undeliverable\n")
		for i := range depth {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		b.WriteString("Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; ann@alpha.example\nAction: failed\nStatus: 5.1.1\n")
		return b.String()
	}
	r, err := bounce.Parse(strings.NewReader(nested(bounce.DefaultMaxDepth)))
	if err != nil || r.Truncated || len(r.Recipients) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = bounce.Parse(strings.NewReader(nested(bounce.DefaultMaxDepth + 1)))
	if err != nil || !r.Truncated || len(r.Recipients) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
