package main

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readDryRun parses the mails of a directory, by address.
func readDryRun(t *testing.T, dir string) map[string]*mail.Message {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no mails in %s: %v", dir, err)
	}
	mails := map[string]*mail.Message{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bare := bytes.Count(data, []byte("\n")) - bytes.Count(data, []byte("\r\n")); bare != 0 || !bytes.HasSuffix(data, []byte("\r\n")) {
			t.Errorf("%s: %d bare LF, or no end of line", name, bare)
		}
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mails[m.Header.Get("Message-ID")] = m
	}
	return mails
}

// body returns the parts of a mail by media type, or by file name where there is
// one. Text is decoded; the rest only has to be in base64.
func body(t *testing.T, contentType, encoding string, r io.Reader) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	if !strings.HasPrefix(kind, "multipart/") {
		if encoding == "quoted-printable" {
			r = quotedprintable.NewReader(r)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = string(data)
		if encoding == "base64" {
			parts[kind] = "base64"
		}
		return parts
	}
	for mr := multipart.NewReader(r, params["boundary"]); ; {
		p, err := mr.NextPart()
		if err == io.EOF {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range body(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p) {
			if p.FileName() != "" {
				k = p.FileName()
			}
			parts[k] = v
		}
	}
}

func TestDryRunShipped(t *testing.T) {
	tr := newTrial(t)
	dir := filepath.Join(tr.dir, "new", "mails")
	list := tr.run(t.Context(), "-dry-run", dir)
	tr.want(exitSome) // the broken rows: the exception is for the demo alone
	if got, want := tallyOf(list), (tally{notSent: 1195, invalid: shippedInvalid}); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	mails := readDryRun(t, dir)
	if len(mails) != 1195 {
		t.Errorf("%d mails", len(mails))
	}
	for email, o := range fatesOf(t, list) {
		if o.Outcome == invalid {
			continue
		}
		m := mails[o.MessageID]
		if m == nil {
			t.Fatalf("%s: no mail %s", email, o.MessageID)
		}
		if o.ReturnPath != "newsletter@example.com" || o.Attempts != 0 || o.Error == "" {
			t.Errorf("%+v", o)
		}
		parts := body(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
		if !strings.Contains(parts["text/plain"], email) || parts["text/html"] == "" || parts["shelf.png"] == "" {
			t.Errorf("%s: parts %v", email, parts)
		}
	}
}

func TestDryRunNames(t *testing.T) {
	for email, want := range map[string]string{
		"zoe+x@example.org":           "0000007-zoe+x@example.org.eml",
		`"../../etc/x y"@example.org`: "0000007-_.._.._etc_x_y_@example.org.eml",
		"плюс@bücher.example":         "0000007-____@b_cher.example.eml",
		strings.Repeat("a", 90):       "0000007-" + strings.Repeat("a", 80) + ".eml",
	} {
		if got := (&letter{row: 7, email: email}).filename(); got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
}

// TestDryRunCannotWrite: every row taken has its outcome, and nobody speaks of an
// interrupt.
func TestDryRunCannotWrite(t *testing.T) {
	tr := newTrial(t)
	dir := filepath.Join(tr.dir, "mails")
	c := tr.count()
	wrap := tr.wrap
	tr.wrap = func(s source, l *ledger) source {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
		return wrap(s, l)
	}
	list := tr.run(t.Context(), "-dry-run", dir)
	tr.want(exitUsage)
	if !strings.Contains(tr.stderr.String(), "-dry-run") || int64(len(list)) < c.taken.Load()-1 {
		t.Errorf("%d outcomes of %d; says %q", len(list), c.taken.Load(), tr.stderr.String())
	}
	for _, o := range list {
		if o.Outcome == notSent && strings.Contains(o.Error, "interrupt") {
			t.Errorf("%+v", o)
		}
	}
}

// TestOwnTemplates: what is not given is not in the mail, and HTML is escaped.
func TestOwnTemplates(t *testing.T) {
	const csv = "email,name,title\nzoe@example.org,Zoë <b>,Dr.\nbob@example.org,,\n"
	for name, test := range map[string]struct {
		args []string
		want map[string]string // of Zoë's mail
	}{
		"text":   {[]string{"-text", "T"}, map[string]string{"text/plain": "Dear Dr. Zoë <b>,\r\n"}},
		"html":   {[]string{"-html", "H"}, map[string]string{"text/html": "<p>Zoë &lt;b&gt;</p>\r\n"}},
		"both":   {[]string{"-text", "T", "-html", "H"}, map[string]string{"text/plain": "Dear Dr. Zoë <b>,\r\n", "text/html": "<p>Zoë &lt;b&gt;</p>\r\n"}},
		"attach": {[]string{"-text", "T", "-attach", "A", "-attach", "B"}, map[string]string{"text/plain": "Dear Dr. Zoë <b>,\r\n", "A": "base64", "B": "base64"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t)
			files := map[string]string{
				"T": tr.file("T", "\uFEFFDear {{with .title}}{{.}} {{end}}{{.name}},\n"), "H": tr.file("H", "<p>{{.name}}</p>\n"),
				"A": tr.file("A", "\x00\x01"), "B": tr.file("B", strings.Repeat("\xff", 5000)),
			}
			args := []string{"-dry-run", filepath.Join(tr.dir, "mails"), "-recipients", tr.file("r.csv", csv), "-subject", "Für {{.name}}"}
			for _, a := range test.args {
				if path, ok := files[a]; ok {
					a = path
				}
				args = append(args, a)
			}
			fates := fatesOf(t, tr.run(t.Context(), args...))
			tr.want(exitAccepted)
			m := readDryRun(t, filepath.Join(tr.dir, "mails"))[fates["zoe@example.org"].MessageID]
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject != "Für Zoë <b>" {
				t.Errorf("subject %q, %v", subject, err)
			}
			to, err := m.Header.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Name != "Zoë <b>" || to[0].Address != "zoe@example.org" {
				t.Errorf("to %v, %v", to, err)
			}
			if got := body(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body); !maps.Equal(got, test.want) {
				t.Errorf("parts %q, want %q", got, test.want)
			}
		})
	}
}
