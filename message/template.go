package message

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"text/template/parse"
)

// The parts of a template, as [TemplateError] names them. A header is named
// "header " and its field name.
const (
	partSubject = "subject"
	partText    = "text"
	partAMP     = "amp"
	partHTML    = "html"
	partHeader  = "header "
)

// A TemplateConfig has the sources of a [Template]. Subject, Text and Headers
// are written for text/template; HTML and AMP are for html/template, which
// escapes each value for the place it stands in. Two functions are there beside
// those of text/template:
//
//	{{.name | default "reader"}}   "reader" if the field is missing or empty
//	{{unsubscribe}}                the recipient's URL of Message.List.OneClick
//
// html/template drops HTML comments, Outlook's conditional ones included, and
// replaces a merged URL whose scheme is not http, https or mailto by
// "#ZgotmplZ"; what stands in the source itself, "cid:" URLs for example, is kept.
type TemplateConfig struct {
	// Message is what all recipients get alike, taken literally: From, Headers,
	// List, Inlines, Attachments and so on. Its To, Cc, Bcc, Subject, Text, HTML,
	// AMP and MessageID must be empty. A Date is taken for all; zero is the time of
	// each rendering. Without a Boundary the template makes one up.
	//
	// Contents of files are used until the template is, and must not change.
	Message Message
	// Subject is the template of one line; line ends behind it are cut off.
	Subject string
	// Text is the template of the plain text.
	Text string
	// HTML is the template of the HTML.
	HTML string
	// AMP is the template of Message.AMP.
	AMP string
	// Headers are further header fields, behind Message.Headers. Their values
	// are templates of one line, as Subject is.
	Headers []Header
	// Funcs are further functions for all sources, as text/template has them.
	// They are called concurrently.
	Funcs map[string]any
}

// A Template is a message with gaps, which is compiled once and rendered for
// each recipient: with [Template.Append] into bytes that are ready to be sent,
// or with [Template.Message] into a Message that builds to the same bytes. It is
// safe for concurrent use.
//
// A source that only merges fields, {{.name}} as it is or with a default,
// is encoded when it is compiled, and rendering copies it around the values. One
// that has more, conditions or loops, is executed and encoded each time, which takes
// some thirty times as long; but only that one. So do values that are not strings,
// and merges within scripts, style sheets and unquoted attributes.
type Template struct {
	base   Message
	domain string // of new Message-IDs
	parts  []*part
	refs   []fieldRef // in the order of parts and of the source
	nested []fieldRef // the fields of what is not the data
	mark   string     // stands for the recipient's token in executed sources, and for what is open in headers

	origin  []byte // From, Sender and Reply-To
	further []byte // Message.Headers
	body    []segment
	size    int       // about how many octets of a message are the template's
	slots   int       // how many fields are merged
	token   int       // the slot of the recipient's token; -1 if it is not merged
	states  sync.Pool // of *renderState
}

// NewTemplate parses and checks everything. The error is a [*TemplateError] for
// a source that does not parse, calls a template it does not define, or is HTML
// in which html/template finds no safe place for a value; else a [*FieldError].
func NewTemplate(cfg TemplateConfig) (*Template, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	t := &Template{base: cfg.Message, mark: "unsubscribe" + strings.ToLower(rand.Text())}
	t.base.cloneLists()
	t.states.New = func() any { return &renderState{} }
	if t.base.Boundary == "" {
		t.base.Boundary = strings.ToLower(rand.Text()[:20])
	}
	from, _ := parseMailbox(t.base.From.Addr)
	t.domain = from.ASCII
	if err := t.compileSources(&cfg); err != nil {
		return nil, err
	}
	return t, t.compileMessage()
}

// cloneLists gives m lists of its own.
func (m *Message) cloneLists() {
	m.ReplyTo, m.Headers = slices.Clone(m.ReplyTo), slices.Clone(m.Headers)
	m.Inlines, m.Attachments = slices.Clone(m.Inlines), slices.Clone(m.Attachments)
}

// check checks the literal parts.
func (cfg *TemplateConfig) check() error {
	m := cfg.Message
	for _, f := range []struct {
		name  string
		empty bool
	}{
		{"To", len(m.To) == 0}, {"Cc", len(m.Cc) == 0}, {"Bcc", len(m.Bcc) == 0}, {"Subject", m.Subject == ""}, {"Text", m.Text == ""},
		{"HTML", m.HTML == ""}, {"AMP", m.AMP == ""}, {"MessageID", m.MessageID == ""}, {"List.Recipient", m.List.Recipient == ""},
	} {
		if !f.empty {
			return &FieldError{Field: "Message." + f.name, Reason: ErrNotLiteral}
		}
	}
	// Names of headers are the same for all recipients, values are not. A recipient
	// stands in for those to come.
	m.To = []Address{{Addr: "someone@message.invalid"}}
	m.Headers = slices.Clone(m.Headers)
	for _, h := range cfg.Headers {
		m.Headers = append(m.Headers, Header{Name: h.Name})
	}
	if err := m.Validate(); err != nil {
		return err
	}
	for _, b := range []struct{ field, source string }{{"Text", cfg.Text}, {"HTML", cfg.HTML}, {"AMP", cfg.AMP}} {
		if err := checkBody(b.field, b.source); err != nil {
			return err
		}
	}
	return cfg.checkFuncs()
}

// checkFuncs refuses what text/template would panic at.
func (cfg *TemplateConfig) checkFuncs() error {
	for name, f := range cfg.Funcs {
		typ := reflect.TypeOf(f)
		switch {
		case name == funcDefault || name == funcUnsubscribe || isReserved(name) || !isIdentifier(name):
			return &FieldError{Field: "Funcs", Reason: ErrBadFunc, Detail: excerpt(name) + " is not free"}
		case typ == nil || typ.Kind() != reflect.Func:
			return &FieldError{Field: "Funcs", Reason: ErrBadFunc, Detail: name + " is no function"}
		case typ.NumOut() != 1 && (typ.NumOut() != 2 || typ.Out(1) != reflect.TypeFor[error]()):
			return &FieldError{Field: "Funcs", Reason: ErrBadFunc, Detail: name + " returns neither a value nor a value and an error"}
		}
	}
	return nil
}

// isReserved reports the names of functions that html/template and this package
// put into the trees.
func isReserved(name string) bool {
	return strings.HasPrefix(name, "_html_template_") || strings.HasPrefix(name, "_message_")
}

func isIdentifier(s string) bool {
	_, err := parse.Parse("", "{{"+s+"}}", "", "", map[string]any{s: true})
	return err == nil && !strings.ContainsAny(s, " \t\r\n{}|.$\"'`()/")
}

// compileSources parses the sources, in the order in which they are executed.
func (t *Template) compileSources(cfg *TemplateConfig) error {
	funcs := t.funcs(cfg.Funcs)
	add := func(name, source string, isHTML bool, body int) error {
		if source == "" && !strings.HasPrefix(name, partHeader) {
			return nil
		}
		p, err := t.compilePart(name, source, isHTML, funcs)
		if err != nil {
			return err
		}
		p.body = body
		t.parts = append(t.parts, p)
		return nil
	}
	if err := add(partSubject, strings.TrimRight(cfg.Subject, "\r\n"), false, noBody); err != nil {
		return err
	}
	for _, p := range t.parts {
		p.field = "Subject"
	}
	for i, h := range cfg.Headers {
		if err := add(partHeader+h.Name, strings.TrimRight(h.Value, "\r\n"), false, noBody); err != nil {
			return err
		}
		p := t.parts[len(t.parts)-1]
		p.header, p.field = h.Name, element("Headers", len(cfg.Message.Headers)+i)+".Value"
	}
	for _, p := range t.parts {
		for _, text := range p.literals {
			if err := checkText(p.field, text); err != nil {
				return err
			}
		}
		p.literals = nil
	}
	for _, s := range []struct {
		name, source string
		isHTML       bool
		body         int
	}{{partText, cfg.Text, false, bodyText}, {partAMP, cfg.AMP, true, bodyAMP}, {partHTML, cfg.HTML, true, bodyHTML}} {
		if err := add(s.name, s.source, s.isHTML, s.body); err != nil {
			return err
		}
	}
	return nil
}

// Fields returns the names of the top-level fields of the data that the
// template uses, sorted: {{.name}}, {{$.name}}, {{index . "name"}} and
// {{"name" | index .}}, in conditions and defined templates too. Inside of range
// and with, where the dot is something else, {{.name}} does not count; nor does
// an index that is not written as a constant, {{index . $key}}.
func (t *Template) Fields() []string {
	names := make([]string, 0, len(t.refs))
	for _, r := range t.refs {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Check reports each use of a field that is not among the known ones and has no
// default, as [*TemplateError] with ErrMissingField, joined into one error. It
// is for refusing a template before anything is sent.
//
// It takes the values of the known fields for strings, as those of a
// map[string]string are, and so reports the use of a field of a value as well:
// {{.name.first}}, or {{with .name}}{{.city}}{{end}}, where {{$.city}} is meant.
// An index that is not written as a constant it cannot check: text/template puts
// nothing where the data lack that key.
func (t *Template) Check(known []string) error {
	var errs []error
	for _, r := range t.refs {
		if !r.optional && !slices.Contains(known, r.name) {
			errs = append(errs, r.missing())
		}
	}
	for _, r := range t.nested {
		e := r.missing()
		e.Err = errNoFields
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// errNoFields is the ErrMissingField of a field of a string.
var errNoFields = fmt.Errorf("a value has no fields, only the data ($) have: %w", ErrMissingField)
