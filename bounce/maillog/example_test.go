package maillog_test

import (
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
)

const log = `
Mar  1 00:00:01 mx postfix/cleanup[7]: 4B0C2F1A: message-id=<42@shop.example>
Mar  1 00:00:01 mx postfix/qmgr[2]: 4B0C2F1A: from=<bounces@shop.example>, size=900, nrcpt=2 (queue active)
Mar  1 00:00:02 mx postfix/smtp[8]: 4B0C2F1A: to=<ann@a.example>, relay=mx.a.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9D)
Mar  1 00:00:02 mx postfix/smtp[9]: 4B0C2F1A: to=<bob@b.example>, relay=mx.b.example[192.0.2.2]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.b.example[192.0.2.2] said: 550 5.1.1 No such user (in reply to RCPT TO command))
Mar  1 00:00:02 mx postfix/qmgr[2]: 4B0C2F1A: removed
`

func Example() {
	for fate, err := range maillog.Fates(strings.NewReader(log)) {
		if err != nil {
			panic(err)
		}
		fmt.Println(fate.MessageID, fate.Recipient, fate.Final, fate.DSN, fate.Code)
	}
	// Output:
	// <42@shop.example> ann@a.example sent 2.0.0 250
	// <42@shop.example> bob@b.example bounced 5.1.1 550
}
