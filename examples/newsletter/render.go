package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/examples/newsletter/shipped"
	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// plainSubject is the subject where neither -subject nor the shipped newsletter
// has one.
const plainSubject = "Newsletter"

// A letter is a mail that is ready to go.
type letter struct {
	row        int
	email      string
	messageID  string
	returnPath string
	named      bool // returnPath names the recipient, if it should
	smtputf8   bool
	content    []byte
}

// A renderer makes letters of rows. It is safe for concurrent use.
type renderer struct {
	template *message.Template
	base     message.Message // what all letters have in common
	signer   *dkim.Signer    // nil: letters are not signed
	keys     []dkim.Key      // the signer's
	paths    returnPaths     // set last: the first letter needs it
}

// newRenderer reads the templates and attachments and holds the templates
// against the columns. Unsubscribe may be nil.
func newRenderer(o *options, unsubscribe *unsubscribeKeys, columns []string) (r *renderer, err error) {
	r = &renderer{base: message.Message{From: o.from}}
	if r.signer, r.keys, err = newSigner(o); err != nil {
		return nil, err
	}
	var oneClick *message.OneClick
	if unsubscribe != nil {
		if oneClick, err = o.oneClick(unsubscribe.keys); err != nil {
			return nil, err
		}
	}
	r.base.List = o.list(oneClick)
	cfg, err := r.sources(o)
	if err != nil {
		return nil, err
	}
	if r.base.Attachments, err = attachments(o.attach); err != nil {
		return nil, err
	}
	cfg.Message = r.base
	if r.template, err = message.NewTemplate(cfg); err != nil {
		return nil, err
	}
	if err := r.template.Check(columns); err != nil {
		return nil, fmt.Errorf("%w\nThe recipients have the fields %s", err, strings.Join(columns, ", "))
	}
	return r, r.try(columns)
}

// try makes the mails of two recipients who do not exist, one with nothing but
// an address and one with something in every field: a mistake in a template must
// not show when half of the mails have gone out.
func (r *renderer) try(columns []string) error {
	for _, value := range []string{"", "x"} {
		to := row{email: "reader@example.com", fields: map[string]string{}}
		for _, name := range columns {
			to.fields[name] = value
		}
		to.fields[emailColumn] = to.email
		if _, err := r.template.Append(nil, recipient(to)); err != nil {
			return fmt.Errorf("%w\nThat was a trial with %q in every field but email; nothing has been sent", err, value)
		}
	}
	return nil
}

// sources returns the sources of the templates. The shipped ones come with
// their image.
func (r *renderer) sources(o *options) (cfg message.TemplateConfig, err error) {
	cfg.Subject = o.subject
	if o.text == "" && o.html == "" {
		return cfg, r.shipped(&cfg)
	}
	if cfg.Subject == "" {
		cfg.Subject = plainSubject
	}
	if o.text != "" {
		if cfg.Text, err = readTemplate(o.text); err != nil {
			return cfg, fmt.Errorf("-text: %w", err)
		}
	}
	if o.html != "" {
		if cfg.HTML, err = readTemplate(o.html); err != nil {
			return cfg, fmt.Errorf("-html: %w", err)
		}
	}
	return cfg, nil
}

func (r *renderer) shipped(cfg *message.TemplateConfig) error {
	if cfg.Subject == "" {
		cfg.Subject = shipped.Subject
	}
	var files [3][]byte
	for i, name := range []string{"newsletter.txt", "newsletter.html", "shelf.png"} {
		data, err := shipped.Files.ReadFile(name)
		if err != nil {
			return err
		}
		files[i] = data
	}
	cfg.Text, cfg.HTML = string(files[0]), string(files[1])
	r.base.Inlines = []message.Attachment{{Filename: "shelf.png", ContentID: "shelf.png", Content: files[2]}}
	return nil
}

func readTemplate(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(data) {
		return "", fmt.Errorf("%s: not UTF-8", name)
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%s: empty", name)
	}
	return text, nil
}

func attachments(names []string) ([]message.Attachment, error) {
	var list []message.Attachment
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("-attach: %w", err)
		}
		list = append(list, message.Attachment{Filename: filepath.Base(name), Content: content})
	}
	return list, nil
}

// recipient is a row as the template takes it.
func recipient(to row) *message.Recipient {
	return &message.Recipient{To: message.Address{Name: to.fields[nameColumn], Addr: to.email}, Fields: to.fields}
}

// render makes the letter for a row, signed. The error says why the row is
// invalid.
func (r *renderer) render(to row) (*letter, error) {
	rcpt := recipient(to)
	content, err := r.template.Append(nil, rcpt)
	if err != nil {
		return nil, err
	}
	if r.signer != nil {
		if content, err = r.signer.Sign(content); err != nil {
			return nil, err
		}
	}
	path, named := r.paths.of(to)
	return &letter{
		row: to.number, email: to.email, messageID: rcpt.MessageID, returnPath: path, named: named,
		smtputf8: rcpt.To.NeedsSMTPUTF8() || r.base.NeedsSMTPUTF8(), content: content,
	}, nil
}
