package main

import (
	"context"
	"iter"
)

// A replay is a source of which some rows have been read before.
type replay struct {
	source
	read []row
	err  error // what ended the reading; nil: there may be more
}

func (r *replay) next() (row, error) {
	if len(r.read) > 0 {
		first := r.read[0]
		r.read = r.read[1:]
		return first, nil
	}
	if r.err != nil {
		return row{}, r.err
	}
	return r.source.next()
}

// sample yields the first letters, as they would go out. The rows they are made of
// stay in the source, and nothing is entered in the ledger.
func (m *mailing) sample(ctx context.Context) iter.Seq[*letter] {
	return func(yield func(*letter) bool) {
		r := &replay{source: m.source}
		defer func() { m.source = r }()
		// A source may be a pipe that has nothing to read for a long time.
		defer context.AfterFunc(ctx, func() { _ = r.Close() })()
		for n := 0; n < sampleSize && len(r.read) < sampleRows && ctx.Err() == nil; {
			to, err := r.source.next()
			if err != nil {
				r.err = err
				return
			}
			r.read = append(r.read, to)
			l, fate := m.letter(to)
			if fate != nil {
				continue // invalid or suppressed, as the mailing will find again
			}
			if n++; !yield(l) {
				return
			}
		}
	}
}
