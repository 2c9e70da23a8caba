package preflight_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/bulksmtp/bulksmtp/message/preflight"
)

func Example() {
	checker, err := preflight.New(preflight.Config{
		// Resolver: net.DefaultResolver, to verify the signature and read SPF and DMARC
		Now: atNow, // for this example; leave it out
	})
	if err != nil {
		log.Fatal(err)
	}
	message := strings.ReplaceAll(`Date: Tue, 10 Nov 2026 10:00:00 +0000
From: news@example.com
To: ann@example.org
Subject: Hello
Message-ID: <1@example.com>
List-Unsubscribe: <http://example.com/leave>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>Hello Ann. <img src="cid:logo@example.com"></p>
`, "\n", "\r\n")
	for _, finding := range checker.Check(context.Background(), []byte(message), "bounces@mailer.example") {
		fmt.Println(finding)
	}
	// Output:
	// warning: body: there is no text beside the HTML [no-text]
	// error: body (text/html): cid:logo@example.com is not the Content-ID of any part [broken-cid]
	// error: List-Unsubscribe: an http: URI: one-click unsubscription needs https: [insecure-unsubscribe]
	// error: DKIM-Signature: there is none: bulk mail must be signed [no-dkim]
	// warning: return path: mailer.example is not of the organization of From, example.com: SPF does not count for DMARC [return-path-unaligned]
}
