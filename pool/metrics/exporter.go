package metrics

import (
	"cmp"
	"strconv"
	"strings"
	"sync"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Config says what is exported. The zero value is good.
type Config struct {
	// MaxKeys is how many destination domains and keys have series of their own;
	// 0 is 100, and less than 0 is none.
	MaxKeys int
}

// A Sample is one value of a metric.
type Sample struct {
	// Labels are the values of Definition.Labels, in order. They are UTF-8.
	Labels []string
	Value  float64
}

// A Metric is a definition and its samples of one moment.
type Metric struct {
	Definition
	Samples []Sample
}

// An Exporter makes metrics of a pool. It is safe for concurrent use.
type Exporter struct {
	stats   func() pool.Stats
	maxKeys int

	mu    sync.Mutex
	shown map[keyID]bool // the keys that have series
}

// New returns an exporter of what stats returns: the Stats method of a pool.
func New(stats func() pool.Stats, c Config) *Exporter {
	return &Exporter{stats: stats, maxKeys: max(0, cmp.Or(c.MaxKeys, 100)), shown: map[keyID]bool{}}
}

// Collect returns the metrics of now, by name. Those without a sample are left
// out. No two samples of a metric have the same labels.
func (e *Exporter) Collect() []Metric {
	s := e.stats()
	c := collection{}
	c.pool(&s)
	for i, name := range relayNames(s.Relays) {
		c.relay(name, &s.Relays[i])
	}
	c.countKeys(s.Keys)
	chosen, omitted := e.choose(s.Keys)
	c.set(keysOmitted, float64(omitted))
	for _, k := range chosen {
		c.key(k)
	}
	return c.metrics()
}

// A collection is samples by definition.
type collection map[*Definition][]Sample

func (c collection) set(d *Definition, value float64, labels ...string) {
	c[d] = append(c[d], Sample{labels, value})
}

func (c collection) metrics() []Metric {
	var all []Metric
	for _, d := range definitions {
		if samples := c[d]; samples != nil {
			all = append(all, Metric{*d, samples})
		}
	}
	return all
}

func (c collection) pool(s *pool.Stats) {
	c.set(jobs, float64(s.Queued), "queued")
	c.set(jobs, float64(s.InHand), "in_hand")
	c.set(jobs, float64(s.Held), "held")
	c.set(jobs, float64(s.Waiting), "waiting")
	c.set(jobsSettled, float64(s.Jobs))
	c.set(retries, float64(s.Retries))
	c.set(recipients, float64(s.Accepted), smtpclient.Accepted.String())
	c.set(recipients, float64(s.Rejected), smtpclient.Rejected.String())
	c.set(recipients, float64(s.Deferred), smtpclient.Deferred.String())
	c.set(recipients, float64(s.NotSent), smtpclient.NotSent.String())
	c.set(recipients, float64(s.Unknown), smtpclient.Unknown.String())
	if s.Rate > 0 {
		c.set(rate, s.Rate)
	}
}

func (c collection) relay(name string, r *pool.RelayStats) {
	c.set(relayUp, truth(!r.Down), name)
	c.set(relaySessions, float64(r.Sessions-r.Idle), name, "busy")
	c.set(relaySessions, float64(r.Idle), name, "idle")
	c.set(relaySessions, float64(r.Dialing), name, "dialing")
	c.set(relayMode, 1, name, r.Mode.String())
	if r.Rate > 0 {
		c.set(relayRate, r.Rate, name)
	}
	c.set(relaySlowed, truth(r.Slowed), name)
	c.set(relayRecipients, float64(r.RecipientsAccepted), name, smtpclient.Accepted.String())
	c.set(relayRecipients, float64(r.RecipientsRejected), name, smtpclient.Rejected.String())
	c.set(relayRecipients, float64(r.RecipientsDeferred), name, smtpclient.Deferred.String())
	c.set(relayDials, float64(r.Dials), name)
	c.set(relayDialFailures, float64(r.DialFailures), name)
	c.set(relayLost, float64(r.Lost), name)
	c.set(relayRoundTrips, float64(r.RoundTrips), name)
	c.set(relayWritten, float64(r.BytesWritten), name)
}

func (c collection) key(k shownKey) {
	kind, name := k.kind, k.name
	c.set(keyHeld, float64(k.stats.Waiting), kind, name)
	c.set(keyHolds, float64(k.stats.Held), kind, name)
	c.set(keySessions, float64(k.stats.Sessions), kind, name)
	if k.stats.Rate > 0 {
		c.set(keyRate, k.stats.Rate, kind, name)
	}
	c.set(keySlowed, truth(k.stats.Slowed), kind, name)
	c.set(keyRecipients, float64(k.stats.Accepted), kind, name, smtpclient.Accepted.String())
	c.set(keyRecipients, float64(k.stats.Rejected), kind, name, smtpclient.Rejected.String())
	c.set(keyRecipients, float64(k.stats.Deferred), kind, name, smtpclient.Deferred.String())
}

// relayNames are the values of the label relay: the names, with a number behind
// those that an earlier relay has too.
func relayNames(relays []pool.RelayStats) []string {
	names := make([]string, len(relays))
	seen := map[string]bool{}
	for i := range relays {
		name := clean(relays[i].Name)
		for n := 2; seen[name]; n++ {
			name = clean(relays[i].Name) + " #" + strconv.Itoa(n)
		}
		seen[name] = true
		names[i] = name
	}
	return names
}

// clean makes a value of a label.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
