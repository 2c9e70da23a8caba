package promcollector_test

import (
	"fmt"
	"log"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/metrics"
	"github.com/bulksmtp/bulksmtp/pool/metrics/promcollector"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Two pools in one registry.
func Example() {
	registry := prometheus.NewRegistry()
	for _, name := range []string{"newsletter", "receipts"} {
		p, err := pool.New(pool.Config{Relay: smtpclient.Config{Addr: "relay.example.com:587"}})
		if err != nil {
			log.Fatal(err)
		}
		defer p.Close()
		labels := prometheus.Labels{"pool": name}
		prometheus.WrapRegistererWith(labels, registry).MustRegister(promcollector.New(p.Stats, metrics.Config{}))
	}
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "bulksmtp_relay_up" {
			for _, m := range f.Metric {
				fmt.Println(m.Label[0].GetValue(), m.Label[1].GetValue(), m.Gauge.GetValue())
			}
		}
	}
	// Output:
	// newsletter relay.example.com:587 1
	// receipts relay.example.com:587 1
}
