package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsageErrors: each ends with code 2, names the flag and sends nothing.
func TestUsageErrors(t *testing.T) {
	tr := newTrial(t)
	var (
		good     = tr.file("good.csv", "email,name\nzoe@example.org,Zoë\n")
		mail     = tr.file("mail.txt", "Hello {{.name}}\n")
		password = tr.file("password", "secret\n")
		empty    = tr.file("empty", "")
		binary   = tr.file("binary", "\xff\xfe")
		missing  = filepath.Join(tr.dir, "missing")
		key      = tr.file("key.pem", edKeyPEM(t))
		listed   = tr.file("listed", "zoe@example.org\n")
		verpKey  = tr.file("open.key", "0 "+strings.Repeat("ab", 32)+"\n")
		webKey   = tr.file("web.key", strings.Repeat("ab", 32)+"\n")
	)
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":            {[]string{"-nonesuch"}, "-nonesuch"},
		"argument":                {[]string{"readers.csv"}, "readers.csv"},
		"addr without port":       {[]string{"-addr", "mx.example.net"}, "-addr"},
		"addr with a bad port":    {[]string{"-addr", "127.0.0.1:99999"}, "99999"},
		"addr with port 0":        {[]string{"-addr", "127.0.0.1:0"}, "-addr"},
		"addr with no such port":  {[]string{"-addr", "127.0.0.1:nonesuch"}, "nonesuch"},
		"addr without host":       {[]string{"-addr", ":25"}, "-addr"},
		"tls":                     {[]string{"-tls", "maybe"}, "-tls"},
		"ca missing":              {[]string{"-addr", "127.0.0.1:1", "-ca", missing}, "-ca"},
		"ca not PEM":              {[]string{"-addr", "127.0.0.1:1", "-ca", mail}, "-ca"},
		"ca for the sink":         {[]string{"-ca", mail}, "-ca"},
		"ca without TLS":          {[]string{"-addr", "127.0.0.1:1", "-tls", "none", "-ca", mail}, "-ca"},
		"user alone":              {[]string{"-user", "me", "-tls", "starttls"}, "-user"},
		"password alone":          {[]string{"-password-file", password}, "-password-file"},
		"password missing":        {[]string{"-user", "me", "-tls", "starttls", "-password-file", missing}, "-password-file"},
		"password empty":          {[]string{"-user", "me", "-tls", "starttls", "-password-file", empty}, "-password-file"},
		"password in the clear":   {[]string{"-user", "me", "-password-file", password}, "-insecure-auth"},
		"insecure-auth alone":     {[]string{"-insecure-auth"}, "-insecure-auth"},
		"from":                    {[]string{"-from", "nobody"}, "-from"},
		"from with a line break":  {[]string{"-from", "A\nBcc: b@example.com <a@example.com>"}, "-from"},
		"return-path":             {[]string{"-return-path", "<bounce@example.com>"}, "-return-path"},
		"return-path too long":    {[]string{"-return-path", strings.Repeat("a", 64) + "@example.com"}, "-return-path"},
		"verp":                    {[]string{"-verp", "nonesuch"}, "-verp"},
		"verp-key alone":          {[]string{"-verp-key", verpKey}, "-verp-key"},
		"verp-key, readable":      {[]string{"-verp", "classic", "-verp-key", verpKey}, "-verp-key"},
		"verp-key not one":        {[]string{"-verp", "token", "-verp-key", mail}, "-verp-key"},
		"verp-key nowhere":        {[]string{"-verp", "token", "-verp-key", filepath.Join(missing, "verp.key")}, "-verp-key"},
		"return-path, token":      {[]string{"-verp", "token", "-return-path", strings.Repeat("a", 60) + "@example.com"}, "-return-path"},
		"unsubscribe-url, http":   {[]string{"-unsubscribe-url", "http://example.com/u"}, "-unsubscribe-url"},
		"unsubscribe-url, empty":  {[]string{"-unsubscribe-url", ""}, "-unsubscribe-url"},
		"unsubscribe-url, user":   {[]string{"-unsubscribe-url", "https://me:pw@example.com/u"}, "-unsubscribe-url"},
		"unsubscribe-url, space":  {[]string{"-unsubscribe-url", "https://example.com/u u"}, "-unsubscribe-url"},
		"unsubscribe-key alone":   {[]string{"-unsubscribe-key", webKey}, "-unsubscribe-key"},
		"unsubscribe-key not one": {[]string{"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", mail}, "-unsubscribe-key"},
		"unsubscribe-key nowhere": {[]string{"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", filepath.Join(missing, "k")}, "-unsubscribe-key"},
		"list-id":                 {[]string{"-list-id", "weekly"}, "-list-id"},
		"list-id, empty":          {[]string{"-list-id", ""}, "-list-id"},
		"list-id, name alone":     {[]string{"-list-id", "The List <>"}, "-list-id"},
		"list-id of two lines":    {[]string{"-list-id", "a.example\r\nBcc: b@example.com"}, "-list-id"},
		"list-id, name of two":    {[]string{"-list-id", "A\r\nBcc: b@example.com <a.example>"}, "-list-id"},
		"dkim-key alone":          {[]string{"-dkim-key", key}, "-dkim-selector"},
		"dkim-key missing":        {[]string{"-dkim-key", missing, "-dkim-selector", "a"}, "-dkim-key"},
		"dkim-key not PEM":        {[]string{"-dkim-key", mail, "-dkim-selector", "a"}, "-dkim-key"},
		"dkim-selector alone":     {[]string{"-dkim-selector", "a"}, "-dkim-selector"},
		"dkim-selector, two":      {[]string{"-dkim-key", key, "-dkim-selector", "a", "-dkim-selector", "b"}, "-dkim-selector"},
		"dkim-selector bad":       {[]string{"-dkim-key", key, "-dkim-selector", "a b"}, "-dkim-selector"},
		"dkim-domain alone":       {[]string{"-dkim-domain", "example.com"}, "-dkim-domain"},
		"dkim-domain bad":         {[]string{"-dkim-key", key, "-dkim-selector", "a", "-dkim-domain", "a b"}, "-dkim-domain"},
		"check-dns alone":         {[]string{"-check-dns"}, "-check-dns"},
		"suppress missing":        {[]string{"-suppress", missing}, "-suppress"},
		"suppress empty":          {[]string{"-suppress", ""}, "-suppress"},
		"suppress a directory":    {[]string{"-suppress", tr.dir}, "-suppress"},
		"suppress not a list":     {[]string{"-suppress", mail}, "-suppress"},
		"recipients missing":      {[]string{"-recipients", missing}, "-recipients"},
		"recipients a directory":  {[]string{"-recipients", tr.dir}, "-recipients"},
		"recipients empty":        {[]string{"-recipients", empty}, "-recipients"},
		"header with CR":          {[]string{"-recipients", tr.file("d.csv", "email,name\ra@example.com,A\rb@example.com,B\r")}, "line ends are CR"},
		"header with CR, long":    {[]string{"-recipients", tr.file("e.csv", strings.Repeat("email,name\r", maxLine))}, "line ends are CR"},
		"header with CR, quoted":  {[]string{"-recipients", tr.file("f.csv", "\"email\"\r\"a@example.com\"\r")}, "line ends are CR"},
		"header with NUL":         {[]string{"-recipients", tr.file("g.csv", "e\x00m\x00,\x00\n\x00")}, "UTF-16"},
		"header not UTF-8":        {[]string{"-recipients", tr.file("h.csv", "email,n\xe4me\na@example.com,A\n")}, "not UTF-8"},
		"no email column":         {[]string{"-recipients", tr.file("a.csv", "mail;name\na@example.com;A\n")}, "no column email"},
		"column twice":            {[]string{"-recipients", tr.file("b.csv", "email,name,name\n")}, `"name" comes twice`},
		"header with open quote":  {[]string{"-recipients", tr.file("c.csv", "email,\"name\na@example.com,A\n")}, "header"},
		"unknown field":           {[]string{"-recipients", good, "-text", tr.file("t", "Dear {{.nmae}}")}, `"nmae"`},
		"unknown field, subject":  {[]string{"-recipients", good, "-text", mail, "-subject", "{{.title}}"}, `"title"`},
		"unknown field, shipped":  {[]string{"-recipients", good}, `"plan"`},
		"template syntax":         {[]string{"-subject", "{{.name"}, "subject"},
		"text missing":            {[]string{"-text", missing}, "-text"},
		"text empty":              {[]string{"-text", empty}, "-text"},
		"html not UTF-8":          {[]string{"-html", binary}, "-html"},
		"attach missing":          {[]string{"-attach", missing}, "-attach"},
		"n of zero":               {[]string{"-n", "0"}, "-n"},
		"n negative":              {[]string{"-n", "-5"}, "-n"},
		"n no number":             {[]string{"-n", "many"}, "-n"},
		"n and recipients":        {[]string{"-n", "5", "-recipients", good}, "-n"},
		"sessions":                {[]string{"-sessions", "0"}, "-sessions"},
		"sessions, too many":      {[]string{"-sessions", "1001"}, "-sessions"},
		"max-attempts":            {[]string{"-max-attempts", "0"}, "-max-attempts"},
		"mode":                    {[]string{"-mode", "fast"}, "-mode"},
		"outcomes not writable":   {[]string{"-outcomes", filepath.Join(missing, "o.jsonl")}, "-outcomes"},
		"outcomes the recipients": {[]string{"-recipients", good, "-text", mail, "-outcomes", good}, "-outcomes"},
		"outcomes the template":   {[]string{"-recipients", good, "-text", mail, "-outcomes", mail}, "-text"},
		"outcomes the HTML":       {[]string{"-recipients", good, "-html", mail, "-outcomes", mail}, "-html"},
		"outcomes an attachment":  {[]string{"-attach", good, "-attach", password, "-outcomes", password}, "-attach"},
		"outcomes the password":   {[]string{"-user", "me", "-tls", "starttls", "-password-file", password, "-outcomes", password}, "-password-file"},
		"outcomes the list":       {[]string{"-suppress", listed, "-outcomes", listed}, "-suppress"},
		"outcomes the DKIM key":   {[]string{"-dkim-key", key, "-dkim-selector", "a", "-outcomes", key}, "-dkim-key"},
		"outcomes a key to make":  {[]string{"-verp", "token", "-verp-key", missing, "-outcomes", missing}, "-verp-key"},
		"outcomes the URLs' key":  {[]string{"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", webKey, "-outcomes", webKey}, "-unsubscribe-key"},
		"dry-run among mails":     {[]string{"-dry-run", filepath.Dir(tr.file("0000001-old.eml", ""))}, "0000001-old.eml"},
		"dry-run a file":          {[]string{"-dry-run", mail}, "-dry-run"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t)
			tr.code = tr.program.run(t.Context(), test.args)
			tr.want(exitUsage)
			if got := tr.stderr.String(); !strings.HasPrefix(got, "newsletter: ") || !strings.Contains(got, test.says) {
				t.Errorf("says %q, which lacks %q", got, test.says)
			}
			if got := tr.stdout.String(); got != "" {
				t.Errorf("reports %q", got)
			}
		})
	}
	if _, err := os.Stat(missing); err == nil {
		t.Errorf("%s has been made", missing)
	}
	for _, name := range []string{mail, password, key, listed, webKey} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	if data, err := os.ReadFile(good); err != nil || !strings.Contains(string(data), "zoe@example.org") {
		t.Errorf("the recipients are gone: %q, %v", data, err)
	}
}

func TestDefaults(t *testing.T) {
	for args, want := range map[string][3]string{
		"":                                       {"none", "newsletter@example.com", "off"},
		"-addr a.example:25":                     {"starttls", "newsletter@example.com", "off"},
		"-return-path b@example.com":             {"none", "b@example.com", "classic"},
		"-return-path b@example.com -verp off":   {"none", "b@example.com", "off"},
		"-from Zoe<z@example.org> -verp escaped": {"none", "z@example.org", "escaped"},
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		if got := [3]string{o.security.String(), o.returnPath, o.verp}; got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}
