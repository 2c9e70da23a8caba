package pool_test

import (
	"context"
	"fmt"
	"log"

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
