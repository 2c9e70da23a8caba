package smtpclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestCheckAddress(t *testing.T) {
	for _, good := range []string{
		"a@b.test", "A.B-c_d+e=f@b.test", "!#$%&'*+-/=?^_`{|}~@b.test", "a@localhost", "a@x_y.test", "a@1.test",
		`"a b"@c.test`, `"a@b"@c.test`, `"a\"b"@c.test`, `"a\\b"@c.test`, `"a..b"@c.test`, `""@c.test`, `"a,b;c:d()[]"@c.test`,
		"grün@b.test", `"grün wald"@b.test`, "用户@例え.テスト", "a@bücher.example", "a@xn--bcher-kva.example", "a@BÜCHER.example",
		"a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "a@[ipv6:::1]",
		strings.Repeat("a", 64) + "@b.test", "a@" + strings.Repeat("b", 63) + ".test",
	} {
		if err := smtpclient.CheckAddress(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "a", "@", "a@", "@b.test", "a b@c.test", "a@b c.test", " a@b.test", "a@b.test ", "a@b@c.test", ".a@b.test", "a.@b.test", "a..b@c.test",
		"a@.test", "a@b..test", "a@b.test.", "a@-b.test", "a@b-.test", "a@" + strings.Repeat("b", 64) + ".test",
		"a,b@c.test", "a;b@c.test", "a:b@c.test", "a(b)@c.test", "a[b]@c.test", `a\b@c.test`, `a"b@c.test`,
		`"a@c.test`, `a"@c.test`, `"a"b"@c.test`, `"a\"@c.test`, `"a"b@c.test`, `"@c.test`, `"a\ü"@c.test`,
		"<a@b.test>", "Name <a@b.test>", "a@b.test>", "<a@b.test", "a@b.test> SIZE=1", "a>b@c.test", `"a<b"@c.test`, `"a>b"@c.test`,
		"a\r@b.test", "a\n@b.test", "a\r\n@b.test", "a\x00@b.test", "a\t@b.test", "a\x7f@b.test", "a\x1b@b.test", "a@b.test\r\nRCPT TO:<c@d.test>",
		"\"a\r\n\"@b.test", "\"a\n\"@b.test", "\"a\x00\"@b.test", "\"a\\\r\\\n\"@b.test", "a\u0085@b.test", "a\u2028@b.test",
		"a\xff@b.test", "\"a\xc3\"@b.test", "a@b\xff.test", "a@b＞.test", "a@b　c.test", "a@b\u200b c.test",
		"a@[192.0.2.1", "a@192.0.2.1]", "a@[192.0.2]", "a@[192.0.2.256]", "a@[]", "a@[2001:db8::1]", "a@[IPv6:192.0.2.1]",
		"a@[IPv6:fe80::1%eth0]", "a@[IPv6:]", "a@[b.test]", "a@[192.0.2.1] SIZE=1",
		"@relay.test:a@b.test", strings.Repeat("a", 250) + "@b.test",
		strings.Repeat("a", 64) + "@" + strings.Repeat("bb.", 70) + "test",
	} {
		err := smtpclient.CheckAddress(bad)
		var refused *smtpclient.RefusedError
		if !errors.Is(err, smtpclient.ErrBadPath) || !errors.As(err, &refused) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
