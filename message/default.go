package message

import (
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

func rewriteDefaults(p *parse.PipeNode) {
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

// optionalField returns a field of the data, or "" if it is missing.
func optionalField(data any, name string) any {
	value, ok := fieldValue(data, name)
	if !ok {
		return ""
	}
	return value
}
