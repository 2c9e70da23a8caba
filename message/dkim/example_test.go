package dkim_test

import (
	"fmt"
	"iter"
	"log"
	"strings"

	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// The key of these examples is known to everybody: make one of your own.
const examplePEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH
-----END PRIVATE KEY-----
`

func exampleSigner() *dkim.Signer {
	key, err := dkim.ParseKey([]byte(examplePEM))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := dkim.New(dkim.Config{
		Keys: []dkim.Key{{Domain: "example.com", Selector: "spring", Signer: key}},
		Now:  atSignTime, // for a signature that is the same each time
	})
	if err != nil {
		log.Fatal(err)
	}
	return signer
}

func Example() {
	message := "From: news@example.com\r\nTo: ann@example.org\r\nSubject: Hello\r\n\r\nHello Ann.\r\n"
	signed, err := exampleSigner().Sign([]byte(message))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(string(signed), "\r\n", "\n"))
	// Output:
	// DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
	//  d=example.com;
	//  s=spring;
	//  t=1794304800;
	//  h=From:From:Reply-To:To:To:Cc:Subject:Subject:Content-Type;
	//  bh=8rI8Ya4kIihqzJYpXqYIqpNNfsoDHPDVzVeFWwtt+AQ=;
	//  b=qF1qAmfCa8HGvDKo9ILhSnJFHfdZfxE2pkOADxIH9Qzvw8k2syNkzs9UaOEhfG4FR3TtFRrD
	//  zspSypmIvOOwCQ==
	// From: news@example.com
	// To: ann@example.org
	// Subject: Hello
	//
	// Hello Ann.
}

// What has to be in the DNS before mail is signed.
func ExampleKey_Record() {
	key, err := dkim.ParseKey([]byte(examplePEM))
	if err != nil {
		log.Fatal(err)
	}
	record, err := dkim.Key{Domain: "example.com", Selector: "spring", Signer: key}.Record()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(record.Name)
	fmt.Println(record.Value)
	fmt.Println(record)
	// Output:
	// spring._domainkey.example.com
	// v=DKIM1; k=ed25519; p=6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=
	// spring._domainkey.example.com. IN TXT ( "v=DKIM1; k=ed25519; p=6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=" )
}

// Jobs for pool.SendAll, rendered and signed on all cores while the sessions are
// busy.
func ExampleEach() {
	type job struct { // pool.Job, say
		to      string
		content []byte
	}
	readers := func(yield func(string) bool) { // from a file or a database
		for _, r := range []string{"ann@example.org", "bob@example.net"} {
			if !yield(r) {
				return
			}
		}
	}
	signer := exampleSigner()
	render := func(reader string) (job, error) {
		content, err := signer.Sign([]byte("From: news@example.com\r\nTo: " + reader + "\r\nSubject: Hello\r\n\r\nHello.\r\n"))
		return job{reader, content}, err
	}
	var jobs iter.Seq[job] = func(yield func(job) bool) {
		for j, err := range dkim.Each(dkim.Parallel{}, readers, render) {
			if err != nil {
				log.Printf("%s is left out: %v", j.to, err)
				continue
			}
			if !yield(j) {
				return
			}
		}
	}
	for j := range jobs { // p.SendAll(ctx, jobs)
		fmt.Println(j.to, strings.HasPrefix(string(j.content), "DKIM-Signature:"))
	}
	// Output:
	// ann@example.org true
	// bob@example.net true
}
