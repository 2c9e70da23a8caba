package sender

import (
	"context"
	"net"
	"strconv"

	"github.com/wneessen/go-mail"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// goMail is github.com/wneessen/go-mail as it comes. It builds its mails.
func goMail() *Sender {
	return &Sender{Name: "go-mail", Note: "builds; a command at a time, RSET and two NOOP a mail", Check: sink.CheckNumbers,
		Send: func(l *Load) error { return goMailSend(l) }}
}

// goMailWithoutNoop is the same without the NOOP before each mail and each RSET.
func goMailWithoutNoop() *Sender {
	return &Sender{Name: "go-mail, no NOOP", Note: "builds; a command at a time, RSET a mail", Check: sink.CheckNumbers,
		Send: func(l *Load) error { return goMailSend(l, mail.WithoutNoop()) }}
}

func goMailSend(l *Load, options ...mail.Option) error {
	host, p, err := net.SplitHostPort(l.Addr)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return err
	}
	options = append(options, mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"))
	return l.Each(func() error {
		c, err := mail.NewClient(host, options...)
		if err != nil {
			return err
		}
		if err := c.DialWithContext(context.Background()); err != nil {
			return err
		}
		for i := range l.Numbers() {
			m, err := goMailBuild(i)
			if err != nil {
				return err
			}
			if err := c.Send(m); err != nil {
				return err
			}
			l.Accepted(1)
		}
		return c.Close() // with QUIT
	})
}

func goMailBuild(i int) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.FromFormat(content.FromName, content.From); err != nil {
		return nil, err
	}
	if err := m.To(content.Recipient(i)); err != nil {
		return nil, err
	}
	m.Subject(content.Subject)
	m.SetMessageIDWithValue(content.MessageID(i))
	m.SetDate()
	m.SetGenHeader("List-Unsubscribe", "<"+content.Link(i)+">")
	m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	m.SetBodyString(mail.TypeTextPlain, content.Text(i))
	return m, nil
}
