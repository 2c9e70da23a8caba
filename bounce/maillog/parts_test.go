package maillog_test

import (
	"io"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
)

func fates(t *testing.T, r io.Reader) (list []maillog.Fate) {
	t.Helper()
	for f, err := range maillog.Fates(r) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// The last line of a file may have no end: it is not glued to the next file's first.
func TestParts(t *testing.T) {
	first := "May  4 10:00:00 mx postfix/qmgr[1]: AAAAA1: from=<news@example.net>, size=1, nrcpt=1 (queue active)"
	second := "May  4 10:00:01 mx postfix/smtp[2]: AAAAA1: to=<ann@alpha.example>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"
	list := fates(t, maillog.Parts(strings.NewReader(first), strings.NewReader(second)))
	if len(list) != 1 || list[0].Sender != "news@example.net" {
		t.Errorf("%+v", list)
	}
}

// A queue id that is used again is another message, though the first one had no fate.
func TestQueueIDAgain(t *testing.T) {
	list := fates(t, strings.NewReader("May  4 10:00:00 mx postfix/smtpd[1]: AAAAA1: client=a[192.0.2.1]\n"+
		"May  4 10:00:00 mx postfix/cleanup[1]: AAAAA1: message-id=<1@example.net>\n"+
		"May  4 10:00:00 mx postfix/qmgr[1]: AAAAA1: from=<old@example.net>, size=1, nrcpt=1 (queue active)\n"+
		"May  4 11:00:00 mx postfix/smtpd[1]: AAAAA1: client=a[192.0.2.1]\n"+
		"May  4 11:00:00 mx postfix/qmgr[1]: AAAAA1: from=<new@example.net>, size=1, nrcpt=1 (queue active)\n"+
		"May  4 11:00:01 mx postfix/smtp[2]: AAAAA1: to=<ann@alpha.example>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"+
		"May  4 12:00:00 mx postfix/cleanup[1]: AAAAA2: message-id=<1@example.net>\n"+
		"May  4 12:00:00 mx postfix/qmgr[1]: AAAAA2: from=<old@example.net>, size=1, nrcpt=1 (queue active)\n"+
		"May  4 13:00:00 mx postfix/cleanup[1]: AAAAA2: message-id=<2@example.net>\n"+
		"May  4 13:00:01 mx postfix/smtp[2]: AAAAA2: to=<ann@alpha.example>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"))
	if len(list) != 2 || list[0].Sender != "new@example.net" || list[0].MessageID != "" || list[1].Sender != "" || list[1].MessageID != "<2@example.net>" {
		t.Errorf("%+v", list)
	}
}

// Tags of other programs have slashes, too.
func TestOtherTags(t *testing.T) {
	line := "May  4 10:00:00 mx TAG[2]: AAAAA1: to=<ann@alpha.example>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"
	if n := len(fates(t, strings.NewReader(strings.Replace(line, "TAG", "exim/mainlog", 1)))); n != 0 {
		t.Errorf("%d fates of another program", n)
	}
	if n := len(fates(t, strings.NewReader(strings.Replace(line, "TAG", "out/submission/smtp", 1)))); n != 1 {
		t.Errorf("%d fates", n)
	}
}
