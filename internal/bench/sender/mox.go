package sender

import (
	"bytes"
	"context"
	"log/slog"
	"net"

	"github.com/mjl-/mox/dns"
	"github.com/mjl-/mox/smtpclient"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// mox is the SMTP client of github.com/mjl-/mox, its connection kept.
func mox() *Sender {
	return &Sender{Name: "mox smtpclient, reused", Note: "MAIL, RCPT and DATA together", Check: sink.CheckExact, Send: func(l *Load) error {
		return l.Each(func() error {
			ctx := context.Background()
			conn, err := net.Dial("tcp", l.Addr)
			if err != nil {
				return err
			}
			c, err := smtpclient.New(ctx, slog.New(slog.DiscardHandler), conn, smtpclient.TLSSkip, false,
				dns.Domain{ASCII: "localhost"}, dns.Domain{ASCII: "sink.bench.example"}, smtpclient.Opts{})
			if err != nil {
				return err
			}
			var mail []byte
			for i := range l.Numbers() {
				mail = content.Append(mail[:0], i)
				if err := c.Deliver(ctx, content.From, content.Recipient(i), int64(len(mail)), bytes.NewReader(mail), false, false, false); err != nil {
					return err
				}
				l.Accepted(1)
			}
			return c.Close() // with QUIT
		})
	}}
}
