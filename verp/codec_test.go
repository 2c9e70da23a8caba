package verp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/address"
	"github.com/bulksmtp/bulksmtp/verp"
)

var (
	djb     = verp.Codec{}
	postfix = verp.Codec{Delimiters: "+="}
	escaped = verp.Codec{Form: verp.Escaped}
)

// published are the examples that other implementations document.
var published = []struct {
	source            string
	codec             verp.Codec
	sender, recipient string
	address           string
}{
	{"djb, verp.txt, owner form", djb, "djb-sos-owner@silverton.berkeley.edu", "God@heaven.af.mil", "djb-sos-owner-God=heaven.af.mil@silverton.berkeley.edu"},
	{"Postfix VERP_README", postfix, "owner-listname@origin", "user@domain", "owner-listname+user=domain@origin"},
	{"Postfix QMQP", djb, "listname-@your.domain-@[]", "user@domain", "listname-user=domain@your.domain"},
	{"Exim manual", postfix, "somelist-request@your.dom.example", "subscriber@other.dom.example", "somelist-request+subscriber=other.dom.example@your.dom.example"},
	{"Mailman", postfix, "mylist-bounces@dom.ain", "aperson@a.nother.dom", "mylist-bounces+aperson=a.nother.dom@dom.ain"},
	{"Varshavchik", escaped, "itny-out@domain.com", "alex@example.com", "itny-out-alex=example.com@domain.com"},
	{"Varshavchik", escaped, "itny-out@domain.com", "node42!ann@old.example.com", "itny-out-node42+21ann=old.example.com@domain.com"},
	{"Varshavchik", escaped, "itny-out@domain.com", "john43@[192.68.0.4]", "itny-out-john43=+5B192.68.0.4+5D@domain.com"},
	{"Mail::Verp t/1.t", escaped, "local@source.com", "remote+foo@example.com", "local-remote+2Bfoo=example.com@source.com"},
	{"Mail::Verp t/1.t", escaped, "local@source.com", "=@example.com", "local-==example.com@source.com"},
}

func TestPublishedVectors(t *testing.T) {
	for _, v := range published {
		t.Run(v.source+" "+v.recipient, func(t *testing.T) {
			checkEncode(t, v.codec, v.sender, v.recipient, v.address)
			checkDecode(t, v.codec, v.sender, v.address, v.recipient)
		})
	}
}

// TestRoundTrip has what the published vectors leave open. Canonical is what
// Decode gives, where that is not the recipient as it was written.
func TestRoundTrip(t *testing.T) {
	tests := []struct {
		name              string
		codec             verp.Codec
		sender, recipient string
		address           string
		canonical         string
	}{
		{"classic '=' in the local part", djb, "l@o.example", "a=b=c@x.example", "l-a=b=c=x.example@o.example", ""},
		{"postfix '=' in the local part", postfix, "l@o.example", "a=b=c@x.example", "l+a=b=c=x.example@o.example", ""},
		{"escaped '=' in the local part", escaped, "l@o.example", "a=b@x.example", "l-a=b=x.example@o.example", ""},
		{"classic plus addressing", djb, "l@o.example", "a+tag@x.example", "l-a+tag=x.example@o.example", ""},
		{"postfix plus addressing", postfix, "l@o.example", "a+tag@x.example", "l+a+tag=x.example@o.example", ""},
		{"classic hyphens", djb, "a-b@o.example", "-c-@x-y.example", "a-b--c-=x-y.example@o.example", ""},
		{"escaped hyphens", escaped, "a-b@o.example", "c-d@x-y.example", "a-b-c+2Dd=x+2Dy.example@o.example", ""},
		{"classic apostrophe", djb, "l@o.example", "o'brien@x.example", "l-o'brien=x.example@o.example", ""},
		{"escaped apostrophe", escaped, "l@o.example", "o'brien@x.example", "l-o+27brien=x.example@o.example", ""},
		{"underscore domain", djb, "l@o.example", "a@x_y.example", "l-a=x_y.example@o.example", ""},
		{"sender ends in the delimiter", djb, "l-@o.example", "a@x.example", "l-a=x.example@o.example", ""},
		{"sender ends in the other delimiter", postfix, "l-@o.example", "a@x.example", "l-+a=x.example@o.example", ""},
		{"qmail mark takes the prefix as it is", postfix, "l@o.example-@[]", "a@x.example", "la=x.example@o.example", ""},
		{"both delimiters alike", verp.Codec{Delimiters: "=="}, "l@o.example", "a=b@x.example", "l=a=b=x.example@o.example", ""},
		{"'-' stands for '@'", verp.Codec{Delimiters: "+-"}, "l@o.example", "a-b@x.example", "l+a-b-x.example@o.example", ""},
		{"'+' stands for '@'", verp.Codec{Delimiters: "=+"}, "l@o.example", "a+b@x-y.example", "l=a+b+x-y.example@o.example", ""},
		{"escaped, '-' stands for '@'", verp.Codec{Form: verp.Escaped, Delimiters: "--"}, "l@o.example", "a-b@x-y.example", "l-a+2Db-x+2Dy.example@o.example", ""},
		{"escaped, postfix delimiters", verp.Codec{Form: verp.Escaped, Delimiters: "+="}, "l@o.example", "a+b@x.example", "l+a+2Bb=x.example@o.example", ""},

		{"domain case", djb, "L@O.Example", "Mixed@X.Example", "L-Mixed=x.example@o.example", "Mixed@x.example"},
		{"needless quotes", djb, "l@o.example", `"a.b"@x.example`, "l-a.b=x.example@o.example", "a.b@x.example"},
		{"quoted sender without need", djb, `"l"@o.example`, "a@x.example", "l-a=x.example@o.example", ""},
		{"IDN recipient", djb, "l@o.example", "a@Bücher.example", "l-a=xn--bcher-kva.example@o.example", "a@xn--bcher-kva.example"},
		{"IDN recipient, escaped", escaped, "l@o.example", "a@bücher.example", "l-a=xn+2D+2Dbcher+2Dkva.example@o.example", "a@xn--bcher-kva.example"},
		{"IDN sender", djb, "l@bücher.example", "a@x.example", "l-a=x.example@xn--bcher-kva.example", ""},
		{"sender on an address literal", djb, "l@[127.0.0.1]", "a@x.example", "l-a=x.example@[127.0.0.1]", ""},

		{"space", escaped, "l@o.example", `"a b"@x.example`, "l-a+20b=x.example@o.example", ""},
		{"quote and backslash", escaped, "l@o.example", `"a\"\\b"@x.example`, "l-a+22+5Cb=x.example@o.example", ""},
		{"needless backslash", escaped, "l@o.example", `"\a@b"@x.example`, "l-a+40b=x.example@o.example", `"a@b"@x.example`},
		{"UTF-8 local part", escaped, "l@o.example", "jörg@x.example", "l-j+C3+B6rg=x.example@o.example", ""},
		{"dots at the edges", escaped, "l@o.example", `".a."@x.example`, "l-+2Ea+2E=x.example@o.example", ""},
		{"double dots", escaped, "l@o.example", `"a...b"@x.example`, "l-a.+2E+2Eb=x.example@o.example", ""},
		{"source route", escaped, "l@o.example", "a%b@x.example", "l-a+25b=x.example@o.example", ""},
		{"IPv6 literal", escaped, "l@o.example", "a@[IPv6:2001:DB8::1]", "l-a=+5BIPv6+3A2001+3Adb8+3A+3A1+5D@o.example", "a@[IPv6:2001:db8::1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkEncode(t, tt.codec, tt.sender, tt.recipient, tt.address)
			want := tt.canonical
			if want == "" {
				want = tt.recipient
			}
			checkDecode(t, tt.codec, tt.sender, tt.address, want)
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	tests := []struct {
		name              string
		codec             verp.Codec
		sender, recipient string
		want              error
	}{
		{"null sender", djb, "", "a@x.example", verp.ErrMalformed},
		{"null sender in brackets", djb, "<>", "a@x.example", verp.ErrMalformed},
		{"sender without a domain", djb, "l", "a@x.example", verp.ErrMalformed},
		{"sender in brackets", djb, "<l@o.example>", "a@x.example", verp.ErrMalformed},
		{"quoted sender", escaped, `"a b"@o.example`, "a@x.example", verp.ErrUnrepresentable},
		{"sender with double dots", escaped, `"a..b"@o.example`, "a@x.example", verp.ErrUnrepresentable},
		{"UTF-8 sender", escaped, "jörg@o.example", "a@x.example", verp.ErrUnrepresentable},

		{"empty recipient", djb, "l@o.example", "", verp.ErrMalformed},
		{"no @", djb, "l@o.example", "a", verp.ErrMalformed},
		{"empty local part", djb, "l@o.example", "@x.example", verp.ErrMalformed},
		{"empty quoted local part", escaped, "l@o.example", `""@x.example`, verp.ErrMalformed},
		{"empty domain", djb, "l@o.example", "a@", verp.ErrMalformed},
		{"trailing dot in the domain", djb, "l@o.example", "a@x.example.", verp.ErrMalformed},
		{"space", djb, "l@o.example", "a b@x.example", verp.ErrMalformed},
		{"display name", djb, "l@o.example", "A <a@x.example>", verp.ErrMalformed},
		{"two @", djb, "l@o.example", "a@b@x.example", verp.ErrMalformed},
		{"quote within", escaped, "l@o.example", `"a"b"@x.example`, verp.ErrMalformed},
		{"open quote", escaped, "l@o.example", `"a\"@x.example`, verp.ErrMalformed},
		{"lone quote", escaped, "l@o.example", `"@x.example`, verp.ErrMalformed},
		{"not UTF-8", escaped, "l@o.example", "a\xff@x.example", verp.ErrMalformed},
		{"bad domain", escaped, "l@o.example", "a@x=y.example", verp.ErrMalformed},
		{"bad IDN", escaped, "l@o.example", "a@\u00ad\u0300.example", verp.ErrMalformed},
		{"hyphen at the edge of a label", djb, "l@o.example", "a@-x.example", verp.ErrMalformed},
		{"bad literal", escaped, "l@o.example", "a@[1.2.3]", verp.ErrMalformed},
		{"open literal", escaped, "l@o.example", "a@[1.2.3.4", verp.ErrMalformed},
		{"IPv6 literal without tag", escaped, "l@o.example", "a@[::1]", verp.ErrMalformed},
		{"IPv6 literal with zone", escaped, "l@o.example", "a@[IPv6:fe80::1%eth0]", verp.ErrMalformed},
		{"CR", escaped, "l@o.example", "\"a\r\"@x.example", verp.ErrMalformed},
		{"LF", escaped, "l@o.example", "\"a\n\"@x.example", verp.ErrMalformed},
		{"NUL", escaped, "l@o.example", "\"a\x00\"@x.example", verp.ErrMalformed},
		{"DEL", escaped, "l@o.example", "\"a\x7f\"@x.example", verp.ErrMalformed},
		{"C1 control", escaped, "l@o.example", "a\u0085@x.example", verp.ErrMalformed},
		{"quoted angle bracket", escaped, "l@o.example", `"a>b"@x.example`, verp.ErrMalformed},
		{"CRLF behind the domain", escaped, "l@o.example", "a@x.example\r\nRCPT TO:<b@x.example>", verp.ErrMalformed},

		{"classic, quoted", djb, "l@o.example", `"a b"@x.example`, verp.ErrUnrepresentable},
		{"classic, dot at the edge", djb, "l@o.example", `"a."@x.example`, verp.ErrUnrepresentable},
		{"classic, UTF-8", djb, "l@o.example", "jörg@x.example", verp.ErrUnrepresentable},
		{"classic, bang path", djb, "l@o.example", "a!b@x.example", verp.ErrUnrepresentable},
		{"classic, percent hack", djb, "l@o.example", "a%b@x.example", verp.ErrUnrepresentable},
		{"classic, literal", djb, "l@o.example", "a@[192.0.2.1]", verp.ErrUnrepresentable},
		{"classic, delimiter in the domain", verp.Codec{Delimiters: "+-"}, "l@o.example", "a@x-y.example", verp.ErrUnrepresentable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.codec.Encode(tt.sender, tt.recipient)
			if !errors.Is(err, tt.want) || got != "" {
				t.Errorf("Encode(%q, %q) = %q, %v; want %v", tt.sender, tt.recipient, got, err, tt.want)
			}
		})
	}
}

func TestLengthLimits(t *testing.T) {
	label := strings.Repeat("d", 63)
	domain := strings.Join([]string{label, label, label}, ".") // 191 octets
	tests := []struct {
		name              string
		sender, recipient string
		length            int // of the address, 0 if too long
	}{
		{"local part of 64", "l@o.example", strings.Repeat("a", 54) + "@x.examp", 64 + 1 + 9},
		{"local part of 65", "l@o.example", strings.Repeat("a", 55) + "@x.examp", 0},
		{"address of 254", "l@" + domain, strings.Repeat("a", 51) + "@x.exampl", 254},
		{"address of 255", "l@" + domain, strings.Repeat("a", 52) + "@x.exampl", 0},
		{"domain of 256", "l@" + domain + "." + label + ".d", "a@x.example", 0},
		{"no room for any recipient", strings.Repeat("l", 62) + "@o.example", "a@x", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := verp.Encode(tt.sender, tt.recipient)
			if tt.length == 0 {
				if !errors.Is(err, verp.ErrTooLong) {
					t.Errorf("got %q, %v; want ErrTooLong", got, err)
				}
				return
			}
			if err != nil || len(got) != tt.length {
				t.Errorf("got %d octets, %v; want %d", len(got), err, tt.length)
			}
		})
	}
	t.Run("escapes count", func(t *testing.T) {
		if _, err := escaped.Encode("l@o.example", strings.Repeat("ö", 9)+"@x.example"); !errors.Is(err, verp.ErrTooLong) {
			t.Errorf("got %v; want ErrTooLong", err)
		}
	})
}

func TestDecodeIsLenient(t *testing.T) {
	long := strings.Repeat("a", 100)
	tests := []struct {
		name    string
		codec   verp.Codec
		address string
		want    string
	}{
		{"angle brackets", djb, "<list-out-a=x.example@o.example>", "a@x.example"},
		{"white space", djb, " <list-out-a=x.example@o.example>\r\n", "a@x.example"},
		{"lower case prefix", djb, "list-out-A=X.Example@O.EXAMPLE", "A@x.example"},
		{"upper case", djb, "LIST-OUT-A=X.EXAMPLE@O.EXAMPLE", "A@x.example"},
		{"lower case hex", escaped, "list-out-j+c3+b6rg=x.example@o.example", "jörg@x.example"},
		{"needless hex", escaped, "list-out-+61=x.example@o.example", "a@x.example"},
		{"delimiter in hex", escaped, "list-out-a+3Db=x.example@o.example", "a=b@x.example"},
		{"too long", djb, "list-out-" + long + "=x.example@o.example", long + "@x.example"},
		{"quoted on the way", djb, `"list-out-a=x.example"@o.example`, "a@x.example"},
		{"quotes that Classic cannot write", djb, `"list-out-a b=x.example"@o.example`, `"a b"@x.example`},
		{"dot that Classic cannot write", djb, "list-out-a.=x.example@o.example", `"a."@x.example`},
		{"UTF-8 domain", djb, "list-out-a=bücher.example@o.example", "a@xn--bcher-kva.example"},

		{"tag", djb, "list-out-a=x.example+tag-1_2@o.example", "a@x.example"},
		{"two tags", djb, "list-out-a+b=x.example+tag+2@o.example", "a+b@x.example"},
		{"tag, Postfix", postfix, "list-out+a=x.example+tag@o.example", "a@x.example"},
		{"tag, escaped", escaped, "list-out-a+2Db=x.example+tag@o.example", "a-b@x.example"},
		{"tag of one digit, escaped", escaped, "list-out-a=x.example+2@o.example", "a@x.example"},

		{"BATV", djb, "prvs=0123AbCdEf=list-out-a=x.example@o.example", "a@x.example"},
		{"BATV without a key", djb, "<PRVS=123abcdef=list-out-a=x.example@o.example>", "a@x.example"},
		{"BATV, reversed", djb, "prvs=list-out-a=x.example=0123abcdef@o.example", "a@x.example"},
		{"BATV, btv1", djb, "btv1==0123abcdef==list-out-a==x.example@o.example", "a=@x.example"},
		{"SRS0", djb, "SRS0=HHH=TT=o.example=list-out-a=x.example@forwarder.example", "a@x.example"},
		{"SRS0, lower case", djb, "srs0+hhh=tt=o.example=list-out-a=x.example@forwarder.example", "a@x.example"},
		{"SRS0, our own domain", djb, "SRS0-HHH=TT=o.example=list-out-a=x.example@o.example", "a@x.example"},
		{"SRS1", djb, "SRS1=HHH=first.example==HHH=TT=o.example=list-out-a=x.example@second.example", "a@x.example"},
		{"SRS1, '+' behind SRS0", djb, "SRS1=HHH=first.example=+HHH=TT=o.example=list-out-a=x.example@second.example", "a@x.example"},
		{"SRS0 around BATV", djb, "SRS0=HHH=TT=o.example=prvs=0123456789=list-out-a=x.example@f.example", "a@x.example"},
		{"BATV around SRS1, and a tag", djb, "prvs=0123456789=SRS1=HHH=f.example==HHH=TT=o.example=list-out-a=x.example+t@g.example", "a@x.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkDecode(t, tt.codec, "List-Out@o.example", tt.address, tt.want) })
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name    string
		codec   verp.Codec
		address string
		want    error
	}{
		{"empty", djb, "", verp.ErrNotOurs},
		{"null path", djb, "<>", verp.ErrNotOurs},
		{"no @", djb, "list-a=x.example", verp.ErrNotOurs},
		{"another list", djb, "tsil-a=x.example@o.example", verp.ErrNotOurs},
		{"another delimiter", djb, "list+a=x.example@o.example", verp.ErrNotOurs},
		{"another domain", djb, "list-a=x.example@p.example", verp.ErrNotOurs},
		{"bad domain", djb, "list-a=x.example@o..example", verp.ErrNotOurs},
		{"the sender itself", djb, "list@o.example", verp.ErrNotOurs},
		{"only the prefix", djb, "list-@o.example", verp.ErrMalformed},
		{"no delimiter", djb, "list-request@o.example", verp.ErrMalformed},
		{"empty local part", djb, "list-=x.example@o.example", verp.ErrMalformed},
		{"empty domain", djb, "list-a=@o.example", verp.ErrMalformed},
		{"bad recipient domain", djb, "list-a=x..example@o.example", verp.ErrMalformed},
		{"not UTF-8", djb, "list-a\xff=x.example@o.example", verp.ErrMalformed},
		{"line break", djb, "list-a\r\nb=x.example@o.example", verp.ErrMalformed},
		{"line break in hex", escaped, "list-a+0D+0Ab=x.example@o.example", verp.ErrMalformed},
		{"line break in hex, domain", escaped, "list-a=x.example+0D+0A@o.example", verp.ErrMalformed},
		{"NUL in hex", escaped, "list-a+00=x.example@o.example", verp.ErrMalformed},
		{"angle bracket in hex", escaped, "list-a+3E=x.example@o.example", verp.ErrMalformed},
		{"not UTF-8 in hex", escaped, "list-a+FF=x.example@o.example", verp.ErrMalformed},
		{"no hex", escaped, "list-a+2G=x.example@o.example", verp.ErrMalformed},
		{"half an escape", escaped, "list-a+2=x.example@o.example", verp.ErrMalformed},
		{"escape without its second digit", escaped, "list-a=mail.x+2y.example@o.example", verp.ErrMalformed},
		{"tag that begins as an escape", escaped, "list-a=x.example+added@o.example", verp.ErrMalformed},
		{"tag with a dot", djb, "list-a=x.example+a.b@o.example", verp.ErrMalformed},
		{"only a tag", djb, "list-+tag@o.example", verp.ErrMalformed},
		{"BATV around nothing", djb, "prvs=0123456789=@o.example", verp.ErrNotOurs},
		{"BATV around another list", djb, "prvs=0123456789=tsil-a=x.example@o.example", verp.ErrNotOurs},
		{"SRS cut short", djb, "SRS0=HHH=TT=o.example@forwarder.example", verp.ErrNotOurs},
		{"SRS of another domain", djb, "SRS0=HHH=TT=p.example=list-a=x.example@forwarder.example", verp.ErrNotOurs},
		{"more wrappers than anybody has", djb, strings.Repeat("btv1==0==", 5) + "list-a=x.example@o.example", verp.ErrNotOurs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.codec.Decode("list@o.example", tt.address)
			if !errors.Is(err, tt.want) || got != "" {
				t.Errorf("Decode(%q) = %q, %v; want %v", tt.address, got, err, tt.want)
			}
		})
	}
	if _, err := verp.Decode("list", "list-a=x.example@o.example"); !errors.Is(err, verp.ErrMalformed) {
		t.Errorf("bad sender: %v; want ErrMalformed", err)
	}
}

// TestDecodeCannotKnow holds on to what the package's documentation warns of.
func TestDecodeCannotKnow(t *testing.T) {
	const short, long = "list@o.example", "list-announce@o.example"
	const path = "list-announce-x=y.example@o.example"
	checkEncode(t, djb, short, "announce-x@y.example", path)
	checkEncode(t, djb, long, "x@y.example", path)
	checkDecode(t, djb, short, path, "announce-x@y.example")
	checkDecode(t, djb, long, path, "x@y.example")
	if _, err := djb.Decode(long, "list-x=y.example@o.example"); !errors.Is(err, verp.ErrNotOurs) {
		t.Errorf("the longer sender takes the shorter one's path: %v", err)
	}

	checkDecode(t, djb, short, "list-a+2Db=y.example@o.example", "a+2Db@y.example")
	checkDecode(t, escaped, short, "list-a+2Db=y.example@o.example", "a-b@y.example")
}

// TestErrorsWrapTheirCause: also the reason why something is no address.
func TestErrorsWrapTheirCause(t *testing.T) {
	_, recipient := verp.Encode("l@o.example", "a")
	_, sender := verp.Encode("l", "a@x.example")
	_, decoded := verp.Decode("l@o.example", "l-a=x..example@o.example")
	for _, tt := range []struct{ err, cause error }{
		{recipient, address.ErrNoAt}, {sender, address.ErrNoAt}, {decoded, address.ErrDomain},
	} {
		if !errors.Is(tt.err, verp.ErrMalformed) || !errors.Is(tt.err, tt.cause) {
			t.Errorf("%v does not wrap %v", tt.err, tt.cause)
		}
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		codec verp.Codec
		field string // named by the error; empty if there is none
	}{
		{verp.Codec{}, ""},
		{verp.Codec{Delimiters: "+="}, ""},
		{verp.Codec{Delimiters: "-+"}, ""},
		{verp.Codec{Form: 7}, "Codec.Form"},
		{verp.Codec{Delimiters: "-"}, "Codec.Delimiters"},
		{verp.Codec{Delimiters: "-=+"}, "Codec.Delimiters"},
		{verp.Codec{Delimiters: "a="}, "Codec.Delimiters"},
		{verp.Codec{Delimiters: "-@"}, "Codec.Delimiters"},
		{verp.Codec{Form: verp.Escaped, Delimiters: "-+"}, "Codec.Delimiters"},
	}
	for _, tt := range tests {
		err := tt.codec.Validate()
		if (err == nil) != (tt.field == "") || err != nil && !strings.Contains(err.Error(), tt.field) {
			t.Errorf("%+v: %v; want an error about %q", tt.codec, err, tt.field)
		}
		if _, encodeErr := tt.codec.Encode("l@o.example", "a@x.example"); (encodeErr == nil) != (err == nil) {
			t.Errorf("%+v: Encode does not validate: %v", tt.codec, encodeErr)
		}
	}
}

func TestFormString(t *testing.T) {
	for form, want := range map[verp.Form]string{verp.Classic: "classic", verp.Escaped: "escaped", 9: "Form(9)"} {
		if got := form.String(); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}

func checkEncode(t *testing.T, c verp.Codec, sender, recipient, want string) {
	t.Helper()
	if got, err := c.Encode(sender, recipient); got != want || err != nil {
		t.Errorf("Encode(%q, %q) = %q, %v; want %q", sender, recipient, got, err, want)
	}
}

func checkDecode(t *testing.T, c verp.Codec, sender, address, want string) {
	t.Helper()
	if got, err := c.Decode(sender, address); got != want || err != nil {
		t.Errorf("Decode(%q, %q) = %q, %v; want %q", sender, address, got, err, want)
	}
}

func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verp.Encode("newsletter-bounces@lists.example.net", "jane.doe@mail.example.org"); err != nil {
			b.Fatal(err)
		}
	}
}
