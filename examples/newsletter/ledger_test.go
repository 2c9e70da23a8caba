package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// A slowFile is a file as others see it.
type slowFile struct{ lockedBuffer }

func (f *slowFile) Close() error { return nil }

// TestLedgerKeepsUp: an entry is in the file 200 ms later, whatever comes next.
func TestLedgerKeepsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &slowFile{}
		l := newLedger()
		l.writeTo(f)
		for n := 1; n <= 3; n++ {
			l.enter(outcome{Outcome: accepted})
			<-time.After(flushInterval + time.Millisecond)
			if got := bytes.Count([]byte(f.String()), []byte("\n")); got != n {
				t.Errorf("%d lines, want %d", got, n)
			}
		}
		l.enter(outcome{Outcome: accepted})
		l.close()
		l.close()
		if got := bytes.Count([]byte(f.String()), []byte("\n")); got != 4 {
			t.Errorf("%d lines when it is closed", got)
		}
	})
}
