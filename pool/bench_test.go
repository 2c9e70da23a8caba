package pool_test

import (
	"bytes"
	"fmt"
	"testing"

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
				s := smtptest.NewUnstartedServer()
				s.CountOnly = true
				s.Start()
				defer s.Close()
				p, err := pool.New(pool.Config{
					Sessions: sessions,
					Relay:    smtpclient.Config{Addr: s.Addr, Security: smtpclient.Plaintext, Mode: mode, Window: 64},
				})
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
						if !yield(pool.Job{Mail: smtpclient.Mail{From: "news@example.com", To: to, Content: content}}) {
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
			})
		}
	}
}
