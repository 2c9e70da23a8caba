package message

// surveyMerge finds out how a merged part is to be written.
func (t *Template) surveyMerge(s *renderState, rp *renderedPart, p *part) error {
	rp.merged = true
	if p.body == noBody {
		start := len(s.text)
		s.text = p.merge.append(s.text, s, rp.value)
		rp.from, rp.to = start, len(s.text)
		if p.header != "" {
			return checkText(p.field, view(s.text[start:]))
		}
		return checkText("Subject", view(s.text[start:]))
	}
	if values := s.survey.octets - p.merge.static.octets; s.simple && s.survey.longest+values <= maxLine && s.survey.octets > 0 {
		rp.encoding = s.survey.encoding(t.base.EightBit)
		s.size += rp.encoding.most(s.survey.octets)
		return nil
	}
	var l lineSurvey
	for i := range p.merge.chunks {
		l.chunk(&p.merge.chunks[i])
		if i < len(p.merge.holes) {
			l.value(s.valueAt(rp.value + i))
		}
	}
	if l.octets == 0 {
		return errEmptyBody
	}
	if l.length > 0 {
		rp.unended = true
		l.octets += len(crlf)
		l.endLine()
	}
	rp.encoding = l.encoding(t.base.EightBit)
	s.size += rp.encoding.most(l.octets)
	return nil
}

// append appends a merged subject or header.
func (m *merge) append(out []byte, s *renderState, value int) []byte {
	for i, text := range m.texts {
		out = append(out, text...)
		if i < len(m.holes) {
			out = append(out, s.valueAt(value+i)...)
		}
	}
	return out
}

// most is about the most octets that text of n octets gets.
func (e encoding) most(n int) int {
	switch e {
	case encQP:
		return n + n/2
	case encBase64:
		return n + n/3 + n/20
	}
	return n
}

// size is how many octets of the message are surely the template's.
func (t *Template) size() int {
	n := 512 + len(t.origin) + len(t.further)
	for _, seg := range t.body {
		n += len(seg.static)
	}
	return n
}

// appendHeader appends the fields in the order of Message's.
func (t *Template) appendHeader(out []byte, s *renderState, r *Recipient) ([]byte, error) {
	out = append(s.date.append(out, r.Date), t.origin...)
	f := openField(out, "To")
	f.mailbox(r.To.Name, view(s.mailbox), "")
	out, err := f.close()
	if err == nil {
		out, err = appendMessageID(out, view(s.id))
	}
	if err == nil {
		out, err = appendSubject(out, t.subject(s))
	}
	out = append(out, t.further...)
	for i, p := range t.parts {
		if p.header != "" && err == nil {
			rp := &s.parts[i]
			if out, err = appendFurtherField(out, p.header, view(s.text[rp.from:rp.to])); err != nil {
				err = tooLongHeader(p.field, p.header)
			}
		}
	}
	if err == nil {
		out, err = t.base.List.appendFields(out, view(s.token))
	}
	return append(out, mimeVersion...), err
}

// subject returns the subject, which is good until s changes.
func (t *Template) subject(s *renderState) string {
	if len(t.parts) == 0 || t.parts[0].name != partSubject {
		return ""
	}
	return view(s.text[s.parts[0].from:s.parts[0].to])
}

// appendBody appends the rest of the message.
func (t *Template) appendBody(out []byte, s *renderState) []byte {
	for i := range t.body {
		seg := &t.body[i]
		out = append(out, seg.static...)
		if seg.part == nil {
			continue
		}
		rp := s.part(t, seg.part)
		switch {
		case seg.name:
			out = append(out, rp.encoding...)
		case rp.merged:
			out = s.appendMerged(out, rp, seg.part.merge)
		default:
			out = rp.encoding.append(out, s.text[rp.from:rp.to])
		}
	}
	return out
}

func (s *renderState) part(t *Template, p *part) *renderedPart {
	for i := range t.parts {
		if t.parts[i] == p {
			return &s.parts[i]
		}
	}
	panic("message: a part of another template")
}

// appendMerged appends a merged body.
func (s *renderState) appendMerged(out []byte, rp *renderedPart, m *merge) []byte {
	switch rp.encoding {
	case encQP:
		return s.appendMergedQP(out, rp, m)
	case encBase64:
		s.pending = s.appendPlain(s.pending[:0], rp, m)
		return appendBase64(out, s.pending)
	}
	return s.appendPlain(out, rp, m)
}

func (s *renderState) appendMergedQP(out []byte, rp *renderedPart, m *merge) []byte {
	q := quoter{out: out, line: len(out)}
	for i := range m.chunks {
		m.chunks[i].append(&q)
		if i < len(m.holes) {
			q.value(s.valueAt(rp.value + i))
		}
	}
	if rp.unended {
		q.endLine()
	}
	return q.out
}

func (s *renderState) appendPlain(out []byte, rp *renderedPart, m *merge) []byte {
	for i := range m.chunks {
		out = append(out, m.chunks[i].raw...)
		if i < len(m.holes) {
			out = append(out, s.valueAt(rp.value+i)...)
		}
	}
	if rp.unended {
		out = append(out, crlf...)
	}
	return out
}
