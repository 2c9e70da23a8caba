package message

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"text/template/parse"
)

// With missingkey=error a field that is missing ends the execution before any
// function could see it. Where a default is at hand, {{.name | default "x"}} or
// {{default "x" .name}}, the field is therefore looked up by a function instead.

// defaulted returns the fields of a pipeline for which it has a default: the
// places where they stand.
func defaulted(p *parse.PipeNode) []*parse.Node {
	var fields []*parse.Node
	for i, cmd := range p.Cmds {
		if !isFunc(cmd.Args[0], funcDefault) {
			continue
		}
		var at *parse.Node
		switch {
		case len(cmd.Args) == 3:
			at = &cmd.Args[2]
		case len(cmd.Args) == 2 && i > 0 && len(p.Cmds[i-1].Args) == 1:
			at = &p.Cmds[i-1].Args[0]
		default:
			continue
		}
		if dot, _ := fieldOfDot(*at); dot != "" {
			fields = append(fields, at)
		}
	}
	return fields
}

// fieldOfDot takes {{.name}} and {{$x.name}} apart.
func fieldOfDot(n parse.Node) (dot, name string) {
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) == 1 {
			return ".", n.Ident[0]
		}
	case *parse.VariableNode:
		if len(n.Ident) == 2 {
			return n.Ident[0], n.Ident[1]
		}
	}
	return "", ""
}

// rewritePipe has fields looked up where they may be missing.
func rewritePipe(p *parse.PipeNode, tree *parse.Tree) {
	for i, cmd := range p.Cmds {
		if isTolerantIndex(p, i) {
			cmd.Args[0] = parse.NewIdentifier(funcIndex).SetPos(cmd.Args[0].Position()).SetTree(tree)
		}
	}
	for _, at := range defaulted(p) {
		dot, name := fieldOfDot(*at)
		*at = optionalCall(*at, dot, name)
	}
}

// optionalCall returns (_message_optional . "name").
func optionalCall(n parse.Node, dot, name string) parse.Node {
	source := "{{" + funcOptional + " " + dot + " " + strconv.Quote(name) + "}}"
	if dot != "." && dot != "$" {
		source = "{{" + dot + " := 0}}" + source // or the parser knows no such variable
	}
	trees, err := parse.Parse("", source, "", "", map[string]any{funcOptional: true})
	if err != nil {
		panic("message: " + err.Error()) // names that have been parsed before
	}
	nodes := trees[""].Root.Nodes
	call := nodes[len(nodes)-1].(*parse.ActionNode).Pipe
	call.Pos = n.Position()
	return call
}

// optionalField returns a field of the data, or what its method of that name
// returns, or "" if it is missing or nil.
func optionalField(data any, name string) (any, error) {
	if data == nil {
		return "", nil
	}
	if m := reflect.ValueOf(data).MethodByName(name); m.IsValid() && m.Type().NumIn() == 0 {
		switch out := m.Call(nil); {
		case len(out) == 1:
			return out[0].Interface(), nil
		case len(out) == 2:
			err, _ := out[1].Interface().(error)
			return out[0].Interface(), err
		}
	}
	value, ok := fieldValue(data, name)
	if !ok {
		return "", nil
	}
	return value, nil
}

// isTolerantIndex reports {{index . "name"}} and {{"name" | index .}}, which are
// for fields whose names are no identifiers: of structs, too, and "" if missing.
func isTolerantIndex(p *parse.PipeNode, i int) bool {
	args := p.Cmds[i].Args
	if !isFunc(args[0], "index") || len(args) < 2 || !isDot(args[1]) {
		return false
	}
	if len(args) == 2 && i == 1 && len(p.Cmds[0].Args) == 1 {
		args = append(args[:2:2], p.Cmds[0].Args[0])
	}
	if len(args) != 3 || i > 1 || i == 1 && len(p.Cmds[1].Args) == 3 {
		return false
	}
	_, ok := constant(args[2])
	return ok
}

// indexField is index for a map with string keys, a struct or nothing.
func indexField(data any, name string) (any, error) {
	v := reflect.ValueOf(data)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch k := v.Kind(); {
	case k == reflect.Map && v.Type().Key().Kind() == reflect.String:
		if value, ok := fieldValue(data, name); ok {
			return value, nil
		}
		if elem := v.Type().Elem(); elem.Kind() != reflect.Interface && elem.Kind() != reflect.Pointer {
			return reflect.Zero(elem).Interface(), nil
		}
		return "", nil
	case k == reflect.Struct:
		value, ok := fieldValue(data, name)
		if !ok {
			return "", nil
		}
		return value, nil
	case k == reflect.Invalid:
		return "", nil
	}
	return nil, fmt.Errorf("%T has no %q", data, name)
}

// rewriteAction has {{.name}} end the execution where the field is nil, for which
// text/template would print "<no value>" or "<nil>".
func rewriteAction(a *parse.ActionNode, tree *parse.Tree) {
	p := a.Pipe
	if len(p.Decl) > 0 || len(p.Cmds[0].Args) != 1 || len(p.Cmds) > 1 && isFunc(p.Cmds[1].Args[0], funcDefault) {
		return
	}
	field := p.Cmds[0].Args[0]
	if dot, _ := fieldOfDot(field); dot == "" {
		return
	}
	present := *p.Cmds[0]
	present.Args = []parse.Node{parse.NewIdentifier(funcPresent).SetPos(field.Position()).SetTree(tree)}
	p.Cmds = slices.Insert(p.Cmds, 1, &present)
}

var errNilValue = errors.New("the value is nil")

func presentValue(v reflect.Value) (reflect.Value, error) {
	if isNil(v) {
		return v, errNilValue
	}
	return v, nil
}
