package pool_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// BenchmarkSendAll sends messages of 2.5 KB over loopback. The sink shares the
// machine, so msgs/s is that of both.
func BenchmarkSendAll(b *testing.B) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for _, sessions := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("%v-%d", mode, sessions), func(b *testing.B) {
				benchmarkSendAll(b, pool.Config{Sessions: sessions, Relay: smtpclient.Config{Mode: mode, Window: 64}})
			})
		}
	}
}

// BenchmarkLimits is what it costs to hold limits that are never reached.
func BenchmarkLimits(b *testing.B) {
	never := pool.Limit{Rates: []pool.Rate{{N: 1_000_000_000, Per: time.Second, Burst: 1 << 30}}}
	for _, tt := range []struct {
		name  string
		limit func(*pool.Config)
	}{
		{"none", func(*pool.Config) {}},
		{"rate", func(c *pool.Config) { c.Rates = never.Rates }},
		{"domain", func(c *pool.Config) {
			c.Domains = append(pool.KnownProviders(), pool.DomainLimit{Domains: []string{pool.EveryOther}, Limit: never})
		}},
		{"all", func(c *pool.Config) {
			c.Rates, c.Keys = never.Rates, map[string]pool.Limit{pool.EveryOther: never}
			c.Domains = append(pool.KnownProviders(), pool.DomainLimit{Domains: []string{pool.EveryOther}, Limit: never})
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			c := pool.Config{Relay: smtpclient.Config{Mode: smtpclient.ModeStream, Window: 64}}
			tt.limit(&c)
			benchmarkSendAll(b, c)
		})
	}
}

func benchmarkSendAll(b *testing.B, c pool.Config) {
	s := smtptest.NewUnstartedServer()
	s.CountOnly = true
	s.Start()
	defer s.Close()
	c.Relay.Addr, c.Relay.Security = s.Addr, smtpclient.Plaintext
	p, err := pool.New(c)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	content := append([]byte("Subject: bench\r\n\r\n"), bytes.Repeat([]byte("A line of some seventy octets, as a letter to many readers has them.\r\n"), 36)...)
	to := smtpclient.Recipients("reader@example.org")
	b.ReportAllocs()
	b.ResetTimer()
	for r := range p.SendAll(b.Context(), func(yield func(pool.Job) bool) {
		for range b.N {
			if !yield(pool.Job{Key: "customer", Mail: smtpclient.Mail{From: "news@example.com", To: to, Content: content}}) {
				return
			}
		}
	}) {
		if r.Err != nil {
			b.Fatal(r.Err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
	b.ReportMetric(float64(p.Stats().RoundTrips)/float64(b.N), "rtt/msg")
}
