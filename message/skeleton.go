package message

import "bytes"

// A segment is a piece of the message behind the header fields that appendHeader
// writes: bytes that are the same for all recipients, and what comes behind them.
type segment struct {
	static []byte
	part   *part // nil where none comes
	index  int   // of the part
	name   bool  // the name of the part's encoding comes, else its content
	// deciding are parts: if one of them goes out in 8bit, the multipart in whose
	// header this is declares 8bit too. Where there are any, nothing else comes.
	deciding []int
}

// compileMessage prepares all that is the same for every recipient.
func (t *Template) compileMessage() error {
	m := &t.base
	for _, p := range t.parts {
		switch {
		case p.merge == nil:
		case p.body == noBody:
			p.merge.prepareLine()
			if p.name == partSubject {
				p.merge.prepareWords()
			}
		case !p.merge.prepare(m, p.body):
			p.merge = nil
		}
	}
	t.assignSlots()
	var err error
	if t.origin, err = m.appendOrigin(nil); err != nil {
		return err
	}
	if t.further, err = m.appendFurther(nil); err != nil {
		return err
	}
	var list []byte // the same for all but for a token
	if m.List.OneClick == nil {
		if list, err = m.List.appendFields(nil, ""); err != nil {
			return err
		}
	}
	if err := t.compileBody(append(list, mimeVersion...)); err != nil {
		return err
	}
	t.size = sizeOfHeader + len(t.origin) + len(t.further)
	for _, seg := range t.body {
		t.size += len(seg.static)
	}
	return nil
}

// sizeOfHeader is what the fields that differ have, or more.
const sizeOfHeader = 512

// assignSlots numbers the fields that are merged.
func (t *Template) assignSlots() {
	slots := map[string]int{}
	for _, p := range t.parts {
		if p.merge == nil {
			continue
		}
		for i := range p.merge.holes {
			h := &p.merge.holes[i]
			slot, ok := slots[h.name]
			if !ok {
				slot = len(slots)
				slots[h.name] = slot
			}
			h.slot = slot
		}
	}
	t.slots = len(slots)
	var ok bool
	if t.token, ok = slots[""]; !ok {
		t.token = -1
	}
}

// compileBody encodes what is the same for all: attachments, inlines, a calendar.
// All of it comes behind out.
func (t *Template) compileBody(out []byte) error {
	m := t.base
	sources := map[int]*part{}
	index := map[*part]int{}
	for i, p := range t.parts {
		if p.body != noBody {
			sources[p.body], index[p] = p, i
		}
		switch p.body {
		case bodyText:
			m.Text = t.mark
		case bodyAMP:
			m.AMP = t.mark
		case bodyHTML:
			m.HTML = t.mark
		}
	}
	static := map[int]func([]byte) []byte{}
	open := ""
	if m.EightBit { // else no part can be in 8bit
		open = t.mark
	}
	pieces, err := m.layOut(m.tag(), open, func(i int, text string) string {
		if sources[i] != nil {
			return t.mark
		}
		content := m.wireText(nil, i, text)
		e := examine(content).encoding(m.EightBit)
		static[i] = func(out []byte) []byte { return e.append(out, content) }
		return string(e)
	})
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		out = t.compileDeclarations(append(out, piece.static...), func(body int) int { return index[sources[body]] })
		switch p := sources[piece.body]; {
		case p != nil:
			// In the part's header, which has just been written, the mark is
			// where its encoding goes.
			before, after, _ := bytes.Cut(out, []byte(t.mark))
			t.body = append(t.body, segment{static: before, part: p, index: index[p], name: true}, segment{static: after, part: p, index: index[p]})
			out = nil
		case piece.body != noBody:
			out = static[piece.body](out)
		case piece.file != nil:
			out = appendBase64(out, piece.file)
		}
	}
	t.body = append(t.body, segment{static: out})
	return nil
}

// compileDeclarations makes segments of what multiparts leave open in their headers,
// and returns what is behind them. indexOf has the index of a body's part.
func (t *Template) compileDeclarations(written []byte, indexOf func(body int) int) []byte {
	for {
		before, after, ok := bytes.Cut(written, []byte(t.mark+","))
		if !ok {
			return written
		}
		bodies, after, _ := bytes.Cut(after, crlf)
		seg := segment{static: bytes.TrimSuffix(before, []byte(declaration))}
		for _, digit := range bodies {
			seg.deciding = append(seg.deciding, indexOf(int(digit-'0')))
		}
		t.body = append(t.body, seg)
		written = after
	}
}

// declaration is the field that tells an encoding, up to its name.
const declaration = "Content-Transfer-Encoding: "
