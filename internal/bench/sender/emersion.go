package sender

import (
	"bytes"

	"github.com/emersion/go-smtp"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// emersion is github.com/emersion/go-smtp's client, its connection kept.
func emersion() *Sender {
	return &Sender{Name: "emersion/go-smtp, reused", Note: "a command at a time", Check: sink.CheckExact, Send: func(l *Load) error {
		return l.Each(func() error {
			c, err := smtp.Dial(l.Addr)
			if err != nil {
				return err
			}
			defer c.Close()
			var mail []byte
			for i := range l.Numbers() {
				mail = content.Append(mail[:0], i)
				if err := c.SendMail(content.From, []string{content.Recipient(i)}, bytes.NewReader(mail)); err != nil {
					return err
				}
				l.Accepted(1)
			}
			return c.Quit()
		})
	}}
}
