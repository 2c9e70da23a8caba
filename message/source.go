package message

import (
	"errors"
	htmltemplate "html/template"
	"io"
	"maps"
	"strconv"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
)

// A part is one compiled source.
type part struct {
	name     string
	execute  func(io.Writer, any) error // may be called concurrently
	merge    *merge                     // nil if the source has to be executed
	body     int                        // noBody for a subject or header
	header   string                     // the name of the header, or ""
	literals []string                   // its texts, until they are checked
	field    string                     // of Message, for errors of a subject or header
}

const noBody = -1 // for no body part

const missingKey = "missingkey=error"

// compilePart parses a source and finds out what it uses.
func (t *Template) compilePart(name, source string, isHTML bool, funcs map[string]any) (*part, error) {
	p := &part{name: name}
	trees, escape, err := p.parse(source, isHTML, funcs)
	if err != nil {
		return nil, err
	}
	refs, nested, err := findFields(name, source, trees)
	if err != nil {
		return nil, err
	}
	t.refs = append(t.refs, refs...)
	t.nested = append(t.nested, nested...)
	for _, tree := range trees {
		if err := t.checkUnsubscribe(name, source, tree); err != nil {
			return nil, err
		}
		p.literals = append(p.literals, literals(tree)...)
		rewrite(tree)
	}
	if err := escape(); err != nil {
		return nil, err
	}
	p.merge = t.compileMerge(trees[name], source, refs)
	return p, nil
}

// parse parses a source. trees has its template under its name, and those that
// it defines. escape must be called when the trees have been rewritten.
func (p *part) parse(source string, isHTML bool, funcs map[string]any) (trees map[string]*parse.Tree, escape func() error, err error) {
	trees = make(map[string]*parse.Tree)
	if !isHTML {
		parsed, err := texttemplate.New(p.name).Option(missingKey).Funcs(funcs).Parse(source)
		if err != nil {
			return nil, nil, templateError(p.name, err)
		}
		for _, d := range parsed.Templates() {
			trees[d.Name()] = d.Tree
		}
		p.execute = parsed.Execute
		return trees, func() error { return nil }, nil
	}
	parsed, err := htmltemplate.New(p.name).Option(missingKey).Funcs(funcs).Parse(source)
	if err != nil {
		return nil, nil, templateError(p.name, err)
	}
	for _, d := range parsed.Templates() {
		trees[d.Name()] = d.Tree
	}
	p.execute = parsed.Execute
	return trees, func() error {
		// html/template escapes when it is first executed, and has no other call
		// for it. What the execution itself says without data is no matter.
		var refused *htmltemplate.Error
		if err := parsed.Execute(failingWriter{}, nil); errors.As(err, &refused) {
			return templateError(p.name, err)
		}
		return nil
	}, nil
}

// failingWriter ends an execution at its first output.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// The functions that every source may call, and those that it is made to.
const (
	funcDefault     = "default"
	funcUnsubscribe = "unsubscribe"
	funcOptional    = "_message_optional"
	funcIndex       = "_message_index"
	funcPresent     = "_message_present"
)

func (t *Template) funcs(further map[string]any) map[string]any {
	funcs := map[string]any{
		funcDefault: func(instead, value any) any {
			if truth, ok := texttemplate.IsTrue(value); ok && truth {
				return value
			}
			return instead
		},
		funcUnsubscribe: t.markedURL,
		funcOptional:    optionalField,
		funcIndex:       indexField,
		funcPresent:     presentValue,
	}
	maps.Copy(funcs, further)
	return funcs
}

// markedURL is the URL that unsubscribes, with the mark where the token goes.
// The mark is made of letters and digits, which no escaping changes.
func (t *Template) markedURL() string {
	o := t.base.List.OneClick
	return o.before + t.mark + o.after
}

// rewrite has fields looked up where they may be missing or nil.
func rewrite(tree *parse.Tree) {
	walk(tree.Root, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ActionNode:
			rewriteAction(n, tree)
		case *parse.PipeNode:
			rewritePipe(n, tree)
		}
	})
}

// walk visits the lists, actions and pipelines of a tree, the outer ones first.
func walk(n parse.Node, visit func(parse.Node)) {
	branch := func(pipe *parse.PipeNode, list, elseList *parse.ListNode) {
		walk(pipe, visit)
		walk(list, visit)
		if elseList != nil {
			walk(elseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		visit(n)
		for _, inner := range n.Nodes {
			walk(inner, visit)
		}
	case *parse.PipeNode:
		visit(n)
		for _, cmd := range n.Cmds {
			for _, arg := range cmd.Args {
				walk(arg, visit)
			}
		}
	case *parse.ActionNode:
		visit(n)
		walk(n.Pipe, visit)
	case *parse.ChainNode:
		walk(n.Node, visit)
	case *parse.IfNode:
		branch(n.Pipe, n.List, n.ElseList)
	case *parse.WithNode:
		branch(n.Pipe, n.List, n.ElseList)
	case *parse.RangeNode:
		branch(n.Pipe, n.List, n.ElseList)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	}
}

// executeError types what went wrong in an execution.
func (t *Template) executeError(part string, err error, data any) error {
	e := templateError(part, err)
	for _, r := range t.refs {
		if r.part == part && r.line == e.Line && r.column == e.Column && (lacks(data, r.name) || errors.Is(err, errNilValue)) {
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
