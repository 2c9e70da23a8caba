package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/verp"
)

const sender = "news@lists.example.net"

// A mailing is what its sender has kept: the keys, and the recipients.
type mailing struct {
	t         *testing.T
	key, rows string // files
}

// newMailing writes both files. The second row is broken, the last one has the
// bounce of text-notes.eml.
func newMailing(t *testing.T) mailing {
	t.Helper()
	m := mailing{t, filepath.Join(t.TempDir(), "verp.key"), filepath.Join(t.TempDir(), "readers.csv")}
	if err := verp.MakeKeyFile(m.key); err != nil {
		t.Fatal(err)
	}
	rows := "\ufeffname, email\n\"One, A.\",one@x.example\nonly a name\n\nThree,three@x.example\n\"Four\nand more\",four@x.example\nFive,ann@alpha.example\n"
	if err := os.WriteFile(m.rows, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// path returns the return path of a mail that is so many days old.
func (m mailing) path(s verp.Subject, days int) string {
	m.t.Helper()
	keys, err := verp.ReadKeyFile(m.key)
	if err != nil {
		m.t.Fatal(err)
	}
	signer, err := verp.NewSigner(verp.SignerConfig{Sender: sender, Keys: keys, Now: func() time.Time { return time.Now().AddDate(0, 0, -days) }})
	if err != nil {
		m.t.Fatal(err)
	}
	path, err := signer.Encode(s)
	if err != nil {
		m.t.Fatal(err)
	}
	return path
}

// bounce writes a bounce that came back to a path.
func (m mailing) bounce(path string) (file string) {
	m.t.Helper()
	data, err := os.ReadFile(filepath.Join(mails, "text-notes.eml"))
	if err != nil {
		m.t.Fatal(err)
	}
	file = filepath.Join(m.t.TempDir(), "bounce.eml")
	text := strings.ReplaceAll(string(data), "news-ann=alpha.example@lists.example.net", path)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return file
}

// TestTokens: a genuine token names its recipient, whatever the bounce says; one
// that is not genuine names nobody, and suppresses nobody.
func TestTokens(t *testing.T) {
	m := newMailing(t)
	byID := func(n uint64) verp.Subject { return verp.Subject{ID: verp.IntID(n), Campaign: 7} }
	genuine := m.path(verp.Subject{Recipient: "ann@alpha.example"}, 1)
	forged := []byte(genuine)
	forged[len("news-")+8] ^= 1
	for name, test := range map[string]struct{ path, verp, want, error string }{
		"address":         {genuine, "token", "ann@alpha.example", ""},
		"upper case":      {strings.ToUpper(genuine), "token", "ann@alpha.example", ""},
		"forwarded":       {strings.Replace(genuine, "@", "+x@", 1), "auto", "ann@alpha.example", ""},
		"id":              {m.path(byID(5), 1), "token", "ann@alpha.example", ""},
		"id of no row":    {m.path(byID(6), 1), "token", "", "no row of -verp-ids"},
		"id of a bad row": {m.path(byID(2), 1), "token", "", "no row of -verp-ids"},
		"forged":          {string(forged), "token", "", "verp: forged"},
		"forged, auto":    {string(forged), "auto", "", "verp: forged"},
		"expired":         {m.path(byID(5), 91), "token", "", "verp: expired"},
		"readable":        {"news-ann=alpha.example@lists.example.net", "token", "", ""},
		"readable, auto":  {"news-ann=alpha.example@lists.example.net", "auto", "ann@alpha.example", ""},
		"plain":           {sender, "token", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			list := filepath.Join(t.TempDir(), "suppressed.txt")
			code, out, errs := run(t, "", "-return-path", "other@example.net", "-return-path", sender, "-verp", test.verp, "-verp-key", m.key,
				"-verp-ids", m.rows, "-suppress", list, "-summary", m.bounce(test.path))
			if code != exitRead {
				t.Fatal(code, errs)
			}
			r := decode(t, out)[0]
			if e := r["error"].(string); r["verp_recipient"] != test.want || !strings.Contains(e, test.error) || (e == "") != (test.error == "") {
				t.Errorf("%v, want %q, %q", r, test.want, test.error)
			}
			if r["recipient"] != "fay@notes.example" || r["kind"] != "bounce" {
				t.Errorf("%v", r)
			}
			if doubtful := strings.Contains(errs, "bad token "); doubtful != (test.error != "") {
				t.Error(errs)
			}
			data, err := os.ReadFile(list)
			if err != nil {
				t.Fatal(err)
			}
			who := test.want
			if test.verp == "auto" && who == "" {
				who = "fay@notes.example" // whom the bounce itself names
			}
			if got := strings.Count(string(data), "\nsuppress\t"); got != min(1, len(who)) || !strings.Contains(string(data), who) {
				t.Errorf("%d suppressed, want %q:\n%s", got, who, data)
			}
		})
	}
}

func TestVERPUsage(t *testing.T) {
	m := newMailing(t)
	broken := filepath.Join(t.TempDir(), "broken.csv")
	if err := os.WriteFile(broken, []byte("email\na@x.example\n\"b\"c@x.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	token := []string{"-return-path", sender, "-verp", "token"}
	for want, args := range map[string][]string{
		"-verp-key":                append(token, "-verp-key", filepath.Join(t.TempDir(), "none"), mails),
		"-verp token: needs":       {"-verp", "token", mails},
		"-verp-ids: needs":         {"-verp-ids", m.rows, mails},
		"-verp-ids: is for tokens": {"-return-path", sender, "-verp-ids", m.rows, mails},
		"-verp-ids: " + broken + ": parse error on line 3": append(token, "-verp-key", m.key, "-verp-ids", broken, mails),
		"no column email":  append(token, "-verp-key", m.key, "-verp-ids", m.key, mails),
		"-return-path":     {"-return-path", "nobody", "-verp", "token", "-verp-key", m.key, mails},
		"-verp-delimiters": append(token, "-verp-key", m.key, "-verp-delimiters", "x", mails),
	} {
		if code, _, errs := run(t, "", args...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: %d, %s", args, code, errs)
		}
	}
	if _, err := os.Stat("verp.key"); err == nil {
		t.Error("keys were made where there were none")
	}
}

// Whatever the order of -return-path, the longest one that fits is the one.
func TestReturnPathOrder(t *testing.T) {
	for _, order := range [][]string{{"news@example.net", "news-de@example.net"}, {"news-de@example.net", "news@example.net"}} {
		o := &options{returnPaths: order, verp: "classic", verpDelimiters: "-="}
		decode, err := o.verpDecoder()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode("news-de-ann=alpha.example@example.net"); err != nil || got != "ann@alpha.example" {
			t.Errorf("%v: %s, %v", order, got, err)
		}
	}
}
