package main

import (
	"strings"
	"testing"
)

// TestUsageErrors: each ends with code 2 and names the flag.
func TestUsageErrors(t *testing.T) {
	csv := file(t, "r.csv", "email\nzoe@example.org\n")
	text := file(t, "m.txt", "Hello\n")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":          {[]string{"-nonesuch"}, "-nonesuch"},
		"argument":              {[]string{"x"}, `"x"`},
		"addr of all":           {[]string{"-addr", ":8025"}, "-addr"},
		"addr of all, IPv4":     {[]string{"-addr", "0.0.0.0:8025"}, "no loopback address"},
		"addr of all, IPv6":     {[]string{"-addr", "[::]:8025"}, "no loopback address"},
		"addr of the network":   {[]string{"-addr", "192.0.2.1:8025"}, "no loopback address"},
		"addr of a name":        {[]string{"-addr", "host.example:8025"}, "no loopback address"},
		"addr without port":     {[]string{"-addr", "127.0.0.1"}, "-addr"},
		"addr with a bad port":  {[]string{"-addr", "127.0.0.1:99999"}, "-addr"},
		"from":                  {[]string{"-from", "nobody"}, "-from"},
		"return-path":           {[]string{"-return-path", "nobody"}, "-return-path"},
		"recipients missing":    {[]string{"-recipients", csv + "x"}, "-recipients"},
		"recipients empty":      {[]string{"-recipients", file(t, "a.csv", "\n")}, "empty"},
		"recipients, no rows":   {[]string{"-recipients", file(t, "b.csv", "email\n")}, "no recipients"},
		"no email column":       {[]string{"-recipients", file(t, "c.csv", "mail;x\na@example.org;\n")}, "no column email"},
		"column twice":          {[]string{"-recipients", file(t, "d.csv", "email,email\na@example.org,\n")}, "twice"},
		"header with a quote":   {[]string{"-recipients", file(t, "e.csv", "email,\"x\na@example.org,\n")}, "header"},
		"header not UTF-8":      {[]string{"-recipients", file(t, "f.csv", "email,\xff\na@example.org,\n")}, "not UTF-8"},
		"unknown field":         {[]string{"-recipients", csv, "-text", file(t, "n.txt", "{{.nmae}}")}, `"nmae"`},
		"shipped needs more":    {[]string{"-recipients", csv}, `"plan"`},
		"text missing":          {[]string{"-text", text + "x"}, "-text"},
		"text empty":            {[]string{"-text", file(t, "o.txt", " \n")}, "empty"},
		"html not UTF-8":        {[]string{"-html", file(t, "p.html", "\xff")}, "not UTF-8"},
		"template":              {[]string{"-text", file(t, "q.txt", "{{")}, "text"},
		"attach missing":        {[]string{"-attach", text + "x"}, "-attach"},
		"list-id":               {[]string{"-list-id", "no list"}, "List"},
		"unsubscribe-url http":  {[]string{"-unsubscribe-url", "http://example.com/"}, "-unsubscribe-url"},
		"unsubscribe-key empty": {[]string{"-unsubscribe-url", "https://example.com/", "-unsubscribe-key", file(t, "k", "#\n")}, "no key"},
		"unsubscribe-key short": {[]string{"-unsubscribe-url", "https://example.com/", "-unsubscribe-key", file(t, "l", "abcd\n")}, "-unsubscribe-key"},
		"unsubscribe-key words": {[]string{"-unsubscribe-url", "https://example.com/", "-unsubscribe-key", text}, "line 1"},
		"dkim-key alone":        {[]string{"-dkim-key", text}, "-dkim-selector"},
		"dkim-selector alone":   {[]string{"-dkim-selector", "s"}, "-dkim-key"},
		"dkim-selectors":        {[]string{"-dkim-key", text, "-dkim-selector", "s", "-dkim-selector", "t"}, "2 selectors"},
		"dkim-domain alone":     {[]string{"-dkim-domain", "example.com"}, "-dkim-key"},
		"dkim-key no key":       {[]string{"-dkim-key", text, "-dkim-selector", "s"}, "-dkim-key"},
		"dkim-selector bad":     {[]string{"-dkim-key", file(t, "key", testKey), "-dkim-selector", "s s"}, "-dkim-selector"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			code := run(t.Context(), test.args, &out, &errs)
			if code != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), test.says) {
				t.Errorf("code %d, %q, want %q\n%s", code, errs.String(), test.says, out.String())
			}
		})
	}
}
