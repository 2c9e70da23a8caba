package builder_test

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime"

	"github.com/bulksmtp/bulksmtp/internal/bench/builder"
	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// TestMails reads what every builder makes, for some readers.
func TestMails(t *testing.T) {
	text, html := content.NewFiller(content.NewsletterText), content.NewFiller(content.NewsletterHTML)
	for _, b := range builder.All() {
		t.Run(b.Name, func(t *testing.T) {
			build, err := b.New()
			if err != nil {
				t.Fatal(err)
			}
			for i := range 50 {
				r := builder.NewReader(i)
				if b.Floor {
					r = builder.NewReader(0)
				}
				raw, err := build(nil, r)
				if err != nil {
					t.Fatal(err)
				}
				env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
				if err != nil {
					t.Fatal(err)
				}
				same := func(a, b string) bool {
					a, b = strings.ReplaceAll(a, "\r\n", "\n"), strings.ReplaceAll(b, "\r\n", "\n")
					return strings.TrimSpace(a) == strings.TrimSpace(b)
				}
				wantHTML := html.Fill(r.Fields)
				if gotHTML, _, _ := strings.Cut(env.HTML, "<a href=\"https://bench.example/unsubscribe"); !same(env.Text, text.Fill(r.Fields)) || !same(gotHTML, wantHTML) {
					t.Fatalf("mail %d:\n%s", i, raw)
				}
				if got := env.GetHeader("Subject"); got != r.Fields["name"]+", your weekly update from the bench" {
					t.Errorf("subject %q", got)
				}
				if to, err := mail.ParseAddress(env.GetHeader("To")); err != nil || to.Address != r.To || env.GetHeader("Message-Id") != "<"+r.MessageID+">" {
					t.Errorf("to %v, %s", to, env.GetHeader("Message-Id"))
				}
				if env.GetHeader("List-Unsubscribe") == "" || env.GetHeader("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
					t.Errorf("%s", raw)
				}
				if files := strings.Contains(b.Name, "file"); len(env.Attachments) == 1 != files || files && len(env.Attachments[0].Content) != 200<<10 {
					t.Errorf("%d attachments", len(env.Attachments))
				}
			}
		})
	}
}

// TestMeasure makes a very short run.
func TestMeasure(t *testing.T) {
	build, err := builder.Named(builder.Enmime).New()
	if err != nil {
		t.Fatal(err)
	}
	m, err := builder.Measure(build, time.Millisecond)
	if err != nil || m.Mails < 1 || m.Micros <= 0 || m.Allocs < 1 || m.Octets < 10<<10 {
		t.Errorf("%+v, %v", m, err)
	}
}
