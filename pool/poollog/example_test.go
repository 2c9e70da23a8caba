package poollog_test

import (
	"context"
	"log"
	"log/slog"
	"os"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/poollog"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A pool whose log does not tell who gets its mail.
func Example() {
	relay := smtptest.NewServer()
	defer relay.Close()
	relay.OnRcpt = func(_ *smtptest.Session, path, _ string) *smtptest.Reply {
		return &smtptest.Reply{Code: 550, Text: "5.1.1 <" + path + ">: no mailbox zoe here"}
	}

	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})
	events := poollog.New(poollog.Config{Logger: slog.New(handler), Secret: []byte("keep me")})
	p, err := pool.New(pool.Config{
		Relay: smtpclient.Config{Addr: relay.Addr, TLSConfig: relay.ClientTLSConfig(), Trace: events.SessionTrace(nil)},
		Trace: events.PoolTrace(nil),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	_, _ = p.Send(context.Background(), pool.Job{Mail: smtpclient.Mail{
		From: "shop@example.com", To: smtpclient.Recipients("zoe@example.org"),
		Content: []byte("Subject: Your order\r\n\r\nis on its way.\r\n"),
	}})
	// Output:
	// level=INFO msg=settled recipient=~2431e09e@example.org outcome=rejected attempts=1 verb=RCPT code=550 enhanced_code=5.1.1 reply="5.1.1 <~2431e09e@example.org>: no mailbox ~2431e09e here"
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return a
}
