package main

import (
	"fmt"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// mails makes the messages to send.
func (o *options) mails() ([]*smtpclient.Mail, error) {
	mails := make([]*smtpclient.Mail, o.n)
	for i := range mails {
		to := o.to
		if len(to) == 0 {
			to = builtInRecipients[i%len(builtInRecipients)]
		}
		var err error
		if mails[i], err = letter(o.from, to, fmt.Sprintf("Message %d of %d", i+1, o.n)); err != nil {
			return nil, err
		}
	}
	return mails, nil
}

// letter makes a small mail. from may be "", the null reverse-path.
func letter(from string, to []string, subject string) (*smtpclient.Mail, error) {
	m := message.Message{
		From:    message.Address{Addr: from},
		Subject: subject,
		Text:    "This is a small message. It is on its way to show what a session looks like.\n",
	}
	if from == "" {
		m.From.Addr = "nobody@sender.invalid"
	}
	content, err := m.Bytes()
	if err != nil {
		return nil, err
	}
	return &smtpclient.Mail{
		From:     from,
		To:       smtpclient.Recipients(to...),
		Content:  content,
		SMTPUTF8: m.NeedsSMTPUTF8(),
	}, nil
}
