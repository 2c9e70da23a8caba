package main

import (
	"context"
	"iter"
	"sync"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

// A letter is a message and its buffers. It belongs to the pool until its result
// is in; then it becomes another message.
type letter struct {
	content    []byte
	to         []smtpclient.Recipient
	addresses  []byte // of to, to make one string of
	returnPath string
}

// Letters makes letters, and has them back.
type letters struct {
	*options
	template *template

	mu   sync.Mutex // guards the following
	free []*letter
	made int
}

func newLetters(o *options, t *template) *letters { return &letters{options: o, template: t} }

func (s *letters) get() *letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		l := s.free[n-1]
		s.free = s.free[:n-1]
		return l
	}
	s.made++
	return &letter{content: []byte(s.template.content), to: make([]smtpclient.Recipient, s.recipients), returnPath: s.from}
}

// put takes a letter back whose result is in.
func (s *letters) put(l *letter) {
	s.mu.Lock()
	s.free = append(s.free, l)
	s.mu.Unlock()
}

// write makes the letter message n, counted from 1.
func (s *letters) write(l *letter, n int) {
	first := int64(n-1)*int64(s.recipients) + 1
	s.template.write(l.content, int64(n), first)
	l.addresses = l.addresses[:0]
	for i := range l.to {
		l.addresses = appendRecipient(l.addresses, first+int64(i), s.domain)
	}
	all := string(l.addresses)
	each := len(all) / len(l.to)
	for i := range l.to {
		l.to[i].Address = all[i*each : (i+1)*each]
	}
	if s.verp {
		// The options have been tried with the longest recipient.
		l.returnPath, _ = verp.Encode(s.from, l.to[0].Address)
	}
}

// jobs yields the messages, until ctx ends.
func (s *letters) jobs(ctx context.Context) iter.Seq[pool.Job] {
	return func(yield func(pool.Job) bool) {
		for n := 1; n <= s.n && ctx.Err() == nil; n++ {
			l := s.get()
			s.write(l, n)
			if !yield(pool.Job{Tag: l, Mail: smtpclient.Mail{From: l.returnPath, To: l.to, Content: l.content}}) {
				return
			}
		}
	}
}
