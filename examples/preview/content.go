package main

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/examples/newsletter/shipped"
	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/message/dkim"
	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// plainSubject is the subject where neither -subject nor the shipped newsletter
// has one.
const plainSubject = "Newsletter"

// Content makes mails of rows. It is safe for concurrent use.
type content struct {
	template   *message.Template
	signer     *dkim.Signer  // nil: nothing is signed
	records    []dkim.Record // what the DNS must have for that
	checker    *preflight.Checker
	returnPath string
}

// readContent reads the templates, attachments and keys and holds the templates
// against the columns.
func readContent(o *options, columns []string) (*content, error) {
	cfg, err := o.templateConfig()
	if err != nil {
		return nil, err
	}
	c := &content{returnPath: o.returnPath}
	if c.template, err = message.NewTemplate(cfg); err != nil {
		return nil, err
	}
	if err := c.template.Check(columns); err != nil {
		return nil, fmt.Errorf("%w\nThe recipients have the fields %s", err, strings.Join(columns, ", "))
	}
	if err := c.useKeys(o); err != nil {
		return nil, err
	}
	check := preflight.Config{SMTPUTF8: true, SignedLater: c.signer == nil}
	if o.checkDNS {
		check.Resolver = net.DefaultResolver
	}
	c.checker, err = preflight.New(check)
	return c, err
}

// templateConfig reads the sources, and what all mails have in common. The
// shipped sources come with their image.
func (o *options) templateConfig() (cfg message.TemplateConfig, err error) {
	cfg.Message = message.Message{From: o.from}
	cfg.Subject = o.subject
	if o.text == "" && o.html == "" {
		err = useShipped(&cfg)
	} else {
		cfg.Subject = cmp.Or(cfg.Subject, plainSubject)
		err = o.readTemplates(&cfg)
	}
	if err != nil {
		return cfg, err
	}
	if cfg.Message.List, err = o.list(); err != nil {
		return cfg, err
	}
	for _, name := range o.attach {
		data, err := os.ReadFile(name)
		if err != nil {
			return cfg, fmt.Errorf("-attach: %w", err)
		}
		cfg.Message.Attachments = append(cfg.Message.Attachments, message.Attachment{Filename: filepath.Base(name), Content: data})
	}
	return cfg, nil
}

func useShipped(cfg *message.TemplateConfig) error {
	var files [3][]byte
	for i, name := range []string{"newsletter.txt", "newsletter.html", "shelf.png"} {
		data, err := shipped.Files.ReadFile(name)
		if err != nil {
			return err
		}
		files[i] = data
	}
	cfg.Subject = cmp.Or(cfg.Subject, shipped.Subject)
	cfg.Text, cfg.HTML = string(files[0]), string(files[1])
	cfg.Message.Inlines = []message.Attachment{{Filename: "shelf.png", ContentID: "shelf.png", Content: files[2]}}
	return nil
}

func (o *options) readTemplates(cfg *message.TemplateConfig) error {
	for _, f := range []struct {
		flag, name string
		source     *string
	}{{"-text", o.text, &cfg.Text}, {"-html", o.html, &cfg.HTML}} {
		if f.name == "" {
			continue
		}
		data, err := os.ReadFile(f.name)
		if err != nil {
			return fmt.Errorf("%s: %w", f.flag, err)
		}
		*f.source = strings.TrimPrefix(string(data), "\uFEFF")
		switch {
		case !utf8.Valid(data):
			return fmt.Errorf("%s: %s: not UTF-8", f.flag, f.name)
		case strings.TrimSpace(*f.source) == "":
			return fmt.Errorf("%s: %s: empty", f.flag, f.name)
		}
	}
	return nil
}

// render makes the mail for a row, as it would go out.
func (c *content) render(to row) ([]byte, error) {
	if to.err != nil {
		return nil, to.err
	}
	raw, err := c.template.Append(nil, &message.Recipient{
		To:     message.Address{Name: to.name(), Addr: to.email},
		Fields: to.fields,
	})
	if err != nil || c.signer == nil {
		return raw, err
	}
	return c.signer.Sign(raw)
}
