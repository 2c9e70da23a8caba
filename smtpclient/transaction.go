package smtpclient

import (
	"cmp"
	"slices"
)

// A submission is one call of Start: a message on its way to all its
// recipients, in one mail transaction or, where there are too many recipients
// for one, in several.
type submission struct {
	mail   checkedMail
	result Result
	done   func(*Result)

	// guarded by Session.mu
	open     int  // transactions that are not finished
	starting bool // Start may begin further ones

	first transaction // in place: most messages need no other
}

func newSubmission(m *Mail, done func(*Result)) *submission {
	sub := &submission{done: done, starting: true}
	// By itself: a caller who keeps the result must not keep the content.
	sub.result.Recipients = make([]RecipientResult, len(m.To))
	for i := range m.To {
		sub.result.Recipients[i] = RecipientResult{Address: m.To[i].Address}
	}
	return sub
}

// finished reports whether every recipient has its outcome.
func (sub *submission) finished() bool { return sub.open == 0 && !sub.starting }

// publish hands the result to the caller.
func (sub *submission) publish() {
	sub.result.Err = ErrorFor(sub.result.Recipients)
	sub.done(&sub.result)
}

// settle records an outcome for recipient i.
func (sub *submission) settle(i int, o Outcome, r Reply, err error) {
	res := &sub.result.Recipients[i]
	res.Outcome, res.Reply, res.Err = o, r, err
}

// reopen forgets an earlier refusal of recipients who get another transaction.
func (sub *submission) reopen(who []int) {
	for _, i := range who {
		sub.settle(i, Unknown, Reply{}, nil)
	}
}

// pending reports whether recipient i has no outcome yet.
func (sub *submission) pending(i int) bool {
	res := &sub.result.Recipients[i]
	return res.Outcome == Unknown && res.Err == nil
}

// refuse hands out the result of a message of which nothing is sent. It may be
// one without recipients.
func (sub *submission) refuse(err error) {
	for i := range sub.result.Recipients {
		sub.settle(i, NotSent, Reply{}, err)
	}
	sub.result.Err = err
	sub.done(&sub.result)
}

// A phase is where a transaction stands, as the replies have it.
type phase uint8

const (
	inEnvelope phase = iota // there was no 354
	inData                  // 354, and at least one recipient: content may follow
	isVoid                  // 354, and no recipient: a lone dot must follow
)

// A transaction is one mail transaction (RFC 5321 3.3). Its fields are guarded
// by Session.mu once its commands are queued.
type transaction struct {
	sub  *submission
	to   []int // recipients, as indexes into sub.result.Recipients
	took []int // those of them that RCPT accepted
	// crowded are those refused for being too many in one transaction.
	crowded     []int
	phase       phase
	reset       bool // RSET goes before its MAIL
	mailOK      bool
	mailRefused bool
	contrary    bool // RCPT was accepted although MAIL was not
	streamed    bool // sent whole, by BDAT
	sure        bool // the verdict stands, whatever else is in doubt
	// first: MAIL goes out alone, or at the head of its group, on a session that
	// was used before. A 4yz to it is about the session, which may have waited
	// too long for the server's taste (rule 7).
	first bool
	// dotAt is the stream offset behind the dot that ends the data; 0 while
	// that is not queued. Once the dot is out, a server may act on it.
	dotAt int64

	toOne, tookOne [1]int // arrays for a single recipient
}

// transaction returns a new transaction for sub.
func (sub *submission) transaction() *transaction {
	t := &sub.first
	if t.sub != nil {
		t = new(transaction)
	}
	t.sub = sub
	t.to, t.took = t.toOne[:0], t.tookOne[:0]
	return t
}

// verdict is what a refusal means for the recipients it is about. 421 speaks
// of the session, which is being left (rule 8).
func verdict(verb string, r Reply) (Outcome, error) {
	err := &ReplyError{Verb: verb, Reply: r}
	switch {
	case r.Code == 421 && verb != endOfData && verb != kindBDAT.String():
		return NotSent, err
	case r.Code/100 == 4, r.Code == 552 && verb == "RCPT":
		// RFC 5321 4.5.3.1.10: 552 to RCPT is to be taken for 452.
		return Deferred, err
	}
	return Rejected, err
}

const endOfData = "end of data"

// refuse settles recipients by a 4yz or 5yz reply.
func (t *transaction) refuse(who []int, verb string, r Reply) {
	o, err := verdict(verb, r)
	for _, i := range who {
		t.sub.settle(i, o, r, err)
	}
}

func (t *transaction) accept(r Reply) {
	for _, i := range t.took {
		t.sub.settle(i, Accepted, r, nil)
	}
}

// judgeRCPT takes the reply to the RCPT for recipient i.
func (t *transaction) judgeRCPT(i int, r Reply) {
	switch {
	case !t.mailOK:
		// Whatever it says, it does not speak of a transaction of ours.
		t.contrary = t.contrary || r.positive()
	case r.positive():
		t.took = append(t.took, i)
	default:
		t.refuse([]int{i}, "RCPT", r)
		if tooMany(r) {
			t.crowded = append(t.crowded, i)
		}
	}
}

// tooMany reports whether a refused RCPT may do in another transaction of the
// same session: 452 and 552 (RFC 5321 4.5.3.1.10), unless the enhanced status
// code says that the mailbox itself is what is full.
func tooMany(r Reply) bool {
	return (r.Code == 452 || r.Code == 552) && r.Enhanced[1] != 2
}

// abort settles what is pending when the session ends. written is how much of
// the stream can have reached the server.
func (t *transaction) abort(written int64, why *SessionError) {
	o := Unknown
	if t.dotAt == 0 || written < t.dotAt {
		o = NotSent
	}
	var err error
	for _, i := range t.to {
		if t.sub.pending(i) {
			if err == nil {
				err = why.with(o)
			}
			t.sub.settle(i, o, Reply{}, err)
		}
	}
}

// doubt takes back what the replies said when they turn out not to be in step
// with the commands. handed is how much of the stream can have reached the
// server.
func (t *transaction) doubt(handed int64, why *SessionError) {
	who, o := t.took, Unknown
	switch {
	case t.dotAt == 0 || t.streamed && handed < t.dotAt:
		who, o = t.to, NotSent
	case t.streamed:
		who = t.to // the verdicts on its recipients are in doubt too
	}
	err := why.with(o)
	for _, i := range who {
		t.sub.settle(i, o, Reply{}, err)
	}
}

// doubtSome takes back what the replies said of each recipient of whom they say other
// than of the next: with one reply too many it is the next one's. The reply to the
// content stands behind the last one, and counts as one that took it unless it is a
// refusal.
func (t *transaction) doubtSome(why *SessionError) {
	behind := true
	for _, i := range slices.Backward(t.to) {
		took := t.sub.pending(i) || t.sub.result.Recipients[i].Outcome == Accepted
		if took != behind {
			t.sub.settle(i, Unknown, Reply{}, why.with(Unknown))
		}
		behind = took
	}
}

// notSent settles what is pending of a transaction that the server has refused
// for no fault of the message.
func (t *transaction) notSent(why *SessionError) {
	err := why.with(NotSent)
	for _, i := range t.to {
		if t.sub.pending(i) {
			t.sub.settle(i, NotSent, Reply{}, err)
		}
	}
}

// accepted reports that the content was accepted.
func (t *transaction) accepted() bool {
	return len(t.took) > 0 && t.sub.result.Recipients[t.took[0]].Outcome == Accepted
}

// judgedByRCPT reports that the verdict on the content of t was rather the reply to
// its last RCPT: its enhanced status code is that of an address or a mailbox
// (RFC 3463 3.2, 3.3). Had that refused the only one, nobody would be left.
func (t *transaction) judgedByRCPT() bool {
	subject := t.sub.result.Recipients[t.took[0]].Reply.Enhanced[1]
	if t.accepted() {
		return subject == 1
	}
	return len(t.to) > 1 && (subject == 1 || subject == 2)
}

// surely reports whether the verdict on t stands although there was one reply
// too many in its group: the reply to its end of data then is the one counted
// as such or the one behind it, next; last is the one too many.
func (t *transaction) surely(last, next Reply) bool {
	if t.streamed || len(t.took) == 0 {
		return false
	}
	if next.Code == 0 {
		next = last
	}
	own := t.sub.result.Recipients[t.took[0]].Reply
	return own.Code/100 == next.Code/100
}

// batch takes the recipients of the next transaction from the front of rest,
// as many as the limits allow, and returns the others.
func (c *checkedMail) batch(t *transaction, rest []int, limits Limits) []int {
	domains := map[string]bool(nil)
	most := cmp.Or(limits.RcptMax, len(rest))
	for n, i := range rest {
		if len(t.to) == most {
			return rest[n:]
		}
		if limits.RcptDomainMax > 0 {
			if domains == nil {
				domains = map[string]bool{}
			}
			domains[c.domainOf(i)] = true
			if len(domains) > limits.RcptDomainMax {
				return rest[n:]
			}
		}
		t.to = append(t.to, i)
	}
	return nil
}
