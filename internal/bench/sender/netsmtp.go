package sender

import (
	"net/smtp"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// netSMTP is the standard library's client, its connection kept.
func netSMTP() *Sender {
	return &Sender{Name: Baseline, Note: "a command at a time", Check: sink.CheckExact, Send: func(l *Load) error {
		return l.Each(func() error {
			c, err := smtp.Dial(l.Addr)
			if err != nil {
				return err
			}
			defer c.Close()
			var mail []byte
			for i := range l.Numbers() {
				mail = content.Append(mail[:0], i)
				if err := netSMTPSend(c, content.Recipient(i), mail); err != nil {
					return err
				}
				l.Accepted(1)
			}
			return c.Quit()
		})
	}}
}

func netSMTPSend(c *smtp.Client, to string, mail []byte) error {
	if err := c.Mail(content.From); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	return w.Close()
}
