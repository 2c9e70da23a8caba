package smtptest

// A transaction is the mail transaction of a session.
type transaction struct {
	open     bool  // MAIL was accepted
	utf8     bool  // with SMTPUTF8
	binary   bool  // with BODY=BINARYMIME
	eightBit bool  // with BODY=8BITMIME or BODY=BINARYMIME
	declared int64 // SIZE=, -1 without
	from     string
	params   string
	to       []Recipient

	data    []byte
	size    int64
	stop    int64 // where in the content a fault is due, -1 if none is
	chunks  int   // BDAT commands
	failed  bool  // a BDAT was refused: only RSET helps
	silent  bool  // a fault has sent the reply to the end of mail data
	refused bool  // a fault has refused the mail data half-way

	violations violations // of the mail data so far; unused if binary
}

// maxKept is the size beyond which a session does not keep the buffer of one
// message for the next.
const maxKept = 1 << 20

// reset forgets the mail transaction.
func (s *Session) reset() {
	data := s.tx.data[:0]
	if cap(data) > maxKept {
		data = nil
	}
	s.tx = transaction{data: data, to: s.tx.to[:0]}
}

// mail is RFC 5321 section 4.1.1.2. As with Postfix a MAIL within a
// transaction is refused and leaves the transaction as it was.
func (s *Session) mail(args string) (string, error) {
	switch {
	case s.helo == "":
		return "503 5.5.1 Send EHLO first", nil
	case s.tx.open:
		return "503 5.5.1 Nested MAIL command", nil
	case s.srv.RequireTLS && !s.underTLS:
		return "530 5.7.0 Must issue a STARTTLS command first", nil
	case s.srv.RequireAuth && s.user == "":
		return "530 5.7.0 Authentication required", nil
	case s.srv.MaxMessages > 0 && s.taken >= s.srv.MaxMessages:
		s.next = func(s *Session) error { return s.hangUp(errClose) }
		return "421 4.7.0 Too many messages in this session", nil
	}
	path, params, ok := cutPath(args, "FROM:")
	if !ok {
		return "501 5.1.7 Syntax: MAIL FROM:<address>", nil
	}
	tx := transaction{open: true, from: path, params: params, data: s.tx.data, to: s.tx.to, declared: -1, stop: -1}
	if refusal := s.checkMailParams(&tx); refusal != "" {
		return refusal, nil
	}
	reply := "250 2.1.0 Ok"
	if hook := s.srv.OnMail; hook != nil {
		if r := hook(s, path, params); r != nil {
			reply = r.String()
			if !r.positive() {
				return reply, nil
			}
		}
	}
	s.tx = tx
	s.envelopes++
	return reply, nil
}

// rcpt is RFC 5321 section 4.1.1.3.
func (s *Session) rcpt(args string) (string, error) {
	reply := s.addRecipient(args)
	if negative(reply) {
		s.srv.count.rejectedRecipients.Add(1)
	}
	return reply, nil
}

func (s *Session) addRecipient(args string) string {
	switch {
	case !s.tx.open:
		return "503 5.5.1 Need MAIL command"
	case s.tx.chunks > 0 || s.tx.failed:
		return "503 5.5.1 RCPT after BDAT"
	}
	path, params, ok := cutPath(args, "TO:")
	switch {
	case !ok || path == "":
		return "501 5.1.3 Syntax: RCPT TO:<address>"
	case s.srv.MaxRecipients > 0 && len(s.tx.to) >= s.srv.MaxRecipients:
		return "452 4.5.3 Too many recipients"
	}
	if refusal := s.checkRcptParams(path, params); refusal != "" {
		return refusal
	}
	reply := "250 2.1.5 Ok"
	if hook := s.srv.OnRcpt; hook != nil {
		if r := hook(s, path, params); r != nil {
			reply = r.String()
			if !r.positive() {
				return reply
			}
		}
	}
	s.tx.to = append(s.tx.to, Recipient{path, params})
	return reply
}

// data is RFC 5321 section 4.1.1.4. Without recipients the transaction stays
// open, as it does with Postfix: a client that does not send RSET then adds
// its next recipients to this envelope.
func (s *Session) data(args string) (string, error) {
	if s.in.Buffered() > 0 {
		s.srv.count.afterDATA.Add(1)
	}
	switch {
	case args != "":
		return "501 5.5.4 Syntax: DATA", nil
	case !s.tx.open:
		return "503 5.5.1 Need MAIL command", nil
	case s.tx.chunks > 0 || s.tx.failed:
		return "503 5.5.1 DATA after BDAT", nil
	case s.tx.binary:
		return "503 5.5.1 BODY=BINARYMIME requires BDAT", nil
	case len(s.tx.to) == 0:
		return "554 5.5.1 No valid recipients", nil
	}
	s.next = (*Session).receive
	return "354 End data with <CR><LF>.<CR><LF>", nil
}

// receive reads and answers the mail data behind a 354.
func (s *Session) receive() error {
	if err := s.readContent(); err != nil {
		return err
	}
	s.watchPipelining()
	text, err := s.endOfData()
	if err != nil {
		return err
	}
	s.reply(text)
	return nil
}
