package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// The metrics can be fetched while it runs, and not behind that.
func TestMetrics(t *testing.T) {
	for _, quiet := range []string{"-quiet=false", "-quiet"} {
		server := newServer(t)
		tr := newTrial(t)
		var once sync.Once
		var url, text string
		server.OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
			once.Do(func() {
				url = regexp.MustCompile(`http://\S+`).FindString(tr.stderr.String())
				text = fetch(t, url)
			})
			return nil
		}
		server.Start()
		tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-n", "50", "-metrics", "127.0.0.1:0", "-domain-rate", "*=1000/s", quiet)
		tr.want(exitAccepted)
		for _, want := range []string{
			"# TYPE bulksmtp_recipients_total counter\n", "bulksmtp_jobs{state=\"in_hand\"} ",
			"bulksmtp_relay_up{relay=\"" + server.Addr + "\"} 1\n", `bulksmtp_key_rate_limit_messages_per_second{kind="domain",key="example.com"} 1000`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in:\n%s", want, text)
			}
		}
		if strings.Contains(text, "@") {
			t.Errorf("an address in:\n%s", text)
		}
		if answer, err := http.Get(url); err == nil {
			_ = answer.Body.Close()
			t.Errorf("%s is still there", url)
		}
	}
}

func fetch(t *testing.T, url string) string {
	answer, err := http.Get(url)
	if err != nil {
		t.Errorf("%q: %v", url, err)
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}
