package message

import (
	"bytes"
	"strings"
)

// A value is text that is merged, with what its place needs to know of it.
type value struct {
	text    string
	quoted  string // in quoted-printable, if it may fit into a line; else text
	classes class
	// Of its octets, if there is no CR or LF: those that are not ASCII, those
	// that quoted-printable escapes, and control characters but tab.
	eightBit, escapes, controls int
}

func valueOf(text string) (v value) {
	v.set(text, nil)
	return v
}

// set makes v the value of a text. Its quoted-printable is appended to room, if it
// differs, and is good until room is used anew.
func (v *value) set(text string, room []byte) []byte {
	v.text, v.quoted, v.classes = text, text, classesOf(text)
	v.eightBit, v.escapes, v.controls = 0, 0, 0
	if v.classes&classCoded == 0 {
		return room
	}
	if v.classes&(classControl|classEquals) != 0 || len(text) > encodedWidth {
		v.count()
		if v.classes&classLine != 0 || len(text) > encodedWidth {
			return room
		}
	}
	start := len(room)
	room = appendCoded(room, text, &quotedOctets)
	v.quoted = view(room[start:])
	if v.escapes == 0 { // not counted, so that all are of one kind
		v.escapes = (len(v.quoted) - len(text)) / len("00")
		v.eightBit = v.escapes
	}
	return room
}

// count counts octet by octet.
func (v *value) count() {
	for i := range len(v.text) {
		c := classes[v.text[i]]
		v.escapes += int(c & classCoded)
		v.eightBit += int(c / classUTF8 & 1)
		v.controls += int(c / classControl & 1)
	}
}

// A slot has what a merged field of the recipient is, once it has been looked for.
type slot struct {
	value
	found found
	known bool
	plain bool // a text that is not empty
}

// forget makes the slot unknown, and lets go of its texts. The rest is overwritten
// when it is set.
func (f *slot) forget() { f.text, f.quoted, f.known, f.plain = "", "", false, false }

// value returns what goes into a hole, or nil if only an execution can tell.
func (s *renderState) value(fields any, h *hole) (*value, error) {
	if f := &s.slots[h.slot]; f.plain {
		return &f.value, nil
	}
	return s.look(fields, h)
}

func (s *renderState) look(fields any, h *hole) (*value, error) {
	f := &s.slots[h.slot]
	if !f.known {
		var text string
		text, f.found = lookUp(fields, h.name)
		s.setText(f, text)
	}
	switch {
	case f.found == foundOther:
		return nil, nil
	case f.found == foundNone && !h.tolerant:
		return nil, h.ref.missing()
	case f.text == "" && h.tolerant:
		return &h.instead, nil
	}
	return &f.value, nil
}

// setText makes the slot known.
func (s *renderState) setText(f *slot, text string) {
	s.quoted = f.set(text, s.quoted)
	f.known, f.plain = true, text != ""
}

// mergeLine merges a subject or header into s.text. ok is false where a value
// is not for merging.
func (s *renderState) mergeLine(rp *renderedPart, m *merge, fields any) (ok bool, err error) {
	rp.classes = m.line
	s.text = append(s.text, m.texts[0]...)
	for i := range m.holes {
		v, err := s.value(fields, &m.holes[i])
		if v == nil {
			s.text, s.values = s.text[:rp.from], s.values[:rp.value]
			return false, err
		}
		rp.classes |= v.classes
		s.values = append(s.values, v)
		s.text = append(append(s.text, v.text...), m.texts[i+1]...)
	}
	rp.to, rp.merged = len(s.text), true
	return true, nil
}

// mergeBody looks up, escapes and normalises the values of a body, and surveys
// them as far as they are simple. ok is false where one is not for merging.
func (s *renderState) mergeBody(m *merge, fields any) (ok bool, err error) {
	s.simple = m.simple
	first := len(s.values)
	octets, eightBit, escapes, controls := 0, 0, 0, 0
	for i := range m.holes {
		h := &m.holes[i]
		v, err := s.value(fields, h)
		if v != nil && !h.isSimple(v) {
			v = s.escape(h, v)
		}
		if v == nil {
			s.values = s.values[:first]
			return false, err
		}
		octets += len(v.text)
		eightBit += v.eightBit
		escapes += v.escapes
		controls += v.controls
		s.values = append(s.values, v)
	}
	s.survey = m.static
	s.survey.add(survey{octets: octets, eightBit: eightBit, escapes: escapes, controls: controls})
	return true, nil
}

// isSimple reports a value that stands in the hole as it is, and does nothing to
// the lines around it but make them longer.
func (h *hole) isSimple(v *value) bool {
	return v.classes&h.stops == 0 && (!h.guarded || h.lets(v.text))
}

// lets reports a text that may stand where the hole is.
func (h *hole) lets(text string) bool {
	if h.atStart && (text == "" || strings.IndexByte("From -=_", text[0]) >= 0) {
		return false // it could go on with a line as in couldBeRisky
	}
	return !h.escape.filters() || isSafeURL(text)
}

// escape returns the value, escaped for its hole and normalised, or nil if it is
// not for merging: one that a body cannot have, or that could run together with
// what is behind it.
func (s *renderState) escape(h *hole, v *value) *value {
	if v.classes&classBad != 0 || strings.HasSuffix(v.text, "\r") {
		return nil
	}
	start := len(s.escaped)
	s.escaped = h.escape.append(s.escaped, v.text)
	if v.classes&classLine != 0 {
		s.normalize(start)
	}
	// What has been escaped stays where it is, even if more of it needs another array.
	s.changed = append(s.changed, value{})
	e := &s.changed[len(s.changed)-1]
	s.quoted = e.set(view(s.escaped[start:]), s.quoted)
	if e.classes&classLine != 0 || h.atStart {
		s.simple = false
	}
	return e
}

// normalize normalises what is in s.escaped from start on.
func (s *renderState) normalize(start int) {
	value := s.escaped[start:]
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return
	}
	s.escaped = appendNormalized(s.escaped[:start], string(value))
}
