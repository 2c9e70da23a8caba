package smtptest

import (
	"errors"
	"strings"
)

// A command is a row of the table of those that the server knows. run does it
// and returns the reply, or an error if the session is over.
type command struct {
	verb  string
	point Point
	setUp bool // opens or closes a session: no round trip of a transaction
	run   func(s *Session, args string) (string, error)
}

// verbs is the length of commandTable.
const verbs = 14

// commandTable's last row stands for every other command.
var commandTable = [verbs]command{
	{"EHLO", PointEHLO, true, (*Session).ehlo},
	{"HELO", PointHELO, true, (*Session).heloCommand},
	{"STARTTLS", PointSTARTTLS, true, (*Session).starttls},
	{"AUTH", PointAUTH, true, (*Session).auth},
	{"MAIL", PointMAIL, false, (*Session).mail},
	{"RCPT", PointRCPT, false, (*Session).rcpt},
	{"DATA", PointDATA, false, (*Session).data},
	{"BDAT", PointBDAT, false, (*Session).bdat},
	{"RSET", PointRSET, false, (*Session).rset},
	{"NOOP", PointNOOP, false, (*Session).noop},
	{"VRFY", PointVRFY, false, (*Session).vrfy},
	{"HELP", PointHELP, false, (*Session).help},
	{"QUIT", PointQUIT, true, (*Session).quit},
	{"OTHER", PointOther, false, (*Session).other},
}

const otherCommand = verbs - 1

// lookup splits a line into the index of its command and its arguments.
func lookup(line string) (int, string) {
	verb, args, _ := strings.Cut(line, " ")
	for i := range commandTable[:otherCommand] {
		if strings.EqualFold(commandTable[i].verb, verb) {
			return i, strings.TrimSpace(args)
		}
	}
	return otherCommand, line
}

// command reads, does and answers one command, and what goes with it.
func (s *Session) command() error {
	if s.helo != "" && !s.tx.open && s.in.Buffered() == 0 && s.srv.script.some.Load() {
		if err := s.flush(); err != nil {
			return err
		}
		if err := s.reach(PointIdle, s.verb); err != nil {
			return err
		}
	}
	line, err := s.readLine(maxLine)
	switch {
	case errors.Is(err, errLineTooLong):
		s.reply("500 5.5.2 Line too long")
		return nil
	case errors.Is(err, errBareLF):
		s.reply("500 5.5.2 Lines end in CRLF")
		return nil
	case err != nil:
		return err
	}
	if err := s.dispatch(line); err != nil {
		return err
	}
	if next := s.next; next != nil {
		s.next = nil
		return next(s)
	}
	return nil
}

func (s *Session) dispatch(line string) error {
	i, args := lookup(line)
	cmd := &commandTable[i]
	s.srv.count.commands[i].Add(1)
	s.verb = cmd.verb
	s.counting = !cmd.setUp
	if cmd.point != PointBDAT && cmd.point != PointSTARTTLS {
		s.watchPipelining()
	}
	if !s.srv.script.some.Load() {
		text, err := cmd.run(s, args)
		if err != nil {
			return err
		}
		s.reply(text)
		return nil
	}
	st := step{
		occasion: s.occasion(cmd.point, line),
		perform:  func() (string, error) { return cmd.run(s, args) },
	}
	if cmd.point == PointBDAT {
		st.skip = func(a Action) error { return s.skipBDAT(a, args) }
	}
	text, err := s.at(st)
	if err != nil {
		return err
	}
	s.reply(text)
	return nil
}

// watchPipelining counts input that is there before the reply to what was
// before it, where that was not offered.
func (s *Session) watchPipelining() {
	if s.in.Buffered() > 0 && !s.offers("PIPELINING") {
		s.srv.count.pipelinedUnasked.Add(1)
	}
}

// offers reports whether the session has been offered an extension.
func (s *Session) offers(keyword string) bool {
	if !s.extended {
		return false
	}
	_, ok := s.srv.set.offers[keyword]
	return ok || keyword == "AUTH" && s.offersAuth()
}

func (s *Session) offersSTARTTLS() bool { return !s.srv.NoSTARTTLS && !s.underTLS }

func (s *Session) offersAuth() bool {
	return (s.underTLS || !s.srv.NoPlaintextAuth) && len(s.mechanisms()) > 0
}

// ehlo is RFC 5321 section 4.1.1.1.
func (s *Session) ehlo(args string) (string, error) {
	if args == "" {
		return "501 5.5.4 Syntax: EHLO hostname", nil
	}
	s.reset()
	s.helo, s.extended = args, true
	lines := append([]string{s.srv.set.hostname + " greets " + args}, s.srv.set.extensions...)
	if s.offersSTARTTLS() {
		lines = append(lines, "STARTTLS")
	}
	if s.offersAuth() {
		lines = append(lines, "AUTH "+strings.Join(s.mechanisms(), " "))
	}
	return multiline(250, lines...), nil
}

func (s *Session) heloCommand(args string) (string, error) {
	if args == "" {
		return "501 5.5.4 Syntax: HELO hostname", nil
	}
	s.reset()
	s.helo, s.extended = args, false
	return "250 " + s.srv.set.hostname, nil
}

// starttls is RFC 3207 section 4.
func (s *Session) starttls(args string) (string, error) {
	switch {
	case s.underTLS:
		return "503 5.5.1 TLS already active", nil
	case !s.extended || !s.offersSTARTTLS():
		return "502 5.5.1 STARTTLS not offered", nil
	case args != "":
		return "501 5.5.4 Syntax: STARTTLS", nil
	}
	s.next = (*Session).handshake
	return "220 2.0.0 Ready to start TLS", nil
}

func (s *Session) rset(args string) (string, error) {
	if args != "" {
		return "501 5.5.4 Syntax: RSET", nil
	}
	s.reset()
	return "250 2.0.0 Ok", nil
}

func (s *Session) noop(string) (string, error) { return "250 2.0.0 Ok", nil }

func (s *Session) vrfy(args string) (string, error) {
	if args == "" {
		return "501 5.5.4 Syntax: VRFY address", nil
	}
	return "252 2.0.0 " + args, nil
}

func (s *Session) help(string) (string, error) {
	return "214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT", nil
}

func (s *Session) other(string) (string, error) {
	return "500 5.5.2 Command unrecognized", nil
}

func (s *Session) quit(args string) (string, error) {
	if args != "" {
		return "501 5.5.4 Syntax: QUIT", nil
	}
	s.next = func(s *Session) error { return s.hangUp(errQuit) }
	return "221 2.0.0 Bye", nil
}

// hangUp sends what is to be sent before the session ends.
func (s *Session) hangUp(how error) error {
	s.left()
	if err := s.flush(); err != nil {
		return err
	}
	return how
}
