package smtpclient

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func ehlo(lines ...string) Extensions {
	return parseExtensions(Reply{Code: 250, Text: strings.Join(lines, "\n")})
}

func TestParseExtensions(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		want  Extensions
	}{
		{[]string{"mx.example.test"}, Extensions{}},
		{[]string{"mx.example.test Hello [192.0.2.1], PIPELINING"}, Extensions{}},
		{[]string{"mx.example.test", "PIPELINING", "chunking", "BinaryMIME", "8bitmime", "SmtpUtf8", "dsn"},
			Extensions{Pipelining: true, Chunking: true, BinaryMIME: true, EightBitMIME: true, SMTPUTF8: true, DSN: true}},
		{[]string{"mx.example.test", "ENHANCEDSTATUSCODES", "STARTTLS", "REQUIRETLS", "XVERP"},
			Extensions{EnhancedStatusCodes: true, StartTLS: true, RequireTLS: true, XVERP: true}},
		{[]string{"mx.example.test", "XPIPELINING", "PIPELINING2", "X STARTTLS"}, Extensions{}},
		{[]string{"mx.example.test", "  PIPELINING  ", "", " "}, Extensions{Pipelining: true}},
		{[]string{"mx.example.test", "SIZE"}, Extensions{Size: true}},
		{[]string{"mx.example.test", "SIZE 0"}, Extensions{Size: true}},
		{[]string{"mx.example.test", "size 52428800"}, Extensions{Size: true, MaxSize: 52428800}},
		{[]string{"mx.example.test", "SIZE -1"}, Extensions{Size: true}},
		{[]string{"mx.example.test", "SIZE lots"}, Extensions{Size: true}},
		{[]string{"mx.example.test", "SIZE 99999999999999999999"}, Extensions{Size: true}},
		{[]string{"mx.example.test", "AUTH plain Login"}, Extensions{Auth: []string{"PLAIN", "LOGIN"}}},
		{[]string{"mx.example.test", "AUTH=LOGIN PLAIN"}, Extensions{Auth: []string{"LOGIN", "PLAIN"}}},
		{[]string{"mx.example.test", "AUTH PLAIN LOGIN", "auth=LOGIN CRAM-MD5"}, Extensions{Auth: []string{"PLAIN", "LOGIN", "CRAM-MD5"}}},
		{[]string{"mx.example.test", "AUTH"}, Extensions{}},
		{[]string{"mx.example.test", "LIMITS MAILMAX=5 rcptmax=100 RcptDomainMax=1"}, Extensions{Limits: Limits{5, 100, 1}}},
		{[]string{"mx.example.test", "limits FOO=1 RCPTMAX=2 BAR"}, Extensions{Limits: Limits{0, 2, 0}}},
		{[]string{"mx.example.test", "LIMITS RCPTMAX=0 MAILMAX=-1 RCPTDOMAINMAX=x"}, Extensions{}},
		{[]string{"mx.example.test", "LIMITS RCPTMAX=99999999999999999999 MAILMAX=3000000000"}, Extensions{}},
		{[]string{"mx.example.test", "LIMITS"}, Extensions{}},
	} {
		got := ehlo(tt.lines...)
		tt.want.Domain, tt.want.ESMTP, got.keywords = "mx.example.test", true, nil
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q:\n%+v\nwant\n%+v", tt.lines, got, tt.want)
		}
	}
}

func TestKeyword(t *testing.T) {
	e := ehlo("mx.example.test", "XCLIENT name addr", "dsn", "AUTH=PLAIN")
	for name, want := range map[string]string{"xclient": "name addr", "XClient": "name addr", "DSN": "", "auth": "PLAIN"} {
		if got, ok := e.Keyword(name); !ok || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, ok, want)
		}
	}
	if args, ok := e.Keyword("PIPELINING"); ok {
		t.Errorf("PIPELINING: %q", args)
	}
	if args, ok := (Extensions{}).Keyword("PIPELINING"); ok {
		t.Errorf("zero Extensions offers PIPELINING %q", args)
	}
}

// FuzzExtensions: the case of keywords does not matter, lines that mean nothing
// offer nothing, and limits are never negative.
func FuzzExtensions(f *testing.F) {
	f.Add("mx.example.test\nPIPELINING\nSIZE 100\nAUTH PLAIN\nLIMITS RCPTMAX=1")
	f.Add("mx\nAUTH=LOGIN\nauth plain\n\n8bitmime")
	f.Fuzz(func(t *testing.T, text string) {
		r := Reply{Code: 250, Text: text}
		e := parseExtensions(r)
		if !e.ESMTP || e.MaxSize < 0 || e.MaxSize > 0 && !e.Size || e.Limits.MailMax < 0 || e.Limits.RcptMax < 0 || e.Limits.RcptDomainMax < 0 {
			t.Fatalf("%q: %+v", text, e)
		}
		seen := map[string]bool{}
		for _, m := range e.Auth {
			if m == "" || seen[m] || m != strings.ToUpper(m) || strings.ContainsAny(m, " \n") {
				t.Fatalf("%q: mechanisms %q", text, e.Auth)
			}
			seen[m] = true
		}
		first, rest, _ := strings.Cut(text, "\n")
		for _, c := range rest {
			if c >= 0x80 {
				return // letters whose cases do not go in pairs
			}
		}
		upper := parseExtensions(Reply{Code: 250, Text: first + "\n" + strings.ToUpper(rest)})
		upper.keywords, e.keywords = nil, nil
		if !strings.Contains(text, "\n") {
			return
		}
		if fmt.Sprint(upper) != fmt.Sprint(e) {
			t.Fatalf("%q: %+v, in upper case %+v", text, e, upper)
		}
	})
}
