package promcollector

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/metrics"
)

// New returns a collector of what stats returns: the Stats method of a pool. It
// takes a snapshot for each gathering.
func New(stats func() pool.Stats, c metrics.Config) prometheus.Collector {
	k := &collector{exporter: metrics.New(stats, c), descs: map[string]*prometheus.Desc{}}
	for _, d := range metrics.Definitions() {
		k.descs[d.Name] = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
	}
	return k
}

type collector struct {
	exporter *metrics.Exporter
	descs    map[string]*prometheus.Desc // by name
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	for _, m := range c.exporter.Collect() {
		kind := prometheus.GaugeValue
		if m.Type == metrics.Counter {
			kind = prometheus.CounterValue
		}
		for _, s := range m.Samples {
			to <- prometheus.MustNewConstMetric(c.descs[m.Name], kind, s.Value, s.Labels...)
		}
	}
}
