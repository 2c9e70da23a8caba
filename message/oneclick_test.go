package message_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/message"
)

var keys = [][]byte{bytes.Repeat([]byte("a"), 16), bytes.Repeat([]byte("b"), 32)}

func oneClick(t testing.TB, cfg message.OneClickConfig) *message.OneClick {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "https://example.org/unsubscribe"
	}
	if cfg.Keys == nil {
		cfg.Keys = keys[:1]
	}
	o, err := message.NewOneClick(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// token returns the token of a recipient.
func token(t testing.TB, o *message.OneClick, recipient string) string {
	t.Helper()
	u, err := o.URL(recipient)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Query().Get("token")
}

func TestTokens(t *testing.T) {
	o := oneClick(t, message.OneClickConfig{})
	seen := map[string]bool{}
	for _, recipient := range []string{"a", "ann@example.net", "bob@example.net", "zoë@bücher.example", "12345", strings.Repeat("x", message.MaxRecipient), "\x00\xff", "sixteen octets!!", "ann@example.netx"} {
		got := token(t, o, recipient)
		if back, err := o.Verify(got); err != nil || back != recipient {
			t.Errorf("%q comes back as %q, %v", recipient, back, err)
		}
		if again := token(t, o, recipient); again != got {
			t.Errorf("%q has the tokens %s and %s", recipient, got, again)
		}
		if seen[got] || strings.Contains(got, recipient) && len(recipient) > 3 {
			t.Errorf("%q has the token %s", recipient, got)
		}
		seen[got] = true
	}
	for _, recipient := range []string{"", strings.Repeat("x", message.MaxRecipient+1)} {
		if _, err := o.URL(recipient); err == nil {
			t.Errorf("a URL for %q", recipient)
		}
	}
}

// TestForgedTokens changes each octet of a token, cuts it, and takes it to other
// lists and keys.
func TestForgedTokens(t *testing.T) {
	o := oneClick(t, message.OneClickConfig{List: "weekly"})
	good := token(t, o, "ann@example.net")
	forged := []string{"", "x", good + "A", good[1:], good[:len(good)-1], good + "=", good + "\n", " " + good, strings.Repeat("A", 21), strings.Repeat("A", 22), strings.Repeat("A", 1000)}
	for i := range good {
		for _, c := range "Az0_-" {
			if f := good[:i] + string(c) + good[i+1:]; f != good {
				forged = append(forged, f)
			}
		}
		forged = append(forged, good[:i])
	}
	for _, f := range forged {
		if who, err := o.Verify(f); !errors.Is(err, message.ErrBadToken) || who != "" {
			t.Fatalf("%s names %q, %v", f, who, err)
		}
	}
	for _, cfg := range []message.OneClickConfig{{List: "daily"}, {List: ""}, {List: "weekly", Keys: keys[1:]}} {
		if who, err := oneClick(t, cfg).Verify(good); !errors.Is(err, message.ErrBadToken) {
			t.Errorf("%+v: names %q, %v", cfg, who, err)
		}
	}
	// The border of recipient and list is in the token.
	if who, err := oneClick(t, message.OneClickConfig{List: "yweekly"}).Verify(token(t, o, "ann@example.net")); err == nil {
		t.Errorf("names %q", who)
	}
}

// TestKeysChange: old tokens are good as long as their key is there.
func TestKeysChange(t *testing.T) {
	old := token(t, oneClick(t, message.OneClickConfig{Keys: keys[:1]}), "ann@example.net")
	both := oneClick(t, message.OneClickConfig{Keys: [][]byte{keys[1], keys[0]}})
	if who, err := both.Verify(old); err != nil || who != "ann@example.net" {
		t.Errorf("%q, %v", who, err)
	}
	if token(t, both, "ann@example.net") == old {
		t.Error("the first key does not make the tokens")
	}
}

func TestOneClickConfig(t *testing.T) {
	for field, list := range map[string][]message.OneClickConfig{
		"OneClickConfig.URL": {
			{URL: "http://example.org/u"}, {URL: ""}, {URL: "example.org"}, {URL: "https://"}, {URL: "https://example.org/u#x"}, {URL: "https://u@example.org/"}, {URL: "https://{token}/"},
			{URL: "https://{token}.example.org/"}, {URL: "https://example.org/\r\nBcc: x"}, {URL: "https://example.org/>"}, {URL: "https://example.org/a b"}, {URL: "https://bücher.example/ü"},
			{URL: "https://example.org/" + strings.Repeat("x", 900)}, {URL: "https://example.org/{token}/{token}"}, {URL: "mailto:a@b"},
		},
		"OneClickConfig.Keys":    {{Keys: [][]byte{}}},
		"OneClickConfig.Keys[1]": {{Keys: [][]byte{keys[0], []byte("short")}}},
		"OneClickConfig.Mailto":  {{Mailto: "https://x"}, {Mailto: "mailto:"}, {Mailto: "mailto:a@b>\r\nBcc: x"}, {Mailto: "mailto:a@b, <mailto:c@d>"}},
	} {
		for _, cfg := range list {
			if field != "OneClickConfig.URL" {
				cfg.URL = "https://example.org/"
			}
			if cfg.Keys == nil {
				cfg.Keys = keys
			}
			var fe *message.FieldError
			if _, err := message.NewOneClick(cfg); !errors.As(err, &fe) || fe.Field != field {
				t.Errorf("%+v: %v, want %s", cfg, err, field)
			}
		}
	}
	for given, want := range map[string]string{
		"https://example.org": "https://example.org?token=", "https://example.org/u?a=b": "https://example.org/u?a=b&token=", "https://example.org/{token}/leave": "https://example.org/",
	} {
		if got, err := oneClick(t, message.OneClickConfig{URL: given}).URL("a"); err != nil || !strings.HasPrefix(got, want) || strings.Contains(got, "{") {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
}

// TestRequests: what comes to a web server that unsubscribes.
func TestRequests(t *testing.T) {
	o := oneClick(t, message.OneClickConfig{URL: "https://example.org/u/{token}"})
	q := oneClick(t, message.OneClickConfig{})
	u, err := o.URL("ann@example.net")
	if err != nil {
		t.Fatal(err)
	}
	query, err := q.URL("ann@example.net")
	if err != nil {
		t.Fatal(err)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := errors.Join(w.WriteField("List-Unsubscribe", "One-Click"), w.Close()); err != nil {
		t.Fatal(err)
	}
	const urlencoded = "application/x-www-form-urlencoded"
	for name, tt := range map[string]struct {
		method, url, body, ctype string
		oneClick, fails          bool
	}{
		"button":           {"POST", u, "List-Unsubscribe=One-Click", urlencoded, true, false},
		"button, query":    {"POST", query, "List-Unsubscribe=One-Click", urlencoded, true, false},
		"button, parts":    {"POST", u, form.String(), w.FormDataContentType(), true, false},
		"link":             {"GET", u, "", "", false, false},
		"link, query":      {"GET", query, "", "", false, false},
		"head":             {"HEAD", u, "", "", false, false},
		"get with the key": {"GET", u + "?List-Unsubscribe=One-Click", "", "", false, false},
		"key in the query": {"POST", u + "?List-Unsubscribe=One-Click", "", urlencoded, false, false},
		"own button":       {"POST", u, "sure=yes", urlencoded, false, false},
		"other value":      {"POST", u, "List-Unsubscribe=one-click", urlencoded, false, false},
		"no type":          {"POST", u, "List-Unsubscribe=One-Click", "", false, false},
		"forged":           {"POST", u + "x", "List-Unsubscribe=One-Click", urlencoded, false, true},
		"no token":         {"POST", "https://example.org/u/", "List-Unsubscribe=One-Click", urlencoded, false, true},
		"endless":          {"POST", u, strings.Repeat("a=b&", 1<<16), urlencoded, false, true},
	} {
		var who string
		var clicked bool
		var err error
		called := false
		handle := func(_ http.ResponseWriter, r *http.Request) {
			called = true
			if strings.Contains(r.URL.Path, "unsubscribe") {
				who, clicked, err = q.Request(r)
			} else {
				who, clicked, err = o.Request(r)
			}
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/u/{token}", handle)
		mux.HandleFunc("/u/", handle)
		mux.HandleFunc("/unsubscribe", handle)
		r := httptest.NewRequest(tt.method, tt.url, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.ctype)
		mux.ServeHTTP(httptest.NewRecorder(), r)
		if !called || clicked != tt.oneClick || (err != nil) != tt.fails || !tt.fails && who != "ann@example.net" || tt.fails && who != "" {
			t.Errorf("%s: %q, %v, %v", name, who, clicked, err)
		}
	}
}

// FuzzVerify: whatever is verified has been made with the key.
func FuzzVerify(f *testing.F) {
	o := oneClick(f, message.OneClickConfig{})
	f.Add(token(f, o, "ann@example.net"))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		who, err := o.Verify(s)
		if err == nil && (who == "" || token(t, o, who) != s) {
			t.Errorf("%q names %q", s, who)
		}
	})
}
