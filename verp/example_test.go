package verp_test

import (
	"errors"
	"fmt"

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
