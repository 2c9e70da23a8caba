package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// TestPostfix: the mails that a real relay has are exactly the accepted ones,
// each with its own envelope and content.
func TestPostfix(t *testing.T) {
	server := interop.Start(t, interop.Postfix)
	const n, every = 2000, 25 // every 25th recipient is refused
	for _, mode := range []string{"lockstep", "envelope", "overlap"} {
		t.Run(mode, func(t *testing.T) {
			var csv strings.Builder
			csv.WriteString("email,name\n")
			for i := range n {
				who := "reader"
				if i%every == 0 {
					who = "bad"
				}
				fmt.Fprintf(&csv, "%s-%s-%d@%s,Reader %d\n", who, mode, i, interop.Domain, i)
			}
			tr := newTrial(t)
			tr.tune = newProgram(nil, nil).tune // the pool's own patience
			list := tr.run(t.Context(), "-addr", server.Addr(interop.Submission), "-ca", server.CAFile(),
				"-user", interop.User, "-password-file", tr.file("pw", interop.Password+"\n"),
				"-from", "The List <list@"+interop.Domain+">", "-return-path", "list@"+interop.Domain,
				"-recipients", tr.file("r.csv", csv.String()), "-text", tr.file("t", "For {{.email}} alone.\n"),
				"-sessions", "4", "-mode", mode)
			tr.want(exitSome)
			if got, want := tallyOf(list), (tally{accepted: n - n/every, rejected: n / every}); !maps.Equal(got, want) {
				t.Errorf("outcomes %v, want %v", got, want)
			}
			mails, err := server.Mails(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			arrivals := map[string]interop.Mail{}
			for _, m := range mails {
				if _, twice := arrivals[m.OriginalTo]; twice {
					t.Errorf("%s has two mails", m.OriginalTo)
				}
				arrivals[m.OriginalTo] = m
			}
			for email, o := range fatesOf(t, list) {
				m, arrived := arrivals[email]
				if arrived != (o.Outcome == accepted) {
					t.Errorf("%s: arrived %t, %+v", email, arrived, o)
				}
				if arrived && (m.ReturnPath != o.ReturnPath ||
					!strings.Contains(string(m.Content), "For "+email+" alone.") ||
					!strings.Contains(string(m.Content), o.MessageID)) {
					t.Errorf("%s: return path %q of %+v, content:\n%s", email, m.ReturnPath, o, m.Content)
				}
			}
		})
	}
}
