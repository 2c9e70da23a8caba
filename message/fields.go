package message

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// A fieldRef is one use of a top-level field.
type fieldRef struct {
	name   string
	part   string
	line   int // from 1
	column int // in octets, from 1
}

func (r fieldRef) missing() *TemplateError {
	return &TemplateError{Part: r.part, Line: r.line, Column: r.column, Field: r.name, Err: ErrMissingField}
}

// lacks reports whether data are a map without the key, or nil.
func lacks(data any, key string) bool {
	if data == nil {
		return true
	}
	v := reflect.ValueOf(data)
	if v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return false
	}
	return !v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())).IsValid()
}

// findFields walks the template of the given name and all that it calls.
func findFields(part, source string, trees map[string]*parse.Tree) ([]fieldRef, error) {
	f := &fieldFinder{part: part, source: source, trees: trees, seen: map[call]bool{}}
	f.template(part, true)
	slices.SortFunc(f.refs, func(a, b fieldRef) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return slices.Compact(f.refs), f.err
}

// A fieldFinder collects the uses of fields of the root, the data that a
// template is executed with.
type fieldFinder struct {
	part, source string
	trees        map[string]*parse.Tree
	seen         map[call]bool
	refs         []fieldRef
	err          error // the first call of a template that is not defined
}

// A call is a template with what its dot is.
type call struct {
	name string
	root bool
}

// A scope says what stands for the root here.
type scope struct {
	dot  bool            // whether "." does
	vars map[string]bool // the variables that do, "$" among them
}

func (s scope) inner(dot bool) scope { return scope{dot: dot, vars: maps.Clone(s.vars)} }

func (f *fieldFinder) template(name string, root bool) {
	tree, c := f.trees[name], call{name, root}
	if tree == nil || f.seen[c] {
		return
	}
	f.seen[c] = true
	f.list(tree.Root, scope{dot: root, vars: map[string]bool{"$": root}})
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
		root := f.pipe(n.Pipe, s)
		f.list(n.List, s.inner(root))
		f.list(n.ElseList, s.inner(s.dot))
	case *parse.RangeNode:
		s := s.inner(s.dot)
		f.pipe(n.Pipe, s)
		for _, v := range n.Pipe.Decl {
			s.vars[v.Ident[0]] = false // an element, whatever the pipe is
		}
		f.list(n.List, s.inner(false))
		f.list(n.ElseList, s.inner(s.dot))
	case *parse.TemplateNode:
		f.call(n, s)
	case *parse.PipeNode:
		f.pipe(n, s)
	case *parse.FieldNode:
		if s.dot {
			f.add(n, n.Ident[0])
		}
	case *parse.VariableNode:
		if len(n.Ident) > 1 && s.vars[n.Ident[0]] {
			f.add(n, n.Ident[1])
		}
	case *parse.ChainNode:
		if isRoot(n.Node, s) {
			f.add(n, n.Field[0])
		}
		f.node(n.Node, s)
	}
}

func (f *fieldFinder) call(n *parse.TemplateNode, s scope) {
	if f.trees[n.Name] == nil && f.err == nil {
		line, column := f.position(n)
		f.err = &TemplateError{Part: f.part, Line: line, Column: column,
			Err: fmt.Errorf("template %q is not defined", n.Name)}
	}
	root := false
	if n.Pipe != nil {
		root = f.pipe(n.Pipe, s)
	}
	f.template(n.Name, root)
}

// pipe walks a pipeline, notes what its variables stand for, and reports
// whether its value is the root.
func (f *fieldFinder) pipe(p *parse.PipeNode, s scope) bool {
	if p == nil {
		return false
	}
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			f.node(arg, s)
		}
		f.index(cmd, s)
	}
	root := isRoot(p, s)
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = root
	}
	return root
}

// index finds {{index . "name"}}, the only way to a field whose name is not an
// identifier, such as a CSV column "first name".
func (f *fieldFinder) index(cmd *parse.CommandNode, s scope) {
	if len(cmd.Args) < 3 {
		return
	}
	fn, ok := cmd.Args[0].(*parse.IdentifierNode)
	key, isString := cmd.Args[2].(*parse.StringNode)
	if ok && isString && fn.Ident == "index" && isRoot(cmd.Args[1], s) {
		f.add(key, key.Text)
	}
}

// isRoot reports whether a node's value is the root.
func isRoot(n parse.Node, s scope) bool {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.VariableNode:
		return len(n.Ident) == 1 && s.vars[n.Ident[0]]
	case *parse.PipeNode:
		return len(n.Cmds) == 1 && len(n.Cmds[0].Args) == 1 && isRoot(n.Cmds[0].Args[0], s)
	}
	return false
}

func (f *fieldFinder) add(n parse.Node, name string) {
	line, column := f.position(n)
	f.refs = append(f.refs, fieldRef{name: name, part: f.part, line: line, column: column})
}

// position counts as text/template's errors do, but for the column, which starts
// at 1 here.
func (f *fieldFinder) position(n parse.Node) (line, column int) {
	before := f.source[:min(int(n.Position()), len(f.source))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}
