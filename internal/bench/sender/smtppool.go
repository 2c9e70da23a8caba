package sender

import (
	"net"
	"net/textproto"
	"strconv"
	"time"

	"github.com/knadh/smtppool/v2"

	"github.com/bulksmtp/bulksmtp/internal/bench/builder"
	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// smtpPool is github.com/knadh/smtppool. It builds its mails.
func smtpPool() *Sender {
	return smtpPoolSender("smtppool v2", "builds; a command at a time, RSET a mail", smtpPoolBuild)
}

// smtpPoolNewsletter is the same with the newsletter of package builder.
func smtpPoolNewsletter() *Sender {
	return smtpPoolSender("smtppool v2, newsletter", "builds 12 KB; a command at a time, RSET a mail",
		func(i int) smtppool.Email { return builder.SMTPPoolEmail(builder.NewReader(i)) })
}

func smtpPoolSender(name, note string, build func(i int) smtppool.Email) *Sender {
	return &Sender{Name: name, Note: note, Check: sink.CheckNumbers, Send: func(l *Load) error {
		host, p, err := net.SplitHostPort(l.Addr)
		if err != nil {
			return err
		}
		port, err := strconv.Atoi(p)
		if err != nil {
			return err
		}
		// The pool is left to the end of the process: its Close waits for the
		// next tick of a goroutine that looks for idle connections.
		pool, err := smtppool.New(smtppool.Opt{
			Host: host, Port: port, MaxConns: l.Sessions,
			IdleTimeout: time.Minute, PoolWaitTimeout: 30 * time.Second,
		})
		if err != nil {
			return err
		}
		return l.Each(func() error {
			for i := range l.Numbers() {
				if err := pool.Send(build(i)); err != nil {
					return err
				}
				l.Accepted(1)
			}
			return nil
		})
	}}
}

func smtpPoolBuild(i int) smtppool.Email {
	h := textproto.MIMEHeader{}
	h.Set("Message-Id", "<"+content.MessageID(i)+">")
	h.Set("List-Unsubscribe", "<"+content.Link(i)+">")
	h.Set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	return smtppool.Email{
		From: content.FromName + " <" + content.From + ">", Sender: content.From, To: []string{content.Recipient(i)},
		Subject: content.Subject, Text: []byte(content.Text(i)), Headers: h,
	}
}
