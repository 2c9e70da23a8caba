package pool

import (
	"errors"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// heard is a reply that asks something of the pool.
type heard struct {
	meaning Meaning
	address string // the recipient that it was for
	err     error
}

// maxLearned bounds the keys that were made for a reply's sake.
const maxLearned = 1 << 16

// learn has the relay and the keys of t follow what has come of an attempt.
// p.mu is held.
func (p *Pool) learn(t *task, r *smtpclient.Result, v *verdict) {
	from, at := t.worker.relay, now()
	from.share.progress = at
	accepted := false
	for i := range r.Recipients {
		accepted = accepted || r.Recipients[i].Outcome == smtpclient.Accepted
	}
	for _, k := range t.keys {
		k.counts.count(r)
		if accepted {
			k.pace.accepted(at)
		}
	}
	if accepted {
		from.pace.accepted(at)
	}
	for _, h := range v.heard {
		p.heed(t, from, h, at)
	}
}

// heed does what a reply asks for. p.mu is held.
func (p *Pool) heed(t *task, from *relay, h heard, at int64) {
	switch h.meaning {
	case SlowRelay:
		p.slow(&from.pace, "relay "+from.Name, t, h, breath, at)
	case SlowDomain:
		p.slowKey(p.keys.domain(h.address), domainKey, domainOf(h.address), t, h, breath, at)
	case SlowKey:
		if t.job.Key != "" {
			p.slowKey(p.keys.caller(t.job.Key), callerKey, t.job.Key, t, h, breath, at)
		}
	case SlowRecipient:
		p.slowKey(p.keys.known(recipientKey, h.address), recipientKey, h.address, t, h, recipientBreath, at)
	case FewerSessions:
		from.circuit.full()
	}
}

// slowKey slows a key down, and makes it if nothing was known of it. p.mu is held.
func (p *Pool) slowKey(k *key, kind keyKind, name string, t *task, h heard, pause time.Duration, at int64) {
	if k == nil {
		if len(p.keys.all) >= maxLearned {
			return
		}
		k = p.keys.get(kind, name, nil)
	}
	p.slow(&k.pace, k.keyID.String(), t, h, pause, at)
}

// asksForLess reports that a session ended because the relay wants less mail. p.mu
// is held.
func (p *Pool) asksForLess(err error) bool {
	var reply *smtpclient.ReplyError
	return errors.As(err, &reply) && replyTable(p.cfg.Replies).meaning(reply.Verb, reply.Reply) == SlowRelay
}

// slow slows a relay or a key down, and tells of it. p.mu is held.
func (p *Pool) slow(c *pace, name string, t *task, h heard, pause time.Duration, at int64) {
	rate, news := c.slow(t.sent, at, pause)
	if f := p.cfg.Trace.Slowed; news && f != nil {
		err := h.err
		p.said = append(p.said, func() { f(name, rate, err) })
	}
}
