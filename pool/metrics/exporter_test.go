package metrics_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/metrics"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// busy is a snapshot in which everything is something, and different.
func busy() pool.Stats {
	return pool.Stats{
		Queued: 1, InHand: 2, Held: 3, Waiting: 4, Jobs: 5,
		Accepted: 6, Rejected: 7, Deferred: 8, NotSent: 9, Unknown: 10, Retries: 11,
		RelayStats: pool.RelayStats{Rate: 12.5},
		Relays: []pool.RelayStats{
			{Name: "a.example:25", Sessions: 14, Idle: 1, Dialing: 15, RecipientsAccepted: 16, RecipientsRejected: 17,
				RecipientsDeferred: 18, Dials: 19, DialFailures: 20, Lost: 21, RoundTrips: 22, BytesWritten: 1 << 40,
				Mode: smtpclient.ModeStream, Rate: 0.25, Slowed: true},
			{Name: "b.example:25", Down: true},
		},
		Keys: []pool.KeyStats{
			{Kind: "domain", Name: "example.com", Waiting: 23, Held: 24, Sessions: 25, Accepted: 26, Rejected: 27, Deferred: 28,
				Rate: 2, Slowed: true},
			{Kind: "key", Name: "customer 1"},
			{Kind: "recipient", Name: "zoe@example.org", Held: 1},
			{Kind: "recipient", Name: "yann@example.org", Held: 1},
		},
	}
}

func fixed(s pool.Stats) func() pool.Stats { return func() pool.Stats { return s } }

// series writes samples as a map from the series, such as "name a b", to the
// value. No series may be there twice.
func series(t *testing.T, all []metrics.Metric) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for _, m := range all {
		for _, s := range m.Samples {
			if len(s.Labels) != len(m.Labels) {
				t.Errorf("%s: labels %q for %q", m.Name, s.Labels, m.Labels)
			}
			name := strings.Join(append([]string{m.Name}, s.Labels...), " ")
			if _, twice := values[name]; twice {
				t.Errorf("%s: there twice", name)
			}
			if !utf8.ValidString(name) {
				t.Errorf("%q: not UTF-8", name)
			}
			values[name] = s.Value
		}
	}
	return values
}

func TestEveryValueHasItsSeries(t *testing.T) {
	got := series(t, metrics.New(fixed(busy()), metrics.Config{}).Collect())
	for name, want := range map[string]float64{
		"jobs queued": 1, "jobs in_hand": 2, "jobs held": 3, "jobs waiting": 4, "jobs_settled_total": 5,
		"recipients_total accepted": 6, "recipients_total rejected": 7, "recipients_total deferred": 8,
		"recipients_total not-sent": 9, "recipients_total unknown": 10, "retries_total": 11,
		"rate_limit_messages_per_second":       12.5,
		"relay_sessions a.example:25 busy":     13,
		"relay_sessions a.example:25 idle":     1,
		"relay_sessions a.example:25 dialing":  15,
		"relay_up a.example:25":                1,
		"relay_up b.example:25":                0,
		"relay_mode_info a.example:25 stream":  1,
		"relay_mode_info b.example:25 auto":    1,
		"relay_slowed a.example:25":            1,
		"relay_slowed b.example:25":            0,
		"relay_dials_total a.example:25":       19,
		"relay_round_trips_total a.example:25": 22, "relay_written_bytes_total a.example:25": 1 << 40,
		"relay_dial_failures_total a.example:25": 20, "relay_sessions_lost_total a.example:25": 21,
		"relay_recipients_total a.example:25 accepted":          16,
		"relay_recipients_total a.example:25 rejected":          17,
		"relay_recipients_total a.example:25 deferred":          18,
		"relay_recipients_total b.example:25 deferred":          0,
		"relay_rate_limit_messages_per_second a.example:25":     0.25,
		"key_jobs_held domain example.com":                      23,
		"key_holds_total domain example.com":                    24,
		"key_sessions domain example.com":                       25,
		"key_recipients_total domain example.com accepted":      26,
		"key_recipients_total domain example.com rejected":      27,
		"key_recipients_total domain example.com deferred":      28,
		"key_rate_limit_messages_per_second domain example.com": 2,
		"key_slowed domain example.com":                         1,
		"key_slowed key customer 1":                             0,
		"keys domain":                                           1,
		"keys key":                                              1,
		"keys recipient":                                        2,
		"keys_omitted":                                          0,
	} {
		if v, ok := got["bulksmtp_"+name]; !ok || v != want {
			t.Errorf("%s is %v (%t), want %v", name, v, ok, want)
		}
	}
	for name := range got {
		if strings.Contains(name, "@") {
			t.Errorf("an address: %s", name)
		}
		if strings.Contains(name, "rate_limit") && (strings.Contains(name, "b.example") || strings.Contains(name, "customer")) {
			t.Errorf("a limit that is not there: %s", name)
		}
	}
}

func TestDefinitions(t *testing.T) {
	list := metrics.Definitions()
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.Name
		if strings.HasSuffix(d.Name, "_total") != (d.Type == metrics.Counter) || d.Help == "" {
			t.Errorf("%+v", d)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not in order, or twice: %q", names)
	}
	for _, m := range metrics.New(fixed(busy()), metrics.Config{}).Collect() {
		i := slices.Index(names, m.Name)
		if i < 0 || m.Help != list[i].Help || !slices.Equal(m.Labels, list[i].Labels) {
			t.Errorf("not as defined: %+v", m)
			continue
		}
		names = slices.Delete(names, i, i+1)
		list = slices.Delete(list, i, i+1)
	}
	if len(names) > 0 {
		t.Errorf("never exported: %q", names)
	}
}

// What collectors cannot take, or would take for one and the same.
func TestHostileNames(t *testing.T) {
	s := pool.Stats{
		Relays: []pool.RelayStats{{Name: "a"}, {Name: "a"}, {Name: "a #2"}, {Name: "\xff"}},
		Keys: []pool.KeyStats{
			{Kind: "key", Name: "\xfe"}, {Kind: "key", Name: "\xff"}, {Kind: "domain", Name: "\xff"}, {Kind: "key", Name: "\n\"\\"},
		},
	}
	got := series(t, metrics.New(fixed(s), metrics.Config{}).Collect())
	if got["bulksmtp_keys_omitted"] != 1 || got["bulksmtp_keys key"] != 3 {
		t.Errorf("%v", got)
	}
	if _, ok := got["bulksmtp_relay_up a #2"]; !ok {
		t.Errorf("%v", got)
	}
}

// keyed is a snapshot with keys, each with so much mail.
func keyed(amounts map[string]int64) pool.Stats {
	s := pool.Stats{Relays: []pool.RelayStats{{Name: "a"}}}
	for name, n := range amounts {
		s.Keys = append(s.Keys, pool.KeyStats{Kind: "domain", Name: name, Accepted: n})
	}
	slices.SortFunc(s.Keys, func(a, b pool.KeyStats) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// shown lists the keys with series.
func shown(t *testing.T, e *metrics.Exporter) (names []string, omitted float64) {
	t.Helper()
	for name, v := range series(t, e.Collect()) {
		if key, ok := strings.CutPrefix(name, "bulksmtp_key_jobs_held domain "); ok {
			names = append(names, key)
		}
		if name == "bulksmtp_keys_omitted" {
			omitted = v
		}
	}
	slices.Sort(names)
	return names, omitted
}

// The keys with most mail have series, and keep them.
func TestMaxKeys(t *testing.T) {
	var now pool.Stats
	e := metrics.New(func() pool.Stats { return now }, metrics.Config{MaxKeys: 2})
	for i, tt := range []struct {
		mail    map[string]int64
		want    string
		omitted float64
	}{
		{map[string]int64{}, "[]", 0},
		{map[string]int64{"a": 1, "b": 9, "c": 5}, "[b c]", 1},
		{map[string]int64{"a": 99, "b": 9, "c": 5, "d": 100}, "[b c]", 2},
		{map[string]int64{"a": 99, "c": 5, "d": 100}, "[c d]", 1},
		{map[string]int64{"a": 99}, "[a]", 0},
	} {
		now = keyed(tt.mail)
		names, omitted := shown(t, e)
		if fmt.Sprint(names) != tt.want || omitted != tt.omitted {
			t.Errorf("step %d: %v and %v omitted, want %s and %v", i, names, omitted, tt.want, tt.omitted)
		}
	}
}

func TestDefaultMaxKeys(t *testing.T) {
	many := map[string]int64{}
	for i := range 1000 {
		many[fmt.Sprintf("d%d.example", i)] = 1
	}
	for most, want := range map[int]int{0: 100, -1: 0, 2000: 1000} {
		names, omitted := shown(t, metrics.New(fixed(keyed(many)), metrics.Config{MaxKeys: most}))
		if len(names) != want || omitted != float64(1000-want) {
			t.Errorf("MaxKeys %d: %d keys and %v omitted, want %d", most, len(names), omitted, want)
		}
	}
}

func TestCollectAtOnce(t *testing.T) {
	e := metrics.New(fixed(busy()), metrics.Config{MaxKeys: 1})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { series(t, e.Collect()) })
	}
	all.Wait()
}
