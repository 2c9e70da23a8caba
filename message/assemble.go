package message

import "slices"

// merge merges a part, as far as it can be before it is known where it goes. ok is
// false where it has to be executed.
func (t *Template) merge(s *renderState, rp *renderedPart, p *part, fields any) (ok bool, err error) {
	if p.body == noBody {
		if ok, err = s.mergeLine(rp, p.merge, fields); ok && rp.classes&(classControl|classBad) != 0 {
			err = checkText(p.field, view(s.text[rp.from:rp.to]))
		}
		return ok, err
	}
	if ok, err = s.mergeBody(p.merge, fields); !ok {
		return false, err
	}
	rp.merged = true
	if values := s.survey.octets - p.merge.static.octets; !s.simple || s.survey.longest+values > maxLine || s.survey.octets == 0 {
		if s.survey, rp.unended = s.surveyMerged(rp, p.merge); s.survey.octets == 0 {
			return true, errEmptyBody
		}
	}
	rp.encoding = s.survey.encoding(t.base.EightBit)
	s.size += rp.encoding.most(s.survey.octets)
	return true, nil
}

// surveyMerged surveys a body line by line. unended says that it needs a line end
// behind its last value, which has been counted.
func (s *renderState) surveyMerged(rp *renderedPart, m *merge) (all survey, unended bool) {
	var l lineSurvey
	for i := range m.chunks {
		l.chunk(&m.chunks[i])
		if i < len(m.holes) {
			s.pending = append(s.pending[:0], s.values[rp.value+i].text...)
			l.value(s.pending)
		}
	}
	if l.length > 0 {
		unended = true
		l.octets += len(crlf)
		l.endLine()
	}
	return l.survey, unended
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

// appendHeader appends the fields in the order of Message's.
func (t *Template) appendHeader(out []byte, s *renderState, r *Recipient) ([]byte, error) {
	out = s.date.append(out, r.Date, t.origin)
	out, err := t.appendTo(out, s, r)
	if err == nil {
		out, err = appendMessageID(out, view(s.id))
	}
	if err == nil {
		out, err = t.appendSubject(out, s)
	}
	out = append(out, t.further...)
	for i, p := range t.parts {
		if p.header != "" && err == nil {
			rp := &s.parts[i]
			if out, err = appendFurtherField(out, p.header, view(s.text[rp.from:rp.to]), rp.classes); err != nil {
				err = tooLongHeader(p.field, p.header)
			}
		}
	}
	if err == nil && t.base.List.OneClick != nil {
		out, err = t.base.List.appendFields(out, view(s.token))
	}
	return out, err
}

func (t *Template) appendTo(out []byte, s *renderState, r *Recipient) ([]byte, error) {
	if r.To.Name == "" {
		return appendAtom(out, "To", view(s.mailbox))
	}
	f := openField(out, "To")
	f.mailbox(r.To.Name, view(s.mailbox), "")
	return f.close()
}

func (t *Template) appendSubject(out []byte, s *renderState) ([]byte, error) {
	if len(t.parts) == 0 || t.parts[0].name != partSubject {
		return appendSubject(out, "", 0)
	}
	rp, m := &s.parts[0], t.parts[0].merge
	if rp.merged && rp.classes&classUTF8 != 0 {
		return s.appendMergedSubject(out, rp, m)
	}
	return appendSubject(out, view(s.text[rp.from:rp.to]), rp.classes)
}

// appendMergedSubject does what appendSubject does, with text that is not ASCII and
// whose own octets are in Q already.
func (s *renderState) appendMergedSubject(out []byte, rp *renderedPart, m *merge) ([]byte, error) {
	f := openField(out, "Subject")
	values, eightBit := s.values[rp.value:rp.value+len(m.holes)], m.static.eightBit
	for _, v := range values {
		eightBit += v.eightBit
	}
	if inB(eightBit, rp.to-rp.from) {
		f.wordsB(view(s.text[rp.from:rp.to]))
		return f.close()
	}
	s.pending = append(s.pending[:0], m.coded[0]...)
	for i, v := range values {
		s.pending = append(appendCoded(s.pending, v.text, &wordOctets), m.coded[i+1]...)
	}
	f.wordsQ(s.pending)
	return f.close()
}

// appendBody appends the rest of the message.
func (t *Template) appendBody(out []byte, s *renderState) []byte {
	for i := range t.body {
		seg := &t.body[i]
		out = append(out, seg.static...)
		if seg.part == nil {
			if s.anyIn8bit(seg.deciding) {
				out = append(append(append(out, declaration...), enc8bit...), crlf...)
			}
			continue
		}
		rp := &s.parts[seg.index]
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

// anyIn8bit reports whether one of the parts goes out in 8bit.
func (s *renderState) anyIn8bit(parts []int) bool {
	return slices.ContainsFunc(parts, func(i int) bool { return s.parts[i].encoding == enc8bit })
}

// appendMerged appends a merged body.
func (s *renderState) appendMerged(out []byte, rp *renderedPart, m *merge) []byte {
	switch rp.encoding {
	case encQP:
		out, s.pending = appendChunks(out, m.chunks, s.values[rp.value:rp.value+len(m.holes)], rp.unended, s.pending)
		return out
	case encBase64:
		s.pending = s.appendPlain(s.pending[:0], rp, m)
		return appendBase64(out, s.pending)
	}
	return s.appendPlain(out, rp, m)
}

func (s *renderState) appendPlain(out []byte, rp *renderedPart, m *merge) []byte {
	for i := range m.chunks {
		out = append(out, m.chunks[i].raw...)
		if i < len(m.holes) {
			out = append(out, s.values[rp.value+i].text...)
		}
	}
	if rp.unended {
		out = append(out, crlf...)
	}
	return out
}
