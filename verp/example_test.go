package verp_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulksmtp/bulksmtp/verp"
)

func Example() {
	const list = "list@lists.example.net"
	path, err := verp.Encode(list, "user@example.org")
	if err != nil {
		panic(err)
	}
	fmt.Println(path)

	// The bounce is addressed to the path.
	recipient, err := verp.Decode(list, "<"+path+">")
	fmt.Println(recipient, err)
	// Output:
	// list-user=example.org@lists.example.net
	// user@example.org <nil>
}

func ExampleCodec_Encode() {
	for _, codec := range []verp.Codec{
		{},                   // qmail, ezmlm
		{Delimiters: "+="},   // Postfix, Mailman
		{Form: verp.Escaped}, // Courier, Mail::Verp
	} {
		path, err := codec.Encode("list@lists.example.net", "user+tag@example.org")
		fmt.Println(path, err)
	}
	// Output:
	// list-user+tag=example.org@lists.example.net <nil>
	// list+user+tag=example.org@lists.example.net <nil>
	// list-user+2Btag=example.org@lists.example.net <nil>
}

// A recipient that the readable form cannot carry is written in the escaped one.
func ExampleCodec_Encode_fallback() {
	const list, recipient = "list@lists.example.net", "jörg@bücher.example"
	path, err := verp.Encode(list, recipient)
	if errors.Is(err, verp.ErrUnrepresentable) {
		path, err = verp.Codec{Form: verp.Escaped}.Encode(list, recipient)
	}
	fmt.Println(path, err)
	// Output:
	// list-j+C3+B6rg=xn+2D+2Dbcher+2Dkva.example@lists.example.net <nil>
}

func ExampleCodec_Decode() {
	codec := verp.Codec{Form: verp.Escaped}
	for _, path := range []string{
		"list-user+2Btag=example.org@lists.example.net",
		"LIST-user+2btag=example.org@LISTS.example.net",
		"list-request@lists.example.net",
		"postmaster@lists.example.net",
	} {
		recipient, err := codec.Decode("list@lists.example.net", path)
		switch {
		case errors.Is(err, verp.ErrNotOurs):
			fmt.Println("somebody else's")
		case errors.Is(err, verp.ErrMalformed):
			fmt.Println("ours, but no recipient in it")
		default:
			fmt.Println(recipient)
		}
	}
	// Output:
	// user+tag@example.org
	// user+tag@example.org
	// ours, but no recipient in it
	// somebody else's
}

// The keys are in a file, which the sender of the mail and the reader of the
// bounces share. The token has the number of the recipient in it.
func ExampleSigner() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	keys, err := verp.OpenKeyFile(filepath.Join(dir, "verp.key"))
	if err != nil {
		panic(err)
	}
	signer, err := verp.NewSigner(verp.SignerConfig{Sender: "bounces@lists.example.net", Keys: keys})
	if err != nil {
		panic(err)
	}
	path, err := signer.Encode(verp.Subject{ID: verp.IntID(1234), Campaign: 7})
	if err != nil {
		panic(err)
	}

	// The bounce is addressed to the path, or to something like it.
	bounced, err := signer.Decode("prvs=0123abcdef=" + strings.ToUpper(path))
	n, _ := bounced.IntID()
	fmt.Println(n, bounced.Campaign, bounced.Keyed, err)

	_, err = signer.Decode(strings.Replace(path, "bounces-aa", "bounces-ba", 1))
	fmt.Println(errors.Is(err, verp.ErrForged))
	// Output:
	// 1234 7 true <nil>
	// true
}

// Readable where that will do, else a token: with the address in it, or with an
// ID where the address is too long.
func ExampleSigner_auto() {
	keys, err := verp.NewKeyring(verp.NewKey(0))
	if err != nil {
		panic(err)
	}
	signer, err := verp.NewSigner(verp.SignerConfig{Sender: "list@lists.example.net", Keys: keys, Mode: verp.AutoMode})
	if err != nil {
		panic(err)
	}
	for n, recipient := range []string{
		"user@example.org",
		"jörg@example.org",
		"a.very.long.local.part.indeed@mail.a-very-long-domain.example.org",
	} {
		path, err := signer.Encode(verp.Subject{Recipient: recipient})
		if errors.Is(err, verp.ErrTooLong) {
			path, err = signer.Encode(verp.Subject{Recipient: recipient, ID: verp.IntID(uint64(n))})
		}
		if err != nil {
			panic(err)
		}
		got, err := signer.Decode(path)
		fmt.Printf("%q id=%x keyed=%t %v\n", got.Recipient, got.ID, got.Keyed, err)
	}
	// Output:
	// "user@example.org" id= keyed=false <nil>
	// "jörg@example.org" id= keyed=true <nil>
	// "" id=02 keyed=true <nil>
}

func ExampleCodec_SplitXVERP() {
	codec := verp.Codec{Delimiters: "+="}
	xverp, fit, others, err := codec.SplitXVERP("list@lists.example.net", []string{
		"ann@example.org", `"bob b"@example.org`, "carl@example.com",
	})
	fmt.Println(xverp, fit, others, err) // one transaction for fit, with smtpclient.Mail.XVERP
	// Output:
	// += [ann@example.org carl@example.com] ["bob b"@example.org] <nil>
}

func ExampleUnwrap() {
	fmt.Println(verp.Unwrap("SRS0=HHH=TT=lists.example.net=list-user=example.org@forwarder.example"))
	// Output:
	// list-user=example.org@lists.example.net
}
