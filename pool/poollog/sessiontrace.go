package poollog

import (
	"crypto/tls"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// SessionTrace returns a trace for smtpclient.Config that logs, and then calls
// the hooks of also, which may be nil. Of several relays, give each one of its
// own, from a Log whose Logger has the relay's name as an attribute: sessions
// only know their number.
func (l *Log) SessionTrace(also *smtpclient.Trace) *smtpclient.Trace {
	if also == nil {
		also = &smtpclient.Trace{}
	}
	s := &sessions{Log: l, rosters: map[uint64]*roster{}}
	return &smtpclient.Trace{
		Dialed:    both5(s.dialed, also.Dialed),
		TLS:       both3(s.tls, also.TLS),
		Command:   both2(s.command, also.Command),
		Content:   both2(s.content, also.Content),
		Reply:     both3(s.answered, also.Reply),
		Wrote:     both2(s.wrote, also.Wrote),
		RoundTrip: both2(s.roundTrip, also.RoundTrip),
		Ready:     both3(s.ready, also.Ready),
		Closed:    both2(s.closed, also.Closed),
	}
}

// Sessions are those of one trace.
type sessions struct {
	*Log

	mu      sync.Mutex // guards rosters and what they point to
	rosters map[uint64]*roster
}

func (s *sessions) dialed(session uint64, network, addr string, d time.Duration, err error) {
	if !s.enabled(slog.LevelDebug) {
		return
	}
	message := "connected"
	if err != nil {
		message = "not connected"
	}
	attrs := []slog.Attr{sessionNumber(session), slog.String("network", network), slog.String("addr", addr), took(d)}
	s.log(slog.LevelDebug, message, append(attrs, s.failure(err, nil)...)...)
}

func (s *sessions) tls(session uint64, state tls.ConnectionState, verified bool) {
	if s.enabled(slog.LevelDebug) {
		s.log(slog.LevelDebug, "TLS", sessionNumber(session),
			slog.String("version", tls.VersionName(state.Version)),
			slog.String("cipher_suite", tls.CipherSuiteName(state.CipherSuite)),
			slog.Bool("verified", verified), slog.Bool("resumed", state.DidResume))
	}
}

func (s *sessions) command(session uint64, line string) {
	if !s.enabled(slog.LevelDebug) {
		return
	}
	s.remember(session, line)
	if s.enabled(LevelWire) {
		s.log(LevelWire, "command", sessionNumber(session), slog.String("line", s.redact.command(line)))
	}
}

// remember notes a recipient, of whom replies may speak.
func (s *sessions) remember(session uint64, line string) {
	_, path, _, ok := splitCommand(line)
	if !ok || path == "" || s.redact.addresses == ShowAddresses {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rosters[session]
	if r == nil {
		r = newRoster()
		s.rosters[session] = r
	}
	r.note(path)
}

func (s *sessions) content(session uint64, octets int) {
	s.log(LevelWire, "content", sessionNumber(session), slog.Int("octets", octets))
}

func (s *sessions) answered(session uint64, verb string, r smtpclient.Reply) {
	if s.enabled(LevelWire) {
		attrs := append([]slog.Attr{sessionNumber(session), slog.String("verb", verb)}, s.replyAttrs(session, verb, r)...)
		s.log(LevelWire, "reply", attrs...)
	}
}

func (s *sessions) replyAttrs(session uint64, verb string, r smtpclient.Reply) []slog.Attr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reply(verb, r, s.known(session))
}

// known are the people that replies to a session may speak of. s.mu is held.
func (s *sessions) known(session uint64) *people {
	if r := s.rosters[session]; r != nil {
		return &r.people
	}
	return nil
}

func (s *sessions) wrote(session uint64, octets int) {
	s.log(LevelWire, "wrote", sessionNumber(session), slog.Int("octets", octets))
}

func (s *sessions) roundTrip(session uint64, d time.Duration) {
	s.log(LevelWire, "round trip", sessionNumber(session), took(d))
}

func (s *sessions) ready(session uint64, e smtpclient.Extensions, mode smtpclient.Mode) {
	if s.enabled(slog.LevelDebug) {
		s.log(slog.LevelDebug, "ready", sessionNumber(session), slog.String("server", e.Domain),
			slog.String("mode", mode.String()), slog.Bool("pipelining", e.Pipelining), slog.Bool("chunking", e.Chunking),
			slog.Int64("max_size", e.MaxSize))
	}
}

func (s *sessions) closed(session uint64, err error) {
	s.mu.Lock()
	known := s.known(session)
	delete(s.rosters, session)
	s.mu.Unlock()
	if s.enabled(slog.LevelDebug) {
		attrs := []slog.Attr{sessionNumber(session)}
		s.log(slog.LevelDebug, "closed", append(attrs, s.failure(err, known)...)...)
	}
}

// splitCommand splits a MAIL or RCPT line. A path has no angle bracket inside.
func splitCommand(line string) (before, path, params string, ok bool) {
	if !strings.HasPrefix(line, "MAIL FROM:<") && !strings.HasPrefix(line, "RCPT TO:<") {
		return "", "", "", false
	}
	before, rest, _ := strings.Cut(line, "<")
	path, params, ok = strings.Cut(rest, ">")
	return before, path, params, ok
}

// command is what is shown of a command line: of MAIL and RCPT neither the path
// nor the parameters that may hold an address.
func (r *redactor) command(line string) string {
	before, path, params, ok := splitCommand(line)
	if !ok || r.addresses == ShowAddresses {
		return line
	}
	fields := strings.Split(params, " ")
	for i, f := range fields {
		switch name, _, _ := strings.Cut(f, "="); strings.ToUpper(name) {
		case "ORCPT", "ENVID", "AUTH":
			fields[i] = name + "=" + hidden
		default:
			fields[i] = r.text(f, nil)
		}
	}
	return before + "<" + r.address(path) + ">" + strings.Join(fields, " ")
}
