package main

import (
	"strings"
	"testing"
)

// TestTemplateMistakes: what is wrong with a template ends the run before
// anything is sent, also where only some rows would show it.
func TestTemplateMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		text, html, subject string
		says                string
	}{
		"field of a value":       {text: "{{.name.first}}", says: `missing field "first"`},
		"in a branch":            {text: `{{if eq .name "Bob"}}{{.name.first}}{{end}}`, says: `missing field "first"`},
		"inside of with":         {text: "{{with .name}}{{.nmae}}{{end}}", says: "only the data ($)"},
		"index":                  {text: `{{index . "nmae"}}`, says: "nmae"},
		"index, piped":           {html: `{{"nmae" | index .}}`, says: "nmae"},
		"call":                   {text: "{{call .name}}", says: "call"},
		"only where it is empty": {text: "{{slice .name 1}}", says: "trial with \"\""},
		"only where it is not":   {text: "{{if .name}}{{index .name 7}}{{end}}", says: "trial with \"x\""},
		"recursion":              {text: `{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`, says: "depth"},
		"NUL":                    {text: "a\x00b", says: "NUL"},
		"NUL in HTML":            {html: "{{.name}}a\x00b", says: "HTML"},
		"subject of two lines":   {text: "x", subject: "a\nBcc: b@example.org", says: "Subject"},
		"subject with escape":    {text: "x", subject: "{{if .name}}\x1b{{end}}", says: "Subject"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t)
			server.Start()
			tr := newTrial(t)
			args := []string{"-addr", server.Addr, "-tls", "none", "-recipients", tr.file("r.csv", "email,name\nzoe@example.org,Zoe\nbob@example.org,Bob\n")}
			for flag, source := range map[string]string{"-text": test.text, "-html": test.html} {
				if source != "" {
					args = append(args, flag, tr.file("template"+flag, source))
				}
			}
			if test.subject != "" {
				args = append(args, "-subject", test.subject)
			}
			list := tr.run(t.Context(), args...)
			tr.want(exitUsage)
			if got := tr.stderr.String(); !strings.Contains(got, test.says) {
				t.Errorf("says %q, which lacks %q", got, test.says)
			}
			if len(list) != 0 || server.Counters().Connections != 0 {
				t.Errorf("%d outcomes", len(list))
			}
		})
	}
}
