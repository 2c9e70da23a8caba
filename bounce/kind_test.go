package bounce_test

import (
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
)

const statusPart = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHi, this is what came back.\n\n--b\nContent-Type: message/delivery-status\n\n" +
	"Reporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; ben@beta.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"

// TestPeople holds that what people and their programs write about bounces is no
// bounce.
func TestPeople(t *testing.T) {
	for name, c := range map[string]struct {
		want bounce.Kind
		text string
	}{
		"a DSN attached to an answer": {bounce.Other, "From: Ann <ann@alpha.example>\nTo: news@example.net\nReturn-Path: <ann@alpha.example>\nSubject: Re: your newsletter\nIn-Reply-To: <1@example.net>\nMIME-Version: 1.0\n" + statusPart},
		"a DSN under the wrong type":  {bounce.DSN, "From: MAILER-DAEMON@x.example\nTo: news@example.net\nReturn-Path: <>\nSubject: failure notice\nMIME-Version: 1.0\n" + statusPart},
		"a postmaster in person": {bounce.Other, "From: Postmaster <postmaster@alpha.example>\nTo: admin@example.net\nReturn-Path: <postmaster@alpha.example>\nSubject: Re: Undelivered Mail Returned to Sender\nIn-Reply-To: <1@example.net>\n\n" +
			"Hello, the mail to ann@alpha.example could not be delivered since the mailbox is full.\nI have raised the quota, please send again.\n"},
		"a person about a bounce": {bounce.Other, "From: Bob <ben@beta.example.net>\nTo: news@example.net\nReturn-Path: <ben@beta.example.net>\nSubject: Mail delivery failed\n\n" +
			"Hi, my mail to ann@alpha.example could not be delivered, user unknown. Do you have a new address?\n"},
		"a ticket": {bounce.AutoReply, "From: Help <help@desk.example>\nTo: news@example.net\nReturn-Path: <help@desk.example>\nAuto-Submitted: auto-generated\nSubject: [Ticket 12] Undeliverable mail to ann@alpha.example\n\n" +
			"A ticket was opened: the mail to ann@alpha.example could not be delivered, mailbox full.\n"},
		"a recipient's answer": {bounce.AutoReply, "From: Ann <ann@alpha.example>\nTo: news@example.net\nReturn-Path: <>\nAuto-Submitted: auto-replied\nSubject: Undeliverable: Newsletter\n\n" +
			"Ann no longer works here, and your mail was not delivered. New address is carl@alpha.example.\n"},
		"a parcel": {bounce.Other, "From: \"Royal Mail Delivery\" <info@parcels.example>\nTo: news@example.net\nReturn-Path: <info@parcels.example>\nSubject: Your parcel could not be delivered\n\n" +
			"Your parcel could not be delivered to the address.\nTurn to depot@parcels.example, please.\n"},
	} {
		r, err := bounce.Parse(strings.NewReader(c.text))
		if err != nil || r.Kind != c.want {
			t.Errorf("%s: %v, %v, want %v", name, r.Kind, err, c.want)
			continue
		}
		if !c.want.IsBounce() && len(r.Recipients) > 0 {
			t.Errorf("%s: recipients %+v", name, r.Recipients)
		}
	}
}
