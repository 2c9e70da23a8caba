package main

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A far is the other end: it decides what becomes of a mail that the relay has
// taken, and writes what comes back into a maildir.
type far struct {
	maildir string
	written int
}

func newFar(maildir string) (*far, error) {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(maildir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	return &far{maildir: maildir}, nil
}

// answer brings in what comes back for the messages that the relay has taken.
func (f *far) answer(messages []smtptest.Message) error {
	for _, m := range messages {
		template := fateOf(m.To[0].Address)
		if template == "" {
			continue
		}
		header, _, _ := strings.Cut(string(m.Data), "\r\n\r\n")
		if err := f.write(f.fill(template, m.To[0].Address, m.From, header)); err != nil {
			return err
		}
	}
	return f.forgeFor(messages)
}

func (f *far) fill(template, to, path, header string) string {
	return strings.NewReplacer(
		"{to}", to,
		"{path}", path,
		"{header}", strings.ReplaceAll(header, "\r\n", "\n"),
		"{n}", fmt.Sprint(f.written),
	).Replace(template)
}

// forgeFor forges a bounce for the first recipient who has got the mail.
func (f *far) forgeFor(messages []smtptest.Message) error {
	for _, m := range messages {
		if to := m.To[0].Address; fateOf(to) == "" {
			return f.forge(m, to)
		}
	}
	return nil
}

// forge writes what a stranger sends to have a recipient taken off the list: a
// bounce like all others, but for the token, which takes the key to make.
func (f *far) forge(m smtptest.Message, victim string) error {
	path := []byte(m.From)
	digit := &path[len("news-")+12]
	if *digit == 'a' {
		*digit = 'b'
	} else {
		*digit = 'a'
	}
	header, _, _ := strings.Cut(string(m.Data), "\r\n\r\n")
	return f.write(f.fill(unknownUser, victim, string(path), header))
}

// write delivers a mail as maildirs want it: under tmp first.
func (f *far) write(text string) error {
	f.written++
	name := fmt.Sprintf("%d.%d_%d.loop", time.Now().UnixNano(), os.Getpid(), f.written)
	tmp := filepath.Join(f.maildir, "tmp", name)
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(f.maildir, "new", name))
}

// fateOf returns the mail that comes back for a recipient, "" for none. One
// recipient has the same fate each time: of a hundred four are unknown, four have
// a full mailbox, two complain and three are on holiday, on the whole.
func fateOf(recipient string) string {
	h := fnv.New32a()
	h.Write([]byte(recipient))
	switch n := h.Sum32() % 100; {
	case n < 2:
		return unknownUser
	case n < 4:
		return unknownUserText
	case n < 8:
		return fullMailbox
	case n < 10:
		return complaint
	case n < 13:
		return holiday
	}
	return ""
}

const back = `Return-Path: <>
Delivered-To: {path}
To: {path}
Message-ID: <{n}@relay.example.net>
MIME-Version: 1.0
`

const unknownUser = back + `From: MAILER-DAEMON@relay.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="=_"

--=_
Content-Type: text/plain

<{to}>: host mx.example[192.0.2.1] said: 550 5.1.1 <{to}>: User unknown
--=_
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.net

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{to}>: User unknown
--=_
Content-Type: text/rfc822-headers

{header}
--=_--
`

const unknownUserText = back + `From: MAILER-DAEMON@old.example
Subject: failure notice

Hi. This is the mail program at old.example.
I wasn't able to deliver your message to the following address.

<somebody.else@behind.a.forward.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{header}
`

const fullMailbox = back + `From: Mail Delivery System <Mailer-Daemon@host.example>
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {to}
    552 5.2.2 Mailbox is full

------ This is a copy of the message's headers. ------

{header}
`

const complaint = `Return-Path: <fbl@provider.example>
Delivered-To: {path}
To: abuse@lists.example.net
From: fbl@provider.example
Subject: FW: complaint
Message-ID: <{n}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_"

--=_
Content-Type: text/plain

This is an email abuse report. The recipient is redacted.
--=_
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: FBL/1.0
Version: 1
Original-Mail-From: <{path}>
--=_
Content-Type: text/rfc822-headers

Subject: redacted
--=_--
`

const holiday = back + `From: <{to}>
Subject: Out of office
Auto-Submitted: auto-replied (vacation)

I am on holiday.
`
