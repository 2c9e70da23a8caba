package metrics_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/metrics"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A pool whose metrics a collector can fetch.
func Example() {
	relay := smtptest.NewServer()
	defer relay.Close()
	p, err := pool.New(pool.Config{
		Relay: smtpclient.Config{Addr: relay.Addr, TLSConfig: relay.ClientTLSConfig()},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	mux := http.NewServeMux()
	mux.Handle("/metrics", metrics.New(p.Stats, metrics.Config{}))
	web := httptest.NewServer(mux) // stands for http.ListenAndServe
	defer web.Close()

	_, _ = p.Send(context.Background(), pool.Job{Mail: smtpclient.Mail{
		From: "shop@example.com", To: smtpclient.Recipients("zoe@example.org"),
		Content: []byte("Subject: Your order\r\n\r\nis on its way.\r\n"),
	}})

	answer, err := http.Get(web.URL + "/metrics")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "bulksmtp_recipients_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// # HELP bulksmtp_recipients_total Recipients of settled jobs.
	// # TYPE bulksmtp_recipients_total counter
	// bulksmtp_recipients_total{outcome="accepted"} 1
	// bulksmtp_recipients_total{outcome="rejected"} 0
	// bulksmtp_recipients_total{outcome="deferred"} 0
	// bulksmtp_recipients_total{outcome="not-sent"} 0
	// bulksmtp_recipients_total{outcome="unknown"} 0
}
