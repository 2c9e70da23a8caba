package message

import (
	"errors"
	"text/template/parse"
)

var (
	errNoOneClick   = errors.New("Message.List.OneClick is not set")
	errUnsubscribed = errors.New("unsubscribe must stand alone, or before html, js or urlquery")
)

// checkUnsubscribe refuses {{unsubscribe}} without a URL, and where a function
// could change the mark that stands for the token.
func (t *Template) checkUnsubscribe(part, source string, tree *parse.Tree) error {
	var refused error
	good := map[*parse.PipeNode]bool{}
	walk(tree.Root, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ActionNode:
			good[n.Pipe] = isUnsubscribe(n.Pipe)
		case *parse.PipeNode:
			for _, cmd := range n.Cmds {
				for _, arg := range cmd.Args {
					if !isFunc(arg, funcUnsubscribe) || refused != nil || good[n] && t.base.List.OneClick != nil {
						continue
					}
					line, column := position(source, arg)
					e := &TemplateError{Part: part, Line: line, Column: column, Err: errUnsubscribed}
					if t.base.List.OneClick == nil {
						e.Err = errNoOneClick
					}
					refused = e
				}
			}
		}
	})
	return refused
}

// isUnsubscribe reports {{unsubscribe}}, which functions that leave letters and
// digits alone may follow.
func isUnsubscribe(p *parse.PipeNode) bool {
	if len(p.Decl) > 0 {
		return false
	}
	for i, cmd := range p.Cmds {
		if len(cmd.Args) != 1 || i == 0 && !isFunc(cmd.Args[0], funcUnsubscribe) || i > 0 && !isFunc(cmd.Args[0], "html", "js", "urlquery") {
			return false
		}
	}
	return true
}

// literals returns the texts of a tree.
func literals(tree *parse.Tree) []string {
	var texts []string
	walk(tree.Root, func(n parse.Node) {
		if list, ok := n.(*parse.ListNode); ok {
			for _, inner := range list.Nodes {
				if text, ok := inner.(*parse.TextNode); ok {
					texts = append(texts, string(text.Text))
				}
			}
		}
	})
	return texts
}
