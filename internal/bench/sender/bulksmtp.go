package sender

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/bulksmtp/bulksmtp/internal/bench/builder"
	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A way is how a bulksmtp session sends.
type way struct {
	mode   smtpclient.Mode
	window int // in ModeStream
	note   string
}

var (
	lockstepWay = way{smtpclient.ModeLockstep, 0, "a command at a time"}
	envelopeWay = way{smtpclient.ModeEnvelope, 0, "MAIL, RCPT and DATA together"}
	overlapWay  = way{smtpclient.ModeOverlap, 0, "a mail and the next one's RSET and envelope together"}
	smallWay    = way{smtpclient.ModeStream, smtpclient.DefaultWindow, "RSET, envelope and BDAT, as many mails unanswered as is the default"}
	streamWay   = way{smtpclient.ModeStream, window, fmt.Sprintf("RSET, envelope and BDAT, %d mails unanswered", window)}
)

func (w *way) String() string {
	if w.mode == smtpclient.ModeStream {
		return fmt.Sprintf("%v, window %d", w.mode, w.window)
	}
	return w.mode.String()
}

// config says how to build sessions.
func (w *way) config(addr string) smtpclient.Config {
	return smtpclient.Config{Addr: addr, Security: smtpclient.Plaintext, LocalName: "localhost", Mode: w.mode, Window: w.window}
}

// bulk is one of bulksmtp's senders; kind is "pool" or "session".
func bulk(kind string, w way, send func(*Load, smtpclient.Config) error) *Sender {
	s := &Sender{
		Name: "bulksmtp " + kind + ", " + w.String(), Note: w.note, Check: sink.CheckExact, Floor: "floor " + w.mode.String(),
		Send: func(l *Load) error { return send(l, w.config(l.Addr)) },
	}
	if w == smallWay {
		s.Floor = "" // it has another window
	}
	return s
}

// bulkSMTP is package pool, in each mode.
func bulkSMTP() (list []*Sender) {
	for _, w := range []way{lockstepWay, envelopeWay, overlapWay, smallWay, streamWay} {
		list = append(list, bulk("pool", w, sendByPool))
	}
	return list
}

// newsletters are package message and package pool together: a newsletter rendered
// for each recipient, in the modes for which there is time.
func newsletters() (list []*Sender) {
	for _, w := range []way{overlapWay, streamWay} {
		s := bulk("newsletter", w, sendNewsletters)
		s.Note, s.Check, s.Floor = "renders 12 KB; "+w.note, sink.CheckNumbers, ""
		list = append(list, s)
	}
	return list
}

func sendNewsletters(l *Load, relay smtpclient.Config) error {
	render, err := builder.NewRenderer(builder.Newsletter())
	if err != nil {
		return err
	}
	return sendLetters(l, relay, func(m *letter, i int) error {
		r := builder.NewReader(i)
		mail, err := render(m.Content[:0], r)
		m.to[0].Address = r.To
		m.Mail = smtpclient.Mail{From: content.From, To: m.to[:], Content: mail}
		return err
	})
}

func sendByPool(l *Load, relay smtpclient.Config) error {
	return sendLetters(l, relay, func(m *letter, i int) error {
		m.write(i)
		return nil
	})
}

// sendLetters sends what write makes of numbers.
func sendLetters(l *Load, relay smtpclient.Config, write func(*letter, int) error) error {
	p, err := pool.New(pool.Config{Relay: relay, Sessions: l.Sessions})
	if err != nil {
		return err
	}
	ctx := context.Background()
	var spare letters
	for r := range p.SendAll(ctx, spare.jobs(l, write)) {
		if r.Err != nil {
			l.Fail(r.Err)
			continue
		}
		l.Accepted(1)
		spare.put(r.Tag.(*letter))
	}
	if err := p.Shutdown(ctx); err != nil {
		l.Fail(err)
	}
	return l.Failure()
}

// jobs makes jobs of numbers.
func (s *letters) jobs(l *Load, write func(*letter, int) error) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for i := range l.Numbers() {
			m := s.get()
			if err := write(m, i); err != nil {
				l.Fail(err)
				return
			}
			if !yield(pool.Job{Mail: m.Mail, Tag: m}) {
				return
			}
		}
	}
}

// A letter is a mail and its buffer, which is used again when the mail's result
// is in.
type letter struct {
	smtpclient.Mail
	to   [1]smtpclient.Recipient
	done func(*smtpclient.Result) // for a session's Start
}

// write makes mail i of it.
func (m *letter) write(i int) {
	m.to[0].Address = content.Recipient(i)
	m.Mail = smtpclient.Mail{From: content.From, To: m.to[:], Content: content.Append(m.Content[:0], i)}
}

// Letters are those that are not in use.
type letters struct {
	mu   sync.Mutex
	free []*letter
}

func (s *letters) get() *letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return new(letter)
	}
	m := s.free[n-1]
	s.free = s.free[:n-1]
	return m
}

func (s *letters) put(m *letter) {
	s.mu.Lock()
	s.free = append(s.free, m)
	s.mu.Unlock()
}
