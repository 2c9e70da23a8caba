package smtptest

import (
	"strconv"
	"strings"
)

// bdat is RFC 3030 section 2. The chunk of a refused BDAT is read all the
// same.
func (s *Session) bdat(args string) (string, error) {
	if !s.offers("CHUNKING") {
		s.watchPipelining()
		return "500 5.5.2 Command unrecognized", nil
	}
	size, last, ok := parseChunk(args)
	if !ok {
		s.watchPipelining()
		return "501 5.5.4 Syntax: BDAT size [LAST]", nil
	}
	refusal := s.refuseChunk(size, last)
	var err error
	if refusal != "" {
		err = s.skipChunk(size)
	} else {
		s.tx.chunks++
		err = s.readChunk(size)
	}
	if err != nil {
		return "", err
	}
	s.watchPipelining()
	switch {
	case refusal != "":
		return refusal, nil
	case last:
		return s.endOfData()
	case s.tx.refused:
		s.tx.failed = true
		return "", nil
	}
	return "250 2.0.0 Ok: " + strconv.FormatInt(size, 10) + " octets", nil
}

// parseChunk parses the arguments of BDAT.
func parseChunk(args string) (size int64, last, ok bool) {
	number, rest, _ := strings.Cut(args, " ")
	n, err := strconv.ParseUint(number, 10, 63)
	last = strings.EqualFold(rest, "LAST")
	return int64(n), last, err == nil && (last || rest == "")
}

// refuseChunk returns the reply with which a chunk is refused, "" if it is
// not. Behind a refused chunk the transaction is of no use until RSET (RFC
// 3030 section 2), with one exception: a BDAT LAST that had no recipients
// leaves MAIL open, as with Postfix and as with DATA.
func (s *Session) refuseChunk(size int64, last bool) string {
	switch limit := s.srv.set.maxSize; {
	case !s.tx.open:
		return "503 5.5.1 Need MAIL command"
	case s.tx.failed:
		return "503 5.5.1 Need RSET after a refused BDAT"
	case len(s.tx.to) == 0:
		s.tx.failed = !last
		return "554 5.5.1 No valid recipients"
	case limit > 0 && size > limit-s.tx.size:
		s.tx.failed = true
		s.srv.count.refusedMessages.Add(1)
		return "552 5.3.4 Message too big"
	}
	return ""
}

// skipBDAT reads the chunk of a BDAT that a fault answers.
func (s *Session) skipBDAT(a Action, args string) error {
	if s.tx.open {
		s.tx.failed = true
	}
	size, _, ok := parseChunk(args)
	if a.unread || a.then != fateGoOn || !ok || !s.offers("CHUNKING") {
		return nil
	}
	return s.skipChunk(size)
}

// readChunk reads the chunk of a BDAT.
func (s *Session) readChunk(size int64) error {
	if s.tx.chunks == 1 {
		if err := s.beginContent(); err != nil {
			return err
		}
	}
	for size > 0 {
		b, err := s.peek()
		if err != nil {
			return err
		}
		b = b[:min(int64(len(b)), size)]
		if err := s.absorb(b); err != nil {
			return err
		}
		s.in.Discard(len(b))
		size -= int64(len(b))
	}
	return nil
}

// skipChunk reads a chunk that nobody wants.
func (s *Session) skipChunk(size int64) error {
	for size > 0 {
		n, err := s.in.Discard(int(min(size, inputSize)))
		s.srv.count.bytes.Add(int64(n))
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}
