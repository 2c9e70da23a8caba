package bounce_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/bulksmtp/bulksmtp/verp"
)

func decodeNews(path string) (string, error) { return verp.Decode("news@lists.example.net", path) }

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/mails/" + name + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWho(t *testing.T) {
	noPath := func(s string) string {
		return strings.ReplaceAll(s, "news-ann=alpha.example@lists.example.net", "news@lists.example.net")
	}
	for name, test := range map[string]struct {
		config bounce.Config
		mail   string
		who    string
		by     bounce.Source
	}{
		"by the path that it came to":  {bounce.Config{VERP: decodeNews}, read(t, "text-groupwise"), "ann@alpha.example", bounce.FromVERP},
		"by the path that came back":   {bounce.Config{VERP: decodeNews}, strings.Replace(noPath(read(t, "dsn-postfix")), "Return-Path: <news@", "Return-Path: <news-ann=alpha.example@", 1), "ann@alpha.example", bounce.FromVERP},
		"by a feedback report":         {bounce.Config{VERP: decodeNews}, read(t, "arf-redacted"), "ann@alpha.example", bounce.FromVERP},
		"of an auto-reply":             {bounce.Config{VERP: decodeNews}, read(t, "auto-vacation"), "ann@alpha.example", bounce.FromVERP},
		"by the header":                {bounce.Config{HeaderField: "X-Recipient"}, noPath(read(t, "text-notes")), "ann@alpha.example", bounce.FromHeader},
		"by the header, decoded":       {bounce.Config{HeaderField: "X-Recipient", Header: func(v string) (string, error) { return "id-of-" + v, nil }}, noPath(read(t, "text-notes")), "id-of-ann@alpha.example", bounce.FromHeader},
		"by the header, not decodable": {bounce.Config{HeaderField: "X-Recipient", Header: func(string) (string, error) { return "", errors.New("no") }}, noPath(read(t, "text-notes")), "fay@notes.example", bounce.FromReport},
		"by the report":                {bounce.Config{VERP: decodeNews}, noPath(read(t, "text-notes")), "fay@notes.example", bounce.FromReport},
		"before an alias":              {bounce.Config{}, noPath(strings.Replace(read(t, "dsn-postfix"), "Original-Recipient: rfc822;ann@", "Original-Recipient: rfc822;anna@", 1)), "anna@alpha.example", bounce.FromReport},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := bounce.New(test.config)
			if err != nil {
				t.Fatal(err)
			}
			r, err := p.Parse(strings.NewReader(test.mail))
			if err != nil {
				t.Fatal(err)
			}
			if r.Who != test.who || r.WhoSource != test.by {
				t.Errorf("%q by %v, want %q by %v", r.Who, r.WhoSource, test.who, test.by)
			}
			for _, c := range r.Recipients {
				if c.Who != test.who {
					t.Errorf("recipient %q is %q", c.Address, c.Who)
				}
			}
		})
	}
}

func TestEachRecipientIsItself(t *testing.T) {
	r, err := bounce.Parse(strings.NewReader(read(t, "dsn-two-groups")))
	if err != nil {
		t.Fatal(err)
	}
	if r.Who != "" || r.Recipients[0].Who != "ben@beta.example" || r.Recipients[1].Who != "cleo@gamma.example" {
		t.Errorf("%q, %q, %q", r.Who, r.Recipients[0].Who, r.Recipients[1].Who)
	}
}

func TestConfig(t *testing.T) {
	for field, c := range map[string]bounce.Config{
		"MaxSize":     {MaxSize: -1},
		"MaxDepth":    {MaxDepth: -1},
		"HeaderField": {HeaderField: "X Recipient"},
		"Header":      {Header: func(v string) (string, error) { return v, nil }},
	} {
		if _, err := bounce.New(c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestVERPErr: what makes a path untrustworthy is told, and only where the path
// has named nobody.
func TestVERPErr(t *testing.T) {
	forged := errors.New("forged")
	for name, test := range map[string]struct {
		verp func(string) (string, error)
		want error
	}{
		"forged":       {func(string) (string, error) { return "", forged }, forged},
		"named":        {decodeNews, nil},
		"empty":        {func(string) (string, error) { return "", nil }, nil},
		"no such func": {nil, nil},
	} {
		p, err := bounce.New(bounce.Config{VERP: test.verp})
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Parse(strings.NewReader(read(t, "dsn-postfix")))
		if err != nil || !errors.Is(r.VERPErr, test.want) || (r.VERPErr == nil) != (test.want == nil) {
			t.Errorf("%s: %v, %v", name, r.VERPErr, err)
		}
	}
}
