package message

import (
	"bytes"
	"strings"
	"sync"
)

// A shape is what the parts of a message without files depend on, but for their
// texts and what tag their boundaries start with.
type shape struct {
	encodings [bodyParts]encoding // empty for a body that is not there
	flowed    bool
	tag       int // the length of the tag: long lines of the header are folded
}

// A joint is some of the skeleton of a shape, and what comes behind it: the tag,
// a body, or neither.
type joint struct {
	static []byte
	tag    bool
	body   int // noBody for none
}

// skeletons has those that enmime has written. There are not many shapes.
var skeletons sync.Map // of shape to []joint

func (sh shape) skeleton() ([]joint, error) {
	if known, ok := skeletons.Load(sh); ok {
		return known.([]joint), nil
	}
	made, err := sh.lay()
	if err == nil {
		skeletons.Store(sh, made)
	}
	return made, err
}

// lay lays out a message of the shape.
func (sh shape) lay() ([]joint, error) {
	m := Message{Flowed: sh.flowed}
	for i, text := range [...]*string{bodyText: &m.Text, bodyAMP: &m.AMP, bodyHTML: &m.HTML} {
		if sh.encodings[i] != "" {
			*text = "x"
		}
	}
	tag := boundaryTag(strings.Repeat("x", sh.tag-len(boundaryTag(""))))
	pieces, err := m.layOut(tag, "", func(i int, text string) string {
		if text == "" {
			return string(enc7bit)
		}
		return string(sh.encodings[i])
	})
	var joints []joint
	for _, p := range pieces {
		between := bytes.Split(p.static, []byte(tag))
		last := len(between) - 1
		for _, static := range between[:last] {
			joints = append(joints, joint{static, true, noBody})
		}
		joints = append(joints, joint{between[last], false, p.body})
	}
	return joints, err
}

// hasFiles reports whether there are parts that are not in a shape.
func (m *Message) hasFiles() bool {
	return len(m.Inlines)+len(m.Attachments) > 0 || m.Calendar.Content != ""
}
