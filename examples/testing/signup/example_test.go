package signup_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulksmtp/bulksmtp/examples/testing/signup"
	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func Example() {
	server := smtptest.NewServer()
	defer server.Close()
	server.Script(smtptest.Fault{At: smtptest.PointRCPT, Match: "bob@", Do: smtptest.Answer("550 5.1.1 No such user")})

	p, err := pool.New(pool.Config{Relay: smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	service := &signup.Service{Mail: p, From: message.Address{Addr: "hello@example.com"}}

	fmt.Println(service.SignUp(context.Background(), "Ada", "ada@example.net"))
	fmt.Println(errors.Is(service.SignUp(context.Background(), "Bob", "bob@example.net"), signup.ErrBadAddress))
	for _, m := range server.Messages() {
		fmt.Println("the relay has a mail for", m.To[0].Address)
	}
	// Output:
	// <nil>
	// true
	// the relay has a mail for ada@example.net
}
