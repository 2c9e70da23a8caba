package preflight_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// A fault is planted into the newsletter, and is then found, and nothing else.
type fault struct {
	kind     preflight.Kind
	where    string
	old, new string
	config   preflight.Config
}

var big = strings.Repeat("<p>0123456789 0123456789</p>\n", 4000)

var faults = []fault{
	{kind: preflight.BareNewline, where: "line 27", old: "Gr=C3=BC=C3=9Fe, Ann!", new: "a\rb"},
	{kind: preflight.BareNewline, where: "line 59", old: "--mix--\n", new: "--mix--\n\r"},
	{kind: preflight.LongLine, where: "line 27", old: "Gr=C3=BC=C3=9Fe, Ann!", new: strings.Repeat("x", 999)},
	{kind: preflight.NulOctet, where: "line 37", old: "<p>", new: "<p>a\x00b"},
	{kind: preflight.TooLarge, where: "message", old: "\n\n", new: "\n\n", config: preflight.Config{MaxSize: 1000}},
	{kind: preflight.BadHeader, where: "line 8", old: "To: Ann", new: "X Y: 1\nTo: Ann"},
	{kind: preflight.BadHeader, where: "line 8", old: "To: Ann", new: "hello\nTo: Ann"},
	{kind: preflight.BadHeader, where: "line 8", old: "To: Ann", new: "\u00fc: 1\nTo: Ann"},
	{kind: preflight.BadHeader, where: "line 1", old: "DKIM-S", new: " x\nDKIM-S"},
	{kind: preflight.EightBitHeader, where: "Subject", old: "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", new: "Gr\u00fc\u00dfe"},
	{kind: preflight.EightBitHeader, where: "From", old: "=?utf-8?q?Zo=C3=AB?=", new: "Zo\u00eb"},
	{kind: preflight.EightBitHeader, where: "Subject", old: "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", new: "Gr\xfc\xdfe", config: preflight.Config{SMTPUTF8: true}},
	{kind: preflight.MissingField, where: "From", old: "From: =?utf-8?q?Zo=C3=AB?= <news@example.com>\n", new: ""},
	{kind: preflight.MissingField, where: "From", old: "From: =?utf-8?q?Zo=C3=AB?= <news@example.com>\n", new: "From:\n"},
	{kind: preflight.MissingField, where: "Date", old: "Date: Tue, 10 Nov 2026 10:00:00 +0000\n", new: ""},
	{kind: preflight.MissingField, where: "Message-ID", old: "Message-ID: <1.2@example.com>\n", new: ""},
	{kind: preflight.MissingField, where: "Subject", old: "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n", new: ""},
	{kind: preflight.MissingField, where: "Subject", old: "=?utf-8?q?Gr=C3=BC=C3=9Fe?=\n", new: "\n  \n"},
	{kind: preflight.MissingField, where: "To", old: "To: Ann <ann@example.org>\n", new: ""},
	{kind: preflight.MissingField, where: "MIME-Version", old: "MIME-Version: 1.0\n", new: ""},
	{kind: preflight.DuplicateField, where: "From", old: "Reply-To:", new: "From: x@example.com\nReply-To:"},
	{kind: preflight.DuplicateField, where: "Subject", old: "\nSubject:", new: "\nSUBJECT: x\nSubject:"},
	{kind: preflight.DuplicateField, where: "Message-ID", old: "\nSubject:", new: "\nMessage-Id: <x@y>\nSubject:"},
	{kind: preflight.DuplicateField, where: "List-Unsubscribe", old: "List-Id:", new: "List-Unsubscribe: <https://example.com/v>\nList-Id:"},
	{kind: preflight.DuplicateField, where: "Content-Type", old: "MIME-V", new: "Content-Type: multipart/mixed; boundary=mix\nMIME-V"},
	{kind: preflight.BadAddress, where: "From", old: "<news@example.com>", new: "<news@example..com>"},
	{kind: preflight.BadAddress, where: "From", old: "<news@example.com>", new: "news@"},
	{kind: preflight.BadAddress, where: "To", old: "<ann@example.org>", new: "<ann>"},
	{kind: preflight.BadAddress, where: "To", old: "To: Ann <ann@example.org>", new: "To:"},
	{kind: preflight.BadAddress, where: "Reply-To", old: "Reply-To: ", new: "Reply-To: nobody, "},
	{kind: preflight.SeveralFrom, where: "From", old: "<news@example.com>", new: "<news@example.com>, b@example.com"},
	{kind: preflight.BccField, where: "Bcc", old: "\nSubject:", new: "\nBcc: secret@example.org\nSubject:"},
	{kind: preflight.BadDate, where: "Date", old: "Date: Tue, 10 Nov 2026 10:00:00 +0000", new: "Date: 2026-11-10 10:00"},
	{kind: preflight.DateFarOff, where: "Date", old: "10 Nov 2026 10:00:00 +0000", new: "10 Nov 2025 10:00:00 +0000"},
	{kind: preflight.DateFarOff, where: "Date", old: "10 Nov 2026 10:00:00 +0000", new: "11 Nov 2026 12:00:00 +0000"},
	{kind: preflight.BadMessageID, where: "Message-ID", old: "<1.2@example.com>", new: "1.2@example.com"},
	{kind: preflight.BadMessageID, where: "Message-ID", old: "<1.2@example.com>", new: "<1.2>"},

	{kind: preflight.BadMIME, where: "body (multipart/mixed)", old: "--mix--\n", new: ""},
	{kind: preflight.BadMIME, where: "part 1.2 (multipart/related)", old: "--rel--\n", new: ""},
	{kind: preflight.BadMIME, where: "part 2", old: "application/pdf", new: "application"},
	{kind: preflight.BadMIME, where: "part 2", old: "application/pdf; name=terms.pdf", new: "application/pdf; name==terms"},
	{kind: preflight.BadMIME, where: "part 2 (application/pdf)", old: "Content-Transfer-Encoding: base64\n\nJVB", new: "Content-Transfer-Encoding: base46\n\nJVB"},
	{kind: preflight.BadMIME, where: "part 1.1 (text/plain)", old: "quoted-printable\n\nGr=C3=BC=C3=9Fe, Ann!", new: "base64\n\nGr=C3=BC"},
	{kind: preflight.BadMIME, where: "part 1.1 (text/plain)", old: "Gr=C3=BC=C3=9Fe, Ann", new: "Gr=FC=DFe"},
	{kind: preflight.EightBitBody, where: "part 1.2.1 (text/html)", old: "utf-8\nContent-Transfer-Encoding: 8bit\n", new: "utf-8\n"},
	{kind: preflight.EightBitBody, where: "body (multipart/mixed)", old: "\"mix\"\nContent-Transfer-Encoding: 8bit\n", new: "\"mix\"\n"},
	{kind: preflight.EightBitBody, where: "part 1 (multipart/alternative)", old: "=alt\nContent-Transfer-Encoding: 8bit\n", new: "=alt\n"},
	{kind: preflight.EightBitHeader, where: "part 2 (application/pdf)", old: "filename=terms.pdf", new: "filename=\"gr\u00fc\u00dfe.pdf\""},
	{kind: preflight.BadMIME, where: "part 1.2.2 (image/png)", old: "iVBORw0KGgo=", new: "!!!"},
	{kind: preflight.BrokenCID, where: "part 1.2.1 (text/html)", old: "<p>", new: "<img srcset=\"cid:logo@x 1x, cid:none@x 2x\"><p>"},
	{kind: preflight.BrokenCID, where: "part 1.2.1 (text/html)", old: "<p>", new: "<!--[if mso]><img src=\"cid:none@x\"><![endif]--><p>"},
	{kind: preflight.BlockedAttachment, where: "part 2 (application/pdf)", old: "filename=terms.pdf", new: "filename=\"=?utf-8?B?YS5leGU=?=\""},
	{kind: preflight.BlockedAttachment, where: "part 2 (application/pdf)", old: "filename=terms.pdf", new: "filename=a b.exe"},
	{kind: preflight.EightBitBody, where: "part 1.1 (text/plain)", old: "Gr=C3=BC=C3=9Fe, Ann!", new: "Grüße"},
	{kind: preflight.NoContent, where: "body", old: "", new: strings.Join([]string{"Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: image/png", "", "x", "--x--", ""}, "\n")},
	{kind: preflight.NoContent, where: "body", old: "", new: "Content-Type: text/plain\n\n \n"},
	{kind: preflight.NoText, where: "body", old: "", new: "Content-Type: text/html\n\n<p>Hello</p>\n"},
	{kind: preflight.NoText, where: "body", old: "Gr=C3=BC=C3=9Fe, Ann!", new: " =20"},
	{kind: preflight.LargeHTML, where: "part 1.2.1 (text/html)", old: "<p>", new: big + "<p>"},
	{kind: preflight.BrokenCID, where: "part 1.2.1 (text/html)", old: "cid:logo%40x", new: "CID:other@x"},
	{kind: preflight.BrokenCID, where: "part 1.2.1 (text/html)", old: "cid:back@x", new: "cid:front@x"},
	{kind: preflight.BrokenCID, where: "part 1.2.1 (text/html)", old: "<p>", new: "<p style=\"background: URL( 'cid:none@x' )\">"},
	{kind: preflight.BrokenCID, where: "part 1.2.1 (text/html)", old: "Content-ID: <logo@x>\n", new: ""},
	{kind: preflight.ActiveHTML, where: "part 1.2.1 (text/html)", old: "<p>", new: "<script>alert(1)</script><p>"},
	{kind: preflight.ActiveHTML, where: "part 1.2.1 (text/html)", old: "<p>", new: "<FORM action=x><p>"},
	{kind: preflight.BlockedAttachment, where: "part 2 (application/pdf)", old: "filename=terms.pdf", new: "filename=\"terms.PDF.exe\""},
	{kind: preflight.BlockedAttachment, where: "part 2 (application/pdf)", old: "filename=terms.pdf", new: "filename*=utf-8''terms.js"},

	{kind: preflight.NoUnsubscribe, where: "List-Unsubscribe", old: "List-Unsubscribe: <https://example.com/u?t=abc>,\n <mailto:leave@example.com?subject=abc>\n", new: ""},
	{kind: preflight.BadUnsubscribe, where: "List-Unsubscribe", old: "<https://example.com/u?t=abc>", new: "https://example.com/u?t=abc"},
	{kind: preflight.BadUnsubscribe, where: "List-Unsubscribe", old: "<https://example.com/u?t=abc>", new: "<https://example.com/u>, <https://example.com/v>"},
	{kind: preflight.BadUnsubscribe, where: "List-Unsubscribe", old: "<https://example.com/u?t=abc>", new: "<https:///u>"},
	{kind: preflight.InsecureUnsubscribe, where: "List-Unsubscribe", old: "<https:", new: "<http:"},
	{kind: preflight.NoOneClick, where: "List-Unsubscribe", old: "<https://example.com/u?t=abc>,", new: ""},
	{kind: preflight.NoOneClick, where: "List-Unsubscribe-Post", old: "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n", new: ""},
	{kind: preflight.NoOneClick, where: "List-Unsubscribe-Post", old: "=One-Click", new: "=one click"},
	{kind: preflight.UnsubscribeUnsigned, where: "List-Unsubscribe-Post", old: ":List-Unsubscribe-Post;", new: ";"},
	{kind: preflight.UnsubscribeUnsigned, where: "List-Unsubscribe", old: "List-Unsubscribe:List-Unsubscribe-Post;", new: "List-Unsubscribe-Post;"},

	{kind: preflight.NoDKIM, where: "DKIM-Signature", old: "DKIM-Signature:", new: "X-Signature:"},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "rsa-sha256", new: "rsa-sha1"},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "h=From:From:", new: "h="},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "t=1794304800;", new: "l=100;"},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "t=1794304800;", new: "t=1; x=1794304800;"},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "s=spring;", new: ""},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "s=spring;", new: "s=spring; s=summer;"},
	{kind: preflight.BadDKIM, where: "DKIM-Signature", old: "v=1;", new: "v=2;"},
	{kind: preflight.DKIMUnaligned, where: "DKIM-Signature", old: "d=mail.example.com", new: "d=mailer.example"},
	{kind: preflight.DKIMUnaligned, where: "DKIM-Signature", old: "d=mail.example.com", new: "d=com"},
}

// plant puts a fault into the newsletter; one with nothing to replace has a
// body of its own.
func plant(tb testing.TB, f fault) string {
	tb.Helper()
	if f.old == "" {
		header, _, _ := strings.Cut(newsletter, "Content-Type:")
		return header + strings.ReplaceAll(f.new, "\n", "\r\n")
	}
	return replace(tb, newsletter, f.old, f.new)
}

func TestFaults(t *testing.T) {
	for _, f := range faults {
		found := check(t, f.config, plant(t, f))
		if len(found) != 1 || found[0].Kind != f.kind || found[0].Where != f.where {
			t.Errorf("%s for %q: found %v", f.kind, f.new, found)
		}
		for _, finding := range found {
			if finding.Text == "" || strings.ContainsAny(finding.String(), "\r\n\x00") {
				t.Errorf("%q", finding)
			}
		}
	}
}

// TestEveryKind makes sure that each Kind there is has a fault planted for it.
func TestEveryKind(t *testing.T) {
	var planted []preflight.Kind
	for _, f := range faults {
		planted = append(planted, f.kind)
	}
	for _, f := range dnsFaults {
		planted = append(planted, f.kinds...)
	}
	for _, k := range allKinds(t) {
		if !slices.Contains(planted, k) {
			t.Errorf("no fault planted: %s", k)
		}
	}
}

func TestClean(t *testing.T) {
	text, _, _ := strings.Cut(newsletter, "MIME-Version:")
	for name, tt := range map[string]struct {
		config preflight.Config
		msg    string
	}{
		"newsletter":              {preflight.Config{}, newsletter},
		"text alone":              {preflight.Config{}, text + "\r\nHello\r\n"},
		"no CRLF at the end":      {preflight.Config{}, text + "\r\nHello"},
		"UTF-8 header":            {preflight.Config{SMTPUTF8: true}, replace(t, newsletter, "=?utf-8?q?Zo=C3=AB?= <news", "Zo\u00eb <zo\u00eb")},
		"signed later":            {preflight.Config{SignedLater: true}, replace(t, newsletter, "DKIM-Signature:", "X-Signature:")},
		"no List fields, and not": {preflight.Config{Transactional: true}, replace(t, replace(t, newsletter, "List-Unsubscribe: ", "X-U: "), "List-Unsubscribe-Post: ", "X-P: ")},
		"undisclosed recipients":  {preflight.Config{}, replace(t, newsletter, "Ann <ann@example.org>", "undisclosed-recipients:;")},
		"Cc alone":                {preflight.Config{}, replace(t, newsletter, "\nTo: ", "\nCc: ")},
		"group":                   {preflight.Config{}, replace(t, newsletter, "Ann <ann@example.org>", "Friends: ann@example.org, bob@example.org;")},
		"international domain":    {preflight.Config{}, replace(t, replace(t, newsletter, "<news@example.com>", "<news@xn--bcher-kva.example.com>"), "d=mail.example.com", "d=XN--BCHER-kva.Example.com")},
		"unknown charset":         {preflight.Config{}, replace(t, newsletter, "=?utf-8?q?Zo=C3=AB?=", "=?x-klingon?q?Zo?=")},
		"another signature, too": {preflight.Config{}, "DKIM-Signature: v=1; a=ed25519-sha256; d=esp.example; s=x; h=from; bh=MTIz; b=NDU2; x=1794400000\r\n" +
			newsletter},
		"comments in List-Unsubscribe": {preflight.Config{}, replace(t, newsletter, "List-Unsubscribe: <", "List-Unsubscribe: (one (\\) click)) <")},
		"cid: in words":                {preflight.Config{}, replace(t, newsletter, `alt="Logo"`, `alt="CID: the musical"`)},
		"cid: in text behind a style":  {preflight.Config{}, replace(t, newsletter, "<p>", "<p>url(cid:none@x)")},
		"comment that nobody reads":    {preflight.Config{}, replace(t, newsletter, "<p>", `<!--<img src="cid:none@x">--><p>`)},
		"as large as may be":           {preflight.Config{MaxSize: len(newsletter)}, newsletter},
		"just in time":                 {preflight.Config{}, replace(t, newsletter, "10 Nov 2026 10:00:00 +0000", "11 Nov 2026 11:59:59 +0000")},
		"binary":                       {preflight.Config{}, strings.ReplaceAll(newsletter, "Content-Transfer-Encoding: 8bit", "Content-Transfer-Encoding: binary")},
		"longest line":                 {preflight.Config{}, replace(t, newsletter, "Gr=C3=BC=C3=9Fe, Ann!", strings.Repeat("x", 998))},
	} {
		if found := check(t, tt.config, tt.msg); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestCutOff has what ends within the header, and what has nothing at all.
func TestCutOff(t *testing.T) {
	for _, msg := range []string{"", "\r\n", "From", "From: a@example.com", "From: a@example.com\r\n", "\r\n\r\n", " ", ":", "\n"} {
		if found := kinds(check(t, preflight.Config{}, msg)); !slices.Contains(found, preflight.MissingField) {
			t.Errorf("%q: %v", msg, found)
		}
	}
	if found := kinds(check(t, preflight.Config{}, "From: a@example.com\r\n")); !slices.Contains(found, preflight.BadHeader) {
		t.Error(found)
	}
}

// TestManyFaults: what is broken all over does not fill the memory.
func TestManyFaults(t *testing.T) {
	if found := check(t, preflight.Config{}, strings.Repeat("x\r\n", 1000)+newsletter); len(found) != 20 {
		t.Errorf("%d findings", len(found))
	}
}

// TestHostileText: findings quote the message, and may go to a terminal.
func TestHostileText(t *testing.T) {
	msg := replace(t, newsletter, "s=spring", "s=\x1b[2J\xff\u009b\u202e")
	found := check(t, preflight.Config{Resolver: goodZone()}, msg)
	if len(found) == 0 {
		t.Error("nothing found")
	}
	for _, f := range found {
		if strings.ContainsAny(f.String(), "\x1b\u009b\u202e") || !utf8.ValidString(f.String()) {
			t.Errorf("%q", f)
		}
	}
}

// TestNewlinesAlone: a message with LF alone is read all the same.
func TestNewlinesAlone(t *testing.T) {
	found := kinds(check(t, preflight.Config{}, strings.ReplaceAll(newsletter, "\r\n", "\n")))
	if !slices.Equal(found, []preflight.Kind{preflight.BareNewline}) {
		t.Error(found)
	}
}

func TestReturnPath(t *testing.T) {
	checker, err := preflight.New(preflight.Config{Now: atNow})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]preflight.Kind{
		"":                          nil,
		"x@example.com":             nil,
		"x@a.b.EXAMPLE.com":         nil,
		"x@example.org":             {preflight.ReturnPathUnaligned},
		"x@com":                     {preflight.ReturnPathUnaligned},
		"x@badexample.com":          {preflight.ReturnPathUnaligned},
		"x@[192.0.2.1]":             {preflight.ReturnPathUnaligned},
		"example.com":               {preflight.BadAddress},
		"<x@example.com>":           {preflight.BadAddress},
		"x@example.com\r\nRCPT TO:": {preflight.BadAddress},
	} {
		found := checker.Check(t.Context(), []byte(newsletter), path)
		if got := kinds(found); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
}

// TestSuffixes: domains under a public suffix belong to different organizations.
func TestSuffixes(t *testing.T) {
	msg := replace(t, replace(t, newsletter, "news@example.com", "news@shop.co.uk"), "d=mail.example.com", "d=other.co.uk")
	if found := kinds(check(t, preflight.Config{}, msg)); !slices.Equal(found, []preflight.Kind{preflight.DKIMUnaligned, preflight.ReturnPathUnaligned}) {
		t.Error(found)
	}
}

func TestSeverity(t *testing.T) {
	for _, tt := range []struct{ fault, want string }{
		{"no-text", "warning: body: there is no text beside the HTML [no-text]"},
		{"bcc-field", "error: Bcc: everybody can read it [bcc-field]"},
	} {
		i := slices.IndexFunc(faults, func(f fault) bool { return string(f.kind) == tt.fault })
		if got := check(t, preflight.Config{}, plant(t, faults[i]))[0].String(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	if s := preflight.Severity(9).String(); s != "Severity(9)" {
		t.Error(s)
	}
}

func TestConfigRefused(t *testing.T) {
	if _, err := preflight.New(preflight.Config{MaxSize: -1}); err == nil || !strings.Contains(err.Error(), "Config.MaxSize") {
		t.Error(err)
	}
}

// TestUnsubscribeOverTwoSignatures: one signature must have both fields.
func TestUnsubscribeOverTwoSignatures(t *testing.T) {
	msg := "DKIM-Signature: v=1; a=rsa-sha256; d=esp.example; s=x; h=From:List-Unsubscribe-Post; bh=MTIz; b=NDU2\r\n" +
		replace(t, newsletter, ":List-Unsubscribe-Post;", ";")
	if found := kinds(check(t, preflight.Config{}, msg)); !slices.Equal(found, []preflight.Kind{preflight.UnsubscribeUnsigned}) {
		t.Error(found)
	}
}

func TestZeroChecker(t *testing.T) {
	var c preflight.Checker
	if found := kinds(c.Check(t.Context(), nil, "")); !slices.Contains(found, preflight.MissingField) {
		t.Error(found)
	}
}

// TestDeepParts: what is nested beyond all sense is not followed.
func TestDeepParts(t *testing.T) {
	header, _, _ := strings.Cut(newsletter, "Content-Type:")
	nested := func(depth int) string {
		inner := "\r\nHello\r\n"
		for i := range depth {
			b := "b" + strings.Repeat("x", i)
			inner = "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n" + inner + "\r\n--" + b + "--\r\n"
		}
		return header + inner
	}
	if found := check(t, preflight.Config{}, nested(20)); len(found) > 0 {
		t.Error(found)
	}
	if found := kinds(check(t, preflight.Config{}, nested(21))); !slices.Equal(found, []preflight.Kind{preflight.BadMIME}) {
		t.Error(found)
	}
}
