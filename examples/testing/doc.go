// Testing shows how to test an application that sends mail against package
// smtptest: what it sends, and how it copes with what a relay can do to it.
//
//	go test -v ./examples/testing/signup
//	go run ./examples/testing
//
// Package signup is the application: who signs up gets a welcome mail, through
// pool.Send. signup_test.go beside it is what to copy:
//
//	TestWelcome                  look at the message that was received
//	TestFaults                   script a fault, and see the application cope
//	TestSessionDiesBetweenMails  have the relay hang up between two mails
//	TestBadAddress               nothing reaches the relay
//
// This program plays the same faults for you to watch: for each it writes what
// the relay does, what the application makes of it, and how many mails the relay
// has in the end. It has no flags.
//
// # Exit status
//
//	0  it was played, whatever the relay did
//	1  it was interrupted, or the relay does not have what was accepted
//	2  usage
package main
