package message

import (
	"bytes"
	"slices"
	"strings"
	"text/template/parse"
)

// A merge is a source that only merges fields: texts with holes between them,
// one text more than holes.
type merge struct {
	texts  []string
	holes  []hole
	chunks []chunk  // the texts of a body part
	static survey   // of them, as if all values were empty
	simple bool     // static is enough to go by, together with simple values
	line   class    // of the texts of a subject or header
	coded  []string // the texts of a subject in Q
}

// A hole is where a value goes.
type hole struct {
	slot     int      // the number of the field among those that the template merges
	stops    class    // a value with these is not simple
	guarded  bool     // nor is one that the hole does not let in
	atStart  bool     // the value could make the start of a line risky
	tolerant bool     // missing is the same as empty
	escape   *escaper // nil leaves the value as it is
	instead  value    // of an empty value
	name     string   // of the field; empty for the recipient's token
	ref      fieldRef // for the error if it is missing
}

// compileMerge returns the source of a tree as a merge, or nil if it has more than
// fields. html/template has escaped the tree: what a value goes through is
// what html/template has chosen.
func (t *Template) compileMerge(tree *parse.Tree, source string, refs []fieldRef) *merge {
	m := &merge{texts: []string{""}}
	for _, n := range tree.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			t.addText(m, string(n.Text))
		case *parse.CommentNode:
		case *parse.ActionNode:
			if cmds := n.Pipe.Cmds; len(n.Pipe.Decl) == 0 && len(cmds[0].Args) == 1 && isFunc(cmds[0].Args[0], funcUnsubscribe) {
				e, ok := findEscaper(cmds[1:])
				if !ok {
					return nil
				}
				t.addText(m, string(e.append(nil, t.markedURL())))
				continue
			}
			h, ok := compileHole(n.Pipe)
			if !ok {
				return nil
			}
			line, column := position(source, n.Pipe.Cmds[0].Args[0])
			if i := slices.IndexFunc(refs, func(r fieldRef) bool { return r.line == line && r.column == column }); i >= 0 {
				h.ref = refs[i]
			} else if !h.tolerant {
				return nil
			}
			m.holes, m.texts = append(m.holes, h), append(m.texts, "")
		default:
			return nil
		}
	}
	return m
}

// addText adds text, in which the mark is a hole for the token.
func (t *Template) addText(m *merge, text string) {
	last := len(m.texts) - 1
	for i, piece := range strings.Split(text, t.mark) {
		if i == 0 {
			m.texts[last] += piece
			continue
		}
		m.holes, m.texts = append(m.holes, hole{}), append(m.texts, piece)
	}
}

// compileHole returns the hole of an action: a field, perhaps its default, and
// the escapers that html/template has put there.
func compileHole(p *parse.PipeNode) (h hole, ok bool) {
	if len(p.Decl) > 0 {
		return h, false
	}
	cmds := p.Cmds
	if args := cmds[0].Args; len(args) == 3 && isFunc(args[0], funcDefault) {
		h, ok = fieldHole(args[2:])
		if instead, isString := args[1].(*parse.StringNode); ok && isString {
			h.instead = valueOf(instead.Text)
		} else {
			return h, false
		}
	} else if h, ok = fieldHole(args); !ok {
		return h, false
	}
	cmds = cmds[1:]
	if len(cmds) > 0 && isFunc(cmds[0].Args[0], funcPresent) {
		cmds = cmds[1:]
	}
	if len(cmds) > 0 && len(cmds[0].Args) == 2 && isFunc(cmds[0].Args[0], funcDefault) {
		instead, isString := cmds[0].Args[1].(*parse.StringNode)
		if !isString || h.instead.text != "" {
			return h, false
		}
		h.instead = valueOf(instead.Text)
		cmds = cmds[1:]
	}
	h.escape, ok = findEscaper(cmds)
	return h, ok
}

// fieldHole returns the hole of .name, $.name, index . "name", or what
// rewriteDefaults makes of the first two.
func fieldHole(args []parse.Node) (h hole, ok bool) {
	if len(args) == 1 {
		if p, isPipe := args[0].(*parse.PipeNode); isPipe && len(p.Cmds) == 1 && len(p.Decl) == 0 {
			args = p.Cmds[0].Args
		}
	}
	switch len(args) {
	case 1:
		dot, name := fieldOfDot(args[0])
		return hole{name: name}, dot == "." || dot == "$"
	case 3:
		name, isString := args[2].(*parse.StringNode)
		if isFunc(args[0], funcIndex, funcOptional) && isString && isDot(args[1]) && name.Text != "" {
			return hole{name: name.Text, tolerant: true}, true
		}
	}
	return h, false
}

// isDot reports the data, which dot and $ both are outside of all blocks.
func isDot(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.DotNode:
		return true
	case *parse.VariableNode:
		return len(n.Ident) == 1 && n.Ident[0] == "$"
	}
	return false
}

// prepare makes the chunks of a body part. It reports false where a text could
// run together with a value.
func (m *merge) prepare(base *Message, body int) bool {
	if body == bodyText && base.Flowed && len(m.holes) > 0 {
		return false // a value moves all soft line breaks
	}
	last := len(m.texts) - 1
	m.chunks = make([]chunk, 0, len(m.texts))
	for i, text := range m.texts {
		var raw []byte
		if i < last {
			if strings.HasSuffix(text, "\r") {
				return false // the value may begin with a line feed
			}
			raw = appendNormalized(nil, text)
		} else {
			raw = base.wireText(nil, body, text)
		}
		m.chunks = append(m.chunks, newChunk(raw, i == 0))
	}
	m.surveyStatic()
	return true
}

// prepareLine prepares the texts of a subject or header.
func (m *merge) prepareLine() {
	for _, text := range m.texts {
		m.line |= classesOf(text)
	}
}

// prepareWords prepares the texts of a subject for encoded words.
func (m *merge) prepareWords() {
	for _, text := range m.texts {
		m.static.count([]byte(text))
		m.coded = append(m.coded, string(appendCoded(nil, text, &wordOctets)))
	}
}

// surveyStatic surveys the texts, and finds the holes where lines start.
func (m *merge) surveyStatic() {
	var l lineSurvey
	first := true // hole of its line
	for i := range m.chunks {
		c := &m.chunks[i]
		l.chunk(c)
		first = first || c.lines
		if i < len(m.holes) {
			h := &m.holes[i]
			h.atStart = first && couldBeRisky(l.head[:min(l.length, riskyLen)])
			h.stops = h.escape.classes() | classLine | classBad
			h.guarded = h.atStart || h.escape.filters()
			first = false
		}
	}
	m.static = l.survey
	m.simple = !l.risky && len(m.chunks[len(m.chunks)-1].raw) > 0 // which ends in a line end
}

// couldBeRisky reports the start of a line that more could make risky.
func couldBeRisky(line []byte) bool {
	return bytes.HasPrefix(from, line) || bytes.HasPrefix([]byte("--=_"), line)
}
