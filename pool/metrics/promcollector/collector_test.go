package promcollector_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/metrics"
	"github.com/bulksmtp/bulksmtp/pool/metrics/promcollector"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// scraped is what a handler serves, as Prometheus reads it.
func scraped(t *testing.T, e *metrics.Exporter) []*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if format := expfmt.ResponseFormat(w.Result().Header); format.FormatType() != expfmt.TypeTextPlain {
		t.Errorf("the content type means %q", format)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, w.Body)
	}
	var all []*dto.MetricFamily
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, byName[name])
	}
	return all
}

// gathered is what a registry has of a collector.
func gathered(t *testing.T, c prometheus.Collector) []*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// lines lists series and values in one order.
func lines(families []*dto.MetricFamily) (list []string) {
	for _, f := range families {
		for _, m := range f.Metric {
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
			list = append(list, fmt.Sprintf("%s (%s, %s) %v %v", f.GetName(), f.GetType(), f.GetHelp(), m.Label, value))
		}
	}
	slices.Sort(list)
	return list
}

func snapshots() map[string]pool.Stats {
	full := pool.Stats{
		Queued: 1, InHand: 2, Held: 3, Waiting: 4, Jobs: 1 << 53, Accepted: 6, Rejected: 7, Deferred: 8, NotSent: 9, Unknown: 10,
		Retries: 11, RelayStats: pool.RelayStats{Rate: 10000.0 / 3600},
		Relays: []pool.RelayStats{
			{Name: "a.example:25", Sessions: 3, Idle: 1, Rate: 1.0 / 300, Slowed: true, BytesWritten: 1 << 40},
			{Name: "a.example:25", Down: true, Mode: smtpclient.ModeStream},
			{Name: "\xff\\\n\"{},=# HELP é"},
		},
	}
	for i := range 150 {
		full.Keys = append(full.Keys, pool.KeyStats{Kind: "domain", Name: fmt.Sprintf("d%d.example", i), Accepted: int64(i), Rate: 1})
	}
	full.Keys = append(full.Keys,
		pool.KeyStats{Kind: "key", Name: "a\\n\n\"b\"\r\t\x00\x7f", Accepted: 1 << 40},
		pool.KeyStats{Kind: "key", Name: "\xfe", Accepted: 1 << 41}, pool.KeyStats{Kind: "key", Name: "\xff"},
		pool.KeyStats{Kind: "recipient", Name: "zoe@example.org"},
	)
	return map[string]pool.Stats{"empty": {Relays: []pool.RelayStats{{Name: ""}}}, "full": full}
}

// What the handler serves is what the collector gathers.
func TestHandlerAgreesWithCollector(t *testing.T) {
	for name, s := range snapshots() {
		t.Run(name, func(t *testing.T) {
			stats := func() pool.Stats { return s }
			agree(t, stats)
		})
	}
}

func agree(t *testing.T, stats func() pool.Stats) {
	t.Helper()
	served := scraped(t, metrics.New(stats, metrics.Config{}))
	own := gathered(t, promcollector.New(stats, metrics.Config{}))
	a, b := lines(served), lines(own)
	if !slices.Equal(a, b) || len(a) < 20 {
		t.Errorf("served:\n%q\ngathered:\n%q", a, b)
	}
	if len(served) != len(own) {
		t.Fatalf("%d families served, %d gathered", len(served), len(own))
	}
	for i := range served {
		if !proto.Equal(bare(served[i]), bare(own[i])) {
			t.Errorf("%v and %v", served[i], own[i])
		}
	}
}

// bare is a family without its series.
func bare(f *dto.MetricFamily) *dto.MetricFamily {
	return &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit}
}

func TestLint(t *testing.T) {
	for name, s := range snapshots() {
		stats := func() pool.Stats { return s }
		for _, families := range [][]*dto.MetricFamily{
			scraped(t, metrics.New(stats, metrics.Config{})), gathered(t, promcollector.New(stats, metrics.Config{})),
		} {
			problems, err := promlint.NewWithMetricFamilies(families).Lint()
			if err != nil || len(problems) > 0 {
				t.Errorf("%s: %v, %v", name, problems, err)
			}
		}
	}
}

// The metrics of a pool that has sent something.
func TestPool(t *testing.T) {
	server := smtptest.NewServer()
	defer server.Close()
	server.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		if path == "nobody@example.org" {
			return &smtptest.Reply{Code: 550, Text: "5.1.1 no such user"}
		}
		return nil
	}
	p, err := pool.New(pool.Config{
		Relay:   smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()},
		Domains: []pool.DomainLimit{{Domains: []string{pool.EveryOther}, Limit: pool.Limit{Rates: []pool.Rate{{N: 1000, Per: 1e9}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"zoe@example.org", "nobody@example.org", "yann@example.net"} {
		_, _ = p.Send(context.Background(), pool.Job{Mail: smtpclient.Mail{
			From: "a@example.com", To: smtpclient.Recipients(to), Content: []byte("Subject: x\r\n\r\nx\r\n"),
		}})
	}
	_ = p.Close()
	agree(t, p.Stats)
	got := map[string]float64{}
	for _, f := range gathered(t, promcollector.New(p.Stats, metrics.Config{})) {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"bulksmtp_recipients_total accepted":                             2,
		"bulksmtp_recipients_total rejected":                             1,
		"bulksmtp_key_recipients_total example.org domain accepted":      1,
		"bulksmtp_key_recipients_total example.org domain rejected":      1,
		"bulksmtp_key_recipients_total example.net domain accepted":      1,
		"bulksmtp_relay_recipients_total rejected " + server.Addr:        1,
		"bulksmtp_relay_dials_total " + server.Addr:                      1,
		"bulksmtp_key_rate_limit_messages_per_second example.net domain": 1000,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v; all: %v", name, got[name], want, got)
		}
	}
}
