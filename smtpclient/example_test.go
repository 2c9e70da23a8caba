package smtpclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// One message over one session. STARTTLS is required unless the Config says
// otherwise; the test server's certificate is made known by TLSConfig.
func Example() {
	srv := smtptest.NewServer()
	defer srv.Close()

	ctx := context.Background()
	session, err := smtpclient.Dial(ctx, smtpclient.Config{Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	result, err := session.Send(ctx, &smtpclient.Mail{
		From:    "news@example.com",
		To:      smtpclient.Recipients("ada@example.net"),
		Content: []byte("From: news@example.com\r\nTo: ada@example.net\r\nSubject: Hello\r\n\r\nHello, Ada.\r\n"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Recipients[0].Address, result.Recipients[0].Outcome)
	if err := session.Quit(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ada@example.net accepted
}

// Each recipient of a message has an outcome and, if it was not accepted, an
// error of its own.
func ExampleSession_Send_recipients() {
	srv := smtptest.NewServer()
	defer srv.Close()
	srv.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		switch {
		case strings.HasPrefix(path, "bob@"):
			return &smtptest.Reply{Code: 550, Text: "5.1.1 No such user"}
		case strings.HasPrefix(path, "eve@"):
			return &smtptest.Reply{Code: 450, Text: "4.2.1 Mailbox busy"}
		}
		return nil
	}

	ctx := context.Background()
	session, err := smtpclient.Dial(ctx, smtpclient.Config{Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	result, err := session.Send(ctx, &smtpclient.Mail{
		From:    "news@example.com",
		To:      smtpclient.Recipients("ada@example.net", "bob@example.net", "eve@example.net"),
		Content: []byte("Subject: Hello\r\n\r\nHello.\r\n"),
	})
	for _, r := range result.Recipients {
		var reply *smtpclient.ReplyError
		if errors.As(r.Err, &reply) {
			fmt.Println(r.Address, r.Outcome, reply.Reply.Enhanced)
		} else {
			fmt.Println(r.Address, r.Outcome)
		}
	}
	fmt.Println("safe to retry:", smtpclient.SafeToRetry(err))
	// Output:
	// ada@example.net accepted
	// bob@example.net rejected 5.1.1
	// eve@example.net deferred 4.2.1
	// safe to retry: true
}

// With the next message at hand before the last one's result is in, Start lets
// its envelope travel with the last one's content: one round trip a message,
// and one more for the first.
func ExampleSession_Start() {
	srv := smtptest.NewServer()
	defer srv.Close()

	session, err := smtpclient.Dial(context.Background(), smtpclient.Config{Addr: srv.Addr, Security: smtpclient.Plaintext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	for _, to := range []string{"ada@example.net", "bob@example.net", "eve@example.net"} {
		session.Start(&smtpclient.Mail{
			From:    "news@example.com",
			To:      smtpclient.Recipients(to),
			Content: []byte("To: " + to + "\r\nSubject: Hello\r\n\r\nHello.\r\n"),
		}, func(r *smtpclient.Result) {
			fmt.Println(r.Recipients[0].Address, r.Recipients[0].Outcome)
		})
	}
	session.Flush() // no further message for now
	fmt.Println(srv.Counters().RoundTrips, "round trips")
	// Output:
	// ada@example.net accepted
	// bob@example.net accepted
	// eve@example.net accepted
	// 4 round trips
}

// Trace's hooks make a log of the wire, without content and credentials.
func ExampleTrace() {
	srv := smtptest.NewUnstartedServer()
	srv.Extensions = []string{"8BITMIME"}
	srv.NoSTARTTLS = true
	srv.Start()
	defer srv.Close()

	ctx := context.Background()
	session, err := smtpclient.Dial(ctx, smtpclient.Config{
		Addr: srv.Addr, Security: smtpclient.Plaintext, LocalName: "client.example.com",
		Trace: &smtpclient.Trace{
			Command: func(_ uint64, line string) { fmt.Println(">", line) },
			Content: func(_ uint64, octets int) { fmt.Println(">", octets, "octets") },
			Reply:   func(_ uint64, verb string, r smtpclient.Reply) { fmt.Println("<", r.Code, "to", verb) },
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	session.Noop(ctx)
	session.Quit(ctx)
	// Output:
	// < 220 to greeting
	// > EHLO client.example.com
	// < 250 to EHLO
	// > NOOP
	// < 250 to NOOP
	// > QUIT
	// < 221 to QUIT
}
