package pool

import (
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
		if k := p.keys.domain(h.address); k != nil || len(p.keys.all) < maxLearned {
			if k == nil {
				k = p.keys.get(domainKey, domainOf(h.address), nil)
			}
			p.slow(&k.pace, k.keyID.String(), t, h, breath, at)
		}
	case SlowKey:
		if t.job.Key != "" && len(p.keys.all) < maxLearned {
			k := p.keys.caller(t.job.Key)
			if k == nil {
				k = p.keys.get(callerKey, t.job.Key, nil)
			}
			p.slow(&k.pace, k.keyID.String(), t, h, breath, at)
		}
	case SlowRecipient:
		if len(p.keys.all) < maxLearned {
			k := p.keys.get(recipientKey, h.address, nil)
			p.slow(&k.pace, k.keyID.String(), t, h, recipientBreath, at)
		}
	case FewerSessions:
		from.circuit.full()
	}
}

// slow slows a relay or a key down, and tells of it. p.mu is held.
func (p *Pool) slow(c *pace, name string, t *task, h heard, pause time.Duration, at int64) {
	rate, news := c.slow(t.sent, at, pause)
	if f := p.cfg.Trace.Slowed; news && f != nil {
		err := h.err
		p.said = append(p.said, func() { f(name, rate, err) })
	}
}
