package main

import (
	"fmt"
	"maps"
	"os"
	"sync"
)

// An edition is the newsletter as the files say it is.
type edition struct {
	recipients *recipients
	content    *content
	stamps     map[string]stamp

	mu    sync.Mutex
	mails map[int]*mail // by row; guarded by mu
}

// A stamp tells whether a file has changed.
type stamp struct {
	size    int64
	changed int64 // nanoseconds
}

// keptMails is how many mails an edition keeps. A page, the frame in it and what
// is downloaded from it must be of one mail, with one Message-ID and Date.
const keptMails = 64

func stamps(names []string) map[string]stamp {
	list := map[string]stamp{}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil { // else reading it will say so
			list[name] = stamp{info.Size(), info.ModTime().UnixNano()}
		}
	}
	return list
}

func newEdition(o *options) (*edition, error) {
	e := &edition{stamps: stamps(o.files()), mails: map[int]*mail{}} // before they are read
	var err error
	if e.recipients, err = readRecipients(o.recipients); err != nil {
		return nil, err
	}
	e.content, err = readContent(o, e.recipients.header)
	return e, err
}

// mail returns the mail of a row. The error says why the row gets none.
func (e *edition) mail(to row) (*mail, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m := e.mails[to.number]; m != nil {
		return m, nil
	}
	raw, err := e.content.render(to)
	if err != nil {
		return nil, err
	}
	m, err := e.content.inspect(raw)
	if err != nil {
		return nil, err
	}
	if len(e.mails) == keptMails {
		clear(e.mails)
	}
	e.mails[to.number] = m
	return m, nil
}

// Editions has the present edition.
type editions struct {
	options *options
	mu      sync.Mutex
	current *edition // guarded by mu
}

func newEditions(o *options) (*editions, error) {
	e, err := newEdition(o)
	if err != nil {
		return nil, err
	}
	return &editions{options: o, current: e}, nil
}

// latest reads the files again if they have changed.
func (e *editions) latest() (*edition, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if maps.Equal(e.current.stamps, stamps(e.options.files())) {
		return e.current, nil
	}
	latest, err := newEdition(e.options)
	if err != nil {
		return nil, fmt.Errorf("the files have changed, and now: %w", err)
	}
	e.current = latest
	return latest, nil
}
