package main

import "github.com/bulksmtp/bulksmtp/smtpclient/smtptest"

// script is who signs up, and what the relay does to them.
var script = []struct {
	name, address string
	relay         string // what it does, in words
	fault         *smtptest.Fault
}{
	{
		name: "Ada", address: "ada@example.net",
		relay: "the relay takes the mail",
	},
	{
		name: "Bob", address: "bob@example.net",
		relay: "the relay answers RCPT with 451, the first time",
		fault: &smtptest.Fault{At: smtptest.PointRCPT, Match: "<bob@", Nth: 1, Do: smtptest.Answer("451 4.7.1 Come back later")},
	},
	{
		name: "Carol", address: "carol@example.net",
		relay: "the relay knows no such user",
		fault: &smtptest.Fault{At: smtptest.PointRCPT, Match: "<carol@", Do: smtptest.Answer("550 5.1.1 No such user")},
	},
	{
		name: "Dave", address: "dave@example.net",
		relay: "the relay closes the connection at RCPT, the first time",
		fault: &smtptest.Fault{At: smtptest.PointRCPT, Match: "<dave@", Nth: 1, Do: smtptest.CloseConn()},
	},
	{
		name: "Eve", address: "eve@example.net",
		relay: "the relay takes the mail and closes the connection instead of saying so",
		fault: &smtptest.Fault{At: smtptest.PointEndOfData, Match: "TO:<eve@", Nth: 1, Do: smtptest.AcceptAndClose()},
	},
	{
		name: "Frank", address: "frank@example.net",
		relay: "the relay closes the connection in the content",
		fault: &smtptest.Fault{At: smtptest.PointContent, Match: "TO:<frank@", AfterBytes: 100, Nth: 1, Do: smtptest.CloseConn()},
	},
}
