package smtptest_test

import (
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// An application's integration test: have it send, wait for the messages and
// look at them.
func Example() {
	srv := smtptest.NewUnstartedServer()
	srv.NoSTARTTLS = true // smtp.SendMail would not trust the certificate
	srv.Start()
	defer srv.Close()

	// This is where the application under test is told to use srv.Addr.
	mail := "Subject: Your order\r\n\r\nThank you.\r\n"
	if err := smtp.SendMail(srv.Addr, nil, "shop@example.com", []string{"ada@example.net"}, []byte(mail)); err != nil {
		fmt.Println(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.WaitMessages(ctx, 1); err != nil {
		fmt.Println(err)
	}
	for _, m := range srv.Messages() {
		fmt.Printf("from %s to %s: %q\n", m.From, m.To[0].Address, m.Data)
	}
	// Output:
	// from shop@example.com to ada@example.net: "Subject: Your order\r\n\r\nThank you.\r\n"
}

// A server that defers one recipient, once.
func ExampleServer_Script() {
	srv := smtptest.NewUnstartedServer()
	srv.NoSTARTTLS = true
	srv.Start()
	defer srv.Close()
	srv.Script(smtptest.Fault{
		At:    smtptest.PointRCPT,
		Match: "bob@",
		Nth:   1,
		Do:    smtptest.Answer("450 4.2.1 Mailbox busy, try again"),
	})

	for range 2 {
		err := smtp.SendMail(srv.Addr, nil, "shop@example.com", []string{"bob@example.net"}, []byte("Hello.\r\n"))
		var refusal *textproto.Error
		fmt.Println("refused:", errors.As(err, &refusal) && refusal.Code == 450)
	}
	fmt.Println(len(srv.Messages()), "message taken")
	// Output:
	// refused: true
	// refused: false
	// 1 message taken
}

// A hook decides about each message by its content.
func ExampleServer_onMessage() {
	srv := smtptest.NewUnstartedServer()
	srv.NoSTARTTLS = true
	srv.OnMessage = func(_ *smtptest.Session, m *smtptest.Message) *smtptest.Reply {
		if len(m.Data) > 1000 {
			return &smtptest.Reply{Code: 554, Text: "5.7.1 Too long to read"}
		}
		return nil
	}
	srv.Start()
	defer srv.Close()

	err := smtp.SendMail(srv.Addr, nil, "a@example.com", []string{"b@example.net"}, make([]byte, 2000))
	var refusal *textproto.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code)
	}
	// Output:
	// 554
}

// A client that verifies the server's certificate.
func ExampleServer_ClientTLSConfig() {
	srv := smtptest.NewServer()
	defer srv.Close()

	c, err := smtp.Dial(srv.Addr)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.StartTLS(srv.ClientTLSConfig()))
	fmt.Println(srv.Counters().TLSHandshakes, "handshake")
	// Output:
	// <nil>
	// 1 handshake
}
