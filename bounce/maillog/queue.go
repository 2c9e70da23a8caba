package maillog

import (
	"container/list"
	"strings"
)

// A queue holds the messages of which more may come in the log.
type queue struct {
	messages map[string]*list.Element // of *message, by host and queue id
	order    *list.List               // the one heard of last is at the back
	held     int                      // octets, about
}

func newQueue() *queue {
	return &queue{messages: map[string]*list.Element{}, order: list.New()}
}

// A message is what is known of one queue id.
type message struct {
	key, id, host     string
	messageID, sender string
	hasSender         bool // the sender is known, if only to be the null reverse-path
	expired           bool
	fates             []*Fate
	index             map[string]*Fate // by recipient and original recipient
	held              int
}

// About what a message and a recipient take beside their strings.
const (
	messageOverhead = 400
	fateOverhead    = 500
)

func keyOf(host, id string) string { return host + " " + id }

// message returns the message that a queue id stands for.
func (q *queue) message(host, id string) *message {
	if e := q.messages[keyOf(host, id)]; e != nil {
		q.order.MoveToBack(e)
		return e.Value.(*message)
	}
	m := &message{key: strings.Clone(keyOf(host, id)), host: keep(host), id: strings.Clone(id)}
	m.index = map[string]*Fate{}
	q.messages[m.key] = q.order.PushBack(m)
	q.grow(m, messageOverhead+2*len(m.key))
	return m
}

func (q *queue) grow(m *message, octets int) {
	m.held += octets
	q.held += octets
}

// take does to m what an event says of it.
func (q *queue) take(m *message, e event) {
	switch e.kind {
	case named:
		q.grow(m, len(e.value)-len(m.messageID))
		m.messageID = keep(e.value)
	case queued, gaveUp:
		if !m.hasSender {
			m.sender, m.hasSender = keep(e.value), true
			q.grow(m, len(e.value))
		}
		m.expired = m.expired || e.kind == gaveUp
	case attempted:
		q.attempt(m, &e.attempt)
	case removed:
		for _, f := range m.fates {
			f.Removed = true
		}
	}
}

// isOther reports that e is about another message than m, whose end is missing
// in the log: Postfix uses short queue ids again.
func (m *message) isOther(e event) bool {
	switch e.kind {
	case arrived:
		return len(m.fates) > 0 || m.hasSender || m.messageID != ""
	case named:
		return m.messageID != "" && m.messageID != e.value
	case queued, gaveUp:
		return m.hasSender && m.sender != e.value
	}
	return false
}

// attempt records a delivery attempt.
func (q *queue) attempt(m *message, a *attempt) {
	key := a.recipient + " " + a.origTo
	f := m.index[key]
	if f == nil {
		f = &Fate{QueueID: m.id, Host: m.host, Recipient: keep(a.recipient), OrigTo: keep(a.origTo)}
		m.fates = append(m.fates, f)
		m.index[strings.Clone(key)] = f
		q.grow(m, fateOverhead+2*len(key))
	}
	f.Attempts++
	// Nobody is tried again after a bounce: this is another destination of the
	// same alias, and does not mend the failure of the first.
	if f.Final == Bounced && a.final != Bounced {
		return
	}
	q.grow(m, len(a.relay)+len(a.text)-len(f.Relay)-len(f.Text))
	f.Final, f.DSN, f.Code = a.final, keep(a.dsn), strings.Clone(replyCode(a.text))
	f.Relay, f.Text, f.QueuedAs = keep(a.relay), keep(a.text), keep(queuedAs(a.text))
	f.Delay, f.Time = a.delay, a.when
}

// keep returns a copy of s that does not hold on to the line it is a part of.
func keep(s string) string { return strings.Clone(strings.ToValidUTF8(s, "\ufffd")) }

// oldest returns the message that was not heard of for longest, or nil.
func (q *queue) oldest() *message {
	if e := q.order.Front(); e != nil {
		return e.Value.(*message)
	}
	return nil
}

func (q *queue) forget(m *message) {
	q.order.Remove(q.messages[m.key])
	delete(q.messages, m.key)
	q.held -= m.held
}

// conclude fills in what was known last.
func (m *message) conclude() []*Fate {
	for _, f := range m.fates {
		f.MessageID, f.Sender = m.messageID, m.sender
		if m.expired && f.Final == Deferred {
			f.Final = Expired
		}
	}
	return m.fates
}
