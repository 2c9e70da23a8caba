package poollog

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// PoolTrace returns a trace for pool.Config that logs, and then calls the hooks
// of also, which may be nil.
func (l *Log) PoolTrace(also *pool.Trace) *pool.Trace {
	if also == nil {
		also = &pool.Trace{}
	}
	return &pool.Trace{
		SessionOpened: both2(l.sessionOpened, also.SessionOpened),
		SessionClosed: both4(l.sessionClosed, also.SessionClosed),
		Down:          both3(l.down, also.Down),
		Up:            both1(l.up, also.Up),
		ModeLowered:   both3(l.modeLowered, also.ModeLowered),
		Held:          both3(l.held, also.Held),
		Slowed:        both3(l.slowed, also.Slowed),
		Retry:         both4(l.retry, also.Retry),
		Settled:       both1(l.settled, also.Settled),
	}
}

func relayName(name string) slog.Attr { return slog.String("relay", name) }

func (l *Log) sessionOpened(relay string, session uint64) {
	l.log(slog.LevelDebug, "session opened", relayName(relay), sessionNumber(session))
}

func (l *Log) sessionClosed(relay string, session uint64, messages int, err error) {
	level, message := slog.LevelDebug, "session closed"
	if err != nil && !errors.Is(err, smtpclient.ErrClosed) { // that is Pool.Close, or an interrupted Shutdown
		level, message = slog.LevelWarn, "session lost"
	}
	if l.enabled(level) {
		attrs := []slog.Attr{relayName(relay), sessionNumber(session), slog.Int("messages", messages)}
		l.log(level, message, append(attrs, l.failure(err, nil)...)...)
	}
}

func (l *Log) down(relay string, err error, pause time.Duration) {
	if l.enabled(slog.LevelWarn) {
		attrs := []slog.Attr{relayName(relay), slog.Duration("pause", pause)}
		l.log(slog.LevelWarn, "relay down", append(attrs, l.failure(err, nil)...)...)
	}
}

func (l *Log) up(relay string) { l.log(slog.LevelInfo, "relay up", relayName(relay)) }

func (l *Log) modeLowered(relay string, mode smtpclient.Mode, err error) {
	if l.enabled(slog.LevelWarn) {
		attrs := []slog.Attr{relayName(relay), slog.String("mode", mode.String())}
		l.log(slog.LevelWarn, "mode lowered", append(attrs, l.failure(err, nil)...)...)
	}
}

// what makes an attribute of what pool.Trace calls so: its kind and its name.
func (l *Log) what(what string) slog.Attr {
	kind, name, _ := strings.Cut(what, " ")
	if kind == "recipient" {
		return slog.String(kind, l.redact.address(name))
	}
	return slog.String(kind, l.redact.text(name, nil))
}

func (l *Log) held(j pool.Job, what string, wait time.Duration) {
	if l.enabled(slog.LevelDebug) {
		attrs := append(l.job(&j), l.what(what), slog.Duration("wait", wait))
		l.log(slog.LevelDebug, "held back", attrs...)
	}
}

func (l *Log) slowed(what string, rate float64, err error) {
	if !l.enabled(slog.LevelWarn) {
		return
	}
	attrs := []slog.Attr{l.what(what)}
	if rate > 0 {
		attrs = append(attrs, slog.Float64("messages_per_second", rate))
	}
	var known *people
	if recipient, ok := strings.CutPrefix(what, "recipient "); ok {
		known = newPeople(recipient)
	}
	l.log(slog.LevelWarn, "slowed down", append(attrs, l.failure(err, known)...)...)
}

// listed is how many recipients of a job stand in one line.
const listed = 10

// job makes attributes of a job: its envelope and tag.
func (l *Log) job(j *pool.Job) []slog.Attr {
	to := make([]string, 0, listed)
	for _, r := range j.To[:min(len(j.To), listed)] {
		to = append(to, l.redact.address(r.Address))
	}
	attrs := []slog.Attr{slog.String("from", l.redact.address(j.From)), slog.Any("to", to)}
	if len(j.To) > listed {
		attrs = append(attrs, slog.Int("recipients", len(j.To)))
	}
	if j.Key != "" {
		attrs = append(attrs, slog.String("job_key", l.redact.text(j.Key, nil)))
	}
	return l.tagged(attrs, j.Tag)
}

func (l *Log) retry(j pool.Job, attempts int, pause time.Duration, err error) {
	if !l.enabled(slog.LevelInfo) {
		return
	}
	attrs := append(l.job(&j), slog.Int("attempts", attempts), slog.Duration("pause", pause))
	known := newPeople(j.From)
	for i := range j.To {
		known.add(j.To[i].Address)
	}
	l.log(slog.LevelInfo, "retry", append(attrs, l.failure(err, known)...)...)
}

func (l *Log) settled(r pool.Result) {
	if !l.enabled(slog.LevelWarn) {
		return // the highest of those below
	}
	known := newPeople()
	for i := range r.Recipients {
		known.add(r.Recipients[i].Address)
	}
	for i := range r.Recipients {
		to := &r.Recipients[i]
		level := levelOf(to.Outcome)
		if !l.enabled(level) {
			continue
		}
		attrs := l.tagged([]slog.Attr{
			slog.String("recipient", l.redact.address(to.Address)),
			slog.String("outcome", to.Outcome.String()),
			slog.Int("attempts", r.Attempts),
		}, r.Tag)
		if to.Err != nil {
			attrs = append(attrs, l.failure(to.Err, known)...)
		} else {
			attrs = append(attrs, l.reply("end of data", to.Reply, known)...)
		}
		l.log(level, "settled", attrs...)
	}
}

// levelOf is the level of an outcome.
func levelOf(o smtpclient.Outcome) slog.Level {
	switch o {
	case smtpclient.Accepted:
		return slog.LevelDebug
	case smtpclient.Rejected, smtpclient.Deferred:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
