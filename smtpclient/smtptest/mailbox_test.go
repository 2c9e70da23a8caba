package smtptest_test

import (
	"testing"
)

func TestPaths(t *testing.T) {
	srv := start(t, nil)
	c := open(t, srv)
	c.talk("C: MAIL FROM:<a@x.example> SMTPUTF8\nS: 250")
	for _, path := range []string{
		"b@x.example", "b+tag@x", "o'neil!#$%&*/=?^_`{|}~-@x.example", "a.b.c@x-y.example", "b@under_score.example",
		`"a b"@x.example`, `"a@b"@x.example`, `"a\"\\>"@x.example`, `""@x.example`,
		"b@[192.0.2.1]", "b@[IPv6:2001:db8::1]", "jörg@bücher.example", "postmaster", "POSTMASTER",
	} {
		c.raw("RCPT TO:<" + path + ">\r\n")
		c.want("250 2.1.5")
	}
	bad := []string{
		"", "b", "a b@x.example", "a@b@x.example", "@x.example", "b@", "b@ ", " b@x.example", "b@x.example ",
		".a@x", "a.@x", "a..b@x", "a@.x", "a@x.", "a@x..y", "a@-x", "a@x-", "a@x-.y", "a@x.-y", "a@x,y", "a,b@x", "a(b)@x", "a@x/y",
		`"a"b@x`, `"a@x`, `"a\"@x`, `a"b"@x`, `"a"`, "a@[192.0.2.1", "a@[]", "a@[[1]", "a@192.0.2.1]",
		"a\tb@x", "\"a\tb\"@x", "a\x00b@x", "a\x7f@x", "\"a\x00\"@x", "a@x\r", "a\xff@x", "@y:b@x", "a:b@x",
	}
	for _, path := range bad {
		c.raw("RCPT TO:<" + path + ">\r\n")
		c.want("501 5.1.3")
	}
	for _, rest := range []string{" <b@x>", "b@x", "<b@x", "<b@x>>", "<<b@x>", "<b@x>NOTIFY=NEVER", "<b@x> NOTIFY=NEVER\tORCPT=x"} {
		c.raw("RCPT TO:" + rest + "\r\n")
		c.want("501 5.1.3")
	}
	c.talk("C: RSET\nS: 250")
	for _, path := range bad[1:] { // "" is the null reverse-path
		c.raw("MAIL FROM:<" + path + ">\r\n")
		c.want("501 5.1.7")
	}
}
