package message

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"
)

// A fieldRef is one use of a top-level field.
type fieldRef struct {
	name     string
	part     string
	line     int  // from 1
	column   int  // in octets, from 1
	optional bool // it has a default
}

func (r fieldRef) missing() *TemplateError {
	return &TemplateError{Part: r.part, Line: r.line, Column: r.column, Field: r.name, Err: ErrMissingField}
}

// findFields walks the template of the given name and all that it calls. It
// returns the uses of fields of the data, and of fields of what is surely no
// more than a string, number or the like if the data's values are strings.
func findFields(part, source string, trees map[string]*parse.Tree) (refs, nested []fieldRef, err error) {
	f := &fieldFinder{part: part, source: source, trees: trees, assigned: map[string]bool{}, optional: map[parse.Node]bool{}}
	for range 2 { // the first time only tells which variables are assigned to
		f.seen, f.refs, f.nested, f.err = map[call]bool{}, nil, nil, nil
		f.template(part, root)
	}
	return sortRefs(f.refs), sortRefs(f.nested), f.err
}

func sortRefs(refs []fieldRef) []fieldRef {
	slices.SortFunc(refs, func(a, b fieldRef) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return slices.Compact(refs)
}

// A fieldFinder collects the uses of fields of the root, the data that a
// template is executed with, and of plain values.
type fieldFinder struct {
	part, source string
	trees        map[string]*parse.Tree
	seen         map[call]bool
	assigned     map[string]bool // variables that change, by =
	optional     map[parse.Node]bool
	refs         []fieldRef
	nested       []fieldRef
	err          error // the first call of a template that is not defined
}

// A kind is what a value can be.
type kind uint8

const (
	other kind = iota // not known
	root              // the data
	plain             // a value of the data, a constant, what a function makes of them
)

// A call is a template with what its dot is.
type call struct {
	name string
	dot  kind
}

// A scope says what the dot and the variables are, "$" among them.
type scope struct {
	dot  kind
	vars map[string]kind
}

func (s scope) inner(dot kind) scope { return scope{dot: dot, vars: maps.Clone(s.vars)} }

func (f *fieldFinder) template(name string, dot kind) {
	tree, c := f.trees[name], call{name, dot}
	if tree == nil || f.seen[c] {
		return
	}
	f.seen[c] = true
	f.list(tree.Root, scope{dot: dot, vars: map[string]kind{"$": dot}})
}

func (f *fieldFinder) list(list *parse.ListNode, s scope) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		f.node(n, s)
	}
}

func (f *fieldFinder) node(n parse.Node, s scope) {
	switch n := n.(type) {
	case *parse.ActionNode:
		f.pipe(n.Pipe, s)
	case *parse.IfNode:
		s := s.inner(s.dot)
		f.pipe(n.Pipe, s)
		f.list(n.List, s.inner(s.dot))
		f.list(n.ElseList, s.inner(s.dot))
	case *parse.WithNode:
		s := s.inner(s.dot)
		dot := f.pipe(n.Pipe, s)
		f.list(n.List, s.inner(dot))
		f.list(n.ElseList, s.inner(s.dot))
	case *parse.RangeNode:
		f.rangeOver(n, s.inner(s.dot))
	case *parse.TemplateNode:
		f.call(n, s)
	case *parse.PipeNode:
		f.pipe(n, s)
	case *parse.FieldNode:
		f.access(n, s.dot, n.Ident)
	case *parse.VariableNode:
		f.access(n, f.variable(n.Ident[0], s), n.Ident[1:])
	case *parse.ChainNode:
		f.node(n.Node, s)
		f.access(n, f.kindOf(n.Node, s), n.Field)
	}
}

func (f *fieldFinder) rangeOver(n *parse.RangeNode, s scope) {
	element := plain
	if f.pipe(n.Pipe, s) == other {
		element = other
	}
	for _, v := range n.Pipe.Decl {
		s.vars[v.Ident[0]] = element
	}
	f.list(n.List, s.inner(element))
	f.list(n.ElseList, s.inner(s.dot))
}

func (f *fieldFinder) call(n *parse.TemplateNode, s scope) {
	if f.trees[n.Name] == nil && f.err == nil {
		line, column := position(f.source, n)
		f.err = &TemplateError{Part: f.part, Line: line, Column: column,
			Err: fmt.Errorf("template %q is not defined", n.Name)}
	}
	dot := plain // nil
	if n.Pipe != nil {
		dot = f.pipe(n.Pipe, s)
	}
	f.template(n.Name, dot)
}

// pipe walks a pipeline, notes what its variables are, and returns what it is.
func (f *fieldFinder) pipe(p *parse.PipeNode, s scope) kind {
	if p == nil {
		return plain
	}
	for _, at := range defaulted(p) {
		f.optional[*at] = true
	}
	for i, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			f.node(arg, s)
		}
		f.index(f.arguments(p, i), s)
	}
	k := f.kindOf(p, s)
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = k
		if p.IsAssign {
			f.assigned[v.Ident[0]] = true
		}
	}
	return k
}

// arguments returns a command of a pipeline with its last argument, the value of
// the command before it.
func (f *fieldFinder) arguments(p *parse.PipeNode, i int) []parse.Node {
	args := p.Cmds[i].Args
	if i == 0 {
		return args
	}
	before := *p
	before.Cmds = p.Cmds[:i]
	return append(slices.Clone(args), &before)
}

// index finds {{index . "name"}}, the only way to a field whose name is not an
// identifier, such as a CSV column "first name".
func (f *fieldFinder) index(args []parse.Node, s scope) {
	if len(args) < 3 || !isFunc(args[0], "index") || f.kindOf(args[1], s) != root {
		return
	}
	if key, ok := constant(args[2]); ok {
		f.add(&f.refs, key, key.Text)
	}
}

func isFunc(n parse.Node, names ...string) bool {
	fn, ok := n.(*parse.IdentifierNode)
	return ok && slices.Contains(names, fn.Ident)
}

// constant returns the string that n is, in parentheses or not.
func constant(n parse.Node) (*parse.StringNode, bool) {
	if p, ok := n.(*parse.PipeNode); ok && len(p.Cmds) == 1 && len(p.Cmds[0].Args) == 1 {
		return constant(p.Cmds[0].Args[0])
	}
	s, ok := n.(*parse.StringNode)
	return s, ok
}

// kindOf returns what a node's value is.
func (f *fieldFinder) kindOf(n parse.Node, s scope) kind {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return fieldOf(s.dot, n.Ident)
	case *parse.VariableNode:
		return fieldOf(f.variable(n.Ident[0], s), n.Ident[1:])
	case *parse.ChainNode:
		return fieldOf(f.kindOf(n.Node, s), n.Field)
	case *parse.PipeNode:
		return f.result(f.arguments(n, len(n.Cmds)-1), s)
	}
	return plain // a constant
}

// fieldOf returns what the fields of a value are, or the value if there are none.
func fieldOf(k kind, path []string) kind {
	if len(path) > 0 && k == root {
		return plain
	}
	return k
}

// result returns what a command makes of its arguments.
func (f *fieldFinder) result(args []parse.Node, s scope) kind {
	switch {
	case isFunc(args[0], "call"):
		return other
	case isFunc(args[0], "index") && len(args) == 3:
		return fieldOf(f.kindOf(args[1], s), []string{""})
	case isFunc(args[0], "and", "or", "index", "slice"):
		for _, arg := range args[1:] {
			if f.kindOf(arg, s) != plain {
				return other
			}
		}
		return plain
	case len(args) > 1: // a function, of which the others return no data
		return plain
	}
	return f.kindOf(args[0], s) // plain, if it is a function
}

// variable returns what a variable is. One that is assigned to in a branch may
// be something else behind it.
func (f *fieldFinder) variable(name string, s scope) kind {
	if k := s.vars[name]; k != plain || !f.assigned[name] {
		return k
	}
	return other
}

// access notes the use of the fields of a value.
func (f *fieldFinder) access(n parse.Node, k kind, path []string) {
	if k == root && len(path) > 0 {
		f.add(&f.refs, n, path[0])
		k, path = plain, path[1:]
	}
	if k == plain && len(path) > 0 {
		f.add(&f.nested, n, path[0])
	}
}

func (f *fieldFinder) add(to *[]fieldRef, n parse.Node, name string) {
	line, column := position(f.source, n)
	*to = append(*to, fieldRef{name: name, part: f.part, line: line, column: column, optional: f.optional[n]})
}

// position counts as text/template's errors do, but for the column, which starts
// at 1 here.
func position(source string, n parse.Node) (line, column int) {
	before := source[:min(int(n.Position()), len(source))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}
