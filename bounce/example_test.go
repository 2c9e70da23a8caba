package bounce_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/verp"
)

const returned = `Return-Path: <>
Delivered-To: news-ann=alpha.example@lists.example.net
From: MAILER-DAEMON@relay.example.net
To: news-ann=alpha.example@lists.example.net
Subject: failure notice
Date: Mon, 4 May 2026 10:00:05 +0000

Hi. This is the qmail-send program at relay.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.

<a.smith@mail.alpha.example>:
Remote host said: 550 5.1.1 No such user
`

func ExampleParse() {
	r, err := bounce.Parse(strings.NewReader(returned))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range r.Recipients {
		hard, _ := c.Hard()
		fmt.Println(r.Kind, c.Address, c.Action, c.Status, c.Class, hard)
	}
	// Output:
	// bounce a.smith@mail.alpha.example failed 5.1.1 no-mailbox true
}

// The return path names the recipient that the mail was for: the one in the
// bounce is where it was forwarded to.
func ExampleNew() {
	p, err := bounce.New(bounce.Config{VERP: func(path string) (string, error) {
		return verp.Decode("news@lists.example.net", path)
	}})
	if err != nil {
		log.Fatal(err)
	}
	r, err := p.Parse(strings.NewReader(returned))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Who, "by", r.WhoSource)
	// Output:
	// ann@alpha.example by verp
}

func ExampleParser_Mbox() {
	p, err := bounce.New(bounce.Config{})
	if err != nil {
		log.Fatal(err)
	}
	mbox := "From MAILER-DAEMON Mon May  4 10:00:05 2026\n" + returned + "\nFrom ann@alpha.example Mon May  4 11:00:00 2026\nFrom: ann@alpha.example\nSubject: Re: news\n\nThank you!\n"
	for m := range p.Mbox("box", strings.NewReader(mbox)) {
		if m.Err != nil {
			fmt.Println(m.Number, m.Err)
			continue
		}
		fmt.Println(m.Number, m.Report.Kind, m.Report.Subject)
	}
	// Output:
	// 1 bounce failure notice
	// 2 other Re: news
}

func ExampleLedger() {
	ledger, err := bounce.NewLedger(bounce.Rules{SoftLimit: 3, SoftWindow: 14 * 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	r, err := bounce.Parse(strings.NewReader(returned))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ledger.Record(r, time.Now()))
	fmt.Println(ledger.Suppressed("A.Smith@mail.alpha.example"))
	// Output:
	// [a.smith@mail.alpha.example]
	// no-mailbox true
}
