package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// oneClickOf returns the URL in a mail, and checks the fields beside it.
func oneClickOf(t *testing.T, m smtptest.Message) string {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	h := parsed.Header
	if h.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || h.Get("List-Id") != "The Weekly <weekly.example.com>" || h.Get("Precedence") != "bulk" {
		t.Errorf("%s: header %v", m.To[0].Address, h)
	}
	return strings.TrimSuffix(strings.TrimPrefix(h.Get("List-Unsubscribe"), "<"), ">")
}

// click is what a mail reader's button does, as the web server sees it.
func click(web *message.OneClick, url string) (who string, oneClick bool, err error) {
	r := httptest.NewRequest(http.MethodPost, url, strings.NewReader("List-Unsubscribe=One-Click"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	mux := http.NewServeMux()
	handle := func(_ http.ResponseWriter, r *http.Request) { who, oneClick, err = web.Request(r) }
	mux.HandleFunc("/u", handle)
	mux.HandleFunc("/u/{token}", handle)
	mux.ServeHTTP(httptest.NewRecorder(), r)
	return who, oneClick, err
}

// TestUnsubscribe: what the web server is asked for in a mail's name unsubscribes
// the recipient of that mail, with the keys in the file, and for that list only.
func TestUnsubscribe(t *testing.T) {
	for _, base := range []string{"https://example.com/u", "https://example.com/u/{token}?x=y"} {
		server := newServer(t)
		server.Start()
		tr := newTrial(t)
		key := filepath.Join(tr.dir, "web.key")
		tr.run(t.Context(), "-addr", server.Addr, "-tls", "none", "-n", "60", "-unsubscribe-url", base, "-unsubscribe-key", key,
			"-list-id", "The Weekly <weekly.example.com>", "-text", tr.file("t", "To leave: {{unsubscribe}}"))
		tr.want(exitAccepted)
		if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		file, err := openUnsubscribeKeys(key)
		if err != nil || file.fresh {
			t.Fatal(err, file)
		}
		web := map[string]*message.OneClick{}
		for _, list := range []string{"weekly.example.com", "other.example.com"} {
			if web[list], err = message.NewOneClick(message.OneClickConfig{URL: base, Keys: file.keys, List: list}); err != nil {
				t.Fatal(err)
			}
		}
		messages := server.Messages()
		if len(messages) != 60 {
			t.Errorf("%d messages", len(messages))
		}
		for _, m := range messages {
			url := oneClickOf(t, m)
			who, oneClick, err := click(web["weekly.example.com"], url)
			if want := m.To[0].Address; strings.Replace(who, "bücher", "xn--bcher-kva", 1) != want || !oneClick || err != nil {
				t.Errorf("%s: %q, %t, %v", want, who, oneClick, err)
			}
			if _, _, err := click(web["other.example.com"], url); !errors.Is(err, message.ErrBadToken) {
				t.Errorf("another list: %v", err)
			}
			// Lines are cut in the text, and '=' is written in hex digits.
			if text := strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(string(m.Data)); !strings.Contains(text, "To leave: "+url) {
				t.Errorf("%s has another URL in its text:\n%s", m.To[0].Address, text)
			}
		}
	}
}

// TestUnsubscribeKeyFile: the key is in unsubscribe.key if nothing else is said,
// and stays. Runs that end before do not make it.
func TestUnsubscribeKeyFile(t *testing.T) {
	tr := newTrial(t)
	t.Chdir(tr.dir)
	const name = "unsubscribe.key"
	for _, args := range [][]string{
		{}, {"-dry-run", "a"}, {"-list-id", "a.example"},
		{"-unsubscribe-url", "https://example.com/u", "-subject", "{{.nmae}}"},
		{"-unsubscribe-url", "https://example.com/u", "-dkim-key", "missing", "-dkim-selector", "s"},
	} {
		tr.run(t.Context(), append(args, "-n", "1")...)
		if _, err := os.Stat(name); err == nil {
			t.Fatalf("%q makes a key file", args)
		}
	}
	var keys [2][]byte
	for i, dir := range []string{"b", "c"} {
		tr.run(t.Context(), "-n", "1", "-unsubscribe-url", "https://example.com/u", "-dry-run", dir)
		tr.want(exitAccepted)
		var err error
		if keys[i], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(keys[0], keys[1]) {
		t.Errorf("keys %q, then %q", keys[0], keys[1])
	}
	if left, err := filepath.Glob(".unsubscribe-key-*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestReadUnsubscribeKeys(t *testing.T) {
	good, second := strings.Repeat("ab", 16), strings.Repeat("cd", 32)
	for in, want := range map[string]struct {
		keys int
		says string
	}{
		good:                                {1, ""},
		"# a\n\n " + good + "\r\n" + second: {2, ""},
		"":                                  {0, "no key"},
		"# " + good:                         {0, "no key"},
		good + "\n" + good[:30]:             {0, "line 2: 30 hex digits"},
		good + "\n\nsecret" + good:          {0, "line 3"},
		strings.Repeat("ab", 64<<10):        {0, "too long"},
	} {
		keys, err := readUnsubscribeKeys(strings.NewReader(in))
		if len(keys) != want.keys || (err == nil) != (want.says == "") {
			t.Errorf("%.40q: %d keys, %v", in, len(keys), err)
		}
		if err != nil && (!strings.Contains(err.Error(), want.says) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), good[:30])) {
			t.Errorf("%.40q: %v", in, err)
		}
	}
}

// TestUnsubscribeKeyOpenToOthers: a secret that everybody knows is none.
func TestUnsubscribeKeyOpenToOthers(t *testing.T) {
	tr := newTrial(t)
	key := tr.file("k", strings.Repeat("ab", 32))
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o640: true, 0o644: false, 0o660: false} {
		if err := os.Chmod(key, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := openUnsubscribeKeys(key); (err == nil) != good {
			t.Errorf("mode %#o: %v", mode, err)
		}
	}
}

// TestUnsubscribeKeyMeanwhile: a file that another run has made is not replaced.
func TestUnsubscribeKeyMeanwhile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "k")
	a, err := openUnsubscribeKeys(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := openUnsubscribeKeys(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.save(); err != nil {
		t.Fatal(err)
	}
	if err := b.save(); !errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
	c, err := openUnsubscribeKeys(name)
	if err != nil || !bytes.Equal(c.keys[0], a.keys[0]) {
		t.Errorf("%v", err)
	}
}
