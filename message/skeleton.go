package message

import (
	"bytes"
	"fmt"
	"strings"
)

// A segment is a piece of the message behind the header fields that appendHeader
// writes: bytes that are the same for all recipients, and what comes behind them.
type segment struct {
	static []byte
	part   *part // nil for the last one
	name   bool  // the name of the part's encoding comes, else its content
}

// compileMessage prepares all that is the same for every recipient.
func (t *Template) compileMessage() error {
	m := &t.base
	for _, p := range t.parts {
		if p.body != noBody && p.merge != nil && !p.merge.prepare(m, p.body) {
			p.merge = nil
		}
	}
	var err error
	if t.origin, err = m.appendOrigin(nil); err != nil {
		return err
	}
	if t.further, err = m.appendFurther(nil); err != nil {
		return err
	}
	return t.compileBody()
}

// compileBody has enmime write the parts, attachments and all, around marks, and
// cuts the outcome at these.
func (t *Template) compileBody() error {
	m := t.base
	sources := map[int]*part{}
	for _, p := range t.parts {
		if p.body == noBody {
			continue
		}
		sources[p.body] = p
		switch p.body {
		case bodyText:
			m.Text = t.mark
		case bodyAMP:
			m.AMP = t.mark
		case bodyHTML:
			m.HTML = t.mark
		}
	}
	var order []*part // as enmime writes them
	whole, err := appendTree(nil, m.tree(func(i int, text string) (encoding, []byte) {
		if p := sources[i]; p != nil {
			order = append(order, p)
			return encoding(t.mark), []byte(t.mark)
		}
		content := m.wireText(nil, i, text)
		e := examine(content).encoding(m.EightBit)
		return e, e.append(nil, content)
	}))
	if err != nil {
		return err
	}
	pieces := bytes.Split(whole, []byte(t.mark))
	if len(pieces) != 2*len(order)+1 || strings.Contains(m.Boundary, t.mark) {
		return fmt.Errorf("message: enmime has written %d marks for %d parts", len(pieces)-1, len(order))
	}
	for i, piece := range pieces {
		s := segment{static: piece, name: i%2 == 0}
		if i < len(pieces)-1 {
			s.part = order[i/2]
		}
		t.body = append(t.body, s)
	}
	return nil
}
