package pool_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// One message, as an application sends it.
func ExamplePool_Send() {
	server := smtptest.NewServer() // stands for a relay
	defer server.Close()

	p, err := pool.New(pool.Config{
		Relay: smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	result, err := p.Send(context.Background(), pool.Job{Mail: smtpclient.Mail{
		From:    "shop@example.com",
		To:      smtpclient.Recipients("zoe@example.org"),
		Content: []byte("Subject: Your order\r\n\r\nis on its way.\r\n"),
	}})
	fmt.Println(result.Recipients[0].Outcome, err)
	// Output: accepted <nil>
}

// Many messages in constant memory, with a result for every recipient.
func ExamplePool_SendAll() {
	server := smtptest.NewServer()
	defer server.Close()
	server.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		if path == "reader7@example.org" {
			return &smtptest.Reply{Code: 550, Text: "5.1.1 no such user"}
		}
		return nil
	}

	p, err := pool.New(pool.Config{
		Relay:    smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()},
		Sessions: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	newsletter := func(yield func(pool.Job) bool) {
		for i := range 1000 {
			reader := fmt.Sprintf("reader%d@example.org", i)
			job := pool.Job{Tag: i, Mail: smtpclient.Mail{
				From:    "news@example.com",
				To:      smtpclient.Recipients(reader),
				Content: fmt.Appendf(nil, "To: %s\r\nSubject: News\r\n\r\nDear reader %d, …\r\n", reader, i),
			}}
			if !yield(job) {
				return
			}
		}
	}
	accepted := 0
	for result := range p.SendAll(context.Background(), newsletter) {
		for _, r := range result.Recipients {
			if r.Outcome == smtpclient.Accepted {
				accepted++
			} else {
				fmt.Println(r.Address, r.Outcome, r.Err)
			}
		}
	}
	fmt.Println(accepted, "accepted")
	// Output:
	// reader7@example.org rejected smtp: RCPT: 550 5.1.1 no such user
	// 999 accepted
}

// Two relays of which the second is a standby; at most 14 messages a second, and
// 10,000 an hour to one provider.
func ExampleConfig_limits() {
	relay, standby := smtptest.NewServer(), smtptest.NewServer()
	defer relay.Close()
	defer standby.Close()

	p, err := pool.New(pool.Config{
		Relays: []pool.Relay{
			{Name: "relay", Weight: 1, Config: smtpclient.Config{Addr: relay.Addr, TLSConfig: relay.ClientTLSConfig()}},
			{Name: "standby", Weight: 0, Config: smtpclient.Config{Addr: standby.Addr, TLSConfig: standby.ClientTLSConfig()}},
		},
		Rates: []pool.Rate{{N: 14, Per: time.Second}},
		Domains: []pool.DomainLimit{{
			Domains: []string{"example.net"},
			Limit:   pool.Limit{Rates: []pool.Rate{{N: 10_000, Per: time.Hour}}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	_, err = p.Send(context.Background(), pool.Job{Mail: smtpclient.Mail{
		From:    "news@example.com",
		To:      smtpclient.Recipients("zoe@mail.example.net"),
		Content: []byte("Subject: News\r\n\r\nNone.\r\n"),
	}})
	fmt.Println(err)
	for _, r := range p.Stats().Relays {
		fmt.Println(r.Name, r.RecipientsAccepted)
	}
	for _, k := range p.Stats().Keys {
		fmt.Printf("%s %s: %d accepted, %.2f a second at most\n", k.Kind, k.Name, k.Accepted, k.Rate)
	}
	// Output:
	// <nil>
	// relay 1
	// standby 0
	// domain example.net: 1 accepted, 2.78 a second at most
}
