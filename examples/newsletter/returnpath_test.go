package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/verp"
)

// TestKeyedReturnPaths: every mail's return path leads back to its recipient, by
// the address or, where that does not fit, by the number of the row.
func TestKeyedReturnPaths(t *testing.T) {
	long := strings.Repeat("l", 60) + "@example.org"
	csv := "email\nann@example.org\n" + long + "\nbroken\nzoë@bücher.example\n\"\"\"z y\"\"@example.org\"\n"
	rows := map[string]uint64{"ann@example.org": 1, long: 2, "zoë@bücher.example": 4, `"z y"@example.org`: 5}
	for mode, test := range map[string]struct{ tokens, ids int }{
		"token": {tokens: 4, ids: 1},
		"auto":  {tokens: 3, ids: 1}, // the first is readable
	} {
		t.Run(mode, func(t *testing.T) {
			server := newServer(t)
			server.Start()
			tr := newTrial(t)
			key := filepath.Join(tr.dir, "keys")
			list := tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-verp", mode, "-verp-key", key, "-return-path", "list@example.com",
				"-recipients", tr.file("r.csv", csv), "-text", tr.file("t", "x"))
			tr.want(exitSome) // the broken row
			if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			ring, err := verp.ReadKeyFile(key)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := verp.ParseMode(mode)
			if err != nil {
				t.Fatal(err)
			}
			signer, err := verp.NewSigner(verp.SignerConfig{Sender: "list@example.com", Keys: ring, Mode: parsed})
			if err != nil {
				t.Fatal(err)
			}
			tokens, ids := 0, 0
			for email, o := range fatesOf(t, list) {
				if o.Outcome == invalid {
					continue
				}
				path, err := signer.Decode(o.ReturnPath)
				if err != nil {
					t.Errorf("%s: %v", email, err)
				}
				if path.Keyed {
					tokens++
				}
				if id, ok := path.IntID(); ok {
					ids++
					if id != rows[email] || path.Recipient != "" {
						t.Errorf("%s: %s is of row %d", email, o.ReturnPath, id)
					}
				} else if strings.Replace(path.Recipient, "xn--bcher-kva", "bücher", 1) != email {
					t.Errorf("%s: %s is of %s", email, o.ReturnPath, path.Recipient)
				}
			}
			if tokens != test.tokens || ids != test.ids || len(list) != 5 {
				t.Errorf("%d tokens, %d with an id, %d outcomes", tokens, ids, len(list))
			}
			if strings.Contains(tr.stdout.String(), "return paths") {
				t.Errorf("some recipients are not named:\n%s", tr.stdout.String())
			}
			for _, m := range server.Messages() {
				if !strings.HasPrefix(m.From, "list-") {
					t.Errorf("from %s", m.From)
				}
			}
		})
	}
}

// TestVERPKeyFile: the key is in verp.key if nothing else is said, and stays. Runs
// without keyed return paths make none.
func TestVERPKeyFile(t *testing.T) {
	tr := newTrial(t)
	t.Chdir(tr.dir)
	made := func() string {
		data, err := os.ReadFile("verp.key")
		if err != nil {
			return ""
		}
		return string(data)
	}
	for _, args := range [][]string{
		{}, {"-dry-run", "a"}, {"-verp", "classic"}, {"-return-path", "b@example.com"}, {"-verp", "token", "-text", "missing"},
		{"-verp", "token", "-suppress", "missing"}, {"-verp", "auto", "-subject", "{{.nmae}}"},
	} {
		tr.run(t.Context(), append(args, "-n", "1")...)
		if made() != "" {
			t.Fatalf("%q makes a key file", args)
		}
	}
	tr.run(t.Context(), "-n", "1", "-verp", "token", "-dry-run", "b")
	tr.want(exitAccepted)
	key := made()
	list := tr.run(t.Context(), "-n", "1", "-verp", "auto")
	tr.want(exitAccepted)
	if key == "" || made() != key || !strings.HasPrefix(list[0].ReturnPath, "newsletter-") {
		t.Errorf("keys %q, then %q; %+v", key, made(), list)
	}
	if _, err := os.Stat("unsubscribe.key"); err == nil {
		t.Error("unsubscribe.key has been made")
	}
}
