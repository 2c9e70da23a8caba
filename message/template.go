package message

import (
	"bytes"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
)

// The parts of a template, as [TemplateError] names them.
const (
	partSubject = "subject"
	partText    = "text"
	partHTML    = "html"
)

// A TemplateConfig has the sources of a [Template]. Subject and Text are written
// for text/template, HTML is for html/template, which escapes each value for the
// place it stands in. An empty source leaves that field of a Message alone.
//
// html/template drops HTML comments, Outlook's conditional ones included, and
// replaces a merged URL whose scheme is not http, https or mailto by
// "#ZgotmplZ"; what stands in the source itself, "cid:" URLs for example, is kept.
type TemplateConfig struct {
	// Subject is the template of one line; line ends behind it are cut off.
	Subject string
	// Text is the template of the plain text.
	Text string
	// HTML is the template of the HTML.
	HTML string
}

// A Template personalises messages. It is safe for concurrent use.
type Template struct {
	parts  []templatePart
	refs   []fieldRef // in the order of parts and of the source
	nested []fieldRef // the fields of what is not the data
}

// A templatePart is one parsed source. Execute may be called concurrently.
type templatePart struct {
	name    string
	execute func(io.Writer, any) error
	set     func(*Message, string)
}

// NewTemplate parses the sources. The error is a [*TemplateError]: a source that
// does not parse, one that calls a template it does not define, or HTML in which
// html/template finds no safe place for a value.
func NewTemplate(cfg TemplateConfig) (*Template, error) {
	t := &Template{}
	subject := strings.TrimRight(cfg.Subject, "\r\n")
	if err := t.addText(partSubject, subject, func(m *Message, s string) { m.Subject = s }); err != nil {
		return nil, err
	}
	if err := t.addText(partText, cfg.Text, func(m *Message, s string) { m.Text = s }); err != nil {
		return nil, err
	}
	if err := t.addHTML(partHTML, cfg.HTML, func(m *Message, s string) { m.HTML = s }); err != nil {
		return nil, err
	}
	return t, nil
}

const missingKey = "missingkey=error"

func (t *Template) addText(name, source string, set func(*Message, string)) error {
	if source == "" {
		return nil
	}
	parsed, err := texttemplate.New(name).Option(missingKey).Parse(source)
	if err != nil {
		return templateError(name, err)
	}
	trees := make(map[string]*parse.Tree)
	for _, d := range parsed.Templates() {
		trees[d.Name()] = d.Tree
	}
	t.parts = append(t.parts, templatePart{name, parsed.Execute, set})
	return t.addRefs(name, source, trees)
}

func (t *Template) addHTML(name, source string, set func(*Message, string)) error {
	if source == "" {
		return nil
	}
	parsed, err := htmltemplate.New(name).Option(missingKey).Parse(source)
	if err != nil {
		return templateError(name, err)
	}
	trees := make(map[string]*parse.Tree)
	for _, d := range parsed.Templates() {
		trees[d.Name()] = d.Tree
	}
	if err := t.addRefs(name, source, trees); err != nil { // before escaping rewrites the trees
		return err
	}
	// html/template escapes when it is first executed, and has no other call
	// for it. What the execution itself says without data is no matter.
	var refused *htmltemplate.Error
	if err := parsed.Execute(failingWriter{}, nil); errors.As(err, &refused) {
		return templateError(name, err)
	}
	t.parts = append(t.parts, templatePart{name, parsed.Execute, set})
	return nil
}

// failingWriter ends an execution at its first output.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// addRefs notes the fields that a source uses. Its template is the tree of that
// name; the others are those it defines.
func (t *Template) addRefs(name, source string, trees map[string]*parse.Tree) error {
	refs, nested, err := findFields(name, source, trees)
	t.refs = append(t.refs, refs...)
	t.nested = append(t.nested, nested...)
	return err
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

// Check reports each use of a field that is not among the known ones, as
// [*TemplateError] with ErrMissingField, joined into one error. It is for
// refusing a template before anything is sent.
//
// It takes the values of the known fields for strings, as those of a
// map[string]string are, and so reports the use of a field of a value as well:
// {{.name.first}}, or {{with .name}}{{.city}}{{end}}, where {{$.city}} is meant.
// An index that is not written as a constant it cannot check: text/template puts
// nothing where the data lack that key.
func (t *Template) Check(known []string) error {
	var errs []error
	for _, r := range t.refs {
		if !slices.Contains(known, r.name) {
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

// Render executes the template with the data and sets the Subject, Text and HTML
// of m, as far as the template has them. Data are typically a
// map[string]string; a key it lacks is a [*TemplateError] with ErrMissingField,
// also in a condition. (For {{index . "name"}} only Check finds that.) A subject
// with CR, LF, NUL or another control character is a [*FieldError] with
// ErrBadHeaderValue. On error m is not changed.
func (t *Template) Render(m *Message, data any) error {
	var buf bytes.Buffer
	rendered := make([]string, len(t.parts))
	for i, p := range t.parts {
		buf.Reset()
		if err := p.execute(&buf, data); err != nil {
			return t.executeError(p.name, err, data)
		}
		rendered[i] = buf.String()
		if p.name == partSubject {
			if err := checkText("Subject", rendered[i]); err != nil {
				return err
			}
		}
	}
	for i, p := range t.parts {
		p.set(m, rendered[i])
	}
	return nil
}

// executeError types what went wrong in an execution.
func (t *Template) executeError(part string, err error, data any) error {
	e := templateError(part, err)
	for _, r := range t.refs {
		if r.part == part && r.line == e.Line && r.column == e.Column && lacks(data, r.name) {
			return r.missing()
		}
	}
	return e
}

// templateError types an error of text/template or html/template. They give the
// position only in the text: "template: NAME:LINE:COLUMN: " or
// "html/template:NAME:LINE:COLUMN: ". The column, from 0, may be absent, in
// some errors of html/template the line too.
func templateError(part string, err error) *TemplateError {
	e := &TemplateError{Part: part, Err: err}
	_, at, _ := strings.Cut(err.Error(), "template:")
	at, ok := strings.CutPrefix(strings.TrimPrefix(at, " "), part+":")
	if !ok {
		return e
	}
	numbers := strings.SplitN(at, ":", 3)
	line, err := strconv.Atoi(numbers[0])
	if err != nil {
		return e
	}
	e.Line = line
	rest := numbers[1:]
	if len(rest) > 0 {
		if col, err := strconv.Atoi(rest[0]); err == nil {
			e.Column, rest = col+1, rest[1:]
		}
	}
	if text := strings.TrimSpace(strings.Join(rest, ":")); text != "" {
		e.Err = &unplaced{text, e.Err}
	}
	return e
}

// An unplaced error is one of text/template or html/template without the
// position in its text, which the TemplateError has.
type unplaced struct {
	text string
	err  error
}

func (e *unplaced) Error() string { return e.text }
func (e *unplaced) Unwrap() error { return e.err }
