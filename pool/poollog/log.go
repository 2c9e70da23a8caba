package poollog

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// LevelWire is the level of what goes over the wire. It is below slog.LevelDebug.
const LevelWire = slog.LevelDebug - 4

// Config says where to log and what. The zero value is good.
type Config struct {
	// Logger is written to; nil is slog.Default, as it is when New is called.
	Logger *slog.Logger
	// Addresses says what is shown of people's addresses; the zero value is
	// HashLocalParts.
	Addresses Addresses
	// Secret is what hashes are made with. Whoever knows it can find out whether a
	// hash is that of an address he has. nil is random octets, other ones for each
	// Log.
	Secret []byte
	// Tag, if not nil, makes an attribute of a job's Tag. Tags are not logged
	// otherwise.
	Tag func(tag any) slog.Attr
}

// A Log makes traces that write to a log. It is safe for concurrent use.
type Log struct {
	logger *slog.Logger
	redact redactor
	tag    func(any) slog.Attr
}

// New returns a Log.
func New(c Config) *Log {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Secret = slices.Clone(c.Secret)
	if c.Secret == nil {
		c.Secret = make([]byte, 32)
		_, _ = rand.Read(c.Secret) // does not fail
	}
	return &Log{logger: c.Logger, redact: redactor{c.Addresses, c.Secret}, tag: c.Tag}
}

// enabled reports whether a level is logged: making attributes takes time.
func (l *Log) enabled(level slog.Level) bool {
	return l.logger.Enabled(context.Background(), level)
}

func (l *Log) log(level slog.Level, message string, attrs ...slog.Attr) {
	l.logger.LogAttrs(context.Background(), level, message, attrs...)
}

// tagged adds the attribute of a tag.
func (l *Log) tagged(attrs []slog.Attr, tag any) []slog.Attr {
	if l.tag == nil {
		return attrs
	}
	return append(attrs, l.tag(tag))
}

// failure makes attributes of an error. known are the people that it may speak
// of; nil: nobody can tell.
func (l *Log) failure(err error, known *people) []slog.Attr {
	var several *smtpclient.RecipientsError
	var reply *smtpclient.ReplyError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, smtpclient.ErrProtocol):
		return []slog.Attr{slog.String("error", l.redact.protocol(err.Error()))}
	case errors.As(err, &several) || !errors.As(err, &reply):
		return []slog.Attr{slog.String("error", l.redact.text(err.Error(), known))}
	}
	attrs := []slog.Attr{slog.String("verb", reply.Verb)}
	var session *smtpclient.SessionError
	if errors.As(err, &session) {
		attrs = append(attrs, slog.String("op", session.Op))
	}
	return append(attrs, l.reply(reply.Verb, reply.Reply, known)...)
}

// reply makes attributes of a reply.
func (l *Log) reply(verb string, r smtpclient.Reply, known *people) []slog.Attr {
	attrs := []slog.Attr{slog.Int("code", r.Code)}
	if code := r.Enhanced.String(); code != "" {
		attrs = append(attrs, slog.String("enhanced_code", code))
	}
	if known == nil && aboutPeople(verb) && l.redact.addresses != ShowAddresses {
		return attrs
	}
	return append(attrs, slog.String("reply", l.redact.text(r.Text, known)))
}

// aboutPeople reports whether the reply to a command may speak of a recipient.
func aboutPeople(verb string) bool {
	switch verb {
	case "greeting", "EHLO", "HELO", "STARTTLS", "AUTH", "RSET", "NOOP", "QUIT", "idle":
		return false
	}
	return true
}

func took(d time.Duration) slog.Attr { return slog.Duration("took", d) }

func sessionNumber(n uint64) slog.Attr { return slog.Uint64("session", n) }
