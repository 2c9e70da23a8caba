package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsageErrors: each ends with code 2, names the flag and sends nothing.
func TestUsageErrors(t *testing.T) {
	f := newUsageFiles(t)
	for _, table := range []map[string]usageError{f.relayErrors(), f.senderErrors(), f.recipientErrors(), f.templateErrors(), f.outputErrors()} {
		for name, test := range table {
			t.Run(name, func(t *testing.T) { test.check(t) })
		}
	}
	if _, err := os.Stat(f.missing); err == nil {
		t.Errorf("%s has been made", f.missing)
	}
	for _, name := range []string{f.mail, f.password, f.key, f.listed, f.webKey} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	if data, err := os.ReadFile(f.good); err != nil || !strings.Contains(string(data), "zoe@example.org") {
		t.Errorf("the recipients are gone: %q, %v", data, err)
	}
}

// A usageError is a command line that is refused, and what it is told.
type usageError struct {
	args []string
	says string
}

func (e *usageError) check(t *testing.T) {
	tr := newTrial(t)
	tr.code = tr.program.run(t.Context(), e.args)
	tr.want(exitUsage)
	if got := tr.stderr.String(); !strings.HasPrefix(got, "newsletter: ") || !strings.Contains(got, e.says) {
		t.Errorf("says %q, which lacks %q", got, e.says)
	}
	if got := tr.stdout.String(); got != "" {
		t.Errorf("reports %q", got)
	}
}

// usageFiles are what the command lines name.
type usageFiles struct {
	*trial
	good, mail, password, empty, binary, missing, key, listed, verpKey, webKey string
}

func newUsageFiles(t *testing.T) *usageFiles {
	tr := newTrial(t)
	return &usageFiles{
		trial:    tr,
		good:     tr.file("good.csv", "email,name\nzoe@example.org,Zoë\n"),
		mail:     tr.file("mail.txt", "Hello {{.name}}\n"),
		password: tr.file("password", "secret\n"),
		empty:    tr.file("empty", ""),
		binary:   tr.file("binary", "\xff\xfe"),
		missing:  filepath.Join(tr.dir, "missing"),
		key:      tr.file("key.pem", edKeyPEM(t)),
		listed:   tr.file("listed", "zoe@example.org\n"),
		verpKey:  tr.file("open.key", "0 "+strings.Repeat("ab", 32)+"\n"),
		webKey:   tr.file("web.key", strings.Repeat("ab", 32)+"\n"),
	}
}

// relayErrors are about the relay and the login.
func (f *usageFiles) relayErrors() map[string]usageError {
	return map[string]usageError{
		"unknown flag":           {[]string{"-nonesuch"}, "-nonesuch"},
		"argument":               {[]string{"readers.csv"}, "readers.csv"},
		"addr without port":      {[]string{"-addr", "mx.example.net"}, "-addr"},
		"addr with a bad port":   {[]string{"-addr", "127.0.0.1:99999"}, "99999"},
		"addr with port 0":       {[]string{"-addr", "127.0.0.1:0"}, "-addr"},
		"addr with no such port": {[]string{"-addr", "127.0.0.1:nonesuch"}, "nonesuch"},
		"addr without host":      {[]string{"-addr", ":25"}, "-addr"},
		"tls":                    {[]string{"-tls", "maybe"}, "-tls"},
		"ca missing":             {[]string{"-addr", "127.0.0.1:1", "-ca", f.missing}, "-ca"},
		"ca not PEM":             {[]string{"-addr", "127.0.0.1:1", "-ca", f.mail}, "-ca"},
		"ca for the sink":        {[]string{"-ca", f.mail}, "-ca"},
		"ca without TLS":         {[]string{"-addr", "127.0.0.1:1", "-tls", "none", "-ca", f.mail}, "-ca"},
		"user alone":             {[]string{"-user", "me", "-tls", "starttls"}, "-user"},
		"password alone":         {[]string{"-password-file", f.password}, "-password-file"},
		"password missing":       {[]string{"-user", "me", "-tls", "starttls", "-password-file", f.missing}, "-password-file"},
		"password empty":         {[]string{"-user", "me", "-tls", "starttls", "-password-file", f.empty}, "-password-file"},
		"password in the clear":  {[]string{"-user", "me", "-password-file", f.password}, "-insecure-auth"},
		"insecure-auth alone":    {[]string{"-insecure-auth"}, "-insecure-auth"},
	}
}

// senderErrors are about the sender and the fields of a list.
func (f *usageFiles) senderErrors() map[string]usageError {
	return map[string]usageError{
		"from":                    {[]string{"-from", "nobody"}, "-from"},
		"from with a line break":  {[]string{"-from", "A\nBcc: b@example.com <a@example.com>"}, "-from"},
		"return-path":             {[]string{"-return-path", "<bounce@example.com>"}, "-return-path"},
		"return-path too long":    {[]string{"-return-path", strings.Repeat("a", 64) + "@example.com"}, "-return-path"},
		"verp":                    {[]string{"-verp", "nonesuch"}, "-verp"},
		"verp-key alone":          {[]string{"-verp-key", f.verpKey}, "-verp-key"},
		"verp-key, readable":      {[]string{"-verp", "classic", "-verp-key", f.verpKey}, "-verp-key"},
		"verp-key not one":        {[]string{"-verp", "token", "-verp-key", f.mail}, "-verp-key"},
		"verp-key nowhere":        {[]string{"-verp", "token", "-verp-key", filepath.Join(f.missing, "verp.key")}, "-verp-key"},
		"return-path, token":      {[]string{"-verp", "token", "-return-path", strings.Repeat("a", 60) + "@example.com"}, "-return-path"},
		"unsubscribe-url, http":   {[]string{"-unsubscribe-url", "http://example.com/u"}, "-unsubscribe-url"},
		"unsubscribe-url, empty":  {[]string{"-unsubscribe-url", ""}, "-unsubscribe-url"},
		"unsubscribe-url, user":   {[]string{"-unsubscribe-url", "https://me:pw@example.com/u"}, "-unsubscribe-url"},
		"unsubscribe-url, space":  {[]string{"-unsubscribe-url", "https://example.com/u u"}, "-unsubscribe-url"},
		"unsubscribe-key alone":   {[]string{"-unsubscribe-key", f.webKey}, "-unsubscribe-key"},
		"unsubscribe-key not one": {[]string{"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", f.mail}, "-unsubscribe-key"},
		"unsubscribe-key nowhere": {[]string{"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", filepath.Join(f.missing, "k")}, "-unsubscribe-key"},
		"list-id":                 {[]string{"-list-id", "weekly"}, "-list-id"},
		"list-id, empty":          {[]string{"-list-id", ""}, "-list-id"},
		"list-id, name alone":     {[]string{"-list-id", "The List <>"}, "-list-id"},
		"list-id of two lines":    {[]string{"-list-id", "a.example\r\nBcc: b@example.com"}, "-list-id"},
		"list-id, name of two":    {[]string{"-list-id", "A\r\nBcc: b@example.com <a.example>"}, "-list-id"},
		"dkim-key alone":          {[]string{"-dkim-key", f.key}, "-dkim-selector"},
		"dkim-key missing":        {[]string{"-dkim-key", f.missing, "-dkim-selector", "a"}, "-dkim-key"},
		"dkim-key not PEM":        {[]string{"-dkim-key", f.mail, "-dkim-selector", "a"}, "-dkim-key"},
		"dkim-selector alone":     {[]string{"-dkim-selector", "a"}, "-dkim-selector"},
		"dkim-selector, two":      {[]string{"-dkim-key", f.key, "-dkim-selector", "a", "-dkim-selector", "b"}, "-dkim-selector"},
		"dkim-selector bad":       {[]string{"-dkim-key", f.key, "-dkim-selector", "a b"}, "-dkim-selector"},
		"dkim-domain alone":       {[]string{"-dkim-domain", "example.com"}, "-dkim-domain"},
		"dkim-domain bad":         {[]string{"-dkim-key", f.key, "-dkim-selector", "a", "-dkim-domain", "a b"}, "-dkim-domain"},
		"check-dns alone":         {[]string{"-check-dns"}, "-check-dns"},
		"suppress missing":        {[]string{"-suppress", f.missing}, "-suppress"},
		"suppress empty":          {[]string{"-suppress", ""}, "-suppress"},
		"suppress a directory":    {[]string{"-suppress", f.dir}, "-suppress"},
		"suppress not a list":     {[]string{"-suppress", f.mail}, "-suppress"},
	}
}

// recipientErrors are about the recipients and their file.
func (f *usageFiles) recipientErrors() map[string]usageError {
	return map[string]usageError{
		"recipients missing":     {[]string{"-recipients", f.missing}, "-recipients"},
		"recipients a directory": {[]string{"-recipients", f.dir}, "-recipients"},
		"recipients empty":       {[]string{"-recipients", f.empty}, "-recipients"},
		"header with CR":         {[]string{"-recipients", f.file("d.csv", "email,name\ra@example.com,A\rb@example.com,B\r")}, "line ends are CR"},
		"header with CR, long":   {[]string{"-recipients", f.file("e.csv", strings.Repeat("email,name\r", maxLine))}, "line ends are CR"},
		"header with CR, quoted": {[]string{"-recipients", f.file("f.csv", "\"email\"\r\"a@example.com\"\r")}, "line ends are CR"},
		"header with NUL":        {[]string{"-recipients", f.file("g.csv", "e\x00m\x00,\x00\n\x00")}, "UTF-16"},
		"header not UTF-8":       {[]string{"-recipients", f.file("h.csv", "email,n\xe4me\na@example.com,A\n")}, "not UTF-8"},
		"no email column":        {[]string{"-recipients", f.file("a.csv", "mail;name\na@example.com;A\n")}, "no column email"},
		"column twice":           {[]string{"-recipients", f.file("b.csv", "email,name,name\n")}, `"name" comes twice`},
		"header with open quote": {[]string{"-recipients", f.file("c.csv", "email,\"name\na@example.com,A\n")}, "header"},
	}
}

// templateErrors are about templates, and numbers.
func (f *usageFiles) templateErrors() map[string]usageError {
	return map[string]usageError{
		"unknown field":          {[]string{"-recipients", f.good, "-text", f.file("t", "Dear {{.nmae}}")}, `"nmae"`},
		"unknown field, subject": {[]string{"-recipients", f.good, "-text", f.mail, "-subject", "{{.title}}"}, `"title"`},
		"unknown field, shipped": {[]string{"-recipients", f.good}, `"plan"`},
		"template syntax":        {[]string{"-subject", "{{.name"}, "subject"},
		"text missing":           {[]string{"-text", f.missing}, "-text"},
		"text empty":             {[]string{"-text", f.empty}, "-text"},
		"html not UTF-8":         {[]string{"-html", f.binary}, "-html"},
		"attach missing":         {[]string{"-attach", f.missing}, "-attach"},
		"n of zero":              {[]string{"-n", "0"}, "-n"},
		"n negative":             {[]string{"-n", "-5"}, "-n"},
		"n no number":            {[]string{"-n", "many"}, "-n"},
		"n and recipients":       {[]string{"-n", "5", "-recipients", f.good}, "-n"},
		"sessions":               {[]string{"-sessions", "0"}, "-sessions"},
		"sessions, too many":     {[]string{"-sessions", "1001"}, "-sessions"},
		"max-attempts":           {[]string{"-max-attempts", "0"}, "-max-attempts"},
		"mode":                   {[]string{"-mode", "fast"}, "-mode"},
	}
}

// outputErrors are about what is written, which must not be what is read.
func (f *usageFiles) outputErrors() map[string]usageError {
	return map[string]usageError{
		"outcomes not writable":   {[]string{"-outcomes", filepath.Join(f.missing, "o.jsonl")}, "-outcomes"},
		"outcomes the recipients": {[]string{"-recipients", f.good, "-text", f.mail, "-outcomes", f.good}, "-outcomes"},
		"outcomes the template":   {[]string{"-recipients", f.good, "-text", f.mail, "-outcomes", f.mail}, "-text"},
		"outcomes the HTML":       {[]string{"-recipients", f.good, "-html", f.mail, "-outcomes", f.mail}, "-html"},
		"outcomes an attachment":  {[]string{"-attach", f.good, "-attach", f.password, "-outcomes", f.password}, "-attach"},
		"outcomes the password":   {[]string{"-user", "me", "-tls", "starttls", "-password-file", f.password, "-outcomes", f.password}, "-password-file"},
		"outcomes the list":       {[]string{"-suppress", f.listed, "-outcomes", f.listed}, "-suppress"},
		"outcomes the DKIM key":   {[]string{"-dkim-key", f.key, "-dkim-selector", "a", "-outcomes", f.key}, "-dkim-key"},
		"outcomes a key to make":  {[]string{"-verp", "token", "-verp-key", f.missing, "-outcomes", f.missing}, "-verp-key"},
		"outcomes the URLs' key":  {[]string{"-unsubscribe-url", "https://example.com/u", "-unsubscribe-key", f.webKey, "-outcomes", f.webKey}, "-unsubscribe-key"},
		"dry-run among mails":     {[]string{"-dry-run", filepath.Dir(f.file("0000001-old.eml", ""))}, "0000001-old.eml"},
		"dry-run a file":          {[]string{"-dry-run", f.mail}, "-dry-run"},
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
