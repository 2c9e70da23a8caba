package dkim

import (
	"bytes"
	"fmt"
)

// A field is a header field of the message at hand, CRLF at its end included.
type field struct {
	start, end int
	next       int32 // the one of the same name before it; -1: none
}

// split reads the header of msg: which fields of those to sign are where. It
// returns the body. Bare CR and LF have been looked for.
func (sc *scratch) split(msg []byte, ns *names) (body []byte, err error) {
	sc.fields = sc.fields[:0]
	for i := range sc.first {
		sc.first[i] = -1
	}
	current := int32(-1) // the field that a continuation line goes on with
	for start := 0; ; {
		end := start + bytes.IndexByte(msg[start:], '\n') + 1
		line := msg[start:end]
		switch {
		case len(line) == 0:
			return nil, fmt.Errorf("%w: no empty line behind it", ErrHeader)
		case len(line) == len("\r\n"):
			return msg[end:], nil
		case line[0] == ' ' || line[0] == '\t':
			if start == 0 {
				return nil, fmt.Errorf("%w: begins with a continuation line", ErrHeader)
			}
			if current >= 0 {
				sc.fields[current].end = end
			}
		default:
			colon := bytes.IndexByte(line, ':')
			if colon <= 0 {
				return nil, fmt.Errorf("%w: %.80q", ErrHeader, line)
			}
			current = -1
			if which, ok := sc.lookup(line[:colon], ns); ok {
				current = int32(len(sc.fields))
				sc.fields = append(sc.fields, field{start, end, sc.first[which]})
				sc.first[which] = current
			}
		}
		start = end
	}
}

// lookup finds a field's name among those to sign.
func (sc *scratch) lookup(name []byte, ns *names) (int32, bool) {
	name = bytes.TrimRight(name, " \t") // obsolete, but legal: RFC 5322 4.5
	if len(name) > maxName {
		return 0, false
	}
	var lower [maxName]byte
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	which, ok := ns.index[string(lower[:len(name)])]
	return which, ok
}

// collect puts into sc.list the value of h=, unfolded, and into sc.canon the
// fields that it names in the form to be hashed. Fields of one name are taken
// from the bottom up (RFC 6376 5.4.2).
func (sc *scratch) collect(msg []byte, s *Signer) {
	sc.list, sc.canon = sc.list[:0], sc.canon[:0]
	for which, n := range s.names.list {
		times := 0
		for i := sc.first[which]; i >= 0; i = sc.fields[i].next {
			f := msg[sc.fields[i].start:sc.fields[i].end]
			if s.header == Relaxed {
				sc.canon = appendRelaxedField(sc.canon, f)
			} else {
				sc.canon = append(sc.canon, f...)
			}
			times++
		}
		if n.seal == sealed || n.seal == sealIfPresent && times > 0 {
			times++
		}
		for range times {
			sc.list = append(append(sc.list, n.text...), ':')
		}
	}
	sc.list = sc.list[:len(sc.list)-1] // From is always there
}

// appendRelaxedField appends a field as RFC 6376 3.4.2 has it: name in lower case,
// unfolded, each run of white space one space, none at the end and around the
// colon, CRLF behind it.
func appendRelaxedField(dst, f []byte) []byte {
	colon := bytes.IndexByte(f, ':')
	for _, c := range bytes.TrimRight(f[:colon], " \t") {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	dst = append(dst, ':')
	space := true // leading white space is dropped, as is what follows a space
	for _, c := range f[colon+1:] {
		switch {
		case c > ' ' || c != ' ' && c != '\t' && c != '\r' && c != '\n':
			dst = append(dst, c)
			space = false
		case !space && c != '\r' && c != '\n':
			dst = append(dst, ' ')
			space = true
		}
	}
	if space && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, "\r\n"...)
}
